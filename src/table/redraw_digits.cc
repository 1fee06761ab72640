#include "table/redraw_digits.h"

#include <algorithm>
#include <map>

#include "table/entry_edits.h"
#include "tree/cursor.h"

namespace rhizo::table {
namespace {

// The greatest first digit of a table's rows; "" if it has none.
Result<std::string> GreatestDigit(const WriteContext& context, const model::TableState& state) {
  tree::Cursor cursor(context.read.small, state.tree_root);
  RETURN_IF_ERROR(cursor.SeekToLast());
  if (!cursor.Valid()) return std::string();
  ASSIGN_OR_RETURN(auto entry, model::DecodeSegmentEntry(cursor.value()));
  ASSIGN_OR_RETURN(auto place, LastPlace(*context.read.small, entry));
  return place.levels.front().digit;
}

struct OwnEntry {
  std::string key;
  model::SegmentEntry entry;
  model::RunList runs;
};

// Entries with a row above `digit`, the last first.
Result<std::vector<OwnEntry>> EntriesAbove(const WriteContext& context,
                                           const model::TableState& own, const std::string& digit) {
  std::vector<OwnEntry> entries;
  tree::Cursor cursor(context.read.small, own.tree_root);
  RETURN_IF_ERROR(cursor.SeekToLast());
  while (cursor.Valid()) {
    OwnEntry at{std::string(cursor.key()), {}, {}};
    ASSIGN_OR_RETURN(at.entry, model::DecodeSegmentEntry(cursor.value()));
    ASSIGN_OR_RETURN(at.runs, model::Load(*context.read.small, at.entry.runs));
    if (at.runs.back().first.levels.front().digit <= digit) break;
    entries.push_back(std::move(at));
    RETURN_IF_ERROR(cursor.Prev());
  }
  return entries;
}

}  // namespace

Result<model::TableState> RedrawDigits(const WriteContext& context,
                                       const model::TableState& snapshot,
                                       const model::TableState& own,
                                       const model::TableState& head) {
  ASSIGN_OR_RETURN(auto greatest, GreatestDigit(context, snapshot));
  ASSIGN_OR_RETURN(auto entries, EntriesAbove(context, own, greatest));
  if (entries.empty()) return own;
  std::reverse(entries.begin(), entries.end());
  ASSIGN_OR_RETURN(auto last, GreatestDigit(context, head));
  last = std::max(last, greatest);
  std::map<std::string, std::string> redrawn;
  for (const auto& at : entries) {
    for (const auto& run : at.runs) {
      const auto& digit = run.first.levels.front().digit;
      if (digit > greatest) redrawn.try_emplace(digit);
    }
  }
  for (auto& [old_digit, digit] : redrawn) {
    last = last.empty() ? model::FirstDigit() : model::DigitAfter(last);
    digit = last;
  }
  EntryEdits edits;
  for (auto& at : entries) {
    edits.Erase(at.key, at.entry);
    for (auto& run : at.runs) {
      auto& digit = run.first.levels.front().digit;
      if (digit > greatest) digit = redrawn.at(digit);
    }
    at.entry.runs = model::Store(*context.staging, at.runs);
    edits.Put(model::EncodePlace(at.runs.front().first), at.entry);
  }
  return edits.ApplyTo(context, own);
}

}  // namespace rhizo::table
