// Hidden rows and patches over segments, laid on by reading; entries made by hand.
#include "table/overlay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "engine/types.h"
#include "table/patch.h"
#include "table/single_value.h"
#include "table/statistics_builder.h"
#include "table/testing/tables.h"
#include "tree/builder.h"

namespace rhizo::table {
namespace {

using duckdb::Value;
using testing::Bits;
using testing::Of;
using testing::RandomRows;
using testing::SchemaOf;
using testing::Store;
using testing::TableRows;

duckdb::Vector VectorOf(const model::Type& type, const std::vector<Value>& values) {
  duckdb::Vector vector(engine::ToLogicalType(type), std::max<size_t>(1, values.size()));
  for (size_t i = 0; i < values.size(); ++i) vector.SetValue(i, values[i]);
  return vector;
}

// A table whose only entry has an overlay, and the rows it should show.
class Overlaid {
 public:
  Overlaid(Store* store, const model::Schema& schema, const TableRows& rows)
      : store_(store), state_(store->Write(store->NewTable(schema), rows)), rows_(rows) {
    auto table = store->Open(state_);
    entry_ = table->Entries().value()[0].entry;
  }

  void Hide(std::vector<uint32_t> slots) {
    auto hidden = model::PositionSet::FromSorted(slots);
    visible_ = hidden.Complement(0, entry_.segment_rows);
  }

  // Values for `slots` of a field; those in `dead` stay as they are.
  void Patch(size_t field, const std::map<uint32_t, Value>& cells, std::set<uint32_t> dead = {}) {
    const auto& about = state_.schema.fields[field];
    std::vector<uint32_t> slots;
    std::vector<uint32_t> dead_slots(dead.begin(), dead.end());
    std::vector<Value> values;
    for (const auto& [slot, value] : cells) {
      slots.push_back(slot);
      values.push_back(value);
      if (!dead.contains(slot)) rows_[slot][field] = value;
    }
    auto vector = VectorOf(about.type, values);
    auto bytes = EncodePatch(about.id, about.type, model::PositionSet::FromSorted(slots), vector);
    model::PatchRef ref;
    ref.field = about.id;
    ref.patch = store_->staging().Add(bytes);
    ref.dead = model::Store(store_->staging(), model::PositionSet::FromSorted(dead_slots));
    entry_.patches.push_back(ref);
  }

  model::TableState Finish() {
    auto& staging = store_->staging();
    auto runs = entry_.runs.inline_runs;
    auto all = model::PositionSet::FromRange(0, entry_.segment_rows);
    if (visible_.empty()) visible_ = all;
    entry_.slice_begin = visible_.first();
    entry_.slice_end = visible_.last() + 1;
    entry_.hidden =
        model::Store(staging, visible_.Complement(entry_.slice_begin, entry_.slice_end));
    entry_.visible_rows = visible_.size();
    runs = model::TrimRuns(runs, visible_);
    entry_.runs = model::Store(staging, runs);
    std::sort(entry_.patches.begin(), entry_.patches.end(), [](const auto& a, const auto& b) {
      return std::tie(a.field, a.patch) < std::tie(b.field, b.patch);
    });
    tree::Builder builder(&staging);
    CHECK(builder.Add(model::EncodePlace(runs.front().first), model::Encode(entry_),
                      entry_.visible_rows));
    auto state = state_;
    state.tree_root = builder.Finish().value().id;
    state.rows = entry_.visible_rows;
    return state;
  }

  TableRows Expected() const {
    TableRows rows;
    visible_.ForEach([&](uint32_t slot) { rows.push_back(rows_[slot]); });
    return rows;
  }

 private:
  Store* store_;
  model::TableState state_;
  TableRows rows_;
  model::SegmentEntry entry_;
  model::PositionSet visible_;
};

TEST(Overlay, HiddenRowsAndPatchesAreLaidOnEveryType) {
  auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  engine::Generator random(seed);
  for (size_t count : {40, 2'600}) {
    Store store;
    std::vector<model::Type> types = engine::LeafTypes();
    for (int i = 0; i < 10; ++i) types.push_back(engine::RandomType(&random, 2));
    auto schema = SchemaOf(types);
    Overlaid table(&store, schema, RandomRows(random, schema, count));
    std::vector<uint32_t> hidden;
    for (uint32_t slot = 0; slot < count; ++slot) {
      if (random() % 5 == 0) hidden.push_back(slot);
    }
    table.Hide(hidden);
    for (size_t field = 0; field < types.size(); ++field) {
      std::map<uint32_t, Value> cells;
      for (uint32_t slot = 0; slot < count; slot += 1 + random() % 7) {
        cells[slot] = engine::RandomValue(&random, types[field]);
      }
      table.Patch(field, cells);
    }
    auto state = table.Finish();
    EXPECT_EQ(Bits(schema, store.ReadAll(state)), Bits(schema, table.Expected()));
  }
}

TEST(Overlay, EachCellComesFromThePatchWhereItIsLive) {
  Store store;
  auto schema = SchemaOf({Of(model::TypeKind::kInt32)});
  TableRows rows(10, {Value::INTEGER(0)});
  Overlaid table(&store, schema, rows);
  table.Patch(0, {{1, Value::INTEGER(11)}, {2, Value::INTEGER(12)}, {3, Value::INTEGER(13)}}, {2});
  table.Patch(0, {{2, Value::INTEGER(22)}, {3, Value::INTEGER(23)}, {4, Value::INTEGER(24)}}, {3});
  auto state = table.Finish();
  EXPECT_EQ(Bits(schema, store.ReadAll(state)), Bits(schema, table.Expected()));
}

TEST(Overlay, TwoLiveCellsOfOneRowAreCorruption) {
  Store store;
  auto schema = SchemaOf({Of(model::TypeKind::kInt32)});
  Overlaid table(&store, schema, TableRows(10, {Value::INTEGER(0)}));
  table.Patch(0, {{1, Value::INTEGER(1)}});
  table.Patch(0, {{1, Value::INTEGER(2)}});
  EXPECT_EQ(store.TryReadAll(table.Finish()).error().code(), ErrorCode::kCorruption);
}

TEST(Overlay, BoundsNeverExcludeAPatchedValue) {
  Store store;
  auto schema = SchemaOf({Of(model::TypeKind::kInt32), Of(model::TypeKind::kInt32)});
  TableRows rows(10, {Value::INTEGER(5), Value::INTEGER(7)});
  Overlaid table(&store, schema, rows);
  table.Patch(0, {{3, Value::INTEGER(1000)}, {4, Value(duckdb::LogicalType::INTEGER)}});
  auto open = store.Open(table.Finish());
  const auto& entry = open->Entries().value()[0];
  auto patched = EntryStatistics(*open, entry, 0);
  EXPECT_EQ(duckdb::NumericStats::Max(*patched), Value::INTEGER(1000));
  EXPECT_TRUE(patched->CanHaveNull());
  EXPECT_FALSE(EntryBoundsAreExact(*open, entry, 0));
  EXPECT_TRUE(EntryBoundsAreExact(*open, entry, 1));
  EXPECT_FALSE(EntryStatistics(*open, entry, 1)->CanHaveNull());
}

TEST(Overlay, APatchedNullIsKnownOfTypesWithoutBounds) {
  Store store;
  model::Type list = Of(model::TypeKind::kList);
  auto& item = list.children.emplace_back();
  item.name = "element";
  item.type = Of(model::TypeKind::kInt32);
  for (const auto& type : {Of(model::TypeKind::kInterval), Of(model::TypeKind::kBit), list}) {
    SCOPED_TRACE(type.ToString());
    engine::Generator random(5);
    TableRows rows;
    while (rows.size() < 10) {
      auto value = engine::RandomValue(&random, type);
      if (!value.IsNull()) rows.push_back(testing::Row{value});
    }
    Overlaid table(&store, SchemaOf({type}), rows);
    table.Patch(0, {{4, Value(engine::ToLogicalType(type))}});
    auto open = store.Open(table.Finish());
    EXPECT_TRUE(EntryStatistics(*open, open->Entries().value()[0], 0)->CanHaveNull());
  }
}

TEST(Overlay, LengthsOfStringsCoverPatchedOnes) {
  Store store;
  auto schema = SchemaOf({Of(model::TypeKind::kString)});
  Overlaid table(&store, schema, TableRows(10, {Value("four")}));
  table.Patch(0, {{3, Value("longer than that")}});
  auto open = store.Open(table.Finish());
  auto statistics = open->Statistics(0).value();
  ASSERT_TRUE(duckdb::StringStats::HasMaxStringLength(*statistics));
  EXPECT_EQ(duckdb::StringStats::MaxStringLength(*statistics), 16u);
}

TEST(Overlay, AFieldThatIsNewerThanTheSegmentHoldsItsFirstDefault) {
  Store store;
  auto schema = SchemaOf({Of(model::TypeKind::kInt32)});
  auto state = store.Write(store.NewTable(schema), TableRows(3, {Value::INTEGER(1)}));
  auto& with = state.schema.fields.emplace_back();
  with.id = 77;
  with.name = "with default";
  with.type = Of(model::TypeKind::kString);
  with.first_default = EncodeDefault(with.type, Value("old"));
  auto& without = state.schema.fields.emplace_back();
  without.id = 78;
  without.name = "without";
  without.type = Of(model::TypeKind::kInt64);
  auto rows = store.ReadAll(state);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[2][1], Value("old"));
  EXPECT_TRUE(rows[2][2].IsNull());
  auto open = store.Open(state);
  EXPECT_FALSE(open->Statistics(1).value()->CanHaveNull());
  EXPECT_FALSE(open->Statistics(2).value()->CanHaveNoNull());
}

TEST(Overlay, AWidenedFieldIsCastAndKeepsItsBounds) {
  Store store;
  auto schema = SchemaOf({Of(model::TypeKind::kInt32)});
  TableRows rows;
  for (int i = 0; i < 3'000; ++i) rows.push_back({Value::INTEGER(i)});
  auto state = store.Write(store.NewTable(schema), rows);
  state.schema.fields[0].type = Of(model::TypeKind::kInt64);
  EXPECT_EQ(store.ReadAll(state)[2'999][0], Value::BIGINT(2'999));
  auto open = store.Open(state);
  EXPECT_EQ(duckdb::NumericStats::Max(*open->Statistics(0).value()), Value::BIGINT(2'999));
}

}  // namespace
}  // namespace rhizo::table
