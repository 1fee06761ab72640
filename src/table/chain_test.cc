// Chains of writes, appends and folds against a vector of rows; what is reused; what damage does.
#include <gtest/gtest.h>

#include <random>

#include "base/blake3.h"
#include "model/table_state.h"
#include "table/testing/tables.h"
#include "table/write.h"

namespace rhizo::table {
namespace {

using duckdb::Value;
using testing::Bits;
using testing::Of;
using testing::SchemaOf;
using testing::Store;
using testing::TableRows;

model::Schema Schema() {
  return SchemaOf({Of(model::TypeKind::kInt64), Of(model::TypeKind::kString)});
}

TableRows Numbered(size_t first, size_t count) {
  TableRows rows;
  for (size_t i = first; i < first + count; ++i) {
    rows.push_back({Value::BIGINT(static_cast<int64_t>(i)), Value("r" + std::to_string(i % 7))});
  }
  return rows;
}

// Numbers that do not compress.
TableRows Scattered(size_t count) {
  engine::Generator random(5);
  TableRows rows;
  for (size_t i = 0; i < count; ++i) {
    rows.push_back({Value::BIGINT(static_cast<int64_t>(random())), Value("r")});
  }
  return rows;
}

void Extend(TableRows* rows, const TableRows& more) {
  rows->insert(rows->end(), more.begin(), more.end());
}

void ExpectRows(Store& store, const model::TableState& state, const TableRows& rows) {
  ASSERT_EQ(state.rows, rows.size());
  ASSERT_EQ(Bits(state.schema, store.ReadAll(state)), Bits(state.schema, rows));
}

Status Verify(Store& store, const model::TableState& state) {
  return VerifyTable(store.Reading(), &testing::Engine(),
                     store.staging().Add(model::Encode(state)));
}

TEST(Chains, OfWritesAppendsAndFoldsHoldTheRowsInOrder) {
  auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  engine::Generator random(seed);
  Store store;
  auto state = store.NewTable(Schema());
  TableRows rows;
  auto context = store.Context();
  for (int step = 0; step < 120; ++step) {
    switch (random() % 6) {
      case 0:
      case 1:
      case 2: {
        auto more = Numbered(random() % 1000, 1 + random() % 5);
        state = store.Append(state, more);
        Extend(&rows, more);
        break;
      }
      case 3: {
        auto folded = FoldTail(context, state);
        ASSERT_TRUE(folded.has_value());
        state = *folded;
        break;
      }
      case 4: {  // change a few rows in place
        for (size_t i = 0; i < rows.size(); i += 1 + random() % 40) {
          rows[i][0] = Value::BIGINT(static_cast<int64_t>(random() % 100));
        }
        state = store.Write(state, rows);
        break;
      }
      default: {  // put some in, take some out
        size_t at = rows.empty() ? 0 : random() % rows.size();
        size_t out = std::min<size_t>(random() % 4, rows.size() - at);
        rows.erase(rows.begin() + static_cast<ptrdiff_t>(at),
                   rows.begin() + static_cast<ptrdiff_t>(at + out));
        auto in = Numbered(random() % 1000, random() % 4);
        rows.insert(rows.begin() + static_cast<ptrdiff_t>(at), in.begin(), in.end());
        state = store.Write(state, rows);
      }
    }
    ExpectRows(store, state, rows);
  }
  auto verified = Verify(store, state);
  EXPECT_TRUE(verified.has_value()) << verified.error().message();
}

TEST(Chains, OfLargeWritesReuseTheSegmentsThatAreTheSame) {
  Store store;
  auto rows = Numbered(0, 300'000);
  auto state = store.Write(store.NewTable(Schema()), rows);
  ASSERT_EQ(state.entries, 3u);
  rows[150'000][0] = Value::BIGINT(-1);
  WriteCounts counts;
  auto changed = store.Write(state, rows, &counts);
  EXPECT_EQ(counts.segments_reused, 3u);
  EXPECT_EQ(counts.segments_new, 0u);
  EXPECT_EQ(counts.rows_updated, 1u);
  EXPECT_LT(counts.new_bytes, 200u);
  ExpectRows(store, changed, rows);
  Extend(&rows, Numbered(5, 10));
  auto longer = store.Write(changed, rows, &counts);
  EXPECT_EQ(counts.segments_reused, 3u);
  EXPECT_EQ(counts.segments_new, 1u);
  ExpectRows(store, longer, rows);
  rows.resize(130'000);
  auto shorter = store.Write(longer, rows, &counts);
  EXPECT_EQ(counts.segments_reused, 1u);
  ExpectRows(store, shorter, rows);
  auto verified = Verify(store, shorter);
  EXPECT_TRUE(verified.has_value()) << verified.error().message();
}

TEST(Chains, FoldingKeepsLogarithmicallyManySegmentsAndEveryPlace) {
  Store store;
  auto state = store.NewTable(Schema());
  auto context = store.Context();
  for (size_t i = 0; i < 200; ++i) {
    state = store.Append(state, Numbered(i, 1));
    state = FoldTail(context, state).value();
  }
  EXPECT_LE(state.entries, 8u);
  ExpectRows(store, state, Numbered(0, 200));
  // Rows appended to the unfolded table lie behind: places were kept, so both orders agree.
  auto unfolded = store.NewTable(Schema());
  for (size_t i = 0; i < 20; ++i) unfolded = store.Append(unfolded, Numbered(i, 1));
  EXPECT_EQ(unfolded.entries, 20u);
  auto last_key = [&](const model::TableState& table) {
    auto open = store.Open(table);
    auto entry = open->Entries().value().back().entry;
    auto runs = model::Load(store.staging(), entry.runs).value();
    return model::EncodePlace(runs.back().PlaceOf(runs.back().end_slot() - 1));
  };
  EXPECT_EQ(last_key(unfolded), last_key(FoldTail(context, unfolded).value()));
}

TEST(Chains, AFoldWithNothingToJoinChangesNothing) {
  Store store;
  auto context = store.Context();
  auto empty = store.NewTable(Schema());
  EXPECT_EQ(FoldTail(context, empty).value(), empty);
  auto state = store.Append(store.Append(empty, Numbered(0, 5)), Numbered(5, 2));
  EXPECT_EQ(FoldTail(context, state).value(), state);
}

TEST(Chains, AThousandColumnsAreATable) {
  Store store;
  auto schema = SchemaOf(std::vector<model::Type>(1'000, Of(model::TypeKind::kInt32)));
  TableRows rows(1, std::vector<Value>(1'000, Value::INTEGER(4)));
  auto state = store.Write(store.NewTable(schema), rows);
  EXPECT_LT(state.bytes, 20'000u);
  ExpectRows(store, state, rows);
  TableRows many(300, rows[0]);
  state = store.Write(state, many);
  ExpectRows(store, state, many);
  auto verified = Verify(store, state);
  EXPECT_TRUE(verified.has_value()) << verified.error().message();
}

TEST(Chains, ForEachObjectNamesEverythingAndSaysWhatIsLarge) {
  Store store;
  auto state = store.Write(store.NewTable(Schema()), Scattered(150'000));
  auto id = store.staging().Add(model::Encode(state));
  size_t large = 0;
  size_t small = 0;
  auto visit = [&](const ObjectId& object, bool is_large) -> Result<bool> {
    (is_large ? large : small) += 1;
    bool found =
        is_large ? store.large().Size(object).has_value() : store.staging().Find(object) != nullptr;
    EXPECT_TRUE(found);
    return true;
  };
  ASSERT_TRUE(ForEachObject(store.Reading(), id, visit).has_value());
  EXPECT_EQ(large, 2u);
  EXPECT_GE(small, 4u);
}

// A reader that gives one object with a bit flipped.
class Spoiled final : public object::ObjectReader {
 public:
  Spoiled(object::ObjectReader* stored, const ObjectId& id, uint64_t bit)
      : stored_(stored), id_(id), bit_(bit) {}
  Result<object::ObjectBytes> Read(const ObjectId& id) override {
    ASSIGN_OR_RETURN(auto bytes, stored_->Read(id));
    if (id != id_) return bytes;
    std::string spoiled = *bytes;
    spoiled[bit_ / 8 % spoiled.size()] ^= static_cast<char>(1 << (bit_ % 8));
    return std::make_shared<const std::string>(std::move(spoiled));
  }

 private:
  object::ObjectReader* stored_;
  const ObjectId id_;
  const uint64_t bit_;
};

TEST(Damage, AFlippedBitInASegmentIsNeverAnotherValue) {
  auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  engine::Generator random(seed);
  Store store;
  auto rows = Numbered(0, 2'600);  // a Parquet file that is small enough to be staged
  auto state = store.Write(store.NewTable(Schema()), rows);
  auto expected = Bits(state.schema, rows);
  auto id = store.staging().Add(model::Encode(state));
  std::vector<ObjectId> objects;
  ASSERT_TRUE(ForEachObject(store.Reading(), id, [&](const ObjectId& object, bool) -> Result<bool> {
                objects.push_back(object);
                return true;
              }).has_value());
  // The segment file itself comes last; the info's bytes are the reader's to check.
  const ObjectId file = objects.back();
  size_t found = 0;
  for (int i = 0; i < 300; ++i) {
    Spoiled spoiled(&store.staging(), file, random());
    ColumnCache cache(0);
    ReadContext context{&spoiled, &store.large(), &cache};
    auto table = OpenTable::Open(context, id, std::make_shared<const model::TableState>(state));
    auto entries = (*table)->Entries();
    EntryReader reader(&testing::Client(), **table, {0, 1});
    if (!entries || !reader.Start((*entries)[0])) continue;
    for (size_t column = 0; column < 2; ++column) {
      duckdb::Vector values((*table)->types()[column]);
      auto read = reader.Read(1, column, &values);
      if (!read) {
        EXPECT_EQ(read.error().code(), ErrorCode::kCorruption);
        EXPECT_EQ(read.error().field("object"), file.ToString());
        ++found;
        continue;
      }
      ASSERT_TRUE(Value::NotDistinctFrom(values.GetValue(3), rows[2'051][column]));
    }
    EXPECT_EQ(VerifyTable(context, &testing::Engine(), id).error().code(), ErrorCode::kCorruption);
  }
  EXPECT_GT(found, 100u);
}

TEST(Damage, AMissingSegmentIsNamed) {
  Store store;
  auto state = store.Write(store.NewTable(Schema()), Scattered(150'000));
  std::vector<ObjectId> large;
  ASSERT_TRUE(store.large()
                  .List([&](const ObjectId& id, uint64_t) {
                    large.push_back(id);
                    return true;
                  })
                  .has_value());
  ASSERT_TRUE(store.large().Remove(large[0]).has_value());
  auto read = store.TryReadAll(state);
  ASSERT_FALSE(read.has_value());
  auto verified = Verify(store, state);
  ASSERT_FALSE(verified.has_value());
  EXPECT_EQ(verified.error().field("object"), large[0].ToString());
}

}  // namespace
}  // namespace rhizo::table
