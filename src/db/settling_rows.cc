#include "db/settling_rows.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "db/incoming_rows.h"
#include "engine/errors.h"
#include "engine/types.h"
#include "merge/set_rows.h"
#include "table/key_set.h"
#include "table/open_table.h"
#include "table/single_value.h"

namespace rhizo::db {
namespace {

using duckdb::Value;

constexpr char kRowId[] = "_row_id";
constexpr char kSide[] = "_side";

// Where a conflict is: a row, and a column (nothing: the row as a whole).
struct ConflictAt {
  model::RowId row;
  std::optional<size_t> field;
  std::string reason;
};

// What RowId::ToBytes gave.
model::RowId RowIdOf(std::string_view bytes) {
  size_t birth = bytes.size() - sizeof(uint32_t);
  model::RowId row{BirthId::FromBytes(bytes.substr(0, birth)), 0};
  for (char byte : bytes.substr(birth))
    row.position = row.position << 8 | static_cast<uint8_t>(byte);
  return row;
}

model::Field Nullable(std::string name, model::TypeKind kind) {
  model::Field field;
  field.name = std::move(name);
  field.type.kind = kind;
  return field;
}

// The merged table's columns, any of which may be missing, behind what names a row and a side.
model::Schema AcceptedColumns(const model::Schema& table) {
  model::Schema schema;
  schema.fields.push_back(Nullable(kRowId, model::TypeKind::kBlob));
  schema.fields.push_back(Nullable(kSide, model::TypeKind::kString));
  for (auto field : table.fields) {
    field.nullable = true;
    field.write_default.reset();
    schema.fields.push_back(std::move(field));
  }
  return schema;
}

class Reader {
 public:
  Reader(const MergeConflicts& conflicts, const std::vector<std::string>& key,
         const std::vector<size_t>& given)
      : conflicts_(conflicts), schema_(*conflicts.schema()) {
    for (const auto& name : key) {
      int index = schema_.Find(name);
      if (index >= 0) key_.push_back(static_cast<size_t>(index));
    }
    given_.resize(schema_.fields.size() + 2);
    for (size_t column : given) given_[column] = true;
    names_by_key_ = !given_[0] && !key_.empty();
  }

  Status Prepare() {
    for (size_t field : key_) {
      if (names_by_key_ && !given_[field + 2]) return NoName();
    }
    if (!given_[0] && !names_by_key_) return NoName();
    duckdb::ColumnDataScanState scan;
    duckdb::DataChunk chunk;
    conflicts_.rows().InitializeScan(scan);
    conflicts_.rows().InitializeScanChunk(scan, chunk);
    while (conflicts_.rows().Scan(scan, chunk)) {
      for (duckdb::idx_t row = 0; row < chunk.size(); ++row) {
        is_table_settled_ &= chunk.GetValue(MergeConflicts::kProblem, row).IsNull();
        if (!is_table_settled_) break;
        auto name = NameOf(chunk, row);
        if (!names_by_key_ && HasKey()) NoteKeys(chunk, row, name);
        by_name_[std::move(name)].push_back(AtOf(chunk, row));
      }
    }
    return {};
  }

  Status Take(duckdb::DataChunk& chunk, merge::Choices* choices) {
    for (duckdb::idx_t row = 0; row < chunk.size(); ++row) {
      RETURN_IF_ERROR(TakeRow(chunk, row, choices));
      ++rows_;
    }
    return {};
  }

 private:
  Error NoName() const {
    std::string how = key_.empty() ? "column \"_row_id\"" : "key, or column \"_row_id\"";
    return InvalidArgument("resolve: the rows need the " + how + " to say which conflict is meant");
  }

  Error Wrong(const std::string& what) const {
    return InvalidArgument("resolve: row " + std::to_string(rows_ + 1) + " " + what);
  }

  // Of a row of the table of conflicts.
  ConflictAt AtOf(duckdb::DataChunk& chunk, duckdb::idx_t row) const {
    auto id = duckdb::StringValue::Get(chunk.GetValue(MergeConflicts::kRowId, row));
    ConflictAt at{RowIdOf(id), {}, chunk.GetValue(MergeConflicts::kReason, row).ToString()};
    auto column = chunk.GetValue(MergeConflicts::kColumn, row);
    if (!column.IsNull()) at.field = static_cast<size_t>(schema_.Find(column.ToString()));
    return at;
  }

  // The rows bring the whole key beside a _row_id.
  bool HasKey() const {
    return !key_.empty() &&
           std::ranges::all_of(key_, [&](size_t field) { return given_[field + 2]; });
  }

  // The keys that a row of the table of conflicts has on any side.
  void NoteKeys(duckdb::DataChunk& chunk, duckdb::idx_t row, const std::string& name) {
    for (size_t side : {merge::kBase, merge::kOurs, merge::kTheirs}) {
      auto key = KeyOf(
          [&](size_t field) { return chunk.GetValue(MergeConflicts::ColumnOf(field, side), row); });
      if (key) keys_of_[name].insert(*key);
    }
  }

  // Nothing: a part of it is NULL.
  template <class ValueAt>
  std::optional<std::string> KeyOf(const ValueAt& value_at) const {
    std::string key;
    for (size_t field : key_) {
      auto value = value_at(field);
      if (value.IsNull()) return std::nullopt;
      AddToName(field, value, &key);
    }
    return key;
  }

  // A _row_id and a key that are of two rows come from rows that lost their places.
  Status CheckKey(duckdb::DataChunk& chunk, duckdb::idx_t row, const std::string& name) const {
    auto known = keys_of_.find(name);
    if (known == keys_of_.end()) return {};
    auto key = KeyOf([&](size_t field) { return chunk.GetValue(field + 2, row); });
    if (!key || known->second.contains(*key)) return {};
    return Wrong("has the _row_id of one row and the key of another");
  }

  std::string NameOf(duckdb::DataChunk& chunk, duckdb::idx_t row) const {
    if (!names_by_key_) {
      return duckdb::StringValue::Get(chunk.GetValue(MergeConflicts::kRowId, row));
    }
    std::string name;
    for (size_t field : key_) {
      // Whichever side has the row knows its key.
      for (size_t side : {merge::kOurs, merge::kTheirs, merge::kBase}) {
        auto value = chunk.GetValue(MergeConflicts::ColumnOf(field, side), row);
        if (value.IsNull()) continue;
        AddToName(field, value, &name);
        break;
      }
    }
    return name;
  }

  void AddToName(size_t field, const Value& value, std::string* name) const {
    duckdb::Vector key(value);
    key.Flatten(1);
    table::NormaliseKey(&key, 1);
    auto bytes = table::EncodeValue(schema_.fields[field].type, key.GetValue(0));
    *name += std::to_string(bytes.size()) + ":" + bytes;
  }

  Result<std::string> NameIn(duckdb::DataChunk& chunk, duckdb::idx_t row) const {
    if (!names_by_key_) {
      auto id = chunk.GetValue(0, row);
      if (id.IsNull()) return Wrong("has no _row_id");
      return duckdb::StringValue::Get(id);
    }
    std::string name;
    for (size_t field : key_) {
      auto value = chunk.GetValue(field + 2, row);
      if (value.IsNull()) return Wrong("has no \"" + schema_.fields[field].name + "\"");
      AddToName(field, value, &name);
    }
    return name;
  }

  Result<std::optional<merge::Favour>> SideIn(duckdb::DataChunk& chunk, duckdb::idx_t row) const {
    auto side = given_[1] ? chunk.GetValue(1, row) : Value();
    if (side.IsNull()) return std::optional<merge::Favour>();
    auto text = side.ToString();
    if (text == "ours") return std::optional(merge::Favour::kOurs);
    if (text == "theirs") return std::optional(merge::Favour::kTheirs);
    return Wrong("has the _side \"" + text + "\"; it is \"ours\" or \"theirs\"");
  }

  Status TakeRow(duckdb::DataChunk& chunk, duckdb::idx_t row, merge::Choices* choices) {
    ASSIGN_OR_RETURN(auto name, NameIn(chunk, row));
    ASSIGN_OR_RETURN(auto side, SideIn(chunk, row));
    auto found = by_name_.find(name);
    if (found == by_name_.end()) {
      return Wrong(is_table_settled_
                       ? "is none that has a conflict which is not settled"
                       : "cannot be settled before its table is, which contradicts as a whole");
    }
    bool settles_key = std::ranges::any_of(found->second, [&](const auto& at) {
      return at.field && std::ranges::count(key_, *at.field) > 0;
    });
    if (!settles_key) RETURN_IF_ERROR(CheckKey(chunk, row, name));
    bool settles = false;
    for (const auto& at : found->second) {
      merge::Choice choice;
      if (side) {
        bool has_value =
            at.field && given_[*at.field + 2] && !chunk.GetValue(*at.field + 2, row).IsNull();
        if (has_value) {
          return Wrong("says both a _side and a value of \"" + schema_.fields[*at.field].name +
                       "\"");
        }
        choice.side = *side;
      } else if (!at.field) {
        return Wrong(AsAWhole(at.reason));
      } else if (given_[*at.field + 2]) {
        choice.value = chunk.GetValue(*at.field + 2, row);
        const auto& about = schema_.fields[*at.field];
        if (choice.value->IsNull() && !about.nullable) {
          return Wrong("has no \"" + about.name + "\", which is NOT NULL");
        }
      } else {
        continue;
      }
      RETURN_IF_ERROR(Add(at, std::move(choice), choices));
      settles = true;
    }
    if (!settles) return Wrong("says nothing of the columns in which it has conflicts");
    return {};
  }

  // Why a row is settled as one, and how.
  static std::string AsAWhole(const std::string& reason) {
    std::string text = "was deleted on one side and changed on the other";
    if (reason == merge::ReasonName(merge::ConflictReason::kRow)) {
      text = "was changed on both sides, and the row is the unit of its table";
    } else if (reason == merge::ReasonName(merge::ConflictReason::kConstraint)) {
      text = "breaks a constraint as both changed it";
    }
    text.append(": say in column \"_side\" whether it is as \"ours\" or \"theirs\" have it");
    return text;
  }

  // A row that has several conflicts may be named for each, if all say the same.
  Status Add(const ConflictAt& at, merge::Choice choice, merge::Choices* choices) {
    bool is_broken = at.reason == merge::ReasonName(merge::ConflictReason::kConstraint);
    FieldId field = at.field    ? schema_.fields[*at.field].id
                    : is_broken ? merge::kConstraintChoice
                                : FieldId{0};
    auto [known, is_new] = choices->try_emplace({at.row, field}, choice);
    if (is_new) return {};
    const auto& other = known->second;
    bool same = other.value && choice.value
                    ? Value::NotDistinctFrom(*other.value, *choice.value)
                    : !other.value && !choice.value && other.side == choice.side;
    return same ? Status() : Wrong("is a second one of the same conflict, and says another thing");
  }

  const MergeConflicts& conflicts_;
  const model::Schema& schema_;
  std::vector<size_t> key_;
  std::vector<bool> given_;  // by column of AcceptedColumns
  bool names_by_key_ = false;
  std::map<std::string, std::vector<ConflictAt>> by_name_;
  std::map<std::string, std::set<std::string>> keys_of_;  // by name, where the rows have both
  bool is_table_settled_ = true;
  uint64_t rows_ = 0;
};

}  // namespace

Result<merge::Choices> ReadChoices(duckdb::ClientContext& client, const MergeConflicts& conflicts,
                                   const std::vector<std::string>& key, ArrowArrayStream* rows) {
  auto state = std::make_shared<model::TableState>();
  state->schema = AcceptedColumns(*conflicts.schema());
  ASSIGN_OR_RETURN(auto like, table::OpenTable::Open({}, ObjectId(), state));
  ASSIGN_OR_RETURN(auto incoming,
                   IncomingRows::Open(client, rows, like.get(), {SchemaMode::kKeep, true, true}));
  merge::SetRows sets(incoming.rows.get(), state->schema);
  Reader reader(conflicts, key, incoming.given);
  RETURN_IF_ERROR(engine::Guarded([&] { return reader.Prepare(); }));
  merge::Choices choices;
  duckdb::DataChunk chunk;
  auto types = engine::ToLogicalTypes(state->schema);
  while (true) {
    chunk.Destroy();
    chunk.Initialize(duckdb::Allocator::DefaultAllocator(), types);
    ASSIGN_OR_RETURN(bool more, sets.Next(&chunk));
    if (!more) return choices;
    RETURN_IF_ERROR(engine::Guarded([&] { return reader.Take(chunk, &choices); }));
  }
}

}  // namespace rhizo::db
