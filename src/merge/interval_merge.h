// Which rows of an interval of places stay, which segment hosts them and which patches of them live
// (docs/merge.md, rules 2.3, 2.4, 2.6, 2.7). Sets of rows are decided at once: only cells that both
// sides touched, and rows that one deleted and the other touched, are ever read.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "merge/cell_rule.h"
#include "merge/conflict.h"
#include "merge/piece.h"
#include "merge/side.h"

namespace rhizo::merge {

// What is the same for all intervals of a table.
struct TableMerge {
  const table::OpenTable* table = nullptr;  // of the merged schema; its rows do not count
  std::vector<MergeRule> rules;             // by field
  bool by_key = false;                      // rows are the same by their key, else by their id
  bool delete_wins = false;
  bool row_is_unit = false;
  const MergeOptions* options = nullptr;
  Undefined* undefined = nullptr;  // of a virtual merge: what it could not decide
};

class IntervalMerge {
 public:
  // `by_key`: the views show one row each, the same by its key, wherever it lies; it comes to lie
  // at `first`.
  IntervalMerge(const TableMerge& about, std::array<Side*, kSides> sides, model::Place first,
                uint32_t count, std::array<View, kSides> views, bool by_key = false)
      : about_(about),
        sides_(sides),
        first_(std::move(first)),
        count_(count),
        views_(std::move(views)),
        by_key_(by_key) {}

  // Where the row's counters started that both sides have under the key.
  void SetStart(RowStart start) { start_ = start; }
  // What comes out, in order.
  Result<std::vector<Piece>> Run();
  // Whether the side has another value in some field than base; both show row 0.
  Result<bool> IsChanged(Which side);
  std::vector<RowConflict>& conflicts() { return conflicts_; }
  // What this found, added to `counts`.
  void Count(MergeCounts* counts) const;

 private:
  // Rows with one host.
  struct Draft {
    const View* host = nullptr;
    model::PositionSet rows;                // offsets
    std::vector<table::LivePatch> patches;  // live: offsets
    std::vector<FreshCells> fresh;          // offsets
    std::optional<Which> taken;             // rows just as that side has them
  };
  // Cells of a field that both sides touched, with all three values.
  struct Cells;

  const View& view(Which side) const { return views_[side]; }
  model::PositionSet UndefinedRows(Which side) const {
    return sides_[side]->UndefinedRows(view(side).first, count_);
  }
  model::PositionSet UndefinedCells(Which side, FieldId field) const {
    return sides_[side]->UndefinedCells(field, view(side).first, count_);
  }
  model::PositionSet Touched(Which side, size_t field, const model::PositionSet& rows) const;
  Result<model::PositionSet> Changed(Which side, const model::PositionSet& rows);
  Result<model::PositionSet> Unequal(Which one, Which other, size_t field,
                                     const model::PositionSet& rows);
  Result<model::PositionSet> Different(const model::PositionSet& rows);
  Status MergeDeleted(Which other, const model::PositionSet& rows, std::vector<Draft>* drafts);
  Status MergeUndefined(const model::PositionSet& but, std::vector<Draft>* drafts);
  model::PositionSet BrokenRows() const;
  void MergeBroken(const model::PositionSet& rows, std::vector<Draft>* drafts);
  Status MergeBoth(const model::PositionSet& rows, bool has_base, std::vector<Draft>* drafts);
  Status MergeField(size_t field, bool has_base, Draft* draft);
  bool IsKeyField(size_t field) const;
  std::optional<Which> OwnerOf(size_t field) const;
  Status GatherBoth(size_t field, const Draft& draft, Which from, Cells* cells);
  Status TakeFromOwner(Which owner, size_t field, Draft* draft);
  Status LeaveToOwners(Draft* draft);
  const ForeignDefault* ForeignDefaultOf(size_t field) const;
  Status MergeDefaulted(const ForeignDefault& foreign, size_t field, Draft* draft);
  Status TakeOwnDefaults(Draft* draft);
  Result<model::PositionSet> RowsWith(Which side, size_t field, const duckdb::Value& value,
                                      const model::PositionSet& rows);
  Status MergeRowUnit(bool has_base, Draft* draft, std::vector<Draft>* drafts);
  Status DecideCells(Cells* cells, Draft* draft);
  Status DecideCell(Cells* cells, size_t i);
  void LayCells(const Cells& cells, Draft* draft);
  const View* Host(bool has_base) const;
  Draft Take(Which side, const model::PositionSet& rows) const;
  void TakeField(const View& from, FieldId field, const model::PositionSet& rows,
                 Draft* draft) const;
  // A contradiction: who is favoured there, or nobody, then it is a conflict.
  Favour Contradict(ConflictReason reason, std::optional<size_t> field, uint32_t offset);
  // Of a virtual merge: nothing is known of these rows, or of their cells in a field.
  Status NotKnown(const model::PositionSet& rows, std::optional<FieldId> field);
  model::RowId RowAt(uint32_t offset) const { return first_.Plus(offset).row_id(); }
  bool is_virtual() const { return about_.options->mode == MergeMode::kVirtual; }
  std::vector<Piece> Emit(std::vector<Draft> drafts) const;

  const TableMerge& about_;
  const std::array<Side*, kSides> sides_;
  const model::Place first_;
  const uint32_t count_;
  const std::array<View, kSides> views_;
  const bool by_key_;
  RowStart start_ = RowStart::kAsIdsSay;
  std::vector<RowConflict> conflicts_;
  uint64_t cells_decided_ = 0;
  uint64_t settled_ = 0;
};

}  // namespace rhizo::merge
