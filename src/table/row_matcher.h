// Which old rows are which new rows, where a table's rows are replaced by others that were mostly
// made from them (docs/architecture.md, "A write is a diff").
#pragma once

#include <optional>
#include <vector>

#include "model/schema.h"
#include "table/align.h"
#include "table/old_rows.h"
#include "table/row_window.h"

namespace rhizo::table {

// Rows that stay, and what of them changed.
struct MatchedRows {
  std::vector<RowPair> pairs;                  // rising on both sides
  std::vector<std::vector<uint32_t>> changed;  // per field: indexes of pairs with another value
  uint64_t new_rows = 0;  // of the window, from its front, that were decided about
  uint64_t old_rows = 0;  // likewise; less than were asked for if the rest may come later
};

class RowMatcher {
 public:
  // `key`: indexes of the fields that identify a row; none: what most of its fields hold does.
  RowMatcher(const model::Schema& schema, std::vector<size_t> key)
      : schema_(schema), key_(std::move(key)) {}

  // Fields whose hashes tell which rows are the same.
  std::vector<size_t> Identity() const;
  bool IsKey(size_t field) const;

  // Decides about the first `own` rows of `old`, using the rows behind them to see where they end.
  // `final`: nothing old comes behind `old`, nothing new behind the window. Nothing: the window has
  // next to nothing of these rows.
  Result<std::optional<MatchedRows>> Match(OldRows* old, uint64_t own, RowWindow* window,
                                           bool final) const;
  // The same for rows that are known to stand at the same places, row i being row i, and to differ
  // in no other `fields`.
  Result<MatchedRows> MatchInPlace(OldRows* old, uint64_t own, RowWindow* window,
                                   std::span<const size_t> fields) const;

 private:
  struct Gap;
  // Fills in what changed; pairs of different keys, or without a key of which more than half of the
  // fields changed, are none.
  Result<MatchedRows> Examine(OldRows* old, RowWindow* window, std::span<const size_t> compared,
                              std::vector<RowPair> pairs) const;
  static std::optional<MatchedRows> UpToLastPair(MatchedRows matched, uint64_t own,
                                                 uint64_t new_rows);
  Result<std::optional<MatchedRows>> MatchByOneField(OldRows* old, uint64_t own,
                                                     RowWindow* window) const;
  Status PairWithin(OldRows* old, RowWindow* window, const Gap& gap,
                    std::vector<RowPair>* pairs) const;
  Status PairFew(OldRows* old, RowWindow* window, const Gap& gap,
                 std::vector<RowPair>* pairs) const;
  Status PairByOneField(OldRows* old, RowWindow* window, const Gap& gap,
                        std::vector<RowPair>* pairs) const;

  bool IsSameRow(uint32_t changes, bool key_changed) const;

  const model::Schema& schema_;
  const std::vector<size_t> key_;
};

}  // namespace rhizo::table
