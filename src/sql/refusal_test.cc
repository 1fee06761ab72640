#include "sql/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/testing/test_session.h"

namespace rhizo::sql {
namespace {

using testing::HasSubstr;

class RefusalTest : public testing::Test {
 protected:
  RefusalTest() {
    data_.Plain("CREATE TABLE t AS SELECT 1 AS i, 'a' AS s");
    data_.Publish("t");
  }

  Error Refused(const std::string& sql) {
    auto rows = session_.Query(sql);
    EXPECT_FALSE(rows.has_value()) << sql;
    return rows ? Error(ErrorCode::kIo, "ran") : rows.error();
  }

  FakeDatabase data_;
  TestSession session_{&data_};
};

TEST_F(RefusalTest, WritingStatementsSayWhatToUseInstead) {
  for (const char* sql :
       {"INSERT INTO t VALUES (2, 'b')",
        "INSERT OR REPLACE INTO t VALUES (2, 'b')",
        "UPDATE t SET i = 2",
        "DELETE FROM t",
        "TRUNCATE t",
        "MERGE INTO t USING (SELECT 1 AS i) n ON t.i = n.i WHEN MATCHED THEN DELETE",
        "CREATE TABLE u (i INTEGER)",
        "CREATE TABLE u AS FROM t",
        "CREATE OR REPLACE TABLE t (i INT)",
        "CREATE TEMP TABLE u AS FROM t",
        "CREATE TEMP VIEW v AS FROM t",
        "CREATE VIEW v AS FROM t",
        "CREATE SCHEMA s",
        "CREATE MACRO m(a) AS a + 1",
        "CREATE MACRO m() AS TABLE FROM t",
        "DROP TABLE t",
        "DROP VIEW IF EXISTS t",
        "DROP SCHEMA main",
        "ALTER TABLE t RENAME TO u",
        "ALTER TABLE t ADD COLUMN x INT",
        "ALTER TABLE t ADD PRIMARY KEY (i)",
        "COMMENT ON TABLE t IS 'x'",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SET VARIABLE x = 1",
        "EXPLAIN INSERT INTO t VALUES (2, 'b')",
        "EXPLAIN ANALYZE DELETE FROM t",
        "PREPARE p AS DELETE FROM t"}) {
    auto error = Refused(sql);
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported) << sql << "\n" << error.message();
    EXPECT_THAT(error.message(), HasSubstr("not supported yet; ")) << sql;
  }
}

TEST_F(RefusalTest, NothingLeavesTheDatabase) {
  for (const char* sql : {"COPY t TO '/tmp/x.csv'",
                          "COPY t FROM '/tmp/x.csv'",
                          "EXPORT DATABASE '/tmp/x'",
                          "IMPORT DATABASE '/tmp/x'",
                          "ATTACH ':memory:' AS m",
                          "ATTACH '/tmp/x.db'",
                          "DETACH rhizo",
                          "INSTALL httpfs",
                          "LOAD httpfs",
                          "SET threads = 1",
                          "SET enable_external_access = true",
                          "RESET threads",
                          "PRAGMA threads = 1",
                          "PRAGMA enable_profiling",
                          "CHECKPOINT",
                          "VACUUM",
                          "ANALYZE",
                          "CREATE SECRET s (TYPE s3)",
                          "CREATE INDEX x ON t (i)",
                          "CREATE SEQUENCE q",
                          "CREATE TYPE e AS ENUM ('a')",
                          "USE system",
                          "FROM read_csv('/etc/passwd')",
                          "FROM read_text('/etc/passwd')",
                          "FROM read_parquet('/tmp/x.parquet')",
                          "FROM '/etc/passwd'",
                          "FROM glob('/*')",
                          "CALL enable_logging(storage = 'file', storage_path = '/tmp/x')",
                          "CALL disable_peg_parser()",
                          "FROM sniff_csv('/etc/passwd')",
                          "SELECT getenv('HOME')"}) {
    Refused(sql);
  }
  EXPECT_TRUE(session_.Query("SELECT i FROM t@t LIMIT 0").error().code() ==
              ErrorCode::kBranchNotFound);
  EXPECT_TRUE(session_.Query("FROM t").has_value());
}

TEST_F(RefusalTest, NothingRunsBesideARefusedStatement) {
  Refused("PREPARE p AS SELECT 1; DELETE FROM t");
  EXPECT_FALSE(session_.Query("EXECUTE p").has_value());
}

TEST_F(RefusalTest, ReadingStatementsPass) {
  for (const char* sql :
       {"SELECT 1", "FROM t", "VALUES (1)", "TABLE t", "EXPLAIN FROM t", "EXPLAIN ANALYZE FROM t",
        "DESCRIBE t", "DESCRIBE SELECT 1", "SUMMARIZE t", "SHOW TABLES", "SHOW ALL TABLES",
        "PRAGMA table_info('t')", "WITH x AS (FROM t) FROM x", "PREPARE p AS FROM t"}) {
    auto rows = session_.Query(sql);
    EXPECT_TRUE(rows.has_value()) << sql << "\n" << (rows ? "" : rows.error().message());
  }
}

// The catalog refuses too, should a writing statement ever come through.
TEST_F(RefusalTest, TheCatalogItselfCannotBeWritten) {
  auto& client = session_.engine().client();
  for (const char* sql :
       {"INSERT INTO t VALUES (2, 'b')", "UPDATE t SET i = 2", "DELETE FROM t",
        "CREATE TABLE u (i INTEGER)", "CREATE TABLE u AS FROM t", "CREATE VIEW v AS FROM t",
        "CREATE SCHEMA s", "DROP TABLE t", "ALTER TABLE t RENAME TO u",
        "ALTER TABLE t ADD PRIMARY KEY (i)", "CREATE MACRO m(a) AS a", "COMMENT ON TABLE t IS 'x'",
        "MERGE INTO t USING (SELECT 1 AS i) n ON t.i = n.i WHEN MATCHED THEN DELETE"}) {
    auto result = client.Query(sql, duckdb::QueryParameters());
    EXPECT_TRUE(result->HasError()) << sql;
    EXPECT_THAT(result->GetError(), HasSubstr("not supported")) << sql;
  }
}

// DuckDB would cast our bind data to its own and write into it.
TEST_F(RefusalTest, AnIndexIsRefusedBeforeAnythingIsBound) {
  auto& client = session_.engine().client();
  duckdb::Parser parser;
  parser.ParseQuery("CREATE INDEX x ON t (i)");
  auto result = client.Query(std::move(parser.statements[0]), duckdb::QueryParameters());
  ASSERT_TRUE(result->HasError());
  EXPECT_THAT(result->GetError(), HasSubstr("CREATE INDEX"));
}

}  // namespace
}  // namespace rhizo::sql
