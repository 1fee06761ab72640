// What contradicts between ours and theirs, and how a merge is to go about it.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/duckdb_headers.h"
#include "merge/side.h"
#include "table/key_hash.h"

namespace rhizo::merge {

enum class ConflictReason : uint8_t {
  kCell,          // both changed the cell, and its field's rule does not decide
  kDeleteUpdate,  // one deleted the row, the other changed it
  kDelete,        // both deleted the row (only where a commit's branch moved)
  kRow,           // both changed the row of a table whose unit is the row
  kConstraint,    // the row that came out of both breaks NOT NULL or a check
};
// "cell", "delete/update", ...: as conflict tables show it.
std::string_view ReasonName(ConflictReason reason);

struct RowConflict {
  ConflictReason reason = ConflictReason::kCell;
  std::optional<size_t> field;  // of the merged schema; nothing: the row
  model::RowId row;
  std::array<std::optional<uint64_t>, kSides> rows;  // in the sides' rows(); nothing: not there
};

struct RegionConflicts {
  const model::Schema& schema;  // the merged one
  std::array<Side*, kSides> sides;
  std::vector<RowConflict> conflicts;
};

enum class MergeMode : uint8_t {
  kBranch,   // two heads
  kCommit,   // a transaction whose branch moved: equal changes of both contradict too
  kVirtual,  // of common ancestors: nothing contradicts, what would is undefined
};

// Who is right where both contradict.
enum class Favour : uint8_t { kNobody, kOurs, kTheirs };

// What somebody decided about one contradiction: a side's cell or row, or another value.
struct Choice {
  Favour side = Favour::kOurs;
  std::optional<duckdb::Value> value;  // of a cell, in its column's type
};
// By row and field; field 0: the row; kConstraintChoice: the row that breaks a constraint, whatever
// was chosen before that.
inline constexpr FieldId kConstraintChoice = -1;
using Choices = std::map<std::pair<model::RowId, FieldId>, Choice>;

// A field that both sides added, with different first defaults: the merged one is the owner's.
struct ForeignDefault {
  Which owner = kOurs;
  duckdb::Value
      value;  // of the other side, which rows that it stored since may hold; nobody wrote it
};

// Where the counters of a row started that both sides inserted. Of what several picks say the
// greatest holds.
enum class RowStart : uint8_t {
  kAsIdsSay,  // with one id at one value, else apart
  kApart,     // each at nothing: one side had a row of its own when it picked the other's
  kPicked,    // at one value, for one pick brought it to both
  kUnsure,    // so, but both sides deleted a row of its key since
};

using RowStarts = std::unordered_map<uint64_t, RowStart>;  // by the hash of a row's key

// Rows that picks brought to both sides, or met on one.
struct PickedRows {
  table::KeyForm key = {};
  RowStarts starts = {};

  void Add(uint64_t row, RowStart start) { starts[row] = std::max(starts[row], start); }
  RowStart StartOf(uint64_t row) const {
    auto found = starts.find(row);
    return found == starts.end() ? RowStart::kAsIdsSay : found->second;
  }
};

struct MergeOptions {
  MergeMode mode = MergeMode::kBranch;
  Favour favour = Favour::kNobody;          // rows, and fields not named below
  std::optional<Favour> favour_of_columns;  // who is right about them; nothing: the same
  std::map<FieldId, Favour> by_field;
  const Choices* choices = nullptr;  // single contradictions that are settled; null: none
  // Fields that the other side dropped, and only this one's cells count: it changed them and is
  // favoured, or base had dropped them too.
  std::map<FieldId, Which> owners;
  // What base had dropped: what its segments hold of them says nothing.
  std::set<FieldId> not_in_base;
  std::map<FieldId, ForeignDefault> foreign_defaults;
  const std::set<model::RowId>* broken = nullptr;     // rows whose merge breaks a constraint
  const std::set<model::RowId>* unsettled = nullptr;  // those whose choice breaks one too
  const PickedRows* picked = nullptr;                 // null: nothing was
  std::set<FieldId> by_value;                         // no rule decides these fields
  bool rules_decide = true;  // false: any two changes of a cell, or of a row that went, contradict
  bool by_key = true;  // false: all three do not have the same key, rows are the same by their id
  // Of a region, while it can be read. Null: they are only counted.
  std::function<Status(RegionConflicts&)> on_conflicts;

  const Choice* ChoiceOf(const model::RowId& row, FieldId field) const {
    if (choices == nullptr) return nullptr;
    bool is_void = field == kConstraintChoice && unsettled != nullptr && unsettled->contains(row);
    if (is_void) return nullptr;
    auto found = choices->find({row, field});
    return found == choices->end() ? nullptr : &found->second;
  }
  Favour FavourOfColumns() const { return favour_of_columns.value_or(favour); }
  Favour FavourOf(FieldId field) const {
    auto found = by_field.find(field);
    return found == by_field.end() ? favour : found->second;
  }
};

struct MergeCounts {
  uint64_t entries_read = 0;    // of both sides, in regions that differ
  uint64_t regions_by_row = 0;  // that both sides changed
  uint64_t cells_decided = 0;   // that both sides touched
  uint64_t conflicts = 0;       // that nobody is favoured in
  uint64_t settled = 0;         // contradictions that somebody is favoured in
};

}  // namespace rhizo::merge
