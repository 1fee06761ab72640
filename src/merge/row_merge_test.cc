// Two states that came from a third are merged: a naive merge of rows by id says what must come
// out.
#include "merge/row_merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "base/testing/scale.h"
#include "merge/testing/edits.h"

namespace rhizo::merge {
namespace {

using duckdb::Value;
using model::TypeKind;
using table::testing::Of;
using table::testing::SchemaOf;
using testing::ById;
using testing::Edits;
using testing::InOrder;
using testing::Row;
using testing::RowsById;
using testing::Store;
using testing::TableRows;

constexpr size_t kSum = 2;
constexpr size_t kMost = 3;

model::Schema Schema(bool with_sum) {
  auto schema = SchemaOf(
      {Of(TypeKind::kInt64), Of(TypeKind::kString), Of(TypeKind::kInt32), Of(TypeKind::kInt32)});
  if (with_sum) schema.fields[kSum].merge_rule = "add";
  schema.fields[kMost].merge_rule = "max";
  return schema;
}

Row SmallRow(std::mt19937_64* random) {
  return {Value::BIGINT(static_cast<int64_t>((*random)() % 3)),
          (*random)() % 5 == 0 ? Value(duckdb::LogicalType::VARCHAR)
                               : Value("t" + std::to_string((*random)() % 2)),
          Value::INTEGER(static_cast<int32_t>((*random)() % 3)),
          Value::INTEGER(static_cast<int32_t>((*random)() % 3))};
}

// A row as a naive merge knows it.
using Cells = std::vector<Value>;
struct Naive {
  std::map<model::RowId, Cells> rows;
  bool conflict = false;
};

bool Same(const Value& a, const Value& b) { return Value::NotDistinctFrom(a, b); }

bool Same(const Cells& a, const Cells& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (!Same(a[i], b[i])) return false;
  }
  return true;
}

// One cell; nothing is a conflict.
std::optional<Value> MergeCell(const std::string& rule, const Value& base, const Value& ours,
                               const Value& theirs) {
  if (Same(base, ours)) return theirs;
  if (Same(base, theirs)) return ours;
  if (rule == "add" && !base.IsNull() && !ours.IsNull() && !theirs.IsNull()) {
    return Value::INTEGER(ours.GetValue<int32_t>() + theirs.GetValue<int32_t>() -
                          base.GetValue<int32_t>());
  }
  if (Same(ours, theirs)) return ours;
  if (rule == "max" && !ours.IsNull() && !theirs.IsNull()) return ours < theirs ? theirs : ours;
  return std::nullopt;
}

Naive MergeNaively(const model::Schema& schema, const RowsById& base, const RowsById& ours,
                   const RowsById& theirs) {
  Naive merged;
  std::set<model::RowId> ids;
  for (const auto* side : {&base, &ours, &theirs}) {
    for (const auto& [id, row] : *side) ids.insert(id);
  }
  auto find = [](const RowsById& rows, const model::RowId& id) {
    auto found = rows.find(id);
    return found == rows.end() ? nullptr : &found->second.values;
  };
  for (const auto& id : ids) {
    const auto* was = find(base, id);
    const auto* our = find(ours, id);
    const auto* their = find(theirs, id);
    if (our == nullptr && their == nullptr) continue;
    if (our == nullptr || their == nullptr) {
      const auto* left = our != nullptr ? our : their;
      if (was == nullptr) {
        merged.rows[id] = *left;
      } else if (!Same(*was, *left)) {
        merged.conflict = true;
      }
      continue;
    }
    Cells cells;
    for (size_t field = 0; field < our->size(); ++field) {
      auto cell =
          MergeCell(schema.fields[field].merge_rule, (*was)[field], (*our)[field], (*their)[field]);
      if (!cell) merged.conflict = true;
      cells.push_back(cell.value_or((*our)[field]));
    }
    merged.rows[id] = std::move(cells);
  }
  return merged;
}

class Merges {
 public:
  Merges(uint64_t seed, bool with_sum)
      : random_(seed), edits_(&store_, &random_, SmallRow), schema_(Schema(with_sum)) {}

  model::TableState Grown() {
    auto state = store_.NewTable(schema_);
    for (int i = 0; i < 3; ++i) state = edits_.Append(state, 1 + edits_.Below(6));
    return Edited(state, edits_.Below(4));
  }

  model::TableState Edited(model::TableState state, size_t steps) {
    for (size_t i = 0; i < steps; ++i) state = EditedOnce(state);
    return state;
  }

  MergedRows Merge(const model::TableState& base, const model::TableState& ours,
                   const model::TableState& theirs, const MergeOptions& options = {}) {
    auto context = store_.Context();
    auto merged = MergeRows(&table::testing::Client(), context, base,
                            {TableSide(base), TableSide(ours), TableSide(theirs)}, options);
    EXPECT_TRUE(merged.has_value()) << merged.error().message();
    return *std::move(merged);
  }

  // Of a row that no side has nothing is known: so every region is gone through row by row.
  MergedRows MergeByRows(const model::TableState& base, const model::TableState& ours,
                         const model::TableState& theirs) {
    Undefined undefined;
    undefined.AddRow(model::RowId{});
    auto context = store_.Context();
    auto merged = MergeRows(&table::testing::Client(), context, base,
                            {TableSide(base, &undefined), TableSide(ours), TableSide(theirs)}, {});
    EXPECT_TRUE(merged.has_value()) << merged.error().message();
    EXPECT_EQ(merged->counts.conflicts, 0u);
    return *std::move(merged);
  }

  Store& store() { return store_; }
  Edits& edits() { return edits_; }
  const model::Schema& schema() const { return schema_; }

 private:
  model::TableState EditedOnce(const model::TableState& state) {
    switch (edits_.Below(7)) {
      case 0: return edits_.Append(state, 1 + edits_.Below(3));
      case 1: return edits_.Insert(state, edits_.Below(state.rows + 1), 1 + edits_.Below(2));
      case 2: return edits_.Fold(state);
      case 3: {
        if (state.entries == 0) return state;
        size_t begin = edits_.Below(state.entries);
        return edits_.EncodeAnew(state, begin, begin + 1 + edits_.Below(3));
      }
      case 4: {
        if (state.rows == 0) return state;
        return edits_.Delete(state, edits_.SomeBelow(state.rows, 2));
      }
      default: {
        if (state.rows == 0) return state;
        size_t field = edits_.Below(4);
        std::map<size_t, Row> rows;
        for (size_t row : edits_.SomeBelow(state.rows, 4)) {
          rows[row] = {SmallRow(&random_)[field]};
        }
        return edits_.Update(state, {field}, rows);
      }
    }
  }

  Store store_;
  std::mt19937_64 random_;
  Edits edits_;
  const model::Schema schema_;
};

void ExpectLaw(Merges& merges, const model::TableState& base, const model::TableState& ours,
               const model::TableState& theirs, size_t* conflicts) {
  auto before = ById(merges.store(), base);
  auto our_rows = ById(merges.store(), ours);
  auto their_rows = ById(merges.store(), theirs);
  auto expected = MergeNaively(merges.schema(), before, our_rows, their_rows);
  auto merged = merges.Merge(base, ours, theirs);
  ASSERT_EQ(merged.counts.conflicts > 0, expected.conflict);
  auto mirrored = merges.Merge(base, theirs, ours);
  ASSERT_EQ(mirrored.counts.conflicts, merged.counts.conflicts);
  if (expected.conflict) {
    ++*conflicts;
    return;
  }
  auto rows = ById(merges.store(), merged.state);
  ASSERT_EQ(rows.size(), expected.rows.size());
  for (const auto& [id, row] : rows) {
    ASSERT_TRUE(expected.rows.contains(id));
    ASSERT_TRUE(Same(row.values, expected.rows.at(id)));
  }
  TableRows in_order;
  for (const auto& id : InOrder(rows)) in_order.push_back(rows.at(id).values);
  ASSERT_NO_FATAL_FAILURE(table::testing::ExpectSound(merges.store(), merged.state, in_order));
  ASSERT_EQ(mirrored.state, merged.state) << "merge(a, b) is not merge(b, a)";
  ASSERT_EQ(merges.MergeByRows(base, ours, theirs).state, merged.state)
      << "region by region is not row by row";
}

TEST(RowMerge, GivesWhatANaiveMergeOfRowsGives) {
  auto seed = tests::DrawSeed();
  size_t conflicts = 0;
  size_t runs = tests::Scaled(1500);
  for (size_t i = 0; i < runs; ++i) {
    SCOPED_TRACE("seed " + std::to_string(seed + i));
    Merges merges(seed + i, i % 2 == 0);
    auto base = merges.Grown();
    auto ours = merges.Edited(base, 1 + merges.edits().Below(4));
    auto theirs = merges.Edited(base, 1 + merges.edits().Below(4));
    ASSERT_NO_FATAL_FAILURE(ExpectLaw(merges, base, ours, theirs, &conflicts));
  }
  EXPECT_GT(conflicts, runs / 20);
  EXPECT_LT(conflicts, runs * 3 / 4);
}

// Tables whose rows are the same by c0, whatever their ids.
class KeyedMerges : public Merges {
 public:
  static constexpr int64_t kKeys = 8;

  explicit KeyedMerges(uint64_t seed) : Merges(seed, true), choose_(seed ^ 0x5bd1e995) {}

  model::TableState Start() {
    auto state = store().NewTable(schema());
    state.key = {schema().fields[0].id};
    state.schema.fields[0].nullable = false;
    for (int i = 0; i < 5; ++i) state = Inserted(state);
    return Changed(state, Below(4));
  }

  model::TableState Changed(model::TableState state, size_t steps) {
    for (size_t i = 0; i < steps; ++i) state = ChangedOnce(state);
    return state;
  }

 private:
  size_t Below(size_t end) { return choose_() % end; }
  Row RowFor(int64_t key) {
    auto row = SmallRow(&choose_);
    row[0] = Value::BIGINT(key);
    return row;
  }
  static bool Has(const TableRows& rows, int64_t key) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const Row& row) { return row[0].GetValue<int64_t>() == key; });
  }

  model::TableState Inserted(const model::TableState& state) {
    auto key = static_cast<int64_t>(Below(kKeys));
    if (Has(store().ReadAll(state), key)) return state;
    return edits().Insert(state, Below(state.rows + 1), {RowFor(key)});
  }

  model::TableState ChangedOnce(const model::TableState& state) {
    if (state.rows == 0) return Inserted(state);
    auto rows = store().ReadAll(state);
    size_t row = Below(rows.size());
    switch (Below(9)) {
      case 0: return edits().Delete(state, {row});
      case 1: return edits().Fold(state);
      case 2: {
        size_t begin = Below(state.entries);
        return edits().EncodeAnew(state, begin, begin + 1 + Below(3));
      }
      case 3: {  // it lies elsewhere, and may have changed
        auto moved = Below(2) == 0 ? rows[row] : RowFor(rows[row][0].GetValue<int64_t>());
        auto without = edits().Delete(state, {row});
        return edits().Insert(without, Below(without.rows + 1), {moved});
      }
      case 4: {  // another key
        auto key = static_cast<int64_t>(Below(kKeys));
        if (Has(rows, key)) return state;
        auto renamed = rows[row];
        renamed[0] = Value::BIGINT(key);
        auto without = edits().Delete(state, {row});
        return edits().Insert(without, std::min<size_t>(row, without.rows), {renamed});
      }
      case 5:
      case 6: {
        size_t field = 1 + Below(3);
        return edits().Update(state, {field}, {{row, {SmallRow(&choose_)[field]}}});
      }
      default: return Inserted(state);
    }
  }

  std::mt19937_64 choose_;
};

using RowsByKey = std::map<int64_t, Cells>;

RowsByKey ByKey(Store& store, const model::TableState& state) {
  RowsByKey rows;
  for (auto& row : store.ReadAll(state)) {
    bool is_new = rows.emplace(row[0].GetValue<int64_t>(), row).second;
    EXPECT_TRUE(is_new) << "a key twice";
  }
  return rows;
}

// As above, by key; a row that neither base has counts from 0.
std::optional<RowsByKey> MergeNaivelyByKey(const model::Schema& schema, const RowsByKey& base,
                                           const RowsByKey& ours, const RowsByKey& theirs) {
  RowsByKey merged;
  for (int64_t key = 0; key < KeyedMerges::kKeys; ++key) {
    auto find = [&](const RowsByKey& rows) {
      auto found = rows.find(key);
      return found == rows.end() ? nullptr : &found->second;
    };
    const auto* was = find(base);
    const auto* our = find(ours);
    const auto* their = find(theirs);
    if (our == nullptr && their == nullptr) continue;
    if (our == nullptr || their == nullptr) {
      const auto* left = our != nullptr ? our : their;
      if (was == nullptr) merged[key] = *left;
      if (was != nullptr && !Same(*was, *left)) return std::nullopt;
      continue;
    }
    for (size_t field = 0; field < our->size(); ++field) {
      const auto& rule = schema.fields[field].merge_rule;
      std::optional<Value> cell;
      if (was != nullptr) {
        cell = MergeCell(rule, (*was)[field], (*our)[field], (*their)[field]);
      } else if (rule == "add") {
        cell =
            Value::INTEGER((*our)[field].GetValue<int32_t>() + (*their)[field].GetValue<int32_t>());
      } else if (Same((*our)[field], (*their)[field])) {
        cell = (*our)[field];
      } else if (rule == "max") {
        cell = (*our)[field] < (*their)[field] ? (*their)[field] : (*our)[field];
      }
      if (!cell) return std::nullopt;
      merged[key].push_back(*cell);
    }
  }
  return merged;
}

TEST(RowMerge, OfTablesWithAKeyGivesWhatANaiveMergeByKeyGives) {
  auto seed = tests::DrawSeed();
  size_t conflicts = 0;
  size_t runs = tests::Scaled(1500);
  for (size_t i = 0; i < runs; ++i) {
    SCOPED_TRACE("seed " + std::to_string(seed + i));
    KeyedMerges merges(seed + i);
    auto base = merges.Start();
    auto ours = merges.Changed(base, 1 + merges.edits().Below(4));
    auto theirs = merges.Changed(base, 1 + merges.edits().Below(4));
    auto expected = MergeNaivelyByKey(merges.schema(), ByKey(merges.store(), base),
                                      ByKey(merges.store(), ours), ByKey(merges.store(), theirs));
    auto merged = merges.Merge(base, ours, theirs);
    auto mirrored = merges.Merge(base, theirs, ours);
    ASSERT_EQ(merged.counts.conflicts > 0, !expected);
    ASSERT_EQ(mirrored.counts.conflicts > 0, !expected);
    if (!expected) {
      ++conflicts;
      continue;
    }
    auto rows = ByKey(merges.store(), merged.state);
    ASSERT_EQ(rows.size(), expected->size());
    for (const auto& [key, row] : rows) ASSERT_TRUE(Same(row, expected->at(key))) << key;
    ASSERT_NO_FATAL_FAILURE(table::testing::ExpectSound(merges.store(), merged.state,
                                                        merges.store().ReadAll(merged.state)));
    ASSERT_EQ(mirrored.state, merged.state) << "merge(a, b) is not merge(b, a)";
  }
  EXPECT_GT(conflicts, runs / 20);
  EXPECT_LT(conflicts, runs * 3 / 4);
}

TEST(RowMerge, JoinsEntriesBetweenWhichNothingLiesAnyMore) {
  Merges merges(1, true);
  auto base = merges.edits().Append(merges.store().NewTable(merges.schema()), 6);
  base = merges.edits().Insert(base, 3, 2);
  ASSERT_EQ(base.entries, 3u);
  auto merged =
      merges.Merge(base, merges.edits().Delete(base, {3}), merges.edits().Delete(base, {4}));
  EXPECT_EQ(merged.state.rows, 6u);
  EXPECT_EQ(merged.state.entries, 1u);
}

TEST(RowMerge, OfAStateWithItselfOrItsAncestorIsThatState) {
  for (uint64_t seed = 1; seed < 40; ++seed) {
    Merges merges(seed, seed % 2 == 0);
    auto base = merges.Grown();
    auto ours = merges.Edited(base, 3);
    EXPECT_EQ(merges.Merge(base, ours, base).state, ours);
    EXPECT_EQ(merges.Merge(base, base, ours).state, ours);
    EXPECT_EQ(merges.Merge(ours, ours, ours).state, ours);
  }
}

}  // namespace
}  // namespace rhizo::merge
