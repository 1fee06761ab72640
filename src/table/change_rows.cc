#include "table/change_rows.h"

#include <algorithm>
#include <optional>

#include "engine/errors.h"
#include "engine/types.h"
#include "table/each_entry.h"
#include "table/held_rows.h"
#include "table/key_search.h"
#include "table/row_feed.h"
#include "table/row_window.h"
#include "table/table_editor.h"

namespace rhizo::table {

using duckdb::idx_t;

namespace {

struct RowAddress {
  uint32_t entry = 0;
  uint32_t slot = 0;
};

RowAddress AddressOf(int64_t rowid) {
  return {static_cast<uint32_t>(rowid >> 32), static_cast<uint32_t>(rowid)};
}

Error NotRising() { return InvalidArgument("rows to change come out of order, or one twice"); }

// What all statements share: the engine's connection, the table, the edits so far.
class Changes {
 public:
  static Result<std::unique_ptr<Changes>> Begin(const WriteContext& context,
                                                std::shared_ptr<const OpenTable> table) {
    std::unique_ptr<Changes> changes(new Changes(context, std::move(table)));
    RETURN_IF_ERROR(changes->link_.Open(context.engine));
    ASSIGN_OR_RETURN(changes->entries_, changes->table_->Entries());
    ASSIGN_OR_RETURN(changes->editor_,
                     TableEditor::Open(context, changes->client(), changes->table_));
    return changes;
  }

  const OpenTable& table() const { return *table_; }
  const WriteContext& context() const { return context_; }
  WriteCounts& counts() { return editor_->counts(); }

  Status Delete(size_t entry, const std::vector<uint32_t>& slots) {
    RETURN_IF_ERROR(CheckVisible(entry, slots).status);
    return editor_->Edit(entry, model::PositionSet::FromSorted(slots), {});
  }

  // Row rows[i] of `values` is what the row at slots[i] becomes, in `fields`; column_of[i] is
  // where `values` has fields[i].
  struct NewValues {
    RowBatch& values;
    std::span<const uint64_t> rows;
    std::span<const size_t> fields;
    std::span<const size_t> column_of;
  };
  // `name_rows`: rows are called by `rows` in errors, else by where they stand in the table.
  Status Update(size_t entry, const std::vector<uint32_t>& slots, const NewValues& given,
                bool name_rows);

  // The edited table, with the rows whose key changed behind all others.
  Result<Written> Finish();

 private:
  Changes(const WriteContext& context, std::shared_ptr<const OpenTable> table)
      : context_(context), table_(std::move(table)) {}

  duckdb::ClientContext* client() { return link_.client(); }

  struct Visible {
    Status status;
    std::vector<uint64_t> ranks;  // of the slots among the entry's rows
  };
  Visible CheckVisible(size_t entry, const std::vector<uint32_t>& slots);
  bool IsKeyField(size_t field) const;
  // Whole new rows of some of them: calls visit(chunk, index of its first row among `which`).
  using VisitRows = std::function<Status(duckdb::DataChunk& rows, size_t begin)>;
  Status ForEachNewRow(OldRows* old, const std::vector<uint64_t>& ranks, const NewValues& given,
                       const std::vector<size_t>& which, const VisitRows& visit);

  const WriteContext& context_;
  const std::shared_ptr<const OpenTable> table_;
  Link link_;
  std::span<const OpenEntry> entries_;
  std::unique_ptr<TableEditor> editor_;
  std::unique_ptr<HeldRows> moved_;  // rows under new keys
};

Changes::Visible Changes::CheckVisible(size_t entry, const std::vector<uint32_t>& slots) {
  Visible visible;
  if (entry >= entries_.size()) return {InvalidArgument("there is no such entry"), {}};
  auto overlay = entries_[entry].overlay->Get(table_->context(), entries_[entry].entry);
  if (!overlay) return {std::move(overlay).error(), {}};
  const auto& all = (*overlay)->visible;
  for (uint32_t slot : slots) {
    if (!all.Contains(slot)) return {InvalidArgument("there is no such row"), {}};
    visible.ranks.push_back(all.Rank(slot));
  }
  return visible;
}

bool Changes::IsKeyField(size_t field) const {
  const auto& key = table_->state().key;
  return std::find(key.begin(), key.end(), table_->schema().fields[field].id) != key.end();
}

Status Changes::Update(size_t entry, const std::vector<uint32_t>& slots, const NewValues& given,
                       bool name_rows) {
  auto visible = CheckVisible(entry, slots);
  RETURN_IF_ERROR(std::move(visible.status));
  OldRows old(client(), *table_);
  RETURN_IF_ERROR(old.Add(entries_[entry]));
  const auto& fields = given.fields;
  const size_t count = slots.size();
  std::vector<std::vector<size_t>> changed(fields.size());
  std::vector<bool> is_updated(count);
  std::vector<bool> is_moved(count);
  duckdb::DataChunk both;
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto& type = table_->types()[fields[i]];
    both.Destroy();
    both.Initialize(duckdb::Allocator::DefaultAllocator(),
                    duckdb::vector<duckdb::LogicalType>{type, type}, std::max<size_t>(count, 1));
    RETURN_IF_ERROR(old.Gather(fields[i], visible.ranks, &both.data[0]));
    RETURN_IF_ERROR(given.values.Gather(given.column_of[i], given.rows, &both.data[1]));
    ChunkRows pairs(both);
    OneField before(pairs, 0);
    OneField after(pairs, 1);
    bool is_key = IsKeyField(fields[i]);
    if (is_key) {
      NormaliseKey(&both.data[0], count);
      NormaliseKey(&both.data[1], count);
    }
    RETURN_IF_ERROR(CompareRows(table_->schema().fields[fields[i]].type, 0, before, 0, after, 0,
                                count, [&](uint64_t row) {
                                  changed[i].push_back(row);
                                  is_updated[row] = true;
                                  if (is_key) is_moved[row] = true;
                                }));
  }
  std::vector<size_t> updated;
  std::vector<size_t> moved;
  std::vector<uint32_t> gone;
  for (size_t row = 0; row < count; ++row) {
    if (is_updated[row]) updated.push_back(row);
    if (!is_moved[row]) continue;
    moved.push_back(row);
    gone.push_back(slots[row]);
  }
  counts().rows_updated += updated.size();
  counts().rows_unchanged += count - updated.size();
  if (context_.check) {
    auto check = [&](duckdb::DataChunk& rows, size_t begin) {
      return context_.check(rows, [&](idx_t row) {
        size_t which = updated[begin + row];
        return name_rows ? given.rows[which] : entries_[entry].first_row + visible.ranks[which];
      });
    };
    RETURN_IF_ERROR(ForEachNewRow(&old, visible.ranks, given, updated, check));
  }
  if (!moved.empty() && !moved_) moved_ = std::make_unique<HeldRows>(table_->types());
  auto move = [&](duckdb::DataChunk& rows, size_t) {
    moved_->Append(rows, 0, rows.size());
    return Status();
  };
  RETURN_IF_ERROR(ForEachNewRow(&old, visible.ranks, given, moved, move));
  std::vector<CellChange> cells;
  for (size_t i = 0; i < fields.size(); ++i) {
    std::erase_if(changed[i], [&](size_t row) { return is_moved[row]; });
    if (changed[i].empty()) continue;
    CellChange cell{.field = fields[i], .slots = {}, .values = {}};
    std::vector<uint32_t> cell_slots;
    std::vector<uint64_t> cell_rows;
    for (size_t row : changed[i]) {
      cell_slots.push_back(slots[row]);
      cell_rows.push_back(given.rows[row]);
    }
    cell.slots = model::PositionSet::FromSorted(cell_slots);
    cell.values = std::make_unique<duckdb::Vector>(table_->types()[fields[i]], cell_rows.size());
    RETURN_IF_ERROR(given.values.Gather(given.column_of[i], cell_rows, cell.values.get()));
    cells.push_back(std::move(cell));
  }
  if (cells.empty() && gone.empty()) return {};
  uint64_t deleted = counts().rows_deleted;
  RETURN_IF_ERROR(editor_->Edit(entry, model::PositionSet::FromSorted(gone), std::move(cells)));
  counts().rows_deleted = deleted;  // those come again under their new keys
  return {};
}

Status Changes::ForEachNewRow(OldRows* old, const std::vector<uint64_t>& ranks,
                              const NewValues& given, const std::vector<size_t>& which,
                              const VisitRows& visit) {
  const auto& types = table_->types();
  for (size_t begin = 0; begin < which.size(); begin += STANDARD_VECTOR_SIZE) {
    size_t end = std::min<size_t>(which.size(), begin + STANDARD_VECTOR_SIZE);
    duckdb::DataChunk chunk;
    chunk.Initialize(duckdb::Allocator::DefaultAllocator(),
                     duckdb::vector<duckdb::LogicalType>(types.begin(), types.end()));
    for (size_t field = 0; field < types.size(); ++field) {
      auto found = std::find(given.fields.begin(), given.fields.end(), field);
      bool is_old = found == given.fields.end();
      std::vector<uint64_t> from;
      for (size_t i = begin; i < end; ++i) {
        from.push_back(is_old ? ranks[which[i]] : given.rows[which[i]]);
      }
      RETURN_IF_ERROR(is_old ? old->Gather(field, from, &chunk.data[field])
                             : given.values.Gather(given.column_of[found - given.fields.begin()],
                                                   from, &chunk.data[field]));
    }
    chunk.SetCardinality(end - begin);
    RETURN_IF_ERROR(visit(chunk, begin));
  }
  return {};
}

Result<Written> AddBehind(WriteContext context, Written written, HeldRows& rows,
                          std::span<const uint64_t> chosen) {
  HeldRowSource source(written.state.schema, rows, chosen);
  if (context.check) {
    context.check = [chosen, check = context.check](duckdb::DataChunk& chunk, const auto& number) {
      return check(chunk, [&](idx_t row) { return chosen[number(row)]; });
    };
  }
  ASSIGN_OR_RETURN(auto encoded, EncodeRows(context, written.state.schema, &source));
  ASSIGN_OR_RETURN(written.state, PlaceAtEnd(context, written.state, encoded));
  ASSIGN_OR_RETURN(written.state, FoldTail(context, written.state));
  written.counts.segments_new += encoded.counts.segments_new;
  written.counts.new_bytes += encoded.counts.new_bytes;
  written.counts.rows = written.state.rows;
  return written;
}

std::vector<uint64_t> AllRows(uint64_t count) {
  std::vector<uint64_t> rows;
  for (uint64_t row = 0; row < count; ++row) rows.push_back(row);
  return rows;
}

Result<Written> Changes::Finish() {
  ASSIGN_OR_RETURN(auto written, editor_->Finish());
  if (!moved_) return written;
  KeySet keys(table_->schema(), table_->state().key);
  RETURN_IF_ERROR(keys.Add(*moved_, 0, moved_->rows()));
  keys.Sort();
  auto state = std::make_shared<const model::TableState>(written.state);
  ASSIGN_OR_RETURN(auto rest, OpenTable::Open(context_.read, ObjectId(), state));
  RETURN_IF_ERROR(CheckKeysAreNew(context_, *rest, keys));
  auto all = AllRows(moved_->rows());
  return AddBehind(context_, std::move(written), *moved_, all);
}

std::vector<RowAddress> AddressesIn(duckdb::Vector& rowids, idx_t offset, idx_t count) {
  duckdb::UnifiedVectorFormat format;
  rowids.ToUnifiedFormat(offset + count, format);
  const auto* data = reinterpret_cast<const int64_t*>(format.data);
  std::vector<RowAddress> addresses;
  for (idx_t i = 0; i < count; ++i) {
    addresses.push_back(AddressOf(data[format.sel->get_index(offset + i)]));
  }
  return addresses;
}

// Columns that are not given have their default, in all rows.
Status CheckGiven(const model::Schema& schema, const HeldRows& rows, uint64_t row) {
  for (size_t field = 0; field < schema.fields.size(); ++field) {
    if (schema.fields[field].nullable || !rows.ValueOf(field, row).IsNull()) continue;
    const auto& name = schema.fields[field].name;
    std::string number = std::to_string(row + 1);
    return Error(ErrorCode::kConstraint,
                 "column \"" + name + "\" is NOT NULL, row " + number + " has no value for it")
        .With("column", name)
        .With("row", number);
  }
  return {};
}

}  // namespace

Result<Written> DeleteRows(const WriteContext& context, std::shared_ptr<const OpenTable> table,
                           RowSource* rows) {
  return engine::Guarded([&]() -> Result<Written> {
    ASSIGN_OR_RETURN(auto changes, Changes::Begin(context, table));
    ASSIGN_OR_RETURN(auto feed, RowFeed::Open(rows->schema(), rows, context.progress));
    std::optional<uint32_t> entry;
    std::vector<uint32_t> slots;
    auto take = [&](duckdb::DataChunk& chunk, idx_t offset, idx_t count) -> Status {
      for (auto address : AddressesIn(chunk.data[0], offset, count)) {
        if (entry && *entry != address.entry) {
          if (address.entry < *entry) return NotRising();
          RETURN_IF_ERROR(changes->Delete(*entry, slots));
          slots.clear();
        }
        if (!slots.empty() && slots.back() >= address.slot) return NotRising();
        entry = address.entry;
        slots.push_back(address.slot);
      }
      return {};
    };
    while (true) {
      ASSIGN_OR_RETURN(uint64_t count, feed.Next(UINT64_MAX, take));
      if (count == 0) break;
    }
    if (entry) RETURN_IF_ERROR(changes->Delete(*entry, slots));
    return changes->Finish();
  });
}

Result<Written> UpdateRows(const WriteContext& context, std::shared_ptr<const OpenTable> table,
                           std::span<const size_t> fields, RowSource* rows) {
  return engine::Guarded([&]() -> Result<Written> {
    ASSIGN_OR_RETURN(auto changes, Changes::Begin(context, table));
    ASSIGN_OR_RETURN(auto feed, RowFeed::Open(rows->schema(), rows, context.progress));
    auto types = engine::ToLogicalTypes(rows->schema());
    RowWindow window({types.begin(), types.end()}, &feed);
    std::vector<size_t> column_of;
    for (size_t i = 0; i < fields.size(); ++i) column_of.push_back(i + 1);
    std::optional<uint32_t> last;
    while (true) {
      // All rows of one entry.
      std::optional<uint32_t> entry;
      std::vector<uint32_t> slots;
      bool ends = false;
      auto take = [&](duckdb::Vector& rowids, idx_t offset, idx_t count) -> Status {
        for (auto address : AddressesIn(rowids, offset, count)) {
          if (ends) break;
          if (!entry) entry = address.entry;
          ends = *entry != address.entry;
          if (ends) break;
          if (!slots.empty() && slots.back() >= address.slot) return NotRising();
          slots.push_back(address.slot);
        }
        return {};
      };
      while (!ends) {
        RETURN_IF_ERROR(window.Fill(slots.size() + 1));
        if (window.rows() == slots.size()) break;
        RETURN_IF_ERROR(window.ForEach(0, slots.size(), window.rows() - slots.size(), take));
      }
      if (!entry) break;
      if (last && *last >= *entry) return NotRising();
      last = entry;
      auto all = AllRows(slots.size());
      RETURN_IF_ERROR(changes->Update(*entry, slots, {window, all, fields, column_of}, false));
      window.Drop(slots.size());
    }
    return changes->Finish();
  });
}

Result<Written> UpsertRows(const WriteContext& context, std::shared_ptr<const OpenTable> table,
                           std::span<const size_t> given, RowSource* rows, KeySet* keys) {
  return engine::Guarded([&]() -> Result<Written> {
    const auto& schema = table->schema();
    HeldRows held(table->types());
    ASSIGN_OR_RETURN(auto feed, RowFeed::Open(rows->schema(), rows, context.progress));
    auto take = [&](duckdb::DataChunk& chunk, idx_t offset, idx_t count) {
      held.Append(chunk, offset, count);
      ChunkRows here(chunk);
      return keys->Add(here, offset, count);
    };
    while (true) {
      ASSIGN_OR_RETURN(uint64_t count, feed.Next(UINT64_MAX, take));
      if (count == 0) break;
    }
    keys->Sort();
    ASSIGN_OR_RETURN(auto found, FindKeys(context, *table, *keys));
    ASSIGN_OR_RETURN(auto changes, Changes::Begin(context, table));
    std::vector<size_t> fields;  // the key is the same anyway
    for (size_t field : given) {
      const auto& own = keys->fields();
      if (std::find(own.begin(), own.end(), field) == own.end()) fields.push_back(field);
    }
    std::vector<bool> is_there(held.rows());
    for (size_t begin = 0; begin < found.size();) {
      std::vector<uint32_t> slots;
      std::vector<uint64_t> numbers;
      size_t end = begin;
      for (; end < found.size() && found[end].entry == found[begin].entry; ++end) {
        slots.push_back(found[end].slot);
        numbers.push_back(found[end].number);
        is_there[found[end].number] = true;
      }
      RETURN_IF_ERROR(
          changes->Update(found[begin].entry, slots, {held, numbers, fields, fields}, true));
      begin = end;
    }
    ASSIGN_OR_RETURN(auto written, changes->Finish());
    std::vector<uint64_t> new_rows;
    for (uint64_t row = 0; row < held.rows(); ++row) {
      if (!is_there[row]) new_rows.push_back(row);
    }
    if (new_rows.empty()) return written;
    RETURN_IF_ERROR(CheckGiven(schema, held, new_rows.front()));
    written.counts.rows_inserted = new_rows.size();
    return AddBehind(context, std::move(written), held, new_rows);
  });
}

Written Truncate(const model::TableState& state) {
  Written written{model::WithRowsOf(state, model::TableState()), {}};
  written.counts.rows_deleted = state.rows;
  return written;
}

}  // namespace rhizo::table
