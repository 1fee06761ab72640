#include <algorithm>
#include <cstring>

#include "engine/errors.h"
#include "engine/types.h"
#include "table/conform.h"
#include "table/decoded_column.h"
#include "table/open_table.h"
#include "table/row_key.h"
#include "table/segment_reader.h"
#include "table/single_value.h"

namespace rhizo::table {

using duckdb::idx_t;
using duckdb::Vector;

// One column of the entry that is being read.
struct EntryReader::Column {
  const model::Field* field = nullptr;
  duckdb::LogicalType type;
  const model::FieldInfo* info = nullptr;  // null: the segment is older than the field
  std::shared_ptr<const DecodedColumn> decoded;
  duckdb::Value default_value;
  // Cells of patches, rising by slot.
  struct Cell {
    uint32_t slot;
    uint32_t value_index;
    uint32_t source;  // index into patch_values
  };
  std::vector<Cell> cells;
  std::vector<Vector> patch_values;  // in the table's type
  // The whole column with its cells laid on, kept like decoded ones are: what it depends on is in
  // the key. Made when the column is wanted a second time under these patches.
  ObjectId patched_key;
  bool may_keep_patched = false;
  std::shared_ptr<const DecodedColumn> patched;
};

namespace {

idx_t FirstSlot(size_t vector) { return vector * STANDARD_VECTOR_SIZE; }

template <class Cell>
std::pair<const Cell*, const Cell*> CellsIn(const std::vector<Cell>& cells, size_t vector) {
  auto below = [](const Cell& cell, idx_t slot) { return cell.slot < slot; };
  auto begin = std::lower_bound(cells.begin(), cells.end(), FirstSlot(vector), below);
  auto end = std::lower_bound(begin, cells.end(), FirstSlot(vector + 1), below);
  return {cells.data() + (begin - cells.begin()), cells.data() + (end - cells.begin())};
}

bool IsFixedWidth(const duckdb::LogicalType& type) {
  return duckdb::TypeIsConstantSize(type.InternalType());
}

void SetCell(Vector& out, idx_t row, Vector& values, idx_t index) {
  if (!IsFixedWidth(out.GetType())) {
    duckdb::VectorOperations::Copy(values, out, index + 1, index, row);
    return;
  }
  bool is_null = duckdb::FlatVector::IsNull(values, index);
  duckdb::FlatVector::Validity(out).Set(row, !is_null);
  auto width = duckdb::GetTypeIdSize(out.GetType().InternalType());
  std::memcpy(duckdb::FlatVector::GetData(out) + row * width,
              duckdb::FlatVector::GetData(values) + index * width, width);
}

}  // namespace

EntryReader::EntryReader(duckdb::ClientContext* client, const OpenTable& table,
                         std::vector<size_t> fields)
    : client_(client), table_(table), fields_(std::move(fields)) {}

EntryReader::~EntryReader() = default;

Status EntryReader::Start(const OpenEntry& entry) {
  entry_ = &entry;
  overlay_ = nullptr;
  file_ = nullptr;
  columns_.clear();
  columns_.resize(fields_.size());
  for (size_t i = 0; i < fields_.size(); ++i) {
    columns_[i].field = &table_.schema().fields[fields_[i]];
    columns_[i].type = table_.types()[fields_[i]];
    columns_[i].info = entry.segment->Find(columns_[i].field->id);
    if (columns_[i].info != nullptr) continue;
    ASSIGN_OR_RETURN(columns_[i].default_value,
                     DecodeDefault(columns_[i].field->type, columns_[i].field->first_default));
  }
  if (entry.is_clean) return {};
  ASSIGN_OR_RETURN(overlay_, entry.overlay->Get(table_.context(), entry.entry));
  return engine::Guarded([&] {
    for (auto& column : columns_) {
      for (const auto& patch : overlay_->patches) {
        if (patch.field != column.field->id) continue;
        auto source = static_cast<uint32_t>(column.patch_values.size());
        idx_t count = 1 + *std::max_element(patch.value_index.begin(), patch.value_index.end());
        column.patch_values.push_back(
            Conform(client_, patch.type, column.field->type, patch.values, count));
        for (size_t i = 0; i < patch.slots.size(); ++i) {
          column.cells.push_back({patch.slots[i], patch.value_index[i], source});
        }
      }
      std::sort(column.cells.begin(), column.cells.end(),
                [](const auto& a, const auto& b) { return a.slot < b.slot; });
      FindPatched(&column);
    }
  });
}

void EntryReader::FindPatched(Column* column) {
  bool as_stored = column->info != nullptr && column->info->type == column->field->type;
  if (column->cells.empty() || !as_stored) return;
  auto& cache = *table_.context().cache;
  column->patched_key = RowKey(entry_->entry, "patched column", column->field->id);
  column->patched = cache.Peek(column->patched_key, column->field->id);
  column->may_keep_patched = column->patched || cache.Touch(column->patched_key, column->field->id);
}

size_t EntryReader::vector_count() const {
  return (entry_->segment->rows + STANDARD_VECTOR_SIZE - 1) / STANDARD_VECTOR_SIZE;
}

Result<const duckdb::BaseStatistics*> EntryReader::Zone(size_t vector, size_t field_position) {
  auto& column = columns_[field_position];
  if (column.info == nullptr) return nullptr;
  if (column.patched) return &column.patched->zones[vector];
  if (!column.decoded) {
    column.decoded = table_.context().cache->Peek(entry_->segment->id, column.field->id);
  }
  if (!column.decoded || column.decoded->type != column.type) return nullptr;
  auto [begin, end] = CellsIn(column.cells, vector);
  return begin == end ? &column.decoded->zones[vector] : nullptr;
}

Result<idx_t> EntryReader::Visible(size_t vector, duckdb::SelectionVector* sel, bool* all) {
  idx_t begin = FirstSlot(vector);
  idx_t end = std::min<idx_t>(begin + STANDARD_VECTOR_SIZE, entry_->segment->rows);
  *all = true;
  if (!overlay_) return end - begin;
  auto runs = overlay_->visible.runs();
  auto run = std::lower_bound(runs.begin(), runs.end(), begin,
                              [](const auto& some, idx_t slot) { return some.end <= slot; });
  if (run != runs.end() && run->begin <= begin && run->end >= end) return end - begin;
  *all = false;
  sel->Initialize(STANDARD_VECTOR_SIZE);
  auto* slots = sel->data();
  idx_t count = 0;
  for (; run != runs.end() && run->begin < end; ++run) {
    idx_t last = std::min<idx_t>(run->end, end);
    for (idx_t slot = std::max<idx_t>(run->begin, begin); slot < last; ++slot) {
      slots[count++] = static_cast<duckdb::sel_t>(slot - begin);
    }
  }
  return count;
}

Result<uint64_t> EntryReader::FirstVisible(size_t vector) {
  auto begin = static_cast<uint32_t>(FirstSlot(vector));
  return overlay_ ? overlay_->visible.Rank(begin) : begin;
}

Status EntryReader::Load(Column* column) {
  if (column->info == nullptr || column->decoded) return {};
  auto decoded = ReadColumn(client_, table_.context(), *entry_->segment, *column->info, &file_);
  if (!decoded) {
    const std::string& name = column->field->name;
    return std::move(decoded).error().In("column \"" + name + "\"").With("column", name);
  }
  column->decoded = *std::move(decoded);
  return {};
}

Status EntryReader::ReadUnpatched(Column* column, size_t vector, Vector* out) {
  if (column->info == nullptr) {
    out->Reference(column->default_value);
    return {};
  }
  RETURN_IF_ERROR(Load(column));
  const auto& stored = column->decoded->vectors[vector];
  if (column->info->type == column->field->type) {
    out->Reference(stored);
    return {};
  }
  idx_t count = std::min<idx_t>(STANDARD_VECTOR_SIZE, entry_->segment->rows - FirstSlot(vector));
  out->Reference(Conform(client_, column->info->type, column->field->type, stored, count));
  return {};
}

// A vector of the column with its cells laid on.
Status EntryReader::ReadPatched(Column* column, size_t vector, Vector* out) {
  RETURN_IF_ERROR(ReadUnpatched(column, vector, out));
  auto [begin, end] = CellsIn(column->cells, vector);
  if (begin == end) return {};
  idx_t count = std::min<idx_t>(STANDARD_VECTOR_SIZE, entry_->segment->rows - FirstSlot(vector));
  Vector patched(column->type, count);
  duckdb::VectorOperations::Copy(*out, patched, count, 0, 0);
  for (auto* cell = begin; cell != end; ++cell) {
    SetCell(patched, cell->slot - FirstSlot(vector), column->patch_values[cell->source],
            cell->value_index);
  }
  out->Reference(patched);
  return {};
}

Result<std::shared_ptr<const DecodedColumn>> EntryReader::MakePatched(Column* column) {
  DecodedColumnBuilder builder(column->field->type);
  const idx_t rows = entry_->segment->rows;
  for (size_t vector = 0; vector < vector_count(); ++vector) {
    idx_t count = std::min<idx_t>(STANDARD_VECTOR_SIZE, rows - FirstSlot(vector));
    Vector values(column->type);
    RETURN_IF_ERROR(ReadPatched(column, vector, &values));
    builder.Add(std::move(values), count);
  }
  return builder.Finish();
}

Status EntryReader::Read(size_t vector, size_t field_position, Vector* out) {
  auto& column = columns_[field_position];
  return engine::Guarded([&]() -> Status {
    if (column.may_keep_patched && !column.patched) {
      auto make = [&] { return MakePatched(&column); };
      ASSIGN_OR_RETURN(column.patched,
                       table_.context().cache->Get(column.patched_key, column.field->id, make));
    }
    if (!column.patched) return ReadPatched(&column, vector, out);
    out->Reference(column.patched->vectors[vector]);
    return {};
  });
}

}  // namespace rhizo::table
