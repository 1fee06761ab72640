#include "merge/testing/edits.h"

#include <algorithm>
#include <set>

#include "engine/types.h"
#include "model/table_state.h"
#include "table/change_rows.h"
#include "table/entry_editor.h"
#include "table/new_table.h"
#include "table/old_rows.h"
#include "table/testing/tables.h"

namespace rhizo::merge::testing {
namespace {

using duckdb::Value;

std::vector<int64_t> RowNumbers(Store& store, const model::TableState& state) {
  std::vector<int64_t> numbers;
  auto opened = store.Open(state);
  auto entries = opened->Entries();
  for (size_t i = 0; i < entries->size(); ++i) {
    auto rows = model::LoadRows(store.staging(), (*entries)[i].entry).value();
    rows.Visible((*entries)[i].entry).ForEach([&](uint32_t slot) {
      numbers.push_back(static_cast<int64_t>(i) << 32 | slot);
    });
  }
  return numbers;
}

// A rowid, then some of the schema's fields.
model::Schema EditSchema(const model::Schema& schema, const std::vector<size_t>& fields) {
  auto edit = table::testing::SchemaOf({table::testing::Of(model::TypeKind::kInt64)});
  for (size_t field : fields) edit.fields.push_back(schema.fields[field]);
  return edit;
}

}  // namespace

RowsById ById(Store& store, const model::TableState& state) {
  RowsById by_id;
  auto values = store.ReadAll(state);
  auto bits = table::testing::Bits(state.schema, values);
  auto opened = store.Open(state);
  size_t number = 0;
  auto entries = opened->Entries();
  for (const auto& open : *entries) {
    auto rows = model::LoadRows(store.staging(), open.entry).value();
    rows.Visible(open.entry).ForEach([&](uint32_t slot) {
      auto place = *model::PlaceOf(rows.runs, slot);
      by_id[place.row_id()] = {place, bits[number], values[number]};
      ++number;
    });
  }
  return by_id;
}

std::vector<model::RowId> InOrder(const RowsById& rows) {
  std::vector<model::RowId> ids;
  for (const auto& [id, row] : rows) ids.push_back(id);
  std::sort(ids.begin(), ids.end(),
            [&](const auto& a, const auto& b) { return rows.at(a).place < rows.at(b).place; });
  return ids;
}

TableRows Edits::NewRows(size_t count) {
  TableRows rows;
  for (size_t i = 0; i < count; ++i) rows.push_back(row_(&random_));
  return rows;
}

std::vector<size_t> Edits::SomeBelow(size_t end, size_t most) {
  std::set<size_t> chosen;
  size_t count = std::min(end, 1 + Below(most));
  while (chosen.size() < count) chosen.insert(Below(end));
  return {chosen.begin(), chosen.end()};
}

model::TableState Edits::Append(const model::TableState& state, size_t count) {
  return store_.Append(state, NewRows(count));
}

model::TableState Edits::Insert(const model::TableState& state, size_t before,
                                const TableRows& new_rows) {
  auto opened = store_.Open(state);
  auto entries = opened->Entries().value();
  auto context = store_.Context();
  table::NewTable out(context, state);
  table::testing::ValueRows source(state.schema, new_rows);
  duckdb::DataChunk chunk;
  chunk.Initialize(duckdb::Allocator::DefaultAllocator(), engine::ToLogicalTypes(state.schema));
  source.Next(&chunk).value();
  auto add = [&] { (void)out.Add(chunk, 0, chunk.size()); };
  size_t passed = 0;
  bool added = false;
  for (const auto& open : entries) {
    auto editor = table::EntryEditor::Open(context.read, context.staging, open.entry).value();
    auto key = model::EncodePlace(editor.runs().front().first);
    size_t rows = open.entry.visible_rows;
    bool here = !added && before <= passed + rows;
    if (!here) {
      (void)out.Keep(key, open.entry);
    } else {
      out.Erase(key, open.entry);
      auto cut = static_cast<uint32_t>(before - passed);
      uint32_t slot = cut == rows ? UINT32_MAX : editor.visible().Select(cut);
      auto front = cut == rows ? editor.visible() : editor.visible().Slice(0, slot);
      auto back = Subtract(editor.visible(), front);
      if (!front.empty()) (void)out.Put(editor.Part(front));
      add();
      if (!back.empty()) (void)out.Put(editor.Part(back));
      added = true;
    }
    passed += rows;
  }
  if (!added) add();
  return out.Finish().value().state;
}

model::TableState Edits::Delete(const model::TableState& state, const std::vector<size_t>& rows) {
  auto numbers = RowNumbers(store_, state);
  TableRows edits;
  for (size_t row : rows) edits.push_back({Value::BIGINT(numbers[row])});
  table::testing::ValueRows source(EditSchema(state.schema, {}), edits);
  return table::DeleteRows(store_.Context(), store_.Open(state), &source).value().state;
}

model::TableState Edits::Update(const model::TableState& state, const std::vector<size_t>& fields,
                                const std::map<size_t, Row>& rows) {
  auto numbers = RowNumbers(store_, state);
  TableRows edits;
  for (const auto& [row, values] : rows) {
    edits.push_back({Value::BIGINT(numbers[row])});
    edits.back().insert(edits.back().end(), values.begin(), values.end());
  }
  table::testing::ValueRows source(EditSchema(state.schema, fields), edits);
  return table::UpdateRows(store_.Context(), store_.Open(state), fields, &source).value().state;
}

model::TableState Edits::Fold(const model::TableState& state) {
  return table::FoldTail(store_.Context(), state).value();
}

model::TableState Edits::EncodeAnew(const model::TableState& state, size_t begin, size_t end) {
  auto opened = store_.Open(state);
  auto entries = opened->Entries().value();
  auto context = store_.Context();
  table::NewTable out(context, state);
  for (size_t i = 0; i < entries.size(); ++i) {
    auto editor = table::EntryEditor::Open(context.read, context.staging, entries[i].entry).value();
    auto key = model::EncodePlace(editor.runs().front().first);
    if (i < begin || i >= end) {
      (void)out.Keep(key, entries[i].entry);
      continue;
    }
    out.Erase(key, entries[i].entry);
    table::OldRows rows(&table::testing::Client(), *opened);
    (void)rows.Add(entries[i]);
    std::vector<table::RowStretch> stretches;
    for (const auto& run : editor.runs()) {
      auto visible = editor.visible().Slice(run.first_slot, run.end_slot());
      for (const auto& slots : visible.runs()) {
        stretches.push_back({slots.size(), run.PlaceOf(slots.begin)});
      }
    }
    (void)out.Add(&rows, std::move(stretches));
  }
  return out.Finish().value().state;
}

}  // namespace rhizo::merge::testing
