#include <algorithm>
#include <deque>
#include <optional>

#include "engine/errors.h"
#include "table/cell_change.h"
#include "table/content_key.h"
#include "table/each_entry.h"
#include "table/entry_editor.h"
#include "table/entry_edits.h"
#include "table/far_rows.h"
#include "table/new_table.h"
#include "table/old_rows.h"
#include "table/open_table.h"
#include "table/overlay_cost.h"
#include "table/row_feed.h"
#include "table/row_matcher.h"
#include "table/row_window.h"
#include "table/write.h"
#include "tree/cursor.h"

namespace rhizo::table {
namespace {

// Entries that are out of step are looked at together, so many rows at a time, with the rows behind
// them (old ones, to see where they end; new ones, to find what was put between).
constexpr uint64_t kGroupRows = 4096;
constexpr uint64_t kOldRowsAhead = 2048;
constexpr uint64_t kNewRowsAhead = 16384;
// A field of which one value in so many rows or more is different shows whether rows were moved.
constexpr uint64_t kTellingPart = 8;

struct OldEntry {
  std::string key;  // "": it does not stand in the tree (the rest of one that does)
  OpenEntry open;
  uint64_t number = 0;  // among the table's entries
  uint64_t rows() const { return open.entry.visible_rows; }
};

// Indexes of the fields that identify a row.
std::vector<size_t> KeyOf(const model::TableState& state) {
  std::vector<size_t> key;
  for (FieldId id : state.key) {
    key.push_back(static_cast<size_t>(state.schema.FindId(id) - state.schema.fields.data()));
  }
  return key;
}

// The walk of old entries and new rows together. Used once.
class Walk {
 public:
  Walk(const WriteContext& context, const model::TableState& old)
      : context_(context),
        old_(old),
        cursor_(context.read.small, old.tree_root),
        matcher_(old.schema, KeyOf(old)),
        table_(context, old) {}

  Result<Written> Run(RowSource* rows) {
    ASSIGN_OR_RETURN(auto feed,
                     RowFeed::Open(old_.schema, rows, context_.progress, &context_.check));
    if (old_.entries > 0) RETURN_IF_ERROR(AlongOldEntries(&feed));
    RETURN_IF_ERROR(BehindThem(&feed));
    ASSIGN_OR_RETURN(auto written, table_.Finish());
    if (rows_behind_) {
      ASSIGN_OR_RETURN(written.state, FoldTail(context_, written.state));
    }
    auto& counts = written.counts;
    counts.rows = feed.rows_done();
    counts.rows_unchanged = counts.rows - counts.rows_inserted - counts.rows_updated;
    return written;
  }

 private:
  Status AlongOldEntries(RowFeed* feed) {
    ASSIGN_OR_RETURN(view_, OpenTable::Open(context_.read, ObjectId(),
                                            std::make_shared<const model::TableState>(old_)));
    RETURN_IF_ERROR(cursor_.SeekToFirst());
    RowWindow window(view_->types(), feed);
    while (true) {
      ASSIGN_OR_RETURN(auto* next, Ahead(0));
      if (next == nullptr) break;
      RETURN_IF_ERROR(window.Fill(next->rows()));
      if (window.rows() == 0) {
        RETURN_IF_ERROR(GiveUpTo(UINT64_MAX));
        break;
      }
      bool in_step = false;
      if (window.rows() >= next->rows()) {
        ASSIGN_OR_RETURN(in_step, TakeInStep(&window));
      }
      if (!in_step) RETURN_IF_ERROR(TakeGroup(&window));
    }
    rows_behind_ = window.rows() > 0;
    return AddFirst(&window, window.rows());
  }

  Status BehindThem(RowFeed* feed) {
    auto add = [&](duckdb::DataChunk& chunk, duckdb::idx_t offset, duckdb::idx_t count) {
      return table_.Add(chunk, offset, count);
    };
    while (true) {
      ASSIGN_OR_RETURN(uint64_t count, feed->Next(UINT64_MAX, add));
      if (count == 0) return {};
      table_.counts().rows_inserted += count;
      rows_behind_ = true;
    }
  }

  // The old entry `index` behind those that were dealt with; null if there are fewer.
  Result<OldEntry*> Ahead(size_t index) {
    while (ahead_.size() <= index && cursor_.Valid()) {
      OldEntry old;
      old.key = std::string(cursor_.key());
      old.number = next_number_++;
      ASSIGN_OR_RETURN(auto entry, model::DecodeSegmentEntry(cursor_.value()));
      ASSIGN_OR_RETURN(old.open, OpenEntryOf(context_.read, std::move(entry)));
      ahead_.push_back(std::move(old));
      RETURN_IF_ERROR(cursor_.Next());
    }
    return ahead_.size() > index ? &ahead_[index] : nullptr;
  }

  // Null without an engine: then only row blocks can be read.
  Result<duckdb::ClientContext*> Client() {
    if (!link_) {
      link_.emplace();
      RETURN_IF_ERROR(link_->Open(context_.engine));
    }
    return link_->client();
  }

  // The first rows of the window are new.
  Status AddFirst(RowWindow* window, uint64_t rows) {
    RETURN_IF_ERROR(table_.Add(window, 0, {{rows, std::nullopt}}));
    table_.counts().rows_inserted += rows;
    window->Drop(rows);
    return {};
  }

  // Old entries before number `end` are gone.
  Status GiveUpTo(uint64_t end) {
    while (true) {
      ASSIGN_OR_RETURN(auto* next, Ahead(0));
      if (next == nullptr || next->number >= end) return {};
      Erase(*next);
      table_.counts().rows_deleted += next->rows();
      ahead_.pop_front();
    }
  }

  void Erase(const OldEntry& old) {
    if (!old.key.empty()) table_.Erase(old.key, old.open.entry);
  }

  // Takes the next entry if its rows come next, in place, with other values at most. Reads only
  // fields whose content keys differ or are not known.
  Result<bool> TakeInStep(RowWindow* window) {
    auto& old = ahead_.front();
    ASSIGN_OR_RETURN(auto* client, Client());
    OldRows rows(client, *view_);
    RETURN_IF_ERROR(rows.Add(old.open));
    std::vector<size_t> different;
    bool telling = false;
    for (size_t field = 0; field < old_.schema.fields.size(); ++field) {
      ASSIGN_OR_RETURN(bool same, IsSame(old, field, &rows, window));
      if (!same && matcher_.IsKey(field)) return false;
      if (!same) different.push_back(field);
      telling = telling || (same && (matcher_.IsKey(field) || Tells(old, field)));
    }
    if (!different.empty() && !telling) return false;
    ASSIGN_OR_RETURN(auto matched, matcher_.MatchInPlace(&rows, old.rows(), window, different));
    RETURN_IF_ERROR(Take(1, matched, window));
    return true;
  }

  Result<bool> IsSame(const OldEntry& old, size_t field, OldRows* rows, RowWindow* window) {
    const auto& about = old_.schema.fields[field];
    const auto* info = old.open.segment->Find(about.id);
    bool has_key = old.open.segment->info && info != nullptr && info->type == about.type &&
                   old.open.entry.IsClean(about.id);
    if (has_key) {
      ContentKeyBuilder key(about.type);
      auto add = [&](duckdb::Vector& values, duckdb::idx_t offset, duckdb::idx_t count) {
        return engine::Guarded([&] { key.Append(values, {.offset = offset, .count = count}); });
      };
      RETURN_IF_ERROR(window->ForEach(field, 0, old.rows(), add));
      return key.Finish() == info->statistics.content_key;
    }
    bool same = true;
    RETURN_IF_ERROR(CompareRows(about.type, field, *rows, 0, *window, 0, old.rows(),
                                [&](uint64_t) { same = false; }));
    return same;
  }

  // Whether equal values of the field, row by row, mean that rows stand where they stood.
  bool Tells(const OldEntry& old, size_t field) const {
    const auto* info = old.open.segment->Find(old_.schema.fields[field].id);
    return info != nullptr && info->statistics.distinct_estimate * kTellingPart >= old.rows();
  }

  Status TakeGroup(RowWindow* window) {
    ASSIGN_OR_RETURN(auto* client, Client());
    OldRows rows(client, *view_);
    size_t entries = 0;
    while (rows.rows() < kGroupRows) {
      ASSIGN_OR_RETURN(auto* next, Ahead(entries));
      if (next == nullptr) break;
      if (entries > 0 && rows.rows() + next->rows() > 2 * kGroupRows) break;
      RETURN_IF_ERROR(rows.Add(next->open));
      ++entries;
    }
    uint64_t own = rows.rows();
    size_t behind = entries;
    while (rows.rows() < own + kOldRowsAhead) {
      ASSIGN_OR_RETURN(auto* next, Ahead(behind));
      if (next == nullptr) break;
      RETURN_IF_ERROR(rows.Add(next->open, own + kOldRowsAhead - rows.rows()));
      ++behind;
    }
    RETURN_IF_ERROR(window->Fill(own + kNewRowsAhead));
    bool final = behind == entries && window->ended();
    ASSIGN_OR_RETURN(auto matched, matcher_.Match(&rows, own, window, final));
    return matched ? Take(entries, *matched, window) : Resume(entries, window);
  }

  // The next entries' rows are not among the next new ones: do old rows further on come next, or
  // rows that never were there?
  Status Resume(size_t entries, RowWindow* window) {
    ASSIGN_OR_RETURN(auto* behind, Ahead(entries));
    if (behind == nullptr) return AddFirst(window, window->rows());
    if (!far_) {
      ASSIGN_OR_RETURN(auto* client, Client());
      ASSIGN_OR_RETURN(far_, FarRows::Build(client, *view_, matcher_.Identity()));
    }
    const uint64_t held = window->rows();
    ASSIGN_OR_RETURN(auto entry, far_->EntryOf(window, behind->number));
    while (!entry) {
      if (window->ended()) return AddFirst(window, window->rows());
      RETURN_IF_ERROR(AddFirst(window, held - FarRows::kSurelySeen));
      RETURN_IF_ERROR(window->Fill(held));
      if (window->ended()) return {};
      ASSIGN_OR_RETURN(entry, far_->EntryOf(window, ahead_.front().number));
    }
    return GiveUpTo(*entry);
  }

  // The first `entries` old entries become what was matched.
  Status Take(size_t entries, const MatchedRows& matched, RowWindow* window) {
    uint64_t old_row = 0;
    uint64_t new_row = 0;
    size_t pair = 0;
    for (size_t i = 0; i < entries; ++i) {
      auto old = std::move(ahead_.front());
      ahead_.pop_front();
      uint64_t rows = std::min(old.rows(), matched.old_rows - old_row);
      PartOfMatch part{.matched = matched, .first_pair = pair, .end_pair = pair};
      part.old_begin = old_row;
      part.old_rows = rows;
      while (part.end_pair < matched.pairs.size() &&
             matched.pairs[part.end_pair].old_row < old_row + rows) {
        ++part.end_pair;
      }
      part.new_begin = new_row;
      bool is_last = old_row + rows == matched.old_rows;
      if (is_last) {
        new_row = matched.new_rows;
      } else if (part.end_pair > pair) {
        new_row = matched.pairs[part.end_pair - 1].new_row + uint64_t{1};
      }
      part.new_end = new_row;
      pair = part.end_pair;
      old_row += rows;
      RETURN_IF_ERROR(TakeEntry(std::move(old), part, window));
      if (is_last) break;
    }
    window->Drop(matched.new_rows);
    return {};
  }

  // What of a match concerns one entry.
  struct PartOfMatch {
    const MatchedRows& matched;
    size_t first_pair = 0;
    size_t end_pair = 0;
    uint64_t old_begin = 0;  // its first row, as pairs count them
    uint64_t old_rows = 0;   // decided about, from there on
    uint64_t new_begin = 0;
    uint64_t new_end = 0;

    size_t pairs() const { return end_pair - first_pair; }
    const RowPair& pair(size_t i) const { return matched.pairs[first_pair + i]; }
    // Pairs whose value of a field changed.
    std::span<const uint32_t> Changed(size_t field) const {
      const auto& all = matched.changed[field];
      auto begin = std::lower_bound(all.begin(), all.end(), first_pair);
      auto end = std::lower_bound(begin, all.end(), end_pair);
      return {begin, end};
    }
    // How often new rows stand between two that stay.
    size_t Cuts() const {
      size_t cuts = 0;
      for (size_t i = 1; i < pairs(); ++i) cuts += pair(i).new_row != pair(i - 1).new_row + 1;
      return cuts;
    }
  };

  Status TakeEntry(OldEntry old, const PartOfMatch& part, RowWindow* window) {
    uint64_t updated = CountUpdated(part);
    auto& counts = table_.counts();
    counts.rows_updated += updated;
    counts.rows_deleted += part.old_rows - part.pairs();
    counts.rows_inserted += part.new_end - part.new_begin - part.pairs();
    if (updated == 0 && part.pairs() == old.rows() && part.Cuts() == 0) {
      return KeepEntry(std::move(old), part, window);
    }
    ASSIGN_OR_RETURN(auto editor,
                     EntryEditor::Open(context_.read, context_.staging, old.open.entry));
    Erase(old);
    std::vector<uint32_t> slots;  // of the rows that stay
    for (size_t i = 0; i < part.pairs(); ++i) {
      slots.push_back(
          editor.visible().Select(static_cast<uint32_t>(part.pair(i).old_row - part.old_begin)));
    }
    if (part.old_rows < old.rows()) RETURN_IF_ERROR(PutBack(old, editor, part.old_rows));
    if (slots.empty()) return AddNew(window, part.new_begin, part.new_end);
    if (IsCheaperAnew(old, editor, part)) return AddAnew(editor, slots, part, window);
    CountReused(old);
    RETURN_IF_ERROR(Change(old.open, &editor, slots, part, window));
    return PutParts(editor, slots, part, window);
  }

  uint64_t CountUpdated(const PartOfMatch& part) const {
    std::vector<bool> updated(part.pairs());
    for (size_t field = 0; field < old_.schema.fields.size(); ++field) {
      for (uint32_t pair : part.Changed(field)) updated[pair - part.first_pair] = true;
    }
    return static_cast<uint64_t>(std::count(updated.begin(), updated.end(), true));
  }

  void CountReused(const OldEntry& old) {
    ++table_.counts().segments_reused;
    table_.counts().reused_bytes += old.open.entry.length_bytes;
  }

  Status AddNew(RowWindow* window, uint64_t begin, uint64_t end) {
    return table_.Add(window, begin, {{end - begin, std::nullopt}});
  }

  Status KeepEntry(OldEntry old, const PartOfMatch& part, RowWindow* window) {
    RETURN_IF_ERROR(AddNew(window, part.new_begin, part.pair(0).new_row));
    CountReused(old);
    uint64_t behind = part.pair(part.pairs() - 1).new_row + uint64_t{1};
    RETURN_IF_ERROR(old.key.empty() ? table_.Put(std::move(old.open.entry))
                                    : table_.Keep(std::move(old.key), old.open.entry));
    return AddNew(window, behind, part.new_end);
  }

  // The rows from `rank` on were not decided about: they come next.
  Status PutBack(const OldEntry& old, const EntryEditor& editor, uint64_t rank) {
    const auto& visible = editor.visible();
    auto rest = visible.Slice(visible.Select(static_cast<uint32_t>(rank)), visible.last() + 1);
    OldEntry later;
    later.number = old.number;
    ASSIGN_OR_RETURN(later.open, OpenEntryOf(context_.read, editor.Part(rest)));
    ahead_.push_front(std::move(later));
    return {};
  }

  bool IsCheaperAnew(const OldEntry& old, const EntryEditor& editor,
                     const PartOfMatch& part) const {
    OverlayCost cost{.fields = old_.schema.fields.size(), .rows = part.pairs()};
    cost.parts = part.Cuts() + 1;
    for (size_t field = 0; field < cost.fields; ++field) cost.Change(part.Changed(field).size());
    return cost.IsCheaperAnew(old.open.entry, editor.patched_cells());
  }

  // Rows that stay keep their places, in new segments, with the new rows between.
  Status AddAnew(const EntryEditor& editor, const std::vector<uint32_t>& slots,
                 const PartOfMatch& part, RowWindow* window) {
    std::vector<RowStretch> stretches;
    uint64_t new_row = part.new_begin;
    const auto& runs = editor.runs();
    size_t run = 0;
    for (size_t i = 0; i < slots.size(); ++i) {
      if (part.pair(i).new_row > new_row) {
        stretches.push_back({part.pair(i).new_row - new_row, std::nullopt});
      }
      while (runs[run].end_slot() <= slots[i]) ++run;
      size_t end = i + 1;  // rows that follow in the same run, with nothing between
      while (end < slots.size() && slots[end] == slots[i] + (end - i) &&
             slots[end] < runs[run].end_slot() &&
             part.pair(end).new_row == part.pair(i).new_row + (end - i)) {
        ++end;
      }
      stretches.push_back({end - i, runs[run].PlaceOf(slots[i])});
      i = end - 1;
      new_row = part.pair(i).new_row + uint64_t{1};
    }
    stretches.push_back({part.new_end - new_row, std::nullopt});
    return table_.Add(window, part.new_begin, std::move(stretches));
  }

  Status Change(const OpenEntry& entry, EntryEditor* editor, const std::vector<uint32_t>& slots,
                const PartOfMatch& part, RowWindow* window) {
    ASSIGN_OR_RETURN(auto* client, Client());
    auto kept = model::PositionSet::FromSorted(slots);
    for (size_t field = 0; field < old_.schema.fields.size(); ++field) {
      std::vector<uint32_t> changed;
      for (uint32_t pair : part.Changed(field)) changed.push_back(slots[pair - part.first_pair]);
      if (changed.empty()) continue;
      const auto& about = old_.schema.fields[field];
      auto wanted = editor->CellsToWrite(about.id, model::PositionSet::FromSorted(changed));
      wanted = Intersect(wanted, kept);
      std::vector<uint64_t> new_rows;
      wanted.ForEach(
          [&](uint32_t slot) { new_rows.push_back(part.pair(kept.Rank(slot)).new_row); });
      RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
        duckdb::Vector values(view_->types()[field], new_rows.size());
        RETURN_IF_ERROR(window->Gather(field, new_rows, &values));
        ASSIGN_OR_RETURN(uint64_t bytes,
                         ChangeCells(client, *view_, entry, field, wanted, values, editor));
        table_.counts().new_bytes += bytes;
        return {};
      }));
    }
    return {};
  }

  Status PutParts(const EntryEditor& editor, const std::vector<uint32_t>& slots,
                  const PartOfMatch& part, RowWindow* window) {
    uint64_t new_row = part.new_begin;
    for (size_t i = 0; i < slots.size();) {
      RETURN_IF_ERROR(AddNew(window, new_row, part.pair(i).new_row));
      size_t end = i + 1;
      while (end < slots.size() && part.pair(end).new_row == part.pair(end - 1).new_row + 1) ++end;
      RETURN_IF_ERROR(table_.Put(
          editor.Part(model::PositionSet::FromSorted(std::span(slots).subspan(i, end - i)))));
      new_row = part.pair(end - 1).new_row + uint64_t{1};
      i = end;
    }
    return AddNew(window, new_row, part.new_end);
  }

  const WriteContext& context_;
  const model::TableState& old_;
  tree::Cursor cursor_;
  const RowMatcher matcher_;
  NewTable table_;
  std::shared_ptr<const OpenTable> view_;  // the old rows in the new schema
  std::optional<Link> link_;
  std::deque<OldEntry> ahead_;
  uint64_t next_number_ = 0;
  std::optional<FarRows> far_;
  bool rows_behind_ = false;  // new rows came behind the last old one
};

}  // namespace

Result<Written> WriteRows(const WriteContext& context, const model::TableState& state,
                          RowSource* rows) {
  return engine::Guarded([&] { return Walk(context, state).Run(rows); });
}

}  // namespace rhizo::table
