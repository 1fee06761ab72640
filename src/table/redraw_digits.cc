#include "table/redraw_digits.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "table/entry_edits.h"
#include "tree/cursor.h"

namespace rhizo::table {
namespace {

// The greatest first digit of a table's rows; "" if it has none.
Result<std::string> GreatestDigit(const WriteContext& context, const model::TableState& state) {
  ASSIGN_OR_RETURN(auto last, LastPlaceOf(*context.read.small, state));
  return last ? last->levels.front().digit : std::string();
}

struct OwnEntry {
  std::string key;
  model::SegmentEntry entry;
  model::RunList runs;
  size_t first_own = 0;  // runs from here on are own rows
};

// How many runs at the front are not own rows'.
size_t FirstOwn(const model::RunList& runs, const std::unordered_set<BirthId>& own) {
  size_t first = runs.size();
  while (first > 0 && own.contains(runs[first - 1].first.levels.front().birth)) --first;
  return first;
}

// Entries with own rows behind which nothing but own rows stands, in order.
Result<std::vector<OwnEntry>> OwnEntriesAtTheEnd(const WriteContext& context,
                                                 const model::TableState& state) {
  std::unordered_set<BirthId> own;
  for (uint64_t i = 0; i < *context.next_ordinal; ++i) own.insert(DeriveBirthId(context.txn, i));
  std::vector<OwnEntry> entries;
  tree::Cursor cursor(context.read.small, state.tree_root);
  RETURN_IF_ERROR(cursor.SeekToLast());
  while (cursor.Valid()) {
    OwnEntry at{std::string(cursor.key()), {}, {}};
    ASSIGN_OR_RETURN(at.entry, model::DecodeSegmentEntry(cursor.value()));
    ASSIGN_OR_RETURN(at.runs, model::Load(*context.read.small, at.entry.runs));
    at.first_own = FirstOwn(at.runs, own);
    bool all_own = at.first_own == 0;
    if (at.first_own < at.runs.size()) entries.push_back(std::move(at));
    if (!all_own) break;
    RETURN_IF_ERROR(cursor.Prev());
  }
  std::reverse(entries.begin(), entries.end());
  return entries;
}

}  // namespace

Result<model::TableState> RedrawDigits(const WriteContext& context,
                                       const model::TableState& snapshot,
                                       const model::TableState& own,
                                       const model::TableState& head) {
  ASSIGN_OR_RETURN(auto entries, OwnEntriesAtTheEnd(context, own));
  if (entries.empty()) return own;
  ASSIGN_OR_RETURN(auto last, GreatestDigit(context, head));
  ASSIGN_OR_RETURN(auto of_snapshot, GreatestDigit(context, snapshot));
  last = std::max(last, of_snapshot);
  std::map<std::string, std::string> redrawn;
  for (const auto& at : entries) {
    for (size_t i = at.first_own; i < at.runs.size(); ++i) {
      redrawn.try_emplace(at.runs[i].first.levels.front().digit);
    }
  }
  for (auto& [old_digit, digit] : redrawn) {
    last = last.empty() ? model::FirstDigit() : model::DigitAfter(last);
    digit = last;
  }
  EntryEdits edits;
  for (auto& at : entries) {
    edits.Erase(at.key, at.entry);
    for (size_t i = at.first_own; i < at.runs.size(); ++i) {
      auto& digit = at.runs[i].first.levels.front().digit;
      digit = redrawn.at(digit);
    }
    at.entry.runs = model::Store(*context.staging, at.runs);
    edits.Put(model::EncodePlace(at.runs.front().first), at.entry);
  }
  return edits.ApplyTo(context, own);
}

}  // namespace rhizo::table
