#include "table/open_table.h"

#include "engine/errors.h"
#include "engine/types.h"
#include "table/decoded_column.h"
#include "table/row_block.h"
#include "table/segment_reader.h"
#include "table/statistics_builder.h"
#include "tree/cursor.h"

namespace rhizo::table {
namespace {

using Description = std::shared_ptr<const SegmentDescription>;
using Column = std::shared_ptr<const DecodedColumn>;

Error BadEntry(const model::SegmentEntry& entry, std::string_view what) {
  return Corruption("entry of segment " + entry.id.Short() + ": " + std::string(what))
      .With("object", entry.id.ToString());
}

Result<Description> DescribeBlock(const ObjectId& id, object::ObjectBytes bytes) {
  ASSIGN_OR_RETURN(auto block, OpenRowBlock(bytes));
  auto description = std::make_shared<SegmentDescription>();
  description->id = id;
  description->rows = block.rows;
  description->row_block = bytes;
  for (size_t i = 0; i < block.columns.size(); ++i) {
    ASSIGN_OR_RETURN(auto values, DecodeColumnOf(block, i));
    auto& field = description->fields.emplace_back();
    field.id = block.columns[i].id;
    field.type = block.columns[i].type;
    field.statistics = ToStatistics(field.type, BoundsOf(field.type, values, 0, block.rows));
  }
  return Description(std::move(description));
}

Result<Description> DescribeFile(object::ObjectBytes bytes) {
  ASSIGN_OR_RETURN(auto decoded, model::DecodeSegmentInfo(*bytes));
  auto info = std::make_shared<const model::SegmentInfo>(std::move(decoded));
  auto description = std::make_shared<SegmentDescription>();
  description->id = info->segment;
  description->rows = info->rows;
  description->fields = info->fields;
  description->info = info;
  return Description(std::move(description));
}

uint64_t LengthOf(const SegmentDescription& segment) {
  return segment.info ? segment.info->length_bytes : segment.row_block->size();
}

Result<Column> DecodeBlockColumn(const SegmentDescription& segment, const model::FieldInfo& field) {
  ASSIGN_OR_RETURN(auto block, OpenRowBlock(segment.row_block));
  auto index = static_cast<size_t>(&field - segment.fields.data());
  ASSIGN_OR_RETURN(auto values, DecodeColumnOf(block, index));
  DecodedColumnBuilder column(field.type);
  column.Add(std::move(values), block.rows);
  return column.Finish();
}

}  // namespace

const model::FieldInfo* SegmentDescription::Find(FieldId field) const {
  for (const auto& info : fields) {
    if (info.id == field) return &info;
  }
  return nullptr;
}

Result<Description> DescribeSegment(const ReadContext& context, const model::SegmentEntry& entry) {
  auto description = context.cache->FindDescription(entry.id);
  if (!description) {
    ASSIGN_OR_RETURN(auto bytes, context.small->Read(entry.id));
    auto described = engine::Guarded([&]() -> Result<Description> {
      return entry.kind == model::SegmentKind::kRowBlock ? DescribeBlock(entry.id, bytes)
                                                         : DescribeFile(bytes);
    });
    if (!described) return std::move(described).error();
    description = *described;
    context.cache->KeepDescription(entry.id, description);
  }
  bool is_block = entry.kind == model::SegmentKind::kRowBlock;
  if (is_block != (description->row_block != nullptr)) return BadEntry(entry, "of another kind");
  if (description->rows != entry.segment_rows || LengthOf(*description) != entry.length_bytes) {
    return BadEntry(entry, "has another number of rows or bytes than the segment");
  }
  return description;
}

Result<Column> ReadColumn(duckdb::ClientContext* client, const ReadContext& context,
                          const SegmentDescription& segment, const model::FieldInfo& field,
                          std::unique_ptr<SegmentFile>* file) {
  std::unique_ptr<SegmentFile> own;
  if (file == nullptr) file = &own;
  return context.cache->Get(segment.id, field.id, [&]() -> Result<Column> {
    if (!segment.info) {
      return engine::Guarded([&] { return DecodeBlockColumn(segment, field); });
    }
    if (client == nullptr) return InvalidArgument("rows this many need the engine");
    if (!*file) *file = std::make_unique<SegmentFile>(*client, context, *segment.info);
    return (*file)->Read(static_cast<size_t>(&field - segment.fields.data()));
  });
}

Result<OpenEntry> OpenEntryOf(const ReadContext& context, model::SegmentEntry entry) {
  OpenEntry open;
  ASSIGN_OR_RETURN(open.segment, DescribeSegment(context, entry));
  open.overlay = std::make_shared<OverlaySlot>();
  open.is_clean = entry.IsWhole() && entry.patches.empty();
  open.entry = std::move(entry);
  return open;
}

OpenTable::OpenTable(ReadContext context, ObjectId state_id,
                     std::shared_ptr<const model::TableState> state)
    : context_(context), state_id_(state_id), state_(std::move(state)) {
  for (const auto& field : state_->schema.fields) {
    types_.push_back(engine::ToLogicalType(field.type));
  }
  statistics_.resize(types_.size());
}

Result<std::shared_ptr<const OpenTable>> OpenTable::Open(
    ReadContext context, ObjectId state_id, std::shared_ptr<const model::TableState> state) {
  return std::shared_ptr<const OpenTable>(new OpenTable(context, state_id, std::move(state)));
}

Result<std::span<const OpenEntry>> OpenTable::Entries() const {
  if (!loaded_.load(std::memory_order_acquire)) {
    std::lock_guard lock(mutex_);
    if (!loaded_.load(std::memory_order_relaxed)) RETURN_IF_ERROR(Load());
  }
  return std::span<const OpenEntry>(entries_);
}

Status OpenTable::Load() const {
  std::vector<OpenEntry> entries;
  uint64_t rows = 0;
  tree::Cursor cursor(context_.small, state_->tree_root);
  RETURN_IF_ERROR(cursor.SeekToFirst());
  while (cursor.Valid()) {
    ASSIGN_OR_RETURN(auto entry, model::DecodeSegmentEntry(cursor.value()));
    if (cursor.weight() != entry.visible_rows) return BadEntry(entry, "is counted wrong");
    ASSIGN_OR_RETURN(auto open, OpenEntryOf(context_, std::move(entry)));
    open.first_row = rows;
    rows += open.entry.visible_rows;
    entries.push_back(std::move(open));
    RETURN_IF_ERROR(cursor.Next());
  }
  if (rows != state_->rows || entries.size() != state_->entries) {
    return Corruption("table state " + state_id_.Short() + " counts its rows or entries wrong");
  }
  entries_ = std::move(entries);
  loaded_.store(true, std::memory_order_release);
  return {};
}

}  // namespace rhizo::table
