#include "sql/scan_statement.h"

#include "base/name.h"
#include "duckdb/parser/expression/columnref_expression.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/expression/star_expression.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/basetableref.hpp"
#include "duckdb/parser/tableref/table_function_ref.hpp"
#include "model/unknown_column.h"
#include "sql/expression_text.h"
#include "sql/row_order.h"

namespace rhizo::sql {
namespace {

duckdb::unique_ptr<duckdb::TableRef> DiffOf(const ScanRequest& request) {
  duckdb::vector<duckdb::unique_ptr<duckdb::ParsedExpression>> arguments;
  for (const auto& text : {request.table.ToString(), request.diff->from, request.diff->to}) {
    arguments.push_back(duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value(text)));
  }
  auto function = duckdb::make_uniq<duckdb::TableFunctionRef>();
  function->function =
      duckdb::make_uniq<duckdb::FunctionExpression>("rhizo_diff", std::move(arguments));
  function->alias = request.table.name;
  return function;
}

duckdb::unique_ptr<duckdb::TableRef> TableOf(const ScanRequest& request) {
  if (request.diff) return DiffOf(request);
  auto table = duckdb::make_uniq<duckdb::BaseTableRef>();
  table->catalog_name = request.catalog;
  table->schema_name = request.table.schema;
  table->table_name = request.table.name;
  return table;
}

// By position in the table's schema, so the names of the result are the table's own.
duckdb::vector<duckdb::unique_ptr<duckdb::ParsedExpression>> SelectList(
    const ScanRequest& request) {
  duckdb::vector<duckdb::unique_ptr<duckdb::ParsedExpression>> list;
  if (request.columns.empty()) list.push_back(duckdb::make_uniq<duckdb::StarExpression>());
  for (const auto& name : request.columns) {
    const auto& field = request.schema->fields[request.schema->Find(name)];
    list.push_back(duckdb::make_uniq<duckdb::ColumnRefExpression>(field.name, request.table.name));
  }
  return list;
}

void AddLimit(uint64_t limit, duckdb::QueryNode* node) {
  auto modifier = duckdb::make_uniq<duckdb::LimitModifier>();
  modifier->limit = duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value::UBIGINT(limit));
  node->modifiers.push_back(std::move(modifier));
}

}  // namespace

model::Schema DiffSchema(const model::Schema& schema) {
  model::Schema own;
  auto& type = own.fields.emplace_back();
  type.name = "_change_type";
  type.type.kind = model::TypeKind::kString;
  auto& changed = own.fields.emplace_back();
  changed.name = "_changed_fields";
  changed.type.kind = model::TypeKind::kList;
  auto& element = changed.type.children.emplace_back();
  element.name = "element";
  element.type.kind = model::TypeKind::kString;
  own.fields.insert(own.fields.end(), schema.fields.begin(), schema.fields.end());
  for (auto& field : own.fields) field.nullable = true;
  return own;
}

Result<model::Schema> ScanSchema(const model::Schema& schema,
                                 const std::vector<std::string>& columns) {
  if (columns.empty()) return schema;
  model::Schema chosen;
  for (const auto& name : columns) {
    int index = schema.Find(name);
    if (index < 0) return model::UnknownColumn(schema, name);
    chosen.fields.push_back(schema.fields[index]);
  }
  return chosen;
}

Result<ScanStatement> MakeScanStatement(const duckdb::ParserOptions& options,
                                        const ScanRequest& request) {
  for (const auto& name : request.columns) {
    if (request.schema->Find(name) < 0) return model::UnknownColumn(*request.schema, name);
  }
  ASSIGN_OR_RETURN(auto made, ParseParts(options, {}, request.where));
  auto& node = made.node();
  node.from_table = TableOf(request);
  node.select_list = SelectList(request);
  if (!request.diff && MayReorder(node)) OrderByAddress(request.table, &node);
  if (request.limit) AddLimit(*request.limit, &node);
  made.statement->query = made.text.text;
  return ScanStatement{std::move(made.statement), std::move(made.text)};
}

}  // namespace rhizo::sql
