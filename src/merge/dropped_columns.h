// Columns that are on one side and no more, or not yet, on the other: what becomes of values that
// are stored of them (docs/merge.md, rule 2.10). Stateless.
#pragma once

#include <optional>
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
                                                       const TableVersion& base,
                                                       const model::TableState& other,
                                                       const std::vector<FieldId>& dropped,
                                                       const std::string& who);

// The side as if it had not dropped these columns.
model::TableState Undropped(model::TableState side, const model::TableState& base,
                            const std::vector<DroppedField>& fields);

// Fields inside columns that `side` (`who`) dropped, and rows in which `other` changed the column;
// nothing if the side `is_right`. What contradicts is added, here as below.
Status FindInnerDropped(const MergeMeans& means, const TableVersion& base,
                        const model::TableState& side, const model::TableState& other,
                        const std::string& who, bool is_right, std::vector<std::string>* problems);

// Fields inside columns that `side` dropped, and the merge has all the same: rows that the side
// stored since base lack them.
Status FindInnerKept(const model::TableState& base, const model::TableState& side,
                     const model::Schema& merged, std::vector<std::string>* problems);

struct WiderField {
  FieldId id = 0;
  std::optional<model::Type> type;  // that holds the merged type's values and those stored, if any
  std::string problem;
};

// Columns whose merged type is narrower than what `side` stored since base.
Result<std::vector<WiderField>> FindWider(const MergeMeans& means, const model::TableState& base,
                                          const model::TableState& side,
                                          const model::Schema& merged);

// The state has the column, or had it once.
bool WasUsed(const model::TableState& state, FieldId id);

// Fields inside of columns that `side` has and base has not, where `other` dropped them and stored
// rows.
void FindInnerComingBack(const model::TableState& base, const model::TableState& side,
                         const model::TableState& other, const model::Schema& merged,
                         std::vector<std::string>* problems);

}  // namespace rhizo::merge
