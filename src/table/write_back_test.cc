// A table is read, changed a little and written back: the rows are what was written, in order, at
// every version; rows that stayed are the same rows; what is stored is what changed.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/testing/scale.h"
#include "model/table_state.h"
#include "table/testing/tables.h"
#include "table/write.h"

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

// Rows and who they are: a naive table.
struct Model {
  TableRows rows;
  std::vector<uint64_t> ids;  // of each row; drawn anew for rows that are put in
  uint64_t next_id = 0;

  void Insert(size_t at, Row row) {
    rows.insert(rows.begin() + static_cast<ptrdiff_t>(at), std::move(row));
    ids.insert(ids.begin() + static_cast<ptrdiff_t>(at), next_id++);
  }
  void Erase(size_t at) {
    rows.erase(rows.begin() + static_cast<ptrdiff_t>(at));
    ids.erase(ids.begin() + static_cast<ptrdiff_t>(at));
  }
};

model::Schema SmallSchema() {
  return SchemaOf({Of(model::TypeKind::kInt64), Of(model::TypeKind::kString),
                   Of(model::TypeKind::kInt32), Of(model::TypeKind::kFloat64)});
}

// `alphabet`: how many different values a field has; the fewer, the more equal rows.
class Editor {
 public:
  Editor(uint64_t seed, uint64_t alphabet) : random_(seed), alphabet_(alphabet) {}

  Row NewRow() { return {Cell(0), Cell(1), Cell(2), Cell(3)}; }

  Value Cell(size_t field) {
    if (Below(20) == 0) return Value(Types()[field]);
    auto number = static_cast<int64_t>(Below(alphabet_));
    switch (field) {
      case 0: return Value::BIGINT(number);
      case 1: return Value("text " + std::to_string(number));
      case 2: return Value::INTEGER(static_cast<int32_t>(number));
      default: return number % 7 == 0 ? Value::DOUBLE(-0.0) : Value::DOUBLE(double(number % 7 - 1));
    }
  }

  void Edit(Model* model) {
    size_t size = model->rows.size();
    switch (Below(12)) {
      case 0: return ChangeCells(model, 1 + size / 50);
      case 1: return ChangeCells(model, 1);
      case 2: return ChangeColumn(model);
      case 3: return InsertBlock(model, Below(size + 1), 1 + Below(5));
      case 4: return InsertBlock(model, 0, 1);
      case 5: return InsertBlock(model, size, 1 + Below(4));
      case 6: return EraseSome(model, 1 + size / 30);
      case 7: return EraseBlock(model);
      case 8: return Duplicate(model);
      case 9:
        for (int i = 0; i < 3; ++i) Edit(model);
        return;
      case 10: return Below(4) == 0 ? Shuffle(model) : ChangeCells(model, 2);
      default: return InsertBlock(model, Below(size + 1), Below(3) == 0 ? 40 + Below(200) : 2);
    }
  }

  uint64_t Below(uint64_t n) { return n == 0 ? 0 : random_() % n; }

 private:
  static std::vector<duckdb::LogicalType> Types() {
    return {duckdb::LogicalType::BIGINT, duckdb::LogicalType::VARCHAR, duckdb::LogicalType::INTEGER,
            duckdb::LogicalType::DOUBLE};
  }

  void ChangeCells(Model* model, size_t count) {
    for (size_t i = 0; i < count && !model->rows.empty(); ++i) {
      size_t field = Below(4);
      model->rows[Below(model->rows.size())][field] = Cell(field);
    }
  }
  void ChangeColumn(Model* model) {
    size_t field = Below(4);
    for (auto& row : model->rows) row[field] = Cell(field);
  }
  void InsertBlock(Model* model, size_t at, size_t count) {
    for (size_t i = 0; i < count; ++i) model->Insert(at + i, NewRow());
  }
  void EraseSome(Model* model, size_t count) {
    for (size_t i = 0; i < count && !model->rows.empty(); ++i) {
      model->Erase(Below(model->rows.size()));
    }
  }
  void EraseBlock(Model* model) {
    size_t at = Below(model->rows.size());
    for (size_t i = Below(model->rows.size() / 3 + 2); i > 0 && at < model->rows.size(); --i) {
      model->Erase(at);
    }
  }
  void Duplicate(Model* model) {
    if (model->rows.empty()) return;
    auto row = model->rows[Below(model->rows.size())];
    model->Insert(Below(model->rows.size() + 1), row);
  }
  void Shuffle(Model* model) {
    std::shuffle(model->rows.begin(), model->rows.end(), random_);
    for (auto& id : model->ids) id = model->next_id++;
  }

  std::mt19937_64 random_;
  const uint64_t alphabet_;
};

TEST(WriteBack, LongChainsOfRandomEditsHoldEveryVersion) {
  auto first_seed = std::random_device{}();
  for (uint64_t round = 0; round < tests::Scaled(24); ++round) {
    uint64_t seed = first_seed + round;
    SCOPED_TRACE("seed " + std::to_string(seed));
    const uint64_t alphabets[] = {2, 5, 100, 1'000'000'000};
    Editor editor(seed, alphabets[round % 4]);
    Store store;
    Model model;
    auto state = store.NewTable(SmallSchema());
    std::vector<std::pair<model::TableState, TableRows>> versions;
    for (int step = 0; step < 40; ++step) {
      editor.Edit(&model);
      if (editor.Below(8) == 0) {  // others append, and fold
        TableRows more = {editor.NewRow(), editor.NewRow()};
        state = store.Append(state, more);
        model.rows = store.ReadAll(state);
        model.ids.resize(model.rows.size());
        if (editor.Below(2) == 0) state = FoldTail(store.Context(), state).value();
        editor.Edit(&model);
      }
      state = store.Write(state, model.rows);
      ExpectSound(store, state, model.rows);
      if (HasFatalFailure()) return;
      versions.emplace_back(state, model.rows);
    }
    for (const auto& [version, rows] : versions) {
      ASSERT_EQ(Bits(version.schema, store.ReadAll(version)), Bits(version.schema, rows));
    }
  }
}

// No two such rows have a field in common.
Row DistinctRow(std::mt19937_64* random) {
  auto number = static_cast<int64_t>((*random)() >> 12);
  return {Value::BIGINT(number), Value("text " + std::to_string(number)),
          Value::INTEGER(static_cast<int32_t>(number >> 20)),
          Value::DOUBLE(static_cast<double>(number))};
}

// Rows that can be told apart: which of them stayed is beyond doubt.
TEST(WriteBack, RowsThatStayedKeepTheirIdsAndOthersGetNewOnes) {
  auto first_seed = std::random_device{}();
  for (uint64_t round = 0; round < tests::Scaled(12); ++round) {
    uint64_t seed = first_seed + round;
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Store store;
    Model model;
    for (int i = 0; i < 300; ++i) model.Insert(model.rows.size(), DistinctRow(&random));
    auto state = store.Write(store.NewTable(SmallSchema()), model.rows);
    for (int step = 0; step < 20; ++step) {
      auto before_ids = RowIds(store, state);
      std::map<uint64_t, model::RowId> known;
      for (size_t i = 0; i < model.ids.size(); ++i) known[model.ids[i]] = before_ids[i];
      std::set<uint64_t> updated;
      uint64_t deleted = 0;
      uint64_t inserted = 0;
      for (uint64_t i = random() % 6; i > 0 && !model.rows.empty(); --i) {
        size_t at = random() % model.rows.size();
        size_t field = random() % 4;
        if (updated.contains(model.ids[at])) continue;
        model.rows[at][field] = field == 1
                                    ? Value("new " + std::to_string(random()))
                                    : Value::BIGINT(static_cast<int64_t>(random() % 1000000007))
                                          .DefaultCastAs(model.rows[at][field].type());
        updated.insert(model.ids[at]);
      }
      for (uint64_t i = random() % 6; i > 0 && !model.rows.empty(); --i) {
        size_t at = random() % model.rows.size();
        deleted += known.contains(model.ids[at]);
        updated.erase(model.ids[at]);
        model.Erase(at);
      }
      for (uint64_t i = random() % 4; i > 0; --i) {
        model.Insert(random() % (model.rows.size() + 1), DistinctRow(&random));
        ++inserted;
      }
      WriteCounts counts;
      state = store.Write(state, model.rows, &counts);
      ExpectSound(store, state, model.rows);
      if (HasFatalFailure()) return;
      EXPECT_EQ(counts.rows_inserted, inserted);
      EXPECT_EQ(counts.rows_deleted, deleted);
      EXPECT_EQ(counts.rows_updated, updated.size());
      auto after_ids = RowIds(store, state);
      for (size_t i = 0; i < model.ids.size(); ++i) {
        auto old = known.find(model.ids[i]);
        if (old == known.end()) continue;
        EXPECT_EQ(after_ids[i], old->second) << "row " << i;
      }
    }
  }
}

}  // namespace
}  // namespace rhizo::table
