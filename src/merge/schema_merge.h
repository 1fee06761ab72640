// Everything of a table but its rows, merged three-way: columns and nested fields by id, attribute
// by attribute; key, policies, sort order, checks. A pure function of valid states: it neither
// reads rows nor binds checks to columns, which is left to the caller. Changing sides changes
// nothing but the words "here" (ours) and "there" (theirs).
#pragma once

#include <string>
#include <vector>

#include "base/id.h"
#include "merge/conflict.h"
#include "model/table_state.h"

namespace rhizo::merge {

struct SchemaConflict {
  std::string what;   // 'column "n" was renamed to "a" here and to "b" there'
  FieldId field = 0;  // column or nested field; 0: the table
};

struct MergedSchema {
  model::TableState state;  // without rows; of no meaning where there are conflicts
  std::vector<SchemaConflict> conflicts;
  std::vector<std::string> settled;  // what contradicts, and is as the favoured side has it
  // Columns of base that one side dropped and the other kept: the merged table has them no more,
  // so the other side must not have updated their cells.
  std::vector<FieldId> dropped_by_ours;
  std::vector<FieldId> dropped_by_theirs;
  bool same_key = false;  // base, ours and theirs have one key, of the same types
};

// With a favoured side each attribute that contradicts is as that side has it. So are whole columns
// that contradict each other (one name, a key without its column, a rule without what it goes by):
// one that the side doesn't have goes. What remains as a conflict then was wrong on that side.
MergedSchema MergeSchemas(const model::TableState& base, const model::TableState& ours,
                          const model::TableState& theirs, Favour favour);

}  // namespace rhizo::merge
