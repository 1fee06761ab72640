#include <optional>

#include "engine/errors.h"
#include "table/content_key.h"
#include "table/entry_edits.h"
#include "table/open_table.h"
#include "table/row_block.h"
#include "table/row_feed.h"
#include "table/segment_sink.h"
#include "table/write.h"
#include "tree/cursor.h"

namespace rhizo::table {
namespace {

using Rows = std::unique_ptr<duckdb::ColumnDataCollection>;

struct OldEntry {
  std::string key;
  model::SegmentEntry entry;
};

// What the new table is made of, in order: a kept entry, or new segments [first, end) of the sink.
struct Piece {
  std::optional<OldEntry> kept;
  size_t first_segment = 0;
  size_t end_segment = 0;
};

bool HasTypesOf(const SegmentDescription& segment, const model::Schema& schema) {
  for (const auto& field : schema.fields) {
    const auto* info = segment.Find(field.id);
    if (info == nullptr || !(info->type == field.type)) return false;
  }
  return true;
}

Result<Hash256> StoredKey(const SegmentDescription& segment, const model::FieldInfo& field) {
  if (segment.info) return field.statistics.content_key;
  ASSIGN_OR_RETURN(auto block, OpenRowBlock(segment.row_block));
  auto index = static_cast<size_t>(&field - segment.fields.data());
  ASSIGN_OR_RETURN(auto values, DecodeColumnOf(block, index));
  return ContentKeyOf(field.type, values, block.rows);
}

Hash256 KeyOfColumn(const model::Type& type, duckdb::ColumnDataCollection& rows, size_t column) {
  ContentKeyBuilder builder(type);
  for (auto& chunk : rows.Chunks({column})) {
    builder.Append(chunk.data[0], {.offset = 0, .count = chunk.size()});
  }
  return builder.Finish();
}

// The walk of old entries and new rows together. Used once.
class Walk {
 public:
  Walk(const WriteContext& context, const model::TableState& old)
      : context_(context), old_(old), sink_(context, old.schema) {}

  Result<Written> Run(RowSource* rows) {
    ASSIGN_OR_RETURN(auto feed, RowFeed::Open(old_.schema, rows, context_.progress));
    RETURN_IF_ERROR(AlongOldEntries(&feed));
    RETURN_IF_ERROR(BehindThem(&feed));
    RETURN_IF_ERROR(EndNewRun());
    counts_.rows = feed.rows_done();
    return Assemble();
  }

 private:
  Status AlongOldEntries(RowFeed* feed) {
    tree::Cursor cursor(context_.read.small, old_.tree_root);
    RETURN_IF_ERROR(cursor.SeekToFirst());
    bool more = true;
    while (cursor.Valid()) {
      OldEntry old{std::string(cursor.key()), {}};
      ASSIGN_OR_RETURN(old.entry, model::DecodeSegmentEntry(cursor.value()));
      Rows rows;
      if (more) {
        ASSIGN_OR_RETURN(rows, feed->Take(old.entry.visible_rows));
      }
      more = rows && rows->Count() == old.entry.visible_rows;
      bool same = false;
      if (more) {
        ASSIGN_OR_RETURN(same, IsSame(old.entry, *rows));
      }
      RETURN_IF_ERROR(same ? Keep(std::move(old)) : Replace(std::move(old), std::move(rows)));
      RETURN_IF_ERROR(cursor.Next());
    }
    return {};
  }

  Status BehindThem(RowFeed* feed) {
    auto add = [&](duckdb::DataChunk& chunk, duckdb::idx_t offset, duckdb::idx_t count) {
      return sink_.Add(chunk, offset, count);
    };
    while (true) {
      ASSIGN_OR_RETURN(uint64_t count, feed->Next(UINT64_MAX, add));
      if (count == 0) return {};
    }
  }

  Result<bool> IsSame(const model::SegmentEntry& entry, duckdb::ColumnDataCollection& rows) {
    if (!entry.IsWhole() || !entry.patches.empty()) return false;
    ASSIGN_OR_RETURN(auto segment, DescribeSegment(context_.read, entry));
    if (!HasTypesOf(*segment, old_.schema)) return false;
    return engine::Guarded([&]() -> Result<bool> {
      for (size_t i = 0; i < old_.schema.fields.size(); ++i) {
        const auto* info = segment->Find(old_.schema.fields[i].id);
        ASSIGN_OR_RETURN(auto stored, StoredKey(*segment, *info));
        if (stored != KeyOfColumn(info->type, rows, i)) return false;
      }
      return true;
    });
  }

  Status Keep(OldEntry old) {
    RETURN_IF_ERROR(EndNewRun());
    ++counts_.segments_reused;
    counts_.reused_bytes += old.entry.length_bytes;
    pieces_.push_back({std::move(old), 0, 0});
    return {};
  }

  Status Replace(OldEntry old, Rows rows) {
    edits_.Erase(std::move(old.key), old.entry);
    return rows ? sink_.Add(std::move(rows)) : Status();
  }

  // What was added since the last kept entry are segments of their own.
  Status EndNewRun() {
    ASSIGN_OR_RETURN(size_t end, sink_.Cut());
    if (end > segments_placed_) pieces_.push_back({std::nullopt, segments_placed_, end});
    segments_placed_ = end;
    return {};
  }

  Result<Written> Assemble() {
    ASSIGN_OR_RETURN(auto segments, sink_.Finish());
    CountNew(segments, &counts_);
    for (size_t i = 0; i < pieces_.size(); ++i) {
      if (pieces_[i].kept) continue;
      ASSIGN_OR_RETURN(auto gap, GapAt(i));
      auto mine = std::span(segments).subspan(pieces_[i].first_segment,
                                              pieces_[i].end_segment - pieces_[i].first_segment);
      ASSIGN_OR_RETURN(auto entries, EntriesIn(context_, gap, mine));
      for (const auto& entry : entries) edits_.Put(entry);
    }
    ASSIGN_OR_RETURN(auto state, edits_.ApplyTo(context_, old_));
    return Written{std::move(state), counts_};
  }

  // Pieces beside a new one are kept entries, if there are any.
  Result<model::Gap> GapAt(size_t index) {
    std::optional<model::Place> before;
    std::optional<model::Place> after;
    if (index > 0) {
      ASSIGN_OR_RETURN(before, LastPlace(*context_.read.small, pieces_[index - 1].kept->entry));
    }
    if (index + 1 < pieces_.size()) {
      ASSIGN_OR_RETURN(after, model::DecodePlace(pieces_[index + 1].kept->key));
    }
    return model::GapBetween(before ? &*before : nullptr, after ? &*after : nullptr);
  }

  const WriteContext& context_;
  const model::TableState& old_;
  SegmentSink sink_;
  EntryEdits edits_;
  std::vector<Piece> pieces_;
  size_t segments_placed_ = 0;
  WriteCounts counts_;
};

}  // namespace

Result<Written> WriteRows(const WriteContext& context, const model::TableState& state,
                          RowSource* rows) {
  return Walk(context, state).Run(rows);
}

}  // namespace rhizo::table
