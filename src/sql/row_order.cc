#include "sql/row_order.h"

#include "duckdb/parser/expression/columnref_expression.hpp"
#include "duckdb/parser/parsed_expression_iterator.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/parser/result_modifier.hpp"
#include "sql/scan_plan.h"

namespace rhizo::sql {
namespace {

bool MayReorder(const duckdb::ParsedExpression& expression) {
  auto type = expression.GetExpressionType();
  bool is_list =
      type == duckdb::ExpressionType::COMPARE_IN || type == duckdb::ExpressionType::COMPARE_NOT_IN;
  bool found = is_list || expression.HasSubquery() || expression.IsWindow();
  duckdb::ParsedExpressionIterator::EnumerateChildren(
      expression,
      [&](const duckdb::ParsedExpression& child) { found = found || MayReorder(child); });
  return found;
}

}  // namespace

duckdb::unique_ptr<duckdb::ParsedExpression> RowAddress(const model::QualifiedName& table) {
  return duckdb::make_uniq<duckdb::ColumnRefExpression>(kRowAddressName, table.name);
}

bool MayReorder(const duckdb::SelectNode& node) {
  bool found = node.where_clause && MayReorder(*node.where_clause);
  for (const auto& expression : node.select_list) found = found || MayReorder(*expression);
  return found;
}

void OrderByAddress(const model::QualifiedName& table, duckdb::SelectNode* node) {
  auto order = duckdb::make_uniq<duckdb::OrderModifier>();
  order->orders.emplace_back(duckdb::OrderType::ASCENDING, duckdb::OrderByNullType::NULLS_LAST,
                             RowAddress(table));
  node->modifiers.push_back(std::move(order));
}

}  // namespace rhizo::sql
