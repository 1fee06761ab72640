#include "table/new_table.h"

#include "engine/errors.h"
#include "engine/types.h"
#include "table/entry_editor.h"

namespace rhizo::table {
namespace {

void AppendStretch(std::vector<RowStretch>* stretches, RowStretch next) {
  if (next.rows == 0) return;
  if (!stretches->empty()) {
    auto& last = stretches->back();
    bool continues =
        last.first.has_value() == next.first.has_value() &&
        (!last.first || last.first->Plus(static_cast<uint32_t>(last.rows)) == *next.first);
    if (continues) {
      last.rows += next.rows;
      return;
    }
  }
  stretches->push_back(std::move(next));
}

}  // namespace

Status NewTable::Keep(std::string key, const model::SegmentEntry& entry) {
  RETURN_IF_ERROR(EndNewRows());
  pieces_.push_back({entry, std::move(key), 0, 0, {}});
  return {};
}

Status NewTable::Put(model::SegmentEntry entry) {
  RETURN_IF_ERROR(EndNewRows());
  pieces_.push_back({std::move(entry), {}, 0, 0, {}});
  return {};
}

Status NewTable::Add(duckdb::DataChunk& rows, duckdb::idx_t offset, duckdb::idx_t count) {
  AppendStretch(&pending_, {count, std::nullopt});
  return sink_.Add(rows, offset, count);
}

uint64_t NewTable::AddStretches(std::vector<RowStretch> stretches) {
  uint64_t count = 0;
  for (auto& stretch : stretches) {
    count += stretch.rows;
    AppendStretch(&pending_, std::move(stretch));
  }
  return count;
}

Status NewTable::Add(RowBatch* rows, std::vector<RowStretch> stretches) {
  uint64_t count = AddStretches(std::move(stretches));
  return engine::Guarded([&]() -> Status {
    duckdb::DataChunk chunk;
    chunk.Initialize(duckdb::Allocator::DefaultAllocator(), engine::ToLogicalTypes(old_.schema));
    for (uint64_t begin = 0; begin < count; begin += STANDARD_VECTOR_SIZE) {
      uint64_t part = std::min<uint64_t>(count - begin, STANDARD_VECTOR_SIZE);
      chunk.Reset();
      for (size_t field = 0; field < chunk.ColumnCount(); ++field) {
        duckdb::idx_t at = 0;
        auto copy = [&](duckdb::Vector& values, duckdb::idx_t offset, duckdb::idx_t rows_here) {
          duckdb::VectorOperations::Copy(values, chunk.data[field], offset + rows_here, offset, at);
          at += rows_here;
          return Status();
        };
        RETURN_IF_ERROR(rows->ForEach(field, begin, part, copy));
      }
      chunk.SetCardinality(part);
      RETURN_IF_ERROR(sink_.Add(chunk, 0, part));
    }
    return {};
  });
}

Status NewTable::SkipEntries() {
  RETURN_IF_ERROR(EndNewRows());
  pieces_.push_back({std::nullopt, {}, segments_placed_, segments_placed_, {}});
  return {};
}

Status NewTable::Add(RowWindow* window, uint64_t begin, std::vector<RowStretch> stretches) {
  uint64_t count = AddStretches(std::move(stretches));
  auto add = [&](duckdb::DataChunk& rows, duckdb::idx_t offset, duckdb::idx_t part) {
    return sink_.Add(rows, offset, part);
  };
  return window->ForEachRow(begin, count, add);
}

// What was added since the last entry are segments of their own.
Status NewTable::EndNewRows() {
  if (pending_.empty()) return {};
  ASSIGN_OR_RETURN(size_t end, sink_.Cut());
  pieces_.push_back({std::nullopt, {}, segments_placed_, end, std::move(pending_)});
  pending_.clear();
  segments_placed_ = end;
  return {};
}

Result<Written> NewTable::Finish() {
  RETURN_IF_ERROR(EndNewRows());
  ASSIGN_OR_RETURN(auto segments, sink_.Finish());
  CountNew(segments, &counts_);
  RETURN_IF_ERROR(JoinNeighbours());
  RETURN_IF_ERROR(PlacePieces(segments));
  ASSIGN_OR_RETURN(auto state, edits_.ApplyTo(context_, old_));
  return Written{std::move(state), counts_};
}

// An entry is a maximal run of rows of one segment: what stood between two may be gone.
Status NewTable::JoinNeighbours() {
  std::vector<Piece> joined;
  for (auto& piece : pieces_) {
    bool taken_in = false;
    if (!joined.empty()) RETURN_IF_ERROR(TryJoin(&joined.back(), piece, &taken_in));
    if (!taken_in) joined.push_back(std::move(piece));
  }
  pieces_ = std::move(joined);
  return {};
}

Status NewTable::TryJoin(Piece* before, const Piece& after, bool* joined) {
  *joined = before->entry && after.entry && before->entry->id == after.entry->id &&
            before->entry->slice_end <= after.entry->slice_begin;
  if (!*joined) return {};
  ASSIGN_OR_RETURN(auto whole, EntryEditor::Open(context_.read, context_.staging, *before->entry));
  ASSIGN_OR_RETURN(auto later, EntryEditor::Open(context_.read, context_.staging, *after.entry));
  whole.Join(later);
  for (const auto* piece : {static_cast<const Piece*>(before), &after}) {
    if (!piece->old_key.empty()) edits_.Erase(piece->old_key, *piece->entry);
  }
  before->old_key.clear();
  before->entry = whole.Part(whole.visible());
  return {};
}

Status NewTable::PlacePieces(std::span<const StoredSegment> segments) {
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const auto& piece = pieces_[i];
    if (!piece.entry) {
      RETURN_IF_ERROR(PlaceNew(piece, i, segments));
      continue;
    }
    if (piece.old_key.empty()) {
      ASSIGN_OR_RETURN(auto first, FirstPlace(*context_.read.small, *piece.entry));
      edits_.Put(model::EncodePlace(first), *piece.entry);
    }
    last_place_ = std::nullopt;
    bool rows_follow = i + 1 < pieces_.size() && !pieces_[i + 1].entry;
    if (rows_follow) {
      ASSIGN_OR_RETURN(last_place_, LastPlace(*context_.read.small, *piece.entry));
    }
  }
  return {};
}

// The first place known from stretch `stretch` of piece `piece` on.
Result<std::optional<model::Place>> NewTable::FirstPlaceFrom(size_t piece, size_t stretch) {
  for (; piece < pieces_.size(); ++piece, stretch = 0) {
    const auto& at = pieces_[piece];
    if (at.entry) {
      ASSIGN_OR_RETURN(auto first, FirstPlace(*context_.read.small, *at.entry));
      return std::optional(std::move(first));
    }
    for (; stretch < at.stretches.size(); ++stretch) {
      if (at.stretches[stretch].first) return at.stretches[stretch].first;
    }
  }
  return std::optional<model::Place>();
}

Status NewTable::PlaceNew(const Piece& piece, size_t index,
                          std::span<const StoredSegment> segments) {
  size_t segment = piece.first_segment;
  uint32_t slot = 0;  // of `segment`
  model::RunList runs;
  auto end_segment = [&] {
    const auto& stored = segments[segment];
    if (slot < stored.rows) return;
    auto entry = model::WholeSegment(stored.kind, stored.id, stored.rows, stored.length_bytes,
                                     runs.front().first);
    entry.runs = model::Store(*context_.staging, runs);
    edits_.Put(model::EncodePlace(runs.front().first), entry);
    runs.clear();
    slot = 0;
    ++segment;
  };
  for (size_t i = 0; i < piece.stretches.size(); ++i) {
    auto [rows, first] = piece.stretches[i];
    if (!first) {
      ASSIGN_OR_RETURN(auto birth, DrawBirth(context_, rows));
      ASSIGN_OR_RETURN(auto after, FirstPlaceFrom(index, i + 1));
      if (last_place_ && after && !(*last_place_ < *after)) {
        return Corruption("rows of two entries overlap");
      }
      auto gap =
          model::GapBetween(last_place_ ? &*last_place_ : nullptr, after ? &*after : nullptr);
      first = gap.Start(birth);
    } else if (last_place_ && !(*last_place_ < *first)) {
      return Corruption("rows of two entries overlap");
    }
    last_place_ = first->Plus(static_cast<uint32_t>(rows - 1));
    for (uint64_t done = 0; done < rows;) {
      auto part =
          static_cast<uint32_t>(std::min<uint64_t>(rows - done, segments[segment].rows - slot));
      model::AppendRun(&runs, {slot, part, first->Plus(static_cast<uint32_t>(done))});
      done += part;
      slot += part;
      end_segment();
    }
  }
  CHECK(segment == piece.end_segment && slot == 0);
  return {};
}

}  // namespace rhizo::table
