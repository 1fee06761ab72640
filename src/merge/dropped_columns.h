// Columns that are on one side and no more, or not yet, on the other: what becomes of values that
// are stored of them (docs/merge.md, rule 2.10). Stateless.
#pragma once

#include <string>
#include <vector>

#include "merge/table_merge.h"

namespace rhizo::merge {

struct DroppedField {
  FieldId id = 0;
  std::string problem;
};

// Of `dropped`, which one side (`who`: "here", "there") dropped, those in which the other gave rows
// of base other values.
Result<std::vector<DroppedField>> ChangedThoughDropped(const MergeMeans& means,
                                                       const model::TableState& base,
                                                       const model::TableState& other,
                                                       const std::vector<FieldId>& dropped,
                                                       const std::string& who);

// The side as if it had not dropped these columns.
model::TableState Undropped(model::TableState side, const model::TableState& base,
                            const std::vector<DroppedField>& fields);

// Columns that `side` brings into the merge and that mean something else in what `other` stored:
// narrower there, dropped there, or gone when base was made. What contradicts is added.
Status FindComingBack(const MergeMeans& means, const model::TableState& base,
                      const model::TableState& side, const model::TableState& other,
                      const model::Schema& merged, std::vector<std::string>* problems);

}  // namespace rhizo::merge
