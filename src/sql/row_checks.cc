#include "sql/row_checks.h"

#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/planner/expression_binder/check_binder.hpp"
#include "engine/errors.h"
#include "engine/types.h"
#include "sql/expression_text.h"

namespace rhizo::sql {
namespace {

constexpr size_t kMaxRowsNamed = 3;

// Columns as a check sees them, their position their index.
duckdb::ColumnList ColumnsOf(const model::Schema& schema) {
  duckdb::ColumnList columns;
  for (const auto& field : schema.fields) {
    columns.AddColumn(duckdb::ColumnDefinition(field.name, engine::ToLogicalType(field.type)));
  }
  return columns;
}

}  // namespace

Error BreaksCheck(const std::string& check, const std::vector<uint64_t>& rows, bool more) {
  std::string named;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) named += i + 1 == rows.size() && !more ? " and " : ", ";
    named += std::to_string(rows[i] + 1);
  }
  if (more) named += " and others";
  bool one = rows.size() == 1 && !more;
  return Error(ErrorCode::kConstraint, (one ? "row " : "rows ") + named +
                                           (one ? " breaks" : " break") + " the check " + check)
      .With("check", check)
      .With("rows", named);
}

Result<RowChecks::Bound> RowChecks::BindOne(duckdb::ClientContext& client,
                                            const model::Schema& schema, const std::string& check) {
  ASSIGN_OR_RETURN(auto parts, ParseParts(client.GetParserOptions(), {check}, ""));
  RETURN_IF_ERROR(CheckNothingVolatile(client, parts.node(), "check", Volatility::kPerStatement));
  Bound bound{check, nullptr, nullptr};
  try {
    client.RunFunctionInTransaction([&] {
      auto columns = ColumnsOf(schema);
      duckdb::physical_index_set_t used;
      auto binder = duckdb::Binder::CreateBinder(client);
      duckdb::CheckBinder checker(*binder, client, "", columns, used);
      checker.target_type = duckdb::LogicalType::INVALID;
      bound.condition = checker.Bind(parts.node().select_list[0]);
    });
  } catch (const std::exception& exception) {
    return parts.text.Translate(exception).In("check " + check);
  }
  if (bound.condition->return_type.id() != duckdb::LogicalTypeId::BOOLEAN) {
    return Error(ErrorCode::kSql, "check " + check + ": it is " +
                                      bound.condition->return_type.ToString() +
                                      ", a condition is BOOLEAN");
  }
  RETURN_IF_ERROR(engine::Guarded([&] {
    bound.executor = std::make_unique<duckdb::ExpressionExecutor>(client, *bound.condition);
  }));
  return bound;
}

Result<std::unique_ptr<RowChecks>> RowChecks::Bind(duckdb::ClientContext& client,
                                                   const model::Schema& schema,
                                                   const std::vector<std::string>& checks) {
  std::unique_ptr<RowChecks> all(new RowChecks());
  for (const auto& check : checks) {
    ASSIGN_OR_RETURN(auto bound, BindOne(client, schema, check));
    all->checks_.push_back(std::move(bound));
  }
  return all;
}

Result<std::unique_ptr<RowChecks>> RowChecks::BindStored(duckdb::ClientContext& client,
                                                         const model::Schema& schema,
                                                         const std::vector<std::string>& checks) {
  std::unique_ptr<RowChecks> all(new RowChecks());
  for (const auto& check : checks) {
    auto bound = BindOne(client, schema, check);
    if (!bound) {
      return Error(ErrorCode::kSchema, "the columns no longer fit the " + bound.error().message() +
                                           "; drop_check of alter removes it")
          .With("check", check);
    }
    all->checks_.push_back(*std::move(bound));
  }
  return all;
}

Status RowChecks::Check(duckdb::DataChunk& rows, const NumberOf& number_of) {
  for (auto& check : checks_) {
    std::vector<uint64_t> broken;
    bool more = false;
    auto evaluated = engine::Guarded([&] {
      duckdb::Vector holds(duckdb::LogicalType::BOOLEAN);
      check.executor->ExecuteExpression(rows, holds);
      duckdb::UnifiedVectorFormat format;
      holds.ToUnifiedFormat(rows.size(), format);
      const auto* values = reinterpret_cast<const bool*>(format.data);
      for (duckdb::idx_t row = 0; row < rows.size(); ++row) {
        auto at = format.sel->get_index(row);
        if (!format.validity.RowIsValid(at) || values[at]) continue;
        more = broken.size() == kMaxRowsNamed;
        if (more) break;
        broken.push_back(number_of(row));
      }
    });
    if (!evaluated) return std::move(evaluated).error().In("check " + check.text);
    if (!broken.empty()) return BreaksCheck(check.text, broken, more);
  }
  return {};
}

}  // namespace rhizo::sql
