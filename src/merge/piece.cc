#include "merge/piece.h"

#include <algorithm>

#include "engine/errors.h"
#include "table/old_rows.h"

namespace rhizo::merge {
namespace {

void AddPatches(std::vector<table::LivePatch>* patches, std::vector<table::LivePatch> more) {
  for (auto& patch : more) {
    auto same = std::find_if(patches->begin(), patches->end(), [&](const auto& other) {
      return other.patch == patch.patch && other.field == patch.field;
    });
    if (same == patches->end()) {
      patches->push_back(std::move(patch));
    } else {
      same->live = Union(same->live, patch.live);
    }
  }
}

void AddFresh(std::vector<FreshCells>* fresh, std::vector<FreshCells> more) {
  for (auto& cells : more) {
    auto same = std::find_if(fresh->begin(), fresh->end(),
                             [&](const auto& other) { return other.field == cells.field; });
    if (same == fresh->end()) {
      fresh->push_back(std::move(cells));
    } else {
      same->slots.insert(same->slots.end(), cells.slots.begin(), cells.slots.end());
      same->values.insert(same->values.end(), cells.values.begin(), cells.values.end());
    }
  }
}

}  // namespace

Status EntryAssembler::Add(Piece piece) {
  bool continues = segment_ != nullptr && segment_->id == piece.segment->id &&
                   rows_.back().end <= piece.rows.first();
  if (!continues) RETURN_IF_ERROR(Flush());
  segment_ = piece.segment;
  auto runs = piece.rows.runs();
  rows_.insert(rows_.end(), runs.begin(), runs.end());
  uint32_t slots = piece.rows.last() - piece.rows.first() + 1;
  model::AppendRun(&runs_, {piece.rows.first(), slots, std::move(piece.first)});
  AddPatches(&patches_, std::move(piece.patches));
  AddFresh(&fresh_, std::move(piece.fresh));
  return {};
}

Status EntryAssembler::Flush() {
  if (segment_ == nullptr) return {};
  table::EntryEditor editor(context_.staging, *segment_, model::PositionSet::FromRuns(rows_),
                            std::move(runs_), std::move(patches_));
  RETURN_IF_ERROR(WriteFresh(&editor));
  RETURN_IF_ERROR(FoldPatches(&editor));
  segment_.reset();
  rows_.clear();
  runs_.clear();
  patches_.clear();
  fresh_.clear();
  return out_->Put(editor.Part(editor.visible()));
}

Status EntryAssembler::WriteFresh(table::EntryEditor* editor) {
  return engine::Guarded([&] {
    for (const auto& cells : fresh_) {
      duckdb::Vector values(table_.types()[cells.field], cells.slots.size());
      for (size_t i = 0; i < cells.slots.size(); ++i) values.SetValue(i, cells.values[i]);
      out_->counts().new_bytes += editor->Change(
          table_.schema().fields[cells.field], model::PositionSet::FromSorted(cells.slots), values);
    }
  });
}

// The only folding of a merge: an entry lists no more patches of a field than its format allows.
Status EntryAssembler::FoldPatches(table::EntryEditor* editor) {
  for (size_t field = 0; field < table_.schema().fields.size(); ++field) {
    const auto& about = table_.schema().fields[field];
    size_t patches = 0;
    model::PositionSet live;
    for (const auto& patch : editor->patches()) {
      if (patch.field != about.id) continue;
      ++patches;
      live = Union(live, patch.live);
    }
    if (patches <= model::kMaxPatchesPerField) continue;
    ASSIGN_OR_RETURN(auto open, table::OpenEntryOf(context_.read, editor->Part(editor->visible())));
    table::OldRows rows(client_, table_);
    RETURN_IF_ERROR(rows.Add(open));
    std::vector<uint64_t> numbers;
    live.ForEach([&](uint32_t slot) { numbers.push_back(editor->visible().Rank(slot)); });
    RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
      duckdb::Vector values(table_.types()[field], numbers.size());
      RETURN_IF_ERROR(rows.Gather(field, numbers, &values));
      out_->counts().new_bytes += editor->Change(about, live, values);
      return {};
    }));
  }
  return {};
}

}  // namespace rhizo::merge
