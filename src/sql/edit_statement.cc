#include "sql/edit_statement.h"

#include <algorithm>

#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/parser/tableref/basetableref.hpp"
#include "engine/types.h"
#include "model/unknown_column.h"
#include "sql/expression_text.h"
#include "sql/row_order.h"
#include "sql/scan_statement.h"

namespace rhizo::sql {
namespace {

using Expression = duckdb::unique_ptr<duckdb::ParsedExpression>;

Result<std::vector<size_t>> FieldsThatAreSet(const EditRequest& request) {
  std::vector<size_t> fields;
  std::vector<bool> is_set(request.schema->fields.size());
  for (const auto& [column, expression] : request.set) {
    int index = request.schema->Find(column);
    if (index < 0) return model::UnknownColumn(*request.schema, column);
    if (is_set[static_cast<size_t>(index)]) {
      return Error(ErrorCode::kSchema, "column \"" + column + "\" is set twice")
          .With("column", column);
    }
    is_set[static_cast<size_t>(index)] = true;
    fields.push_back(static_cast<size_t>(index));
  }
  return fields;
}

}  // namespace

Result<EditStatement> MakeEditStatement(duckdb::ClientContext& client, const EditRequest& request) {
  EditStatement made;
  ASSIGN_OR_RETURN(made.fields, FieldsThatAreSet(request));
  std::vector<std::string> expressions;
  for (const auto& [column, expression] : request.set) expressions.push_back(expression);
  ASSIGN_OR_RETURN(auto parts, ParseParts(client.GetParserOptions(), expressions, request.where));
  auto& node = parts.node();
  bool is_update = !request.set.empty();
  RETURN_IF_ERROR(CheckNothingVolatile(client, node, is_update ? "update" : "delete"));
  RETURN_IF_ERROR(CheckShape(node));
  bool needs_order = MayReorder(node);
  duckdb::vector<Expression> list;
  list.push_back(RowAddress(request.table));
  for (size_t i = 0; i < made.fields.size(); ++i) {
    const auto& type = request.schema->fields[made.fields[i]].type;
    list.push_back(Towards(engine::ToLogicalType(type), std::move(node.select_list[i])));
  }
  if (node.where_clause) list.push_back(node.where_clause->Copy());
  node.select_list = std::move(list);
  auto table = duckdb::make_uniq<duckdb::BaseTableRef>();
  table->catalog_name = duckdb::DatabaseManager::GetDefaultDatabase(client);
  table->schema_name = request.table.schema;
  table->table_name = request.table.name;
  node.from_table = std::move(table);
  if (needs_order) OrderByAddress(request.table, &node);
  made.text = std::move(parts.text);
  made.statement = std::move(parts.statement);
  made.statement->query = made.text.text;
  return made;
}

}  // namespace rhizo::sql
