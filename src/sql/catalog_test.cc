#include "sql/catalog.h"

#include <gtest/gtest.h>

#include "sql/session_state.h"
#include "sql/testing/test_session.h"
#include "sql/transaction.h"

namespace rhizo::sql {
namespace {

class CatalogTest : public testing::Test {
 protected:
  CatalogTest() {
    data_.Plain("CREATE TABLE t AS SELECT i FROM range(1500) r(i)");
    data_.Publish("t");
  }

  duckdb::ClientContext& client() { return session_.engine().client(); }
  Catalog& catalog() {
    Catalog* found = nullptr;
    client().RunFunctionInTransaction(
        [&] { found = static_cast<Catalog*>(&duckdb::Catalog::GetCatalog(client(), "rhizo")); });
    return *found;
  }
  size_t running() {
    auto& manager = catalog().GetAttached().GetTransactionManager();
    return static_cast<ViewTransactionManager&>(manager).running();
  }

  FakeDatabase data_;
  TestSession session_{&data_};
};

TEST_F(CatalogTest, NoTransactionIsLeftBehind) {
  ASSERT_TRUE(session_.Query("SELECT count(*) FROM t").has_value());
  ASSERT_FALSE(session_.Query("SELECT nothing FROM t").has_value());
  ASSERT_FALSE(session_.Query("SELECT error('x') FROM t").has_value());
  EXPECT_EQ(running(), 0u);
}

TEST_F(CatalogTest, AnOpenResultHoldsItsTransactionAndNoMore) {
  auto result = session_.engine().Run("FROM t a, t b", {}, {});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(running(), 1u);
  result = session_.engine().Run("FROM t a, t b", {}, {});
  EXPECT_EQ(running(), 1u);
  result->take_rows();
  EXPECT_EQ(running(), 0u);
}

TEST_F(CatalogTest, OneTableHasOneEntryPerNameWhileSomebodyHoldsIt) {
  auto table = data_.Open("t");
  duckdb::CreateSchemaInfo info;
  info.schema = "main";
  SchemaEntry main(catalog(), info);
  auto first = catalog().EntryOf(main, "t", table);
  EXPECT_EQ(catalog().EntryOf(main, "t", table), first);
  EXPECT_NE(catalog().EntryOf(main, "u", table), first);
  std::weak_ptr<TableEntry> gone = first;
  first.reset();
  EXPECT_TRUE(gone.expired());
  EXPECT_EQ(catalog().EntryOf(main, "t", table)->open_table(), table);
}

TEST_F(CatalogTest, ConnectionsWithoutASessionSeeNoTables) {
  auto connection = (*data_.engine()->Get())->Connect();
  ASSERT_TRUE(connection.has_value());
  EXPECT_TRUE((*connection)->Query("FROM t")->HasError());
  EXPECT_EQ((*connection)->Query("SHOW TABLES")->RowCount(), 0u);
  EXPECT_TRUE((*connection)->Query("FROM rhizo_log()")->HasError());
}

TEST_F(CatalogTest, HundredsOfEntriesComeAndGo) {
  for (int i = 0; i < 300; ++i) data_.Publish("t");
  for (int i = 1; i <= 300; ++i) {
    auto rows = session_.Query("SELECT count(*) FROM t VERSION " + std::to_string(i));
    ASSERT_TRUE(rows.has_value()) << rows.error().message();
  }
}

}  // namespace
}  // namespace rhizo::sql
