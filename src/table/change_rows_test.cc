// Rows are updated, deleted and upserted one by one: a naive list of rows says what must come out,
// and rows that stay are the same rows in the same place.
#include "table/change_rows.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "base/testing/scale.h"
#include "table/row_diff.h"
#include "table/testing/tables.h"

namespace rhizo::table {
namespace {

using duckdb::Value;
using testing::Bits;
using testing::ExpectSound;
using testing::Of;
using testing::Row;
using testing::RowIds;
using testing::SchemaOf;
using testing::Store;
using testing::TableRows;
using testing::ValueRows;

model::Schema KeyedSchema() {
  return SchemaOf(
      {Of(model::TypeKind::kInt64), Of(model::TypeKind::kString), Of(model::TypeKind::kInt32)});
}

// A rowid, then some of the schema's fields.
model::Schema EditSchema(const model::Schema& schema, const std::vector<size_t>& fields) {
  auto edit = SchemaOf({Of(model::TypeKind::kInt64)});
  for (size_t field : fields) edit.fields.push_back(schema.fields[field]);
  return edit;
}

// What scans call the rows of a table, in order.
std::vector<int64_t> RowNumbers(Store& store, const model::TableState& state) {
  std::vector<int64_t> numbers;
  auto table = store.Open(state);
  auto entries = table->Entries();
  for (size_t i = 0; i < entries->size(); ++i) {
    auto rows = model::LoadRows(store.staging(), (*entries)[i].entry).value();
    rows.Visible((*entries)[i].entry).ForEach([&](uint32_t slot) {
      numbers.push_back(static_cast<int64_t>(i) << 32 | slot);
    });
  }
  return numbers;
}

class Table {
 public:
  Table(model::Schema schema, std::vector<FieldId> key) {
    state_ = store_.NewTable(schema);
    state_.key = std::move(key);
  }

  void Append(const TableRows& more) {
    state_ = store_.Append(state_, more);
    rows_.insert(rows_.end(), more.begin(), more.end());
  }

  Result<Written> Delete(const std::vector<size_t>& which) {
    auto numbers = RowNumbers(store_, state_);
    TableRows edits;
    for (size_t row : which) edits.push_back({Value::BIGINT(numbers[row])});
    ValueRows source(EditSchema(state_.schema, {}), edits, 700);
    return Take(DeleteRows(store_.Context(), store_.Open(state_), &source));
  }

  Result<Written> Update(const std::map<size_t, Row>& which, const std::vector<size_t>& fields) {
    auto numbers = RowNumbers(store_, state_);
    TableRows edits;
    for (const auto& [row, values] : which) {
      edits.push_back({Value::BIGINT(numbers[row])});
      edits.back().insert(edits.back().end(), values.begin(), values.end());
    }
    ValueRows source(EditSchema(state_.schema, fields), edits, 700);
    return Take(UpdateRows(store_.Context(), store_.Open(state_), fields, &source));
  }

  Result<Written> Upsert(const TableRows& rows, const std::vector<size_t>& given) {
    ValueRows source(state_.schema, rows, 700);
    KeySet keys(state_.schema, state_.key);
    return Take(UpsertRows(store_.Context(), store_.Open(state_), given, &source, &keys));
  }

  Store& store() { return store_; }
  const model::TableState& state() const { return state_; }
  TableRows& rows() { return rows_; }  // what it is expected to have
  void ExpectRows() { ExpectSound(store_, state_, rows_); }

 private:
  Result<Written> Take(Result<Written> written) {
    if (written) state_ = written->state;
    return written;
  }

  Store store_;
  model::TableState state_;
  TableRows rows_;
};

Value Text(uint64_t number) { return Value("text " + std::to_string(number)); }

class Chain {
 public:
  explicit Chain(uint64_t seed) : random_(seed), table_(KeyedSchema(), {1}) {}

  void Run(int steps) {
    Grow(1 + Below(3000));
    for (int step = 0; step < steps; ++step) {
      auto before = Ids();
      switch (Below(6)) {
        case 0: Grow(1 + Below(40)); break;
        case 1: DeleteSome(); break;
        case 2: DeleteBlock(); break;
        case 3: UpdateSome(); break;
        case 4: ChangeKeys(); break;
        default: UpsertSome(); break;
      }
      table_.ExpectRows();
      if (::testing::Test::HasFatalFailure()) return;
      auto after = Ids();
      for (const auto& [key, id] : after) {
        auto old = before.find(key);
        if (old == before.end()) continue;
        ASSERT_EQ(old->second, id) << "row with key " << key;
      }
    }
  }

 private:
  uint64_t Below(uint64_t n) { return n == 0 ? 0 : random_() % n; }
  Row NewRow() {
    return {Value::BIGINT(next_key_++),
            Below(9) == 0 ? Value(duckdb::LogicalType::VARCHAR) : Text(Below(50)),
            Value::INTEGER(static_cast<int32_t>(Below(5)))};
  }
  // Row ids by key.
  std::map<int64_t, model::RowId> Ids() {
    std::map<int64_t, model::RowId> ids;
    auto all = RowIds(table_.store(), table_.state());
    for (size_t i = 0; i < all.size(); ++i) {
      ids[table_.rows()[i][0].GetValue<int64_t>()] = all[i];
    }
    return ids;
  }
  std::vector<size_t> SomeRows(uint64_t count) {
    std::set<size_t> rows;
    for (uint64_t i = 0; i < count && !table_.rows().empty(); ++i) {
      rows.insert(Below(table_.rows().size()));
    }
    return {rows.begin(), rows.end()};
  }
  uint64_t Few() { return Below(3) == 0 ? Below(table_.rows().size() + 1) : 1 + Below(8); }

  void Grow(uint64_t count) {
    TableRows more;
    for (uint64_t i = 0; i < count; ++i) more.push_back(NewRow());
    table_.Append(more);
  }
  void Erase(const std::vector<size_t>& which) {
    for (auto row = which.rbegin(); row != which.rend(); ++row) {
      table_.rows().erase(table_.rows().begin() + static_cast<ptrdiff_t>(*row));
    }
  }
  void DeleteSome() { Delete(SomeRows(Few())); }
  void DeleteBlock() {
    std::vector<size_t> which;
    for (size_t row = Below(table_.rows().size()); row < table_.rows().size() && Below(200) > 0;) {
      which.push_back(row++);
    }
    Delete(which);
  }
  void Delete(const std::vector<size_t>& which) {
    auto written = table_.Delete(which);
    ASSERT_TRUE(written.has_value()) << written.error().message();
    EXPECT_EQ(written->counts.rows_deleted, which.size());
    Erase(which);
  }
  void UpdateSome() {
    std::map<size_t, Row> edits;
    uint64_t updated = 0;
    for (size_t row : SomeRows(Few())) {
      Row values{Text(Below(50)), Value::INTEGER(static_cast<int32_t>(Below(5)))};
      auto& own = table_.rows()[row];
      updated += own[1].IsNull() || own[1] != values[0] || own[2] != values[1];
      own[1] = values[0];
      own[2] = values[1];
      edits[row] = values;
    }
    auto written = table_.Update(edits, {1, 2});
    ASSERT_TRUE(written.has_value()) << written.error().message();
    EXPECT_EQ(written->counts.rows_updated, updated);
    EXPECT_EQ(written->counts.rows_unchanged, edits.size() - updated);
  }
  // Such rows come again at the end.
  void ChangeKeys() {
    std::map<size_t, Row> edits;
    TableRows moved;
    for (size_t row : SomeRows(1 + Below(5))) {
      edits[row] = {Value::BIGINT(next_key_++)};
      moved.push_back(table_.rows()[row]);
      moved.back()[0] = edits[row][0];
    }
    auto which = SomeRows(0);
    for (const auto& [row, values] : edits) which.push_back(row);
    auto written = table_.Update(edits, {0});
    ASSERT_TRUE(written.has_value()) << written.error().message();
    EXPECT_EQ(written->counts.rows_updated, edits.size());
    EXPECT_EQ(written->counts.rows_deleted, 0);
    Erase(which);
    table_.rows().insert(table_.rows().end(), moved.begin(), moved.end());
  }
  void UpsertSome() {
    TableRows rows;
    TableRows fresh;
    auto known = SomeRows(Few());
    std::shuffle(known.begin(), known.end(), random_);
    for (size_t row : known) {
      auto& own = table_.rows()[row];
      own[2] = Value::INTEGER(static_cast<int32_t>(Below(5)));
      // The second field is not given: what stands there does not count.
      rows.push_back({own[0], Text(99), own[2]});
      if (Below(4) == 0) {
        fresh.push_back(NewRow());
        rows.push_back(fresh.back());
      }
    }
    auto written = table_.Upsert(rows, {0, 2});
    ASSERT_TRUE(written.has_value()) << written.error().message();
    EXPECT_EQ(written->counts.rows_inserted, fresh.size());
    EXPECT_EQ(written->counts.rows_updated + written->counts.rows_unchanged, known.size());
    table_.rows().insert(table_.rows().end(), fresh.begin(), fresh.end());
  }

  std::mt19937_64 random_;
  int64_t next_key_ = 0;
  Table table_;
};

TEST(ChangeRows, LongChainsOfRandomChangesGiveTheRowsOfANaiveList) {
  auto first_seed = std::random_device{}();
  for (uint64_t round = 0; round < tests::Scaled(20); ++round) {
    SCOPED_TRACE("seed " + std::to_string(first_seed + round));
    Chain(first_seed + round).Run(30);
    if (HasFatalFailure()) return;
  }
}

TableRows Numbered(int64_t begin, int64_t end) {
  TableRows rows;
  for (int64_t i = begin; i < end; ++i) {
    rows.push_back({Value::BIGINT(i), Text(i * 7919 % 10'007), Value::INTEGER(1)});
  }
  return rows;
}

TEST(ChangeRows, AnUpsertStoresWhatDiffersAndNothingElse) {
  Table table(KeyedSchema(), {1});
  table.Append(Numbered(0, 200'000));
  auto rows = Numbered(50'000, 60'000);
  for (int i = 0; i < 100; ++i) rows[i * 100][2] = Value::INTEGER(7);
  auto written = table.Upsert(rows, {0, 1, 2});
  ASSERT_TRUE(written.has_value()) << written.error().message();
  EXPECT_EQ(written->counts.rows_updated, 100);
  EXPECT_EQ(written->counts.rows_unchanged, 9'900);
  EXPECT_EQ(written->counts.segments_new, 0);
  EXPECT_LT(written->counts.new_bytes, 1500);
}

TEST(ChangeRows, ChangingNothingGivesTheSameState) {
  Table table(KeyedSchema(), {1});
  table.Append(Numbered(0, 100));
  auto before = table.state();
  ASSERT_TRUE(table.Upsert(Numbered(3, 9), {0, 1, 2}).has_value());
  EXPECT_EQ(table.state(), before);
}

TEST(ChangeRows, AKeyTwiceInTheDataIsAnErrorThatNamesRowsAndKey) {
  Table table(KeyedSchema(), {1});
  table.Append(Numbered(0, 10));
  auto rows = Numbered(0, 5);
  rows.push_back(rows[2]);
  auto written = table.Upsert(rows, {0, 1, 2});
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code(), ErrorCode::kConstraint);
  EXPECT_EQ(written.error().message(), "rows 3 and 6 have the same key: c0 2");
}

TEST(ChangeRows, AKeyCannotBecomeThatOfAnotherRow) {
  Table table(KeyedSchema(), {1});
  table.Append(Numbered(0, 10));
  auto written = table.Update({{3, {Value::BIGINT(7)}}}, {0});
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code(), ErrorCode::kConstraint);
  // Two rows may trade keys.
  auto traded = table.Update({{3, {Value::BIGINT(7)}}, {7, {Value::BIGINT(3)}}}, {0});
  EXPECT_TRUE(traded.has_value()) << traded.error().message();
}

TEST(ChangeRows, KeysOfSeveralFieldsAreFoundWholeAndZeroIsZero) {
  auto schema = SchemaOf(
      {Of(model::TypeKind::kFloat64), Of(model::TypeKind::kString), Of(model::TypeKind::kInt32)});
  Table table(schema, {1, 2});
  table.Append({{Value::DOUBLE(-0.0), Value("a"), Value::INTEGER(1)},
                {Value::DOUBLE(0.0), Value("b"), Value::INTEGER(2)},
                {Value::DOUBLE(1.5), Value("a"), Value::INTEGER(3)}});
  auto written = table.Upsert({{Value::DOUBLE(0.0), Value("a"), Value::INTEGER(10)},
                               {Value::DOUBLE(1.5), Value("b"), Value::INTEGER(11)}},
                              {0, 1, 2});
  ASSERT_TRUE(written.has_value()) << written.error().message();
  EXPECT_EQ(written->counts.rows_updated, 1);
  EXPECT_EQ(written->counts.rows_inserted, 1);
}

TEST(ChangeRows, NullAndNanAreNoKeys) {
  auto schema = SchemaOf({Of(model::TypeKind::kFloat64), Of(model::TypeKind::kInt32)});
  for (auto bad : {Value(duckdb::LogicalType::DOUBLE), Value::DOUBLE(std::nan(""))}) {
    Table table(schema, {1});
    table.Append({{Value::DOUBLE(1), Value::INTEGER(1)}});
    auto written =
        table.Upsert({{Value::DOUBLE(2), Value::INTEGER(1)}, {bad, Value::INTEGER(1)}}, {0, 1});
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code(), ErrorCode::kConstraint);
    EXPECT_EQ(written.error().field("row"), "2");
  }
}

// What a diff by key must say: "key: before -> after".
std::multiset<std::string> DiffByKey(Store& store, const model::TableState& before,
                                     const model::TableState& after) {
  auto diff = RowDiff::Open(&testing::Client(), store.Open(before), store.Open(after)).value();
  std::multiset<std::string> found;
  auto text = [&](OldRows* rows, uint64_t row) {
    std::string out;
    for (size_t field = 0; field < diff.types().size(); ++field) {
      duckdb::Vector value(diff.types()[field]);
      const uint64_t rows_wanted[] = {row};
      EXPECT_TRUE(rows->Gather(field, rows_wanted, &value).has_value());
      out += value.GetValue(0).ToString() + "|";
    }
    return out;
  };
  while (auto region = diff.Next().value()) {
    for (const auto& change : region->changes) {
      bool came = change.kind == RowChangeKind::kInsert;
      bool went = change.kind == RowChangeKind::kDelete;
      found.insert((came ? "" : text(region->before.get(), change.before)) + " -> " +
                   (went ? "" : text(region->after.get(), change.after)));
    }
  }
  return found;
}

std::multiset<std::string> ExpectedByKey(const TableRows& before, const TableRows& after) {
  auto by_key = [](const TableRows& rows) {
    std::map<std::string, std::string> all;
    for (const auto& row : rows) {
      for (const auto& value : row) all[row[0].ToString()] += value.ToString() + "|";
    }
    return all;
  };
  auto olds = by_key(before);
  auto news = by_key(after);
  std::multiset<std::string> expected;
  for (const auto& [key, row] : olds) {
    auto now = news.find(key);
    if (now == news.end()) expected.insert(row + " -> ");
    if (now != news.end() && now->second != row) expected.insert(row + " -> " + now->second);
  }
  for (const auto& [key, row] : news) {
    if (!olds.contains(key)) expected.insert(" -> " + row);
  }
  return expected;
}

TEST(ChangeRows, AKeyedTableWrittenBackInAnyOrderDiffersByKeyOnly) {
  auto first_seed = std::random_device{}();
  for (uint64_t round = 0; round < tests::Scaled(12); ++round) {
    SCOPED_TRACE("seed " + std::to_string(first_seed + round));
    std::mt19937_64 random(first_seed + round);
    Store store;
    auto state = store.NewTable(KeyedSchema());
    state.key = {1};
    TableRows rows = Numbered(0, static_cast<int64_t>(1 + random() % 5000));
    state = store.Write(state, rows);
    auto first = state;
    auto first_rows = rows;
    for (int step = 0; step < 8; ++step) {
      auto before = state;
      auto before_rows = rows;
      switch (random() % 4) {
        case 0: std::shuffle(rows.begin(), rows.end(), random); break;
        case 1:
          for (size_t i = random() % 9; i < rows.size(); i += 1 + random() % 90) {
            rows[i][1] = Text(random() % 9);
            rows[i][2] = Value::INTEGER(static_cast<int32_t>(random() % 9));
          }
          break;
        case 2:
          for (size_t i = random() % 9; i < rows.size(); i += 1 + random() % 90) {
            rows.erase(rows.begin() + static_cast<ptrdiff_t>(i));
          }
          break;
        default: {
          auto more = Numbered(static_cast<int64_t>(100'000 + step * 100),
                               static_cast<int64_t>(100'000 + step * 100 + random() % 50));
          rows.insert(rows.begin() + static_cast<ptrdiff_t>(random() % (rows.size() + 1)),
                      more.begin(), more.end());
        }
      }
      state = store.Write(state, rows);
      ExpectSound(store, state, rows);
      ASSERT_EQ(DiffByKey(store, before, state), ExpectedByKey(before_rows, rows));
      ASSERT_EQ(DiffByKey(store, first, state), ExpectedByKey(first_rows, rows));
      ASSERT_EQ(DiffByKey(store, state, first), ExpectedByKey(rows, first_rows));
    }
  }
}

TEST(ChangeRows, ManyPatchesOfAFieldAreFoldedIntoOne) {
  Table table(KeyedSchema(), {1});
  table.Append(Numbered(0, 100'000));
  for (int i = 0; i < 9; ++i) {
    table.rows() = table.store().ReadAll(table.state());
    auto written = table.Update({{size_t(i * 7), {Value::INTEGER(40 + i)}}}, {2});
    ASSERT_TRUE(written.has_value()) << written.error().message();
    auto opened = table.store().Open(table.state());
    auto entries = opened->Entries();
    EXPECT_LE(entries->front().entry.patches.size(), 4);
    table.rows()[i * 7][2] = Value::INTEGER(40 + i);
    table.ExpectRows();
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace rhizo::table
