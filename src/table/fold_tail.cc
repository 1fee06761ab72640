#include <optional>

#include "engine/errors.h"
#include "engine/types.h"
#include "table/entry_edits.h"
#include "table/row_block.h"
#include "table/write.h"
#include "tree/cursor.h"

namespace rhizo::table {
namespace {

struct TailEntry {
  std::string key;
  model::SegmentEntry entry;
  bool is_new = false;
};

bool HasFieldsOf(const RowBlock& block, const model::Schema& schema) {
  if (block.columns.size() != schema.fields.size()) return false;
  for (size_t i = 0; i < block.columns.size(); ++i) {
    const auto& field = schema.fields[i];
    if (block.columns[i].id != field.id || !(block.columns[i].type == field.type)) return false;
  }
  return true;
}

// Only blocks that are all of their entry, as the table's schema is today.
Result<std::optional<RowBlock>> OpenForFolding(const WriteContext& context,
                                               const model::Schema& schema,
                                               const model::SegmentEntry& entry) {
  ASSIGN_OR_RETURN(auto bytes, context.read.small->Read(entry.id));
  ASSIGN_OR_RETURN(auto block, OpenRowBlock(bytes));
  if (!HasFieldsOf(block, schema)) return std::optional<RowBlock>();
  return std::optional(std::move(block));
}

bool MayFold(const model::SegmentEntry& entry) {
  return entry.kind == model::SegmentKind::kRowBlock && entry.IsWhole() && entry.patches.empty();
}

Status AppendBlock(const RowBlock& block, const model::Schema& schema, RowBlockEncoder* encoder) {
  duckdb::DataChunk rows;
  rows.InitializeEmpty(engine::ToLogicalTypes(schema));
  for (size_t i = 0; i < block.columns.size(); ++i) {
    ASSIGN_OR_RETURN(auto column, DecodeColumnOf(block, i));
    rows.data[i].Reference(column);
  }
  rows.SetCardinality(block.rows);
  encoder->Append(rows, 0, block.rows);
  return {};
}

Result<model::RunList> JoinedRuns(const WriteContext& context, const model::SegmentEntry& first,
                                  const model::SegmentEntry& second) {
  ASSIGN_OR_RETURN(auto runs, model::Load(*context.read.small, first.runs));
  ASSIGN_OR_RETURN(auto later, model::Load(*context.read.small, second.runs));
  for (auto& run : later) run.first_slot += first.segment_rows;
  return model::JoinRuns(std::move(runs), later);
}

// Both blocks as one entry; nothing if they do not fit together.
Result<std::optional<model::SegmentEntry>> Join(const WriteContext& context,
                                                const model::Schema& schema,
                                                const model::SegmentEntry& first,
                                                const model::SegmentEntry& second) {
  std::optional<model::SegmentEntry> nothing;
  ASSIGN_OR_RETURN(auto first_block, OpenForFolding(context, schema, first));
  ASSIGN_OR_RETURN(auto second_block, OpenForFolding(context, schema, second));
  if (!first_block || !second_block) return nothing;
  RowBlockEncoder encoder(schema);
  RETURN_IF_ERROR(AppendBlock(*first_block, schema, &encoder));
  RETURN_IF_ERROR(AppendBlock(*second_block, schema, &encoder));
  if (!encoder.Fits()) return nothing;
  auto rows = static_cast<uint32_t>(encoder.rows());
  auto bytes = encoder.Finish();
  ASSIGN_OR_RETURN(auto runs, JoinedRuns(context, first, second));
  model::SegmentEntry joined;
  joined.kind = model::SegmentKind::kRowBlock;
  joined.segment_rows = rows;
  joined.slice_end = rows;
  joined.visible_rows = rows;
  joined.length_bytes = bytes.size();
  joined.id = context.staging->Add(std::move(bytes));
  joined.runs = model::Store(*context.staging, runs);
  return std::optional(std::move(joined));
}

Result<std::optional<TailEntry>> ReadEntry(const tree::Cursor& cursor) {
  if (!cursor.Valid()) return std::optional<TailEntry>();
  ASSIGN_OR_RETURN(auto entry, model::DecodeSegmentEntry(cursor.value()));
  return std::optional(TailEntry{std::string(cursor.key()), std::move(entry), false});
}

}  // namespace

Result<model::TableState> FoldTail(const WriteContext& context, const model::TableState& state) {
  tree::Cursor cursor(context.read.small, state.tree_root);
  RETURN_IF_ERROR(cursor.SeekToLast());
  ASSIGN_OR_RETURN(auto last, ReadEntry(cursor));
  EntryEdits edits;
  while (last && MayFold(last->entry)) {
    RETURN_IF_ERROR(cursor.Prev());
    ASSIGN_OR_RETURN(auto before, ReadEntry(cursor));
    bool tiers_meet = before && MayFold(before->entry) &&
                      last->entry.visible_rows >= before->entry.visible_rows &&
                      last->entry.visible_rows + before->entry.visible_rows <= kMaxRowBlockRows;
    if (!tiers_meet) break;
    auto joined =
        engine::Guarded([&] { return Join(context, state.schema, before->entry, last->entry); });
    if (!joined) return std::move(joined).error();
    if (!*joined) break;
    edits.Erase(before->key, before->entry);
    if (!last->is_new) edits.Erase(last->key, last->entry);
    last = TailEntry{before->key, **std::move(joined), true};
  }
  if (last && last->is_new) edits.Put(last->key, last->entry);
  return edits.ApplyTo(context, state);
}

}  // namespace rhizo::table
