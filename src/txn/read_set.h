// What a serializable transaction read: names of tables, and which rows a statement could see.
// Thread-safe; statements may add to it as long as they run.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/database_state.h"

namespace rhizo::txn {

// One look at a table: all of it, unless it was narrowed.
class Look {
 public:
  // Whether one of the rows (of the table's columns, in order) could be seen.
  using Sees = std::function<Result<bool>(duckdb::ClientContext&, duckdb::DataChunk& rows)>;
  struct Part {
    std::vector<FieldId> fields;  // whose values counted; a row that came or went always counts
    Sees sees;                    // null: every row
  };

  // `own_rows`: it met rows as the transaction itself had made them, of which conditions say
  // nothing to others.
  Look(const TableId& table, bool own_rows) : table_(table), own_rows_(own_rows) {}
  const TableId& table() const { return table_; }
  // What is read are only these rows (and those of other parts).
  void Narrow(Part part);
  // What is read is no row, only which columns there are and what is asked of them.
  void NarrowToColumns();
  // What counts of these rows besides.
  void AddFields(std::span<const FieldId> fields);
  // Nothing: all of the table.
  std::optional<std::vector<Part>> parts() const;

 private:
  const TableId table_;
  const bool own_rows_;
  mutable std::mutex mutex_;
  std::optional<std::vector<Part>> parts_;
};

class ReadSet {
 public:
  std::shared_ptr<Look> Add(const TableId& table, bool own_rows = false);
  // A look that sees no row.
  void AddColumns(const TableId& table);
  // Whether there is a table called so, or but for case, was asked.
  void AddName(const model::QualifiedName& name);
  bool HasName(const model::QualifiedName& name) const;
  std::vector<std::shared_ptr<const Look>> looks() const;
  // Of the looks at `table` behind the first `from`.
  void AddFields(const TableId& table, size_t from, std::span<const FieldId> fields);

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Look>> looks_;
  std::set<std::string> names_;  // folded
};

}  // namespace rhizo::txn
