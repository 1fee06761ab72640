// A table merged whole: schema, rows, and what must hold of both together (docs/merge.md, section
// 2).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "merge/row_merge.h"
#include "merge/schema_merge.h"

namespace rhizo::merge {

// One side of a table. `undefined`: of a virtual state, else null.
struct TableVersion {
  const model::TableState* state = nullptr;  // null: the table is not there
  const Undefined* undefined = nullptr;
};

// Makes of check constraints what looks at rows of a schema; nothing where there are none.
using BindChecks = std::function<Result<table::CheckRows>(const model::Schema& schema,
                                                          const std::vector<std::string>& checks)>;

struct MergeMeans {
  duckdb::ClientContext* client = nullptr;  // null where only row blocks are read
  table::WriteContext context;
  BindChecks bind_checks;  // null: of virtual merges, and where no table has checks
};

struct MergedTable {
  model::TableState state;
  MergeCounts counts;
  uint64_t new_bytes = 0;
  // What contradicts besides rows and cells: of the schema, of constraints. The state means nothing
  // then.
  std::vector<std::string> problems;
  // The problems are of rows that break a constraint also as the favoured side has them.
  bool is_beyond_favour = false;
  // What some of the rows break that contradict for it, or are settled.
  std::vector<std::string> notes;
  // What of columns and checks is as the favoured side has it, or went.
  std::vector<std::string> told;
};

// The base of two tables that have none: without rows, of the columns and policies that both have
// alike. What they differ in is news on both.
model::TableState NoTable(const model::TableState& ours, const model::TableState& theirs);

// `ours` and `theirs` are there.
Result<MergedTable> MergeTable(const MergeMeans& means, const TableVersion& base,
                               const TableVersion& ours, const TableVersion& theirs,
                               const MergeOptions& options, Undefined* undefined = nullptr);

}  // namespace rhizo::merge
