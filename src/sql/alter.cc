#include "sql/alter.h"

#include <algorithm>
#include <map>

#include "base/name.h"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/planner/expression_binder/constant_binder.hpp"
#include "engine/errors.h"
#include "engine/types.h"
#include "model/common_type.h"
#include "model/held_type.h"
#include "model/unknown_column.h"
#include "sql/exact_cast.h"
#include "sql/expression_text.h"
#include "sql/row_checks.h"
#include "sql/row_errors.h"
#include "sql/scan_statement.h"
#include "table/refit_default.h"
#include "table/single_value.h"

namespace rhizo::sql {
namespace {

using model::Field;
using Fields = std::vector<Field>;

Error Wrong(const std::string& column, const std::string& what) {
  return Error(ErrorCode::kSchema, "column \"" + column + "\" " + what).With("column", column);
}

// A column or nested field, among its siblings.
struct Found {
  Fields* siblings = nullptr;
  size_t index = 0;
  Field& field() const { return (*siblings)[index]; }
};

std::optional<size_t> IndexOf(const Fields& fields, std::string_view name) {
  model::Schema named{fields, {}};
  int index = named.Find(name);
  return index < 0 ? std::nullopt : std::optional(static_cast<size_t>(index));
}

// Names may hold dots themselves: the longest that is known counts.
std::optional<Found> FindPath(Fields* fields, std::string_view path) {
  if (auto index = IndexOf(*fields, path)) return Found{fields, *index};
  for (auto dot = path.rfind('.'); dot != path.npos && dot > 0; dot = path.rfind('.', dot - 1)) {
    auto index = IndexOf(*fields, path.substr(0, dot));
    if (index) return FindPath(&(*fields)[*index].type.children, path.substr(dot + 1));
  }
  return std::nullopt;
}

Result<Found> Need(model::Schema* schema, const std::string& path) {
  auto found = FindPath(&schema->fields, path);
  if (!found) return model::UnknownColumn(*schema, path);
  return *found;
}

void ForgetIds(Field* field) {
  field->id = 0;
  for (auto& child : field->type.children) ForgetIds(&child);
}

class Work {
 public:
  Work(duckdb::ClientContext& client, const model::TableState& table)
      : client_(client), table_(table), altered_{table.schema, table.checks, {}, {}} {
    for (const auto& field : table.schema.fields) encoded_[field.id] = field.type;
  }

  Result<Altered> Run(const Alteration& alteration) {
    for (const auto& [path, name] : alteration.rename) RETURN_IF_ERROR(Rename(path, name));
    for (const auto& path : alteration.drop) RETURN_IF_ERROR(Drop(path));
    for (const auto& field : alteration.add.fields) RETURN_IF_ERROR(Add(field));
    RETURN_IF_ERROR(RefitDefaults());
    for (const auto& field : alteration.types.fields) RETURN_IF_ERROR(Widen(field));
    for (const auto& [path, value] : alteration.defaults) RETURN_IF_ERROR(SetDefault(path, value));
    for (const auto& path : alteration.not_null) RETURN_IF_ERROR(SetNotNull(path));
    for (const auto& path : alteration.nullable) RETURN_IF_ERROR(SetNullable(path));
    for (const auto& check : alteration.drop_checks) RETURN_IF_ERROR(DropCheck(check));
    for (const auto& check : alteration.add_checks) AddCheck(check);
    RETURN_IF_ERROR(Order(alteration.order));
    RETURN_IF_ERROR(CheckAdded());
    RETURN_IF_ERROR(model::ValidateSchema(altered_.schema));
    RETURN_IF_ERROR(CheckChecks());
    return std::move(altered_);
  }

 private:
  model::Schema* schema() { return &altered_.schema; }
  bool IsKey(const Field& field) const {
    return field.id != 0 &&
           std::find(table_.key.begin(), table_.key.end(), field.id) != table_.key.end();
  }

  Status Rename(const std::string& path, const std::string& name) {
    ASSIGN_OR_RETURN(auto found, Need(schema(), path));
    if (found.field().name == name) return {};
    auto taken = IndexOf(*found.siblings, name);
    if (taken && *taken != found.index) return Wrong(name, "is there already");
    found.field().name = name;
    return {};
  }

  Status Drop(const std::string& path) {
    ASSIGN_OR_RETURN(auto found, Need(schema(), path));
    if (IsKey(found.field())) {
      return Wrong(path, "is part of the key; set_key can change the key first");
    }
    if (found.siblings->size() == 1) return Wrong(path, "is the only one, and cannot go");
    found.siblings->erase(found.siblings->begin() + static_cast<ptrdiff_t>(found.index));
    return {};
  }

  Status Add(Field field) {
    const std::string path = field.name;
    ForgetIds(&field);
    Fields* into = &schema()->fields;
    for (auto dot = path.rfind('.'); dot != path.npos && dot > 0; dot = path.rfind('.', dot - 1)) {
      auto parent = FindPath(into, path.substr(0, dot));
      if (!parent) continue;
      if (parent->field().type.kind != model::TypeKind::kStruct) {
        return Wrong(path.substr(0, dot), "is no STRUCT that a field could be added to");
      }
      if (!field.nullable) return Wrong(path, "is nested, so it cannot be NOT NULL");
      into = &parent->field().type.children;
      field.name = path.substr(dot + 1);
      break;
    }
    if (IndexOf(*into, field.name)) return Wrong(path, "is there already");
    into->push_back(std::move(field));
    return {};
  }

  Status Widen(const Field& wider) {
    ASSIGN_OR_RETURN(auto found, Need(schema(), wider.name));
    auto& field = found.field();
    model::Type wanted = wider.type;
    auto common = CommonType(field.type, wanted);
    bool is_wider = common && MayWiden(field.type, wanted) &&
                    engine::ToLogicalType(*common) == engine::ToLogicalType(wanted);
    if (!is_wider) {
      return Wrong(wider.name, "is " + field.type.ToString() + ", of which " + wanted.ToString() +
                                   " is no wider type")
          .With("expected", wanted.ToString())
          .With("actual", field.type.ToString());
    }
    RETURN_IF_ERROR(table::BecomeType(&field, *std::move(common)));
    if (found.siblings != &schema()->fields) return RefitDefaults();
    encoded_[field.id] = field.type;
    return {};
  }

  // Defaults of columns inside of which something changed, in the type that the columns have now.
  Status RefitDefaults() {
    for (auto& field : schema()->fields) {
      auto was = encoded_.find(field.id);
      if (field.id == 0 || was == encoded_.end() || was->second == field.type) continue;
      for (auto* value : {&field.first_default, &field.write_default}) {
        ASSIGN_OR_RETURN(*value, table::RefitDefault(&client_, was->second, field.type, *value));
      }
      was->second = field.type;
    }
    return {};
  }

  // Every value keeps its meaning; dates become midnight.
  static bool MayWiden(const model::Type& from, const model::Type& to) {
    if (AlwaysCastsExactly(from, to)) return true;
    using model::TypeKind;
    if (from.kind == TypeKind::kDate) return to.kind == TypeKind::kTimestampUs;
    if (to.kind == TypeKind::kDecimal) return true;  // CommonType sees to the digits
    return from.kind == to.kind;                     // nested, enums: as CommonType says
  }

  Status SetDefault(const std::string& path, const std::string& text) {
    ASSIGN_OR_RETURN(auto found, Need(schema(), path));
    if (found.siblings != &schema()->fields) return Wrong(path, "is nested: it has no default");
    auto& field = found.field();
    std::optional<std::string> value;
    if (!text.empty()) {
      ASSIGN_OR_RETURN(value, Constant(field, text));
    }
    field.write_default = value;
    if (field.id == 0) field.first_default = value;
    return {};
  }

  // A value of the column's type; literals take it, other values have to fit exactly.
  Result<std::optional<std::string>> Constant(const Field& field, const std::string& text) {
    ASSIGN_OR_RETURN(auto parts, ParseParts(client_.GetParserOptions(), {text}, ""));
    RETURN_IF_ERROR(
        CheckNothingVolatile(client_, parts.node(), "default", Volatility::kPerStatement));
    const auto type = engine::ToLogicalType(field.type);
    duckdb::Value value;
    try {
      client_.RunFunctionInTransaction([&] {
        auto expression = Towards(type, std::move(parts.node().select_list[0]));
        auto binder = duckdb::Binder::CreateBinder(client_);
        duckdb::ConstantBinder constant(*binder, client_, "default");
        auto bound = constant.Bind(expression);
        value = duckdb::ExpressionExecutor::EvaluateScalar(client_, *bound);
      });
    } catch (const std::exception& exception) {
      duckdb::ErrorData error(exception);
      return Wrong(field.name,
                   "is " + field.type.ToString() + ", default " + text + ": " + error.RawMessage());
    }
    if (value.IsNull()) return std::optional<std::string>();
    ASSIGN_OR_RETURN(auto from, engine::FromResultType(value.type()));
    if (!MayCastExactly(from, field.type)) return TypesDoNotMeet(field, from);
    return engine::Guarded([&]() -> Result<std::optional<std::string>> {
      ExactCast cast(client_, from, field.type);
      duckdb::Vector in(value);
      duckdb::Vector out(type, 1);
      std::optional<duckdb::idx_t> wrong;
      client_.RunFunctionInTransaction([&] { wrong = cast.Run(in, out, 1); });
      if (wrong) {
        return Wrong(field.name, "is " + field.type.ToString() + ", of which the default " +
                                     value.ToString() + " is no exact value");
      }
      return table::EncodeDefault(field.type, out.GetValue(0));
    });
  }

  Status SetNotNull(const std::string& path) {
    ASSIGN_OR_RETURN(auto found, Need(schema(), path));
    if (found.siblings != &schema()->fields) return Wrong(path, "is nested: it may be NULL");
    if (!found.field().nullable) return {};
    found.field().nullable = false;
    if (found.field().id != 0) altered_.newly_not_null.push_back(found.field().name);
    return {};
  }

  Status SetNullable(const std::string& path) {
    ASSIGN_OR_RETURN(auto found, Need(schema(), path));
    if (IsKey(found.field())) return Wrong(path, "is part of the key, which is never NULL");
    found.field().nullable = true;
    return {};
  }

  Status DropCheck(const std::string& check) {
    auto known = std::find(altered_.checks.begin(), altered_.checks.end(), check);
    if (known == altered_.checks.end()) {
      std::string nearest = NearestName(check, altered_.checks);
      return Error(ErrorCode::kSchema,
                   "there is no check " + check +
                       (nearest.empty() ? "" : "; did you mean " + nearest + "?"))
          .With("check", check);
    }
    altered_.checks.erase(known);
    return {};
  }

  void AddCheck(const std::string& check) {
    auto& checks = altered_.checks;
    if (std::find(checks.begin(), checks.end(), check) != checks.end()) return;
    checks.push_back(check);
    altered_.new_checks.push_back(check);
  }

  Status CheckChecks() {
    const auto& added = altered_.new_checks;
    std::vector<std::string> kept;
    for (const auto& check : altered_.checks) {
      if (std::find(added.begin(), added.end(), check) == added.end()) kept.push_back(check);
    }
    ASSIGN_OR_RETURN(auto old_ones, RowChecks::BindStored(client_, altered_.schema, kept));
    ASSIGN_OR_RETURN(auto new_ones, RowChecks::Bind(client_, altered_.schema, added));
    static_cast<void>(old_ones);
    static_cast<void>(new_ones);
    for (const auto& check : kept) RETURN_IF_ERROR(CheckMeansTheSame(check));
    return {};
  }

  // A check goes by the names of columns: they must be the same columns. Of another type it is
  // asked again.
  Status CheckMeansTheSame(const std::string& check) {
    bool asked_again = false;
    for (const auto& field : table_.schema.fields) {
      int index = altered_.schema.Find(field.name);
      if (index < 0) continue;  // the check was bound without it
      const auto& now = altered_.schema.fields[static_cast<size_t>(index)];
      if (now.id == field.id && now.type == field.type) continue;
      auto without = table_.schema;
      std::erase_if(without.fields, [&](const auto& other) { return other.id == field.id; });
      bool goes_by_it = !RowChecks::BindStored(client_, without, {check});
      if (!goes_by_it) continue;
      if (now.id != field.id || model::NamesMoved(field.type, now.type)) {
        return Wrong(field.name, "is another one now, and the check \"" + check +
                                     "\" goes by it; drop_check removes the check");
      }
      asked_again = true;
    }
    if (asked_again) altered_.new_checks.push_back(check);
    return {};
  }

  Status Order(const std::vector<std::string>& names) {
    Fields ordered;
    std::vector<bool> taken(schema()->fields.size());
    for (const auto& name : names) {
      auto index = IndexOf(schema()->fields, name);
      if (!index) return model::UnknownColumn(*schema(), name);
      if (taken[*index]) return Wrong(name, "is twice in the order");
      taken[*index] = true;
      ordered.push_back(schema()->fields[*index]);
    }
    for (size_t i = 0; i < taken.size(); ++i) {
      if (!taken[i]) ordered.push_back(schema()->fields[i]);
    }
    schema()->fields = std::move(ordered);
    return {};
  }

  // Older rows hold the default of what is added.
  Status CheckAdded() {
    for (const auto& field : schema()->fields) {
      if (field.id != 0 || field.nullable || field.first_default || table_.rows == 0) continue;
      return Error(ErrorCode::kConstraint, "column \"" + field.name +
                                               "\" is NOT NULL, so it needs a default for the rows "
                                               "that are there")
          .With("column", field.name);
    }
    return {};
  }

  duckdb::ClientContext& client_;
  std::map<FieldId, model::Type> encoded_;  // in which type a column's defaults are
  const model::TableState& table_;
  Altered altered_;
};

}  // namespace

Result<Altered> Alter(duckdb::ClientContext& client, const model::TableState& table,
                      const Alteration& alteration) {
  return engine::Guarded([&] { return Work(client, table).Run(alteration); });
}

}  // namespace rhizo::sql
