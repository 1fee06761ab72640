#include "sql/session_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "duckdb/catalog/catalog_entry/scalar_function_catalog_entry.hpp"
#include "sql/testing/test_session.h"

namespace rhizo::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SessionEngineTest : public testing::Test {
 protected:
  SessionEngineTest() {
    data_.Plain(
        "CREATE TABLE flights AS SELECT i::INTEGER AS id, 'c' || (i % 7) AS carrier, "
        "(i * 37) % 100 AS delay FROM range(3000) r(i)");
    data_.Publish("flights");
  }

  TextRows Query(const std::string& sql, const Parameters& parameters = {}) {
    auto rows = session_.Query(sql, parameters);
    EXPECT_TRUE(rows.has_value()) << sql << "\n" << (rows ? "" : rows.error().message());
    return rows ? *rows : TextRows();
  }
  Error QueryError(const std::string& sql, const Parameters& parameters = {}) {
    auto rows = session_.Query(sql, parameters);
    EXPECT_FALSE(rows.has_value()) << sql;
    return rows ? Error(ErrorCode::kIo, "no error") : rows.error();
  }

  FakeDatabase data_;
  TestSession session_{&data_};
};

TEST_F(SessionEngineTest, ATableIsReadThroughSql) {
  EXPECT_THAT(Query("SELECT id, carrier FROM flights WHERE id BETWEEN 10 AND 11"),
              ElementsAre(ElementsAre("10", "c3"), ElementsAre("11", "c4")));
  EXPECT_THAT(Query("SELECT count(*) FROM flights"), ElementsAre(ElementsAre("3000")));
}

TEST_F(SessionEngineTest, RowsComeInTheOrderWritten) {
  auto rows = Query("FROM flights");
  ASSERT_EQ(rows.size(), 3000u);
  for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i][0], std::to_string(i));
}

TEST_F(SessionEngineTest, ParametersAreBoundByPositionAndName) {
  EXPECT_THAT(Query("SELECT id FROM flights WHERE id = ? AND carrier = ?",
                    {.positional = {int64_t{9}, std::string("c2")}, .named = {}}),
              ElementsAre(ElementsAre("9")));
  EXPECT_THAT(Query("SELECT $b, $a, $a", {.positional = {}, .named = {{"a", 1.5}, {"b", true}}}),
              ElementsAre(ElementsAre("true", "1.5", "1.5")));
  EXPECT_THAT(Query("SELECT typeof($1), $1",
                    {.positional = {TypedText{"DECIMAL(10,2)", "1.5"}}, .named = {}}),
              ElementsAre(ElementsAre("DECIMAL(10,2)", "1.50")));
  EXPECT_THAT(
      Query("SELECT $1 IS NULL, typeof($2), octet_length($3)",
            {.positional = {std::monostate(), int64_t{1} << 40, BlobValue{"\0a"}}, .named = {}}),
      ElementsAre(ElementsAre("true", "BIGINT", "0")));
}

TEST_F(SessionEngineTest, WrongParametersAreTypedErrors) {
  EXPECT_EQ(
      QueryError("SELECT $1", {.positional = {TypedText{"DATE", "yesterday"}}, .named = {}}).code(),
      ErrorCode::kInvalidArgument);
  EXPECT_EQ(
      QueryError("SELECT $1", {.positional = {TypedText{"NO_TYPE", "1"}}, .named = {}}).code(),
      ErrorCode::kInvalidArgument);
  EXPECT_EQ(QueryError("SELECT $1", {.positional = {std::string("\xff")}, .named = {}}).code(),
            ErrorCode::kInvalidArgument);
  EXPECT_THAT(QueryError("SELECT ? + ?", {.positional = {int64_t{1}}, .named = {}}).message(),
              HasSubstr("2"));
  EXPECT_FALSE(QueryError("SELECT 1", {.positional = {int64_t{1}}, .named = {}}).message().empty());
}

TEST_F(SessionEngineTest, OfSeveralStatementsTheLastOneGivesTheRows) {
  EXPECT_THAT(Query("SELECT 1; SELECT 2; SELECT 3;"), ElementsAre(ElementsAre("3")));
  EXPECT_EQ(QueryError("").code(), ErrorCode::kSql);
  EXPECT_EQ(QueryError("-- nothing").code(), ErrorCode::kSql);
}

TEST_F(SessionEngineTest, StatementsSeeTheNewestView) {
  EXPECT_THAT(Query("SELECT count(*), max(id) FROM flights"),
              ElementsAre(ElementsAre("3000", "2999")));
  data_.Plain("INSERT INTO flights VALUES (5000, 'new', 1)");
  data_.Publish("flights");
  EXPECT_THAT(Query("SELECT count(*), max(id) FROM flights"),
              ElementsAre(ElementsAre("3001", "5000")));
}

TEST_F(SessionEngineTest, AStatementAsksForItsViewOnce) {
  Query(
      "SELECT count(*) FROM flights a JOIN flights b USING (id) WHERE a.delay IN "
      "(SELECT delay FROM flights)");
  EXPECT_EQ(data_.views_asked(), 1u);
}

// With a catalog version that stays the same, the old bounds of the column would prune the new row.
TEST_F(SessionEngineTest, APreparedStatementSeesRowsThatCameAfterIt) {
  Query("PREPARE late AS SELECT count(*) FROM flights WHERE id > 4000");
  EXPECT_THAT(Query("EXECUTE late"), ElementsAre(ElementsAre("0")));
  data_.Plain("INSERT INTO flights VALUES (5000, 'new', 1)");
  data_.Publish("flights");
  EXPECT_THAT(Query("EXECUTE late"), ElementsAre(ElementsAre("1")));
}

TEST_F(SessionEngineTest, PreparedStatementsTakeArgumentsAndAreForgotten) {
  Query("PREPARE by_id AS SELECT carrier FROM flights WHERE id = $1");
  EXPECT_THAT(Query("EXECUTE by_id(8)"), ElementsAre(ElementsAre("c1")));
  EXPECT_THAT(Query("EXECUTE BY_ID(10)"), ElementsAre(ElementsAre("c3")));
  Query("EXPLAIN EXECUTE by_id(10)");
  Query("DEALLOCATE by_id");
  EXPECT_THAT(QueryError("EXECUTE by_id(8)").message(), HasSubstr("by_id"));
  EXPECT_THAT(QueryError("PREPARE bad AS SELECT * FROM nowhere").message(), HasSubstr("nowhere"));
  EXPECT_THAT(QueryError("EXECUTE bad").message(), HasSubstr("bad"));
}

TEST_F(SessionEngineTest, VersionsOfOneTableMeetInOneQuery) {
  data_.Tag("before");
  data_.Plain("UPDATE flights SET delay = delay + 1000 WHERE id < 5");
  data_.Plain("ALTER TABLE flights RENAME carrier TO airline");
  data_.Publish("flights");
  EXPECT_THAT(Query("SELECT count(*) FROM flights n JOIN flights o AT (VERSION => 1) USING (id) "
                    "WHERE n.delay <> o.delay AND n.airline = o.carrier"),
              ElementsAre(ElementsAre("5")));
  EXPECT_THAT(Query("SELECT o.carrier, n.airline FROM flights@before o, flights VERSION 2 n "
                    "WHERE o.id = 3 AND n.id = 3"),
              ElementsAre(ElementsAre("c3", "c3")));
  EXPECT_THAT(Query("SELECT (SELECT max(delay) FROM flights@\"before\" VERSION 1), "
                    "(SELECT max(delay) FROM flights)"),
              ElementsAre(ElementsAre("99", "1074")));
  EXPECT_THAT(Query("WITH old AS (FROM flights@before) SELECT count(carrier) FROM old"),
              ElementsAre(ElementsAre("3000")));
}

// The optimizer's COMMON_SUBPLAN takes scans that serialize alike for one and reads only the first.
TEST_F(SessionEngineTest, TheSameSubplanOverTwoVersionsIsReadTwice) {
  data_.Tag("before");
  data_.Plain("DELETE FROM flights WHERE id >= 10");
  data_.Publish("flights");
  EXPECT_THAT(Query("SELECT count(*), count(delay) FROM flights@before UNION ALL "
                    "SELECT count(*), count(delay) FROM flights"),
              ElementsAre(ElementsAre("3000", "3000"), ElementsAre("10", "10")));
  EXPECT_THAT(Query("SELECT sum(id) FROM flights VERSION 1 UNION ALL "
                    "SELECT sum(id) FROM flights VERSION 2"),
              ElementsAre(ElementsAre("4498500"), ElementsAre("45")));
}

TEST_F(SessionEngineTest, AVersionCanBeAParameterOrAnExpression) {
  data_.Plain("DELETE FROM flights WHERE id > 9");
  data_.Publish("flights");
  EXPECT_THAT(Query("SELECT count(*) FROM flights AT (VERSION => $1)",
                    {.positional = {int64_t{1}}, .named = {}}),
              ElementsAre(ElementsAre("3000")));
  EXPECT_THAT(Query("SELECT count(*) FROM flights AT (VERSION => 1 + 1)"),
              ElementsAre(ElementsAre("10")));
}

// FakeDatabase counts publications as microseconds since 1970.
TEST_F(SessionEngineTest, TimesWithoutZoneAreUtc) {
  data_.Plain("DELETE FROM flights WHERE id > 9");
  data_.Publish("flights");
  auto count_at = [&](const std::string& time) {
    return Query("SELECT count(*) FROM flights AT (TIMESTAMP => " + time + ")");
  };
  auto first = ElementsAre(ElementsAre("3000"));
  EXPECT_THAT(count_at("TIMESTAMP '1970-01-01 00:00:00.000001'"), first);
  EXPECT_THAT(count_at("'1970-01-01 00:00:00.000001'"), first);
  EXPECT_THAT(count_at("TIMESTAMPTZ '1970-01-01 02:00:00.000001+02'"), first);
  EXPECT_THAT(count_at("TIMESTAMP '1970-01-01 00:00:00.000002'"), ElementsAre(ElementsAre("10")));
  EXPECT_EQ(QueryError("FROM flights AT (TIMESTAMP => DATE '1970-01-01')").code(),
            ErrorCode::kVersionNotFound);
  EXPECT_EQ(QueryError("FROM flights AT (TIMESTAMP => 'soon')").code(),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(QueryError("FROM flights AT (TIMESTAMP => NULL)").code(), ErrorCode::kInvalidArgument);
}

TEST_F(SessionEngineTest, WhatAnAtClauseDoesNotFindIsATypedErrorAtItsPlace) {
  auto version = QueryError("SELECT * FROM flights VERSION 9");
  EXPECT_EQ(version.code(), ErrorCode::kVersionNotFound);
  EXPECT_EQ(version.field("position"), "14");
  EXPECT_EQ(QueryError("FROM flights@nowhere").code(), ErrorCode::kBranchNotFound);
  EXPECT_EQ(QueryError("FROM nothing AT (VERSION => 1)").code(), ErrorCode::kVersionNotFound);
}

TEST_F(SessionEngineTest, AnUnknownTableSuggestsTheNearest) {
  auto error = QueryError("SELECT *\nFROM flihgts");
  EXPECT_EQ(error.code(), ErrorCode::kTableNotFound);
  EXPECT_EQ(error.field("table"), "flihgts");
  EXPECT_EQ(error.field("position"), "14");
  EXPECT_THAT(error.message(), HasSubstr("Did you mean \"flights\"?"));
  EXPECT_EQ(QueryError("FROM s.flights").code(), ErrorCode::kTableNotFound);
  EXPECT_THAT(QueryError("SELECT carier FROM flights").message(), HasSubstr("carrier"));
}

TEST_F(SessionEngineTest, NamesAreFoundWhateverTheirCase) {
  EXPECT_THAT(Query("SELECT count(*) FROM FLIGHTS"), ElementsAre(ElementsAre("3000")));
  EXPECT_THAT(Query("SELECT count(*) FROM main.flights"), ElementsAre(ElementsAre("3000")));
  EXPECT_THAT(Query("SELECT count(*) FROM rhizo.main.flights"), ElementsAre(ElementsAre("3000")));
}

TEST_F(SessionEngineTest, TablesOfOtherSchemasAreFoundByTheirSchema) {
  data_.Plain("CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 42 AS x");
  data_.Publish("s.t");
  EXPECT_THAT(Query("FROM s.t"), ElementsAre(ElementsAre("42")));
  EXPECT_THAT(Query("FROM S.T"), ElementsAre(ElementsAre("42")));
  EXPECT_THAT(Query("FROM s.t AT (VERSION => 1)"), ElementsAre(ElementsAre("42")));
  EXPECT_EQ(QueryError("FROM t").code(), ErrorCode::kTableNotFound);
}

TEST_F(SessionEngineTest, TheCatalogCanBeListed) {
  EXPECT_THAT(Query("SHOW TABLES"), ElementsAre(ElementsAre("flights")));
  EXPECT_THAT(Query("SELECT table_schema, table_name FROM information_schema.tables"),
              ElementsAre(ElementsAre("main", "flights")));
  EXPECT_THAT(Query("SELECT column_name, column_type FROM (DESCRIBE flights)"),
              ElementsAre(ElementsAre("id", "INTEGER"), ElementsAre("carrier", "VARCHAR"),
                          ElementsAre("delay", "BIGINT")));
  EXPECT_THAT(Query("SELECT estimated_size FROM duckdb_tables() WHERE table_name = 'flights'"),
              ElementsAre(ElementsAre("3000")));
  EXPECT_EQ(Query("SUMMARIZE flights").size(), 3u);
  EXPECT_EQ(Query("SELECT * FROM duckdb_columns() WHERE table_name = 'flights'").size(), 3u);
}

TEST_F(SessionEngineTest, SyntaxErrorsPointIntoTheUsersText) {
  auto position = [&](const std::string& sql) {
    return std::string(QueryError(sql).field("position"));
  };
  EXPECT_EQ(position("SELECT FROM WHERE"), "12");
  EXPECT_EQ(position("SELECT 1; SELECT 2 3"), "19");
  EXPECT_EQ(position("SELECT 1; SELECT wrong FROM flights"), "17");
  EXPECT_EQ(position("SELECT 1;\n\nFROM flights@x y WHERE nothing"), "16");
}

TEST_F(SessionEngineTest, MetadataFunctionsAskTheSession) {
  data_.metadata["log"] = {{"id", "rows"},
                           {duckdb::LogicalType::VARCHAR, duckdb::LogicalType::BIGINT},
                           {{duckdb::Value("a"), duckdb::Value::BIGINT(1)},
                            {duckdb::Value("b"), duckdb::Value::BIGINT(2)}}};
  data_.metadata["history/flights"] = data_.metadata["log"];
  EXPECT_THAT(Query("SELECT sum(rows) FROM rhizo_log()"), ElementsAre(ElementsAre("3")));
  EXPECT_THAT(Query("SELECT id FROM rhizo_history('flights') WHERE rows = 2"),
              ElementsAre(ElementsAre("b")));
  Query("PREPARE log AS FROM rhizo_log()");
  data_.metadata["log"].rows.pop_back();
  EXPECT_EQ(Query("EXECUTE log").size(), 1u);
  EXPECT_EQ(QueryError("FROM rhizo_history('none')").code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(QueryError("FROM rhizo_history(NULL)").code(), ErrorCode::kInvalidArgument);
}

TEST_F(SessionEngineTest, PivotWithoutAListOfValuesWorks) {
  EXPECT_THAT(Query("PIVOT (SELECT id % 2 AS parity, delay % 2 AS d FROM flights) ON parity USING "
                    "count(*) GROUP BY d ORDER BY d"),
              ElementsAre(ElementsAre("0", "1500", "0"), ElementsAre("1", "0", "1500")));
}

TEST_F(SessionEngineTest, RowsStayReadableAfterSessionAndDatabaseAreGone) {
  auto data = std::make_unique<FakeDatabase>();
  data->Plain(
      "CREATE TABLE big AS SELECT i, 'a longer text than twelve ' || i AS s "
      "FROM range(100000) r(i)");
  data->Publish("big", {.segment_rows = 20000, .use_parquet = true});
  auto session = std::make_unique<TestSession>(data.get());
  auto running = session->engine().Run("FROM big", {}, {});
  ASSERT_TRUE(running.has_value()) << running.error().message();
  session.reset();
  data.reset();
  auto rows = ReadAll(std::move(running).value());
  ASSERT_TRUE(rows.has_value()) << rows.error().message();
  ASSERT_EQ(rows->size(), 100000u);
  EXPECT_EQ(rows->back()[1], "a longer text than twelve 99999");
}

TEST_F(SessionEngineTest, AResultCanBeDroppedUnread) {
  for (int i = 0; i < 20; ++i) {
    auto running = session_.engine().Run("FROM flights a, flights b", {}, {});
    ASSERT_TRUE(running.has_value());
    if (i % 2) running->take_rows();
  }
}

TEST_F(SessionEngineTest, RowsCanBeTakenOnce) {
  auto running = session_.engine().Run("SELECT 1", {}, {});
  ASSERT_TRUE(running.has_value());
  EXPECT_NE(running->take_rows(), nullptr);
  EXPECT_EQ(running->take_rows(), nullptr);
  ArrowArrayStream stream{};
  auto again = running->export_stream(&stream, 1000);
  EXPECT_EQ(again.error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(SessionEngineTest, CancelledWorkStops) {
  WorkOptions work;
  auto running = session_.engine().Run(
      "SELECT count(*) FROM flights a, flights b, flights c WHERE a.delay + b.delay > c.id", {},
      work);
  ASSERT_TRUE(running.has_value());
  work.cancellation.Cancel();
  auto rows = ReadAll(std::move(running).value());
  ASSERT_FALSE(rows.has_value());
  EXPECT_EQ(rows.error().code(), ErrorCode::kCancelled);
}

// The caller's thread is inside the engine the whole time and cannot look at the flag.
TEST_F(SessionEngineTest, WorkIsCancelledWhileTheCallerIsDeepInTheEngine) {
  WorkOptions work;
  auto running = session_.engine().Run(
      "SELECT count(*) FROM flights a, flights b, flights c, flights d WHERE a.delay + b.delay + "
      "c.delay + d.delay = -1 AND a.carrier < b.carrier",
      {}, work);
  ASSERT_TRUE(running.has_value());
  std::atomic<bool> started = false;
  std::jthread canceller([&] {
    started.wait(false);
    work.cancellation.Cancel();
  });
  started = true;
  started.notify_all();
  auto rows = ReadAll(std::move(running).value());
  ASSERT_FALSE(rows.has_value());
  EXPECT_EQ(rows.error().code(), ErrorCode::kCancelled);
}

TEST_F(SessionEngineTest, ProgressTellsRowsDone) {
  uint64_t done = 0;
  WorkOptions work;
  work.progress = [&](uint64_t rows) { done = rows; };
  auto running = session_.engine().Run("FROM flights", {}, work);
  ASSERT_TRUE(running.has_value());
  ASSERT_TRUE(ReadAll(std::move(running).value()).has_value());
  EXPECT_EQ(done, 3000u);
}

TEST_F(SessionEngineTest, ErrorsOfRunningComeWithTheRows) {
  auto running = session_.engine().Run("SELECT error('boom ' || id) FROM flights", {}, {});
  ASSERT_TRUE(running.has_value());
  auto rows = ReadAll(std::move(running).value());
  ASSERT_FALSE(rows.has_value());
  EXPECT_THAT(rows.error().message(), HasSubstr("boom"));
}

TEST_F(SessionEngineTest, SessionsRunBesideEachOther) {
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      TestSession session(&data_);
      for (int j = 0; j < 25; ++j) {
        auto rows = session.Query("SELECT count(*) FROM flights a JOIN flights b USING (id)");
        if (!rows || (*rows)[0][0] != "3000") ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

class ScanOfOneTable : public SessionEngineTest {
 protected:
  Result<TextRows> Scan(const std::vector<std::string>& columns, const std::string& where,
                        const Parameters& parameters = {},
                        std::optional<uint64_t> limit = std::nullopt) {
    auto table = data_.Open("flights");
    ASSIGN_OR_RETURN(auto running,
                     session_.engine().Scan(table, "flights", columns, where, parameters, limit));
    return ReadAll(std::move(running));
  }
};

TEST_F(ScanOfOneTable, TakesColumnsConditionAndLimit) {
  auto all = Scan({}, "");
  ASSERT_TRUE(all.has_value()) << all.error().message();
  EXPECT_EQ(all->size(), 3000u);
  EXPECT_THAT(*Scan({"carrier", "ID"}, "id > ? AND carrier = 'c1'",
                    {.positional = {int64_t{100}}, .named = {}}, 2),
              ElementsAre(ElementsAre("c1", "106"), ElementsAre("c1", "113")));
  EXPECT_THAT(*Scan({"id"}, "flights.id = 7 -- the seventh"), ElementsAre(ElementsAre("7")));
  EXPECT_THAT(*Scan({"id"}, "id = (SELECT max(id) FROM flights)"),
              ElementsAre(ElementsAre("2999")));
}

TEST_F(ScanOfOneTable, ReadsThroughThePlanWhatIsTooLargeToReadDirectly) {
  data_.Plain("CREATE TABLE large AS SELECT i, 's' || i AS s FROM range(150000) r(i)");
  data_.Publish("large", {.segment_rows = 20000, .use_parquet = true});
  auto table = data_.Open("large");
  ASSERT_GT(table->state().rows, 4u * 16 * 2048);
  auto running = session_.engine().Scan(table, "large", {"s"}, "", {}, std::nullopt);
  ASSERT_TRUE(running.has_value()) << running.error().message();
  auto rows = ReadAll(std::move(running).value());
  ASSERT_EQ(rows->size(), 150000u);
  for (size_t i = 0; i < rows->size(); i += 7777) EXPECT_EQ((*rows)[i][0], "s" + std::to_string(i));
}

TEST_F(ScanOfOneTable, RowsReadDirectlyOutliveSessionAndDatabase) {
  auto data = std::make_unique<FakeDatabase>();
  data->Plain("CREATE TABLE t AS SELECT i FROM range(5000) r(i)");
  data->Publish("t", {.segment_rows = 1000, .use_parquet = true});
  auto session = std::make_unique<TestSession>(data.get());
  auto running = session->engine().Scan(data->Open("t"), "t", {}, "", {}, 4500);
  ASSERT_TRUE(running.has_value()) << running.error().message();
  session.reset();
  data.reset();
  EXPECT_EQ(ReadAll(std::move(running).value())->size(), 4500u);
}

// What turns rows into text binds functions on the same connection.
TEST_F(ScanOfOneTable, AFunctionCanBeLookedUpWhileRowsAreRead) {
  auto running = session_.engine().Scan(data_.Open("flights"), "flights", {}, "", {}, 1);
  ASSERT_TRUE(running.has_value()) << running.error().message();
  auto found = duckdb::Catalog::GetEntry<duckdb::ScalarFunctionCatalogEntry>(
      *running->client, "system", "main", "abs", duckdb::OnEntryNotFound::RETURN_NULL);
  EXPECT_TRUE(found);
  EXPECT_EQ(ReadAll(std::move(running).value())->size(), 1u);
}

TEST_F(ScanOfOneTable, ReadsTheGivenTableWhateverTheSessionSees) {
  auto old = data_.Open("flights");
  data_.Drop("flights");
  auto running = session_.engine().Scan(old, "flights", {"id"}, "", {}, 1);
  ASSERT_TRUE(running.has_value()) << running.error().message();
  EXPECT_THAT(*ReadAll(std::move(running).value()), ElementsAre(ElementsAre("0")));
}

TEST_F(ScanOfOneTable, AnUnknownColumnSuggestsTheNearest) {
  auto error = Scan({"carier"}, "").error();
  EXPECT_EQ(error.code(), ErrorCode::kSchema);
  EXPECT_THAT(error.message(), HasSubstr("did you mean \"carrier\"?"));
}

TEST_F(ScanOfOneTable, TheConditionIsOneConditionAndNothingElse) {
  for (const char* where :
       {"true LIMIT 1", "true; SELECT 1", "true UNION SELECT 1, 'a', 2", "true GROUP BY id",
        "true ORDER BY id", "true HAVING true", "true QUALIFY true", "", ") OR (true"}) {
    if (*where == 0) continue;
    auto rows = Scan({}, where);
    ASSERT_FALSE(rows.has_value()) << where;
    EXPECT_EQ(rows.error().code(), ErrorCode::kSql) << where;
  }
}

TEST_F(ScanOfOneTable, ErrorsPointIntoTheCondition) {
  EXPECT_EQ(Scan({}, "id = = 3").error().field("position"), "5");
  EXPECT_EQ(Scan({}, "id > 1 AND nothing = 3").error().field("position"), "11");
  EXPECT_THAT(Scan({}, "id > 1 AND nothing = 3").error().message(),
              HasSubstr("LINE 1: id > 1 AND nothing = 3"));
}

}  // namespace
}  // namespace rhizo::sql
