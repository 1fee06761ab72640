// What differs between two states of a table, against rows that are compared one by one by id.
#include "table/row_diff.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/testing/scale.h"
#include "table/testing/tables.h"
#include "table/write.h"

namespace rhizo::table {
namespace {

using duckdb::Value;
using testing::Bits;
using testing::Of;
using testing::Row;
using testing::SchemaOf;
using testing::Store;
using testing::TableRows;
using CellBits = std::vector<std::optional<std::string>>;

model::Schema SmallSchema() {
  return SchemaOf(
      {Of(model::TypeKind::kInt64), Of(model::TypeKind::kString), Of(model::TypeKind::kInt32)});
}

Row RowOf(uint64_t number, std::mt19937_64* random) {
  return {Value::BIGINT(static_cast<int64_t>(number)),
          Value("t" + std::to_string((*random)() % 50)),
          Value::INTEGER(static_cast<int32_t>((*random)() % 10))};
}

using ById = std::map<std::string, CellBits>;

ById RowsById(Store& store, const model::TableState& state) {
  auto rows = Bits(state.schema, store.ReadAll(state));
  auto ids = testing::RowIds(store, state);
  ById by_id;
  for (size_t row = 0; row < ids.size(); ++row) by_id[ids[row].ToBytes()] = rows[row];
  return by_id;
}

// Inserted, deleted and updated rows, each as "kind: before -> after, fields".
std::multiset<std::string> Expected(const ById& before, const ById& after) {
  auto text = [](const CellBits& row) {
    std::string out;
    for (const auto& cell : row) out += cell ? ToHex(*cell) + "|" : "NULL|";
    return out;
  };
  std::multiset<std::string> changes;
  for (const auto& [id, row] : before) {
    if (!after.contains(id)) changes.insert("- " + text(row));
  }
  for (const auto& [id, row] : after) {
    auto old = before.find(id);
    if (old == before.end()) {
      changes.insert("+ " + text(row));
      continue;
    }
    if (old->second == row) continue;
    std::string fields;
    for (size_t i = 0; i < row.size(); ++i) {
      if (old->second[i] != row[i]) fields += std::to_string(i) + " ";
    }
    changes.insert("~ " + text(old->second) + " > " + text(row) + " " + fields);
  }
  return changes;
}

std::string TextOf(const RowDiff& diff, OldRows* rows, uint64_t row) {
  Row values;
  for (size_t field = 0; field < diff.types().size(); ++field) {
    duckdb::Vector out(diff.types()[field], 1);
    const uint64_t wanted[] = {row};
    EXPECT_TRUE(rows->Gather(field, wanted, &out).has_value());
    values.push_back(out.GetValue(0));
  }
  std::string text;
  auto bits = Bits(diff.schema(), {values});
  for (const auto& cell : bits[0]) text += cell ? ToHex(*cell) + "|" : "NULL|";
  return text;
}

std::multiset<std::string> Found(Store& store, const model::TableState& before,
                                 const model::TableState& after) {
  auto diff = RowDiff::Open(&testing::Client(), store.Open(before), store.Open(after)).value();
  std::multiset<std::string> changes;
  while (auto region = diff.Next().value()) {
    for (const auto& change : region->changes) {
      switch (change.kind) {
        case RowChangeKind::kInsert:
          changes.insert("+ " + TextOf(diff, region->after.get(), change.after));
          break;
        case RowChangeKind::kDelete:
          changes.insert("- " + TextOf(diff, region->before.get(), change.before));
          break;
        case RowChangeKind::kUpdate: {
          std::string fields;
          for (uint32_t field : change.changed) fields += std::to_string(field) + " ";
          changes.insert("~ " + TextOf(diff, region->before.get(), change.before) + " > " +
                         TextOf(diff, region->after.get(), change.after) + " " + fields);
        }
      }
    }
  }
  return changes;
}

TEST(RowDiff, OfAnyTwoVersionsIsWhatComparingRowsByIdFinds) {
  auto first_seed = std::random_device{}();
  for (uint64_t round = 0; round < tests::Scaled(12); ++round) {
    uint64_t seed = first_seed + round;
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Store store;
    auto state = store.NewTable(SmallSchema());
    uint64_t next = 0;
    TableRows rows;
    std::vector<model::TableState> versions = {state};
    std::vector<ById> known = {{}};
    for (int step = 0; step < 12; ++step) {
      switch (random() % 6) {
        case 0:
          for (int i = 0; i < 60; ++i) rows.push_back(RowOf(next++, &random));
          break;
        case 1:
          for (size_t i = random() % 9; i < rows.size(); i += 1 + random() % 20) {
            rows[i][2] = Value::INTEGER(static_cast<int32_t>(random() % 10));
          }
          break;
        case 2:
          for (size_t i = random() % 5; i < rows.size(); i += random() % 30) {
            rows.erase(rows.begin() + static_cast<ptrdiff_t>(i));
          }
          break;
        case 3:
          for (int i = 0; i < 3; ++i) {
            rows.insert(rows.begin() + static_cast<ptrdiff_t>(random() % (rows.size() + 1)),
                        RowOf(next++, &random));
          }
          break;
        case 4:  // most cells of a field: the rows are encoded anew
          for (auto& row : rows) row[1] = Value("u" + std::to_string(random() % 9));
          break;
        default: {
          TableRows more = {RowOf(next++, &random)};
          state = store.Append(state, more);
          rows.push_back(more[0]);
          state = FoldTail(store.Context(), state).value();
        }
      }
      state = store.Write(state, rows);
      versions.push_back(state);
      known.push_back(RowsById(store, state));
    }
    for (size_t i = 0; i < versions.size(); ++i) {
      for (size_t j = 0; j < versions.size(); j += 1 + random() % 3) {
        ASSERT_EQ(Found(store, versions[i], versions[j]), Expected(known[i], known[j]))
            << "from " << i << " to " << j;
      }
    }
  }
}

TEST(RowDiff, FoldingChangesNothing) {
  Store store;
  std::mt19937_64 random(1);
  auto state = store.NewTable(SmallSchema());
  for (uint64_t i = 0; i < 40; ++i) state = store.Append(state, {RowOf(i, &random)});
  auto folded = FoldTail(store.Context(), state).value();
  ASSERT_LT(folded.entries, state.entries);
  EXPECT_TRUE(Found(store, state, folded).empty());
}

TEST(RowDiff, ReadsOnlyTheFieldThatChangedOfTheEntryThatDid) {
  Store store;
  std::mt19937_64 random(1);
  TableRows rows;
  for (uint64_t i = 0; i < 250'000; ++i) rows.push_back(RowOf(i, &random));
  auto before = store.Write(store.NewTable(SmallSchema()), rows);
  rows[200'000][2] = Value::INTEGER(77);
  auto after = store.Write(before, rows);
  store.cache().Clear();
  auto diff = RowDiff::Open(&testing::Client(), store.Open(before), store.Open(after)).value();
  auto region = diff.Next().value();
  ASSERT_TRUE(region.has_value());
  ASSERT_EQ(region->changes.size(), 1u);
  EXPECT_EQ(region->changes[0].changed, std::vector<uint32_t>{2});
  EXPECT_FALSE(diff.Next().value().has_value());
  EXPECT_EQ(store.cache().Statistics().columns, 1u);
}

}  // namespace
}  // namespace rhizo::table
