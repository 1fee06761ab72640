#include "sql/expression_text.h"

#include "duckdb/catalog/catalog_entry/scalar_function_catalog_entry.hpp"
#include "duckdb/parser/expression/case_expression.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/expression/subquery_expression.hpp"
#include "duckdb/parser/parsed_expression_iterator.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "engine/errors.h"

namespace rhizo::sql {
namespace {

constexpr std::string_view kSelect = "SELECT ";
constexpr std::string_view kOnlyCondition = "SELECT 1 WHERE ";
// The engine plans for minutes, without listening, what has more comparisons and calls than this.
constexpr size_t kMaxParts = 20'000;

Error NotOneEach(bool only_condition, bool has_condition) {
  if (!only_condition && !has_condition) {
    return Error(ErrorCode::kSql, "each column (or check) takes one expression");
  }
  return Error(ErrorCode::kSql,
               only_condition
                   ? "`where` takes one condition over the columns of the table"
                   : "each column is set to one expression, and `where` is one condition");
}

// Nothing but the list and the condition.
bool IsPlain(const duckdb::SelectNode& node, size_t expressions, bool has_condition) {
  return (node.where_clause != nullptr) == has_condition &&
         node.from_table->type == duckdb::TableReferenceType::EMPTY_FROM &&
         node.modifiers.empty() && node.cte_map.map.empty() &&
         node.select_list.size() == expressions && node.groups.group_expressions.empty() &&
         !node.having && !node.qualify && !node.sample;
}

StatementText TextOf(const std::vector<std::string>& expressions, const std::string& condition) {
  if (expressions.empty()) {
    if (condition.empty()) return {"SELECT 1", 0};
    return {std::string(kOnlyCondition) + condition, kOnlyCondition.size()};
  }
  // Line breaks end comments.
  std::string text(kSelect);
  for (size_t i = 0; i < expressions.size(); ++i) {
    text += (i == 0 ? "" : "\n, ") + expressions[i];
  }
  if (!condition.empty()) text += "\nWHERE " + condition;
  return {std::move(text), kSelect.size()};
}

class VolatileSearch {
 public:
  VolatileSearch(duckdb::ClientContext& client, Volatility least)
      : client_(client), least_(least) {}

  void Visit(duckdb::QueryNode& node) {
    duckdb::ParsedExpressionIterator::EnumerateQueryNodeChildren(
        node, [&](duckdb::unique_ptr<duckdb::ParsedExpression>& child) { Visit(*child); });
  }
  const std::string& found() const { return found_; }

 private:
  void Visit(duckdb::ParsedExpression& expression) {
    if (expression.GetExpressionClass() == duckdb::ExpressionClass::FUNCTION) {
      const auto& name = expression.Cast<duckdb::FunctionExpression>().function_name;
      if (IsVolatile(name)) found_ = name;
    } else if (expression.GetExpressionClass() == duckdb::ExpressionClass::SUBQUERY) {
      Visit(*expression.Cast<duckdb::SubqueryExpression>().subquery->node);
    }
    duckdb::ParsedExpressionIterator::EnumerateChildren(
        expression, [&](duckdb::ParsedExpression& child) { Visit(child); });
  }

  bool IsVolatile(const std::string& name) {
    auto& catalog = duckdb::Catalog::GetSystemCatalog(client_);
    auto entry = catalog.GetEntry(client_, duckdb::CatalogType::SCALAR_FUNCTION_ENTRY,
                                  DEFAULT_SCHEMA, name, duckdb::OnEntryNotFound::RETURN_NULL);
    if (!entry || entry->type != duckdb::CatalogType::SCALAR_FUNCTION_ENTRY) return false;
    for (auto& function : entry->Cast<duckdb::ScalarFunctionCatalogEntry>().functions.functions) {
      auto stability = function.GetStability();
      if (stability == duckdb::FunctionStability::VOLATILE) return true;
      bool per_statement = stability == duckdb::FunctionStability::CONSISTENT_WITHIN_QUERY;
      if (per_statement && least_ == Volatility::kPerStatement) return true;
    }
    return false;
  }

  duckdb::ClientContext& client_;
  const Volatility least_;
  std::string found_;
};

}  // namespace

duckdb::SelectNode& ParsedParts::node() const {
  return statement->Cast<duckdb::SelectStatement>().node->Cast<duckdb::SelectNode>();
}

Result<ParsedParts> ParseParts(const duckdb::ParserOptions& options,
                               const std::vector<std::string>& expressions,
                               const std::string& condition) {
  ParsedParts parts;
  parts.text = TextOf(expressions, condition);
  duckdb::Parser parser(options);
  try {
    parser.ParseQuery(parts.text.text);
  } catch (const std::exception& exception) {
    return parts.text.Translate(exception);
  }
  bool only_condition = expressions.empty();
  if (parser.statements.size() != 1) return NotOneEach(only_condition, !condition.empty());
  parts.statement = std::move(parser.statements[0]);
  if (parts.statement->type != duckdb::StatementType::SELECT_STATEMENT) {
    return NotOneEach(only_condition, !condition.empty());
  }
  const auto& query = *parts.statement->Cast<duckdb::SelectStatement>().node;
  size_t listed = only_condition ? 1 : expressions.size();
  if (query.type != duckdb::QueryNodeType::SELECT_NODE ||
      !IsPlain(query.Cast<duckdb::SelectNode>(), listed, !condition.empty())) {
    return NotOneEach(only_condition, !condition.empty());
  }
  return parts;
}

duckdb::unique_ptr<duckdb::ParsedExpression> Towards(
    const duckdb::LogicalType& type, duckdb::unique_ptr<duckdb::ParsedExpression> expression) {
  auto choice = duckdb::make_uniq<duckdb::CaseExpression>();
  duckdb::CaseCheck never;
  never.when_expr = duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value::BOOLEAN(false));
  never.then_expr = duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value(type));
  choice->case_checks.push_back(std::move(never));
  choice->else_expr = std::move(expression);
  return choice;
}

Status CheckShape(duckdb::SelectNode& node) {
  std::string found;
  size_t parts = 0;
  std::function<void(duckdb::ParsedExpression&)> visit = [&](duckdb::ParsedExpression& expression) {
    parts += expression.GetExpressionClass() != duckdb::ExpressionClass::CONSTANT &&
             expression.GetExpressionClass() != duckdb::ExpressionClass::COLUMN_REF;
    if (expression.GetExpressionClass() == duckdb::ExpressionClass::FUNCTION) {
      const auto& name = expression.Cast<duckdb::FunctionExpression>().function_name;
      if (name == "unnest" || name == "unlist") found = name;
    }
    duckdb::ParsedExpressionIterator::EnumerateChildren(expression, visit);
  };
  for (auto& expression : node.select_list) visit(*expression);
  if (node.where_clause) visit(*node.where_clause);
  if (parts > kMaxParts) {
    return Error(ErrorCode::kSql,
                 "expressions of " + std::to_string(parts) + " comparisons and calls; at most " +
                     std::to_string(kMaxParts) + " are taken (a list, x IN (...), may be longer)");
  }
  if (found.empty()) return {};
  return Error(ErrorCode::kSql,
               found + "() makes several rows of one; an expression gives one value")
      .With("function", found);
}

Status CheckNothingVolatile(duckdb::ClientContext& client, duckdb::SelectNode& node,
                            std::string_view what, Volatility least) {
  VolatileSearch search(client, least);
  RETURN_IF_ERROR(
      engine::Guarded([&] { client.RunFunctionInTransaction([&] { search.Visit(node); }); }));
  if (search.found().empty()) return {};
  return Error(ErrorCode::kSql, std::string(what) + ": " + search.found() +
                                    "() gives another value at each call; what a commit holds must "
                                    "not depend on that")
      .With("function", search.found());
}

}  // namespace rhizo::sql
