// Which rows of a table differ between two of its states, by identity, in the order of places. A
// row is identified by its key, else by its row id: with a key, a row that went at one place and
// came at another is one that changed, or not at all. Equal subtrees and entries are never read; of
// entries that hold the same rows only fields whose patches differ are looked at; rows that merely
// moved to another segment are compared by value, so folding and encoding anew yield nothing.
// (docs/architecture.md, "Diff".)
//
// Columns are those of the later state, found by field id in the earlier one: the column's first
// default where it did not exist yet, NULL where it had been dropped (it is not compared then). Not
// thread-safe.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "model/run.h"
#include "table/old_rows.h"
#include "table/open_table.h"

namespace rhizo::table {

enum class RowChangeKind : uint8_t { kInsert, kDelete, kUpdate };

struct RowChange {
  RowChangeKind kind = RowChangeKind::kInsert;
  uint64_t before = 0;            // row of Region::before, unless inserted
  uint64_t after = 0;             // row of Region::after, unless deleted
  std::vector<uint32_t> changed;  // of an update: indexes of fields, rising
};

// A stretch of the table in which something differs.
struct DiffRegion {
  std::unique_ptr<OldRows> before;
  std::unique_ptr<OldRows> after;
  std::vector<RowChange> changes;

  // Of `after`: inserted or updated.
  std::vector<uint64_t> NewRows() const;
};

struct RowChangeCounts {
  uint64_t inserted = 0;
  uint64_t updated = 0;
  uint64_t deleted = 0;
};

// The later of two states, with columns in the type that holds what both have there: an earlier
// state may have had a wider one.
Result<std::shared_ptr<const OpenTable>> InTypesOfBoth(const OpenTable& before,
                                                       std::shared_ptr<const OpenTable> after);

// Such a table before it had rows: what one that is new, or gone, is compared with.
Result<std::shared_ptr<const OpenTable>> WithoutRows(const OpenTable& like);

class RowDiff {
 public:
  // States of one table. `client`: null where only row blocks are read.
  static Result<RowDiff> Open(duckdb::ClientContext* client,
                              std::shared_ptr<const OpenTable> before,
                              std::shared_ptr<const OpenTable> after);

  const model::Schema& schema() const { return after_->schema(); }
  const std::vector<duckdb::LogicalType>& types() const { return after_->types(); }
  // The next region with at least one change; nothing at the end.
  Result<std::optional<DiffRegion>> Next();
  // Of all regions that are left.
  Result<RowChangeCounts> Count();

 private:
  // An entry that differs.
  struct Side {
    model::SegmentEntry entry;
    std::string first;  // places of its first and last row, encoded
    std::string last;
  };
  struct Stretch;
  // An entry with what lies over it.
  struct LaidOn {
    model::SegmentEntry entry;
    std::shared_ptr<const Overlay> overlay;
  };
  struct SideRows;
  // Entries whose places overlap.
  struct Overlap {
    std::vector<Side> olds;
    std::vector<Side> news;
  };
  // A row of an overlap: its number, and the row among the old or new ones.
  struct RowIn {
    size_t overlap = 0;
    uint64_t row = 0;
    friend auto operator<=>(const RowIn&, const RowIn&) = default;
  };

  RowDiff(duckdb::ClientContext* client, std::shared_ptr<const OpenTable> before,
          std::shared_ptr<const OpenTable> after)
      : client_(client), before_(std::move(before)), after_(std::move(after)) {}
  Status Collect();
  void Group(std::deque<Side> olds, std::deque<Side> news);
  // `by_value`: else only rows that came or went.
  Result<DiffRegion> Compare(const Overlap& overlap, bool by_value);
  Status FindMoved();
  Status SettleMoved(size_t overlap, DiffRegion* region);
  Result<std::vector<RowChange>> CompareMoved(DiffRegion* region, const std::vector<RowIn>& from,
                                              const std::vector<uint64_t>& to);
  Result<SideRows> Load(const OpenTable& table, const std::vector<Side>& sides);
  static model::PositionSet OtherwisePatched(const LaidOn& was, const LaidOn& is, FieldId field);
  Status CompareStretch(const SideRows& before, const Stretch& old, const SideRows& after,
                        const Stretch& now, uint64_t rows, DiffRegion* region);

  duckdb::ClientContext* client_;
  std::shared_ptr<const OpenTable> before_;  // in the later schema
  std::shared_ptr<const OpenTable> after_;
  std::vector<bool> compared_;  // by field
  std::vector<Overlap> overlaps_;
  size_t next_ = 0;
  std::set<RowIn> moved_out_;        // old rows that came again elsewhere
  std::map<RowIn, RowIn> moved_in_;  // new row -> the old one
};

}  // namespace rhizo::table
