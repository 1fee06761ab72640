// What the statements of one session read: implemented by the session, called by the catalog on
// whatever thread the engine binds on. Its errors pass through the engine unchanged
// (engine/errors.h).
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/database_state.h"
#include "table/open_table.h"
#include "txn/view.h"

namespace rhizo::sql {

// The one thing behind AT: `VERSION => 5`, `VERSION => 'ref'`, both (t@ref VERSION 5), or a time.
struct AtPoint {
  std::optional<uint64_t> version;
  std::string ref;  // branch, tag, commit id or prefix, ref~n; "" with only a version or a time
  std::optional<Timestamp> time;
};

// Rows of metadata functions: text, integers, timestamps, booleans, as the engine's values.
struct MetadataTable {
  std::vector<std::string> names;
  std::vector<duckdb::LogicalType> types;
  std::vector<std::vector<duckdb::Value>> rows;
  // Instead of `rows`, where there may be more than fit into memory.
  std::shared_ptr<duckdb::ColumnDataCollection> many = nullptr;
};

// A table at two points of history; where it did not exist, a state without rows.
struct TablePair {
  std::shared_ptr<const table::OpenTable> before;
  std::shared_ptr<const table::OpenTable> after;
  std::string before_name;  // "": it did not exist
  std::string after_name;
};

class QuerySource {
 public:
  virtual ~QuerySource() = default;
  // What plain names mean now. Called once per engine transaction, at the first name looked up; the
  // catalog keeps the view until that transaction ends.
  virtual Result<std::shared_ptr<const txn::View>> CurrentView() = 0;
  // `name` at a point of history; `current` is the view of this statement. kTableNotFound,
  // kBranchNotFound, kVersionNotFound.
  virtual Result<std::shared_ptr<const table::OpenTable>> TableAt(const txn::View& current,
                                                                  const model::QualifiedName& name,
                                                                  const AtPoint& point) = 0;
  // `name` at two points as users write them (a version number, branch, tag, commit id, ref~n or
  // time; "": in `current`), also if it was called otherwise at `from`. kTableNotFound if it was at
  // neither; kInvalidArgument if two tables went by that name.
  virtual Result<TablePair> TablesBetween(std::shared_ptr<const txn::View> current,
                                          const model::QualifiedName& name, const std::string& from,
                                          const std::string& to) = 0;
  // rhizo_log([ref]), rhizo_branches(), rhizo_tags(), rhizo_history('t'), rhizo_segments('t'),
  // rhizo_tables(), rhizo_conflicts(ours, theirs, 't'): `function` without the prefix; `arguments`
  // as given. Called while binding.
  virtual Result<MetadataTable> Metadata(const txn::View& current, const std::string& function,
                                         const std::vector<std::string>& arguments) = 0;
};

}  // namespace rhizo::sql
