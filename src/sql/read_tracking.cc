#include "sql/read_tracking.h"

#include "duckdb/planner/filter/constant_filter.hpp"
#include "duckdb/planner/filter/in_filter.hpp"
#include "duckdb/planner/filter/optional_filter.hpp"
#include "duckdb/planner/filter/struct_filter.hpp"
#include "sql/scan_filters.h"

namespace rhizo::sql {
namespace {

using duckdb::TableFilter;
using duckdb::TableFilterType;
using FilterPtr = duckdb::unique_ptr<TableFilter>;

// As filters that can be evaluated by themselves.
FilterPtr OneOf(const duckdb::InFilter& filter) {
  auto any = duckdb::make_uniq<duckdb::ConjunctionOrFilter>();
  for (const auto& value : filter.values) {
    any->child_filters.push_back(
        duckdb::make_uniq<duckdb::ConstantFilter>(duckdb::ExpressionType::COMPARE_EQUAL, value));
  }
  return any;
}

// What of a filter of the plan holds whatever the scan meets: without what changes while it runs.
// Null: nothing, every row may be seen.
FilterPtr Stable(const TableFilter& filter) {
  switch (filter.filter_type) {
    case TableFilterType::CONSTANT_COMPARISON:
    case TableFilterType::IS_NULL:
    case TableFilterType::IS_NOT_NULL:
    case TableFilterType::EXPRESSION_FILTER: return filter.Copy();
    case TableFilterType::IN_FILTER: return OneOf(filter.Cast<duckdb::InFilter>());
    case TableFilterType::CONJUNCTION_AND: {
      auto both = duckdb::make_uniq<duckdb::ConjunctionAndFilter>();
      for (const auto& child : filter.Cast<duckdb::ConjunctionAndFilter>().child_filters) {
        if (auto stable = Stable(*child)) both->child_filters.push_back(std::move(stable));
      }
      if (both->child_filters.empty()) return nullptr;
      return both;
    }
    case TableFilterType::CONJUNCTION_OR: {
      auto either = duckdb::make_uniq<duckdb::ConjunctionOrFilter>();
      for (const auto& child : filter.Cast<duckdb::ConjunctionOrFilter>().child_filters) {
        auto stable = Stable(*child);
        if (!stable) return nullptr;
        either->child_filters.push_back(std::move(stable));
      }
      return either;
    }
    case TableFilterType::STRUCT_EXTRACT:
      return Stable(*filter.Cast<duckdb::StructFilter>().child_filter) ? filter.Copy() : nullptr;
    // Of the plan it says what other conditions say too.
    case TableFilterType::OPTIONAL_FILTER: {
      const auto& child = filter.Cast<duckdb::OptionalFilter>().child_filter;
      return child ? Stable(*child) : nullptr;
    }
    default: return nullptr;
  }
}

}  // namespace

std::shared_ptr<txn::Look> LookAt(const txn::View* view, const model::QualifiedName& name,
                                  const table::OpenTable& table) {
  if (view == nullptr || view->reads() == nullptr) return nullptr;
  auto now = view->FindName(name);
  if (now && *now && (*now)->entry.state != table.state_id()) return nullptr;
  return view->reads()->Add(table.state().id, view->HasOwnWrites(table.state().id));
}

txn::Look::Part PartOf(const table::OpenTable& table,
                       const duckdb::vector<duckdb::column_t>& columns,
                       const duckdb::TableFilterSet* filters) {
  txn::Look::Part part;
  const auto& fields = table.schema().fields;
  for (auto column : columns) {
    if (column < fields.size()) part.fields.push_back(fields[column].id);
  }
  if (filters == nullptr) return part;
  auto kept = std::make_shared<duckdb::TableFilterSet>();
  for (const auto& [index, filter] : filters->filters) {
    if (columns[index] >= fields.size()) continue;
    if (auto stable = Stable(*filter)) kept->filters[columns[index]] = std::move(stable);
  }
  if (kept->filters.empty()) return part;
  part.sees = [kept](duckdb::ClientContext& client, duckdb::DataChunk& rows) -> Result<bool> {
    ScanFilters matching(client, kept.get());
    if (!matching.VectorMayMatch([](size_t) { return nullptr; })) return false;
    auto count = rows.size();
    duckdb::SelectionVector selection;
    matching.Select([&](size_t column) -> duckdb::Vector& { return rows.data[column]; },
                    rows.size(), &selection, &count);
    return count > 0;
  };
  return part;
}

}  // namespace rhizo::sql
