#include "engine/instance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "engine/errors.h"
#include "engine/segment_file_system.h"
#include "engine/statement_check.h"
#include "io/testing/temporary_directory.h"

namespace rhizo::engine {
namespace {

using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Not;

// What the parser override of the sql folder does with every statement, without its syntax.
duckdb::ParserOverrideResult CheckedParse(duckdb::ParserExtensionInfo*, const std::string& query,
                                          duckdb::ParserOptions& options) {
  duckdb::ParserOptions plain = options;
  plain.extensions = nullptr;
  duckdb::Parser parser(plain);
  parser.ParseQuery(query);
  for (const auto& statement : parser.statements) ThrowIfError(CheckStatement(*statement));
  return duckdb::ParserOverrideResult(std::move(parser.statements));
}

InstanceOptions CheckedOptions() {
  InstanceOptions options;
  options.threads = 2;
  options.parser_extension = duckdb::make_shared_ptr<duckdb::ParserExtension>();
  options.parser_extension->parser_override = CheckedParse;
  return options;
}

std::unique_ptr<Instance> StartInstance(const std::string& temp_directory = "") {
  auto options = CheckedOptions();
  options.temp_directory = temp_directory;
  options.memory_limit_bytes = 64 << 20;
  auto instance = Instance::Start(options);
  EXPECT_TRUE(instance) << (instance ? "" : instance.error().message());
  return std::move(instance).value();
}

Result<std::string> Answer(duckdb::Connection& connection, const std::string& query) {
  auto result = connection.Query(query);
  if (result->HasError()) return TranslateError(result->GetErrorObject(), query);
  if (result->RowCount() == 0) return std::string();
  return result->GetValue(0, 0).ToString();
}

TEST(Instance, AnswersQueriesWithTheFunctionsOfItsExtensions) {
  auto instance = StartInstance();
  auto connection = instance->Connect();
  ASSERT_TRUE(connection);
  EXPECT_EQ(*Answer(**connection, "SELECT 40 + 2"), "42");
  EXPECT_EQ(*Answer(**connection, "SELECT json_extract_string('{\"a\":\"b\"}', '$.a')"), "b");
  EXPECT_EQ(*Answer(**connection, "SELECT count(*) FROM range(10)"), "10");
  EXPECT_EQ(*Answer(**connection, "SELECT 'ä' COLLATE de < 'b'"), "true");
}

TEST(Instance, HoldsItsSettings) {
  auto instance = StartInstance();
  auto connection = instance->Connect();
  duckdb::Value value;
  auto& context = *(*connection)->context;
  for (const char* name : {"enable_external_access", "autoload_known_extensions",
                           "allow_community_extensions", "autoinstall_known_extensions"}) {
    context.TryGetCurrentSetting(name, value);
    EXPECT_EQ(value.ToString(), "false") << name;
  }
  context.TryGetCurrentSetting("lock_configuration", value);
  EXPECT_EQ(value.ToString(), "true");
  context.TryGetCurrentSetting("arrow_lossless_conversion", value);
  EXPECT_EQ(value.ToString(), "true");
}

TEST(Instance, TwoInstancesLiveBesideEachOther) {
  auto first = StartInstance();
  auto second = StartInstance();
  auto connection = first->Connect();
  ASSERT_TRUE(Answer(**connection, "CREATE TEMP TABLE t AS SELECT 1 AS i"));
  auto other = second->Connect();
  EXPECT_FALSE(Answer(**other, "FROM t"));
}

// Not even tried as a file: no reader is looked for.
TEST(Instance, TextAfterFromNamesATableOnly) {
  auto instance = StartInstance();
  auto connection = instance->Connect();
  for (const char* name : {"x.parquet", "x.csv", "/etc/passwd.json", "x.db"}) {
    auto outcome = Answer(**connection, std::string("SELECT * FROM '") + name + "'");
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), ErrorCode::kTableNotFound) << outcome.error().message();
  }
}

class Escape : public ::testing::TestWithParam<const char*> {};

TEST_P(Escape, IsRefusedAndTheInstanceStillWorks) {
  static Instance* instance = StartInstance().release();
  auto connection = instance->Connect();
  auto outcome = Answer(**connection, GetParam());
  ASSERT_FALSE(outcome) << "answered: " << *outcome;
  EXPECT_THAT(outcome.error().code(), AnyOf(Eq(ErrorCode::kUnsupported), Eq(ErrorCode::kSql),
                                            Eq(ErrorCode::kTableNotFound)))
      << outcome.error().message();
  EXPECT_THAT(outcome.error().message(), Not(HasSubstr("INTERNAL")));
  EXPECT_THAT(outcome.error().message(), Not(HasSubstr("syntax error")));
  EXPECT_EQ(*Answer(**connection, "SELECT 7"), "7");
}

INSTANTIATE_TEST_SUITE_P(
    Files, Escape,
    ::testing::Values(
        "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_csv_auto('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM main.read_text('/etc/passwd')",
        "SELECT * FROM system.main.read_text('/etc/passwd')",
        "SELECT * FROM memory.main.read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')", "SELECT * FROM read_parquet('x.parquet')",
        "SELECT * FROM parquet_scan('x.parquet')", "SELECT * FROM parquet_metadata('x.parquet')",
        "SELECT * FROM read_json('x.json')", "SELECT * FROM read_ndjson_objects('x.json')",
        "SELECT * FROM sniff_csv('/etc/passwd')", "SELECT * FROM read_duckdb('x.db')",
        "SELECT * FROM glob('/etc/*')", "SELECT * FROM glob('rhizoseg://*')",
        "SELECT * FROM '/etc/passwd'", "SELECT * FROM 'x.parquet'",
        "SELECT * FROM 'rhizoseg://00.parquet'",
        "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
        "SELECT * FROM query_table('/etc/passwd')", "COPY (SELECT 1) TO '/tmp/rhizo_escape.csv'",
        "COPY t FROM '/etc/passwd'", "EXPORT DATABASE '/tmp/rhizo_escape'",
        "IMPORT DATABASE '/tmp/rhizo_escape'", "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/x.csv'",
        "PREPARE p AS COPY (SELECT 1) TO '/tmp/x.csv'",
        "EXPLAIN SELECT * FROM read_text('/etc/passwd')",
        "CREATE VIEW v AS SELECT * FROM read_text('/etc/passwd')",
        "INSERT INTO t SELECT * FROM read_csv('/etc/passwd')",
        "SELECT (SELECT content FROM read_text('/etc/passwd'))"));

INSTANTIATE_TEST_SUITE_P(Databases, Escape,
                         ::testing::Values("ATTACH '/tmp/rhizo_escape.db' AS x",
                                           "ATTACH ':memory:' AS x", "ATTACH 'a' (TYPE sqlite)",
                                           "CREATE TABLE memory.x.y (i INTEGER)", "DETACH memory",
                                           "USE memory", "COPY FROM DATABASE memory TO temp",
                                           "CHECKPOINT", "FORCE CHECKPOINT", "VACUUM", "ANALYZE"));

INSTANTIATE_TEST_SUITE_P(Extensions, Escape,
                         ::testing::Values("INSTALL httpfs", "LOAD httpfs",
                                           "LOAD '/tmp/evil.duckdb_extension'",
                                           "FORCE INSTALL spatial FROM community",
                                           "UPDATE EXTENSIONS", "SELECT * FROM duckdb_extensions()",
                                           "LOAD autocomplete",
                                           "SELECT * FROM sql_auto_complete('SEL')",
                                           "SELECT * FROM 'https://127.0.0.1:1/x.parquet'",
                                           "SELECT * FROM read_parquet('s3://b/x')"));

INSTANTIATE_TEST_SUITE_P(
    Settings, Escape,
    ::testing::Values(
        "SET enable_external_access = true", "SET GLOBAL lock_configuration = false",
        "RESET enable_external_access", "RESET lock_configuration", "SET threads = 1",
        "SET memory_limit = '1TB'", "SET temp_directory = '/tmp'", "SET schema = 'x'",
        "SET search_path = 'temp'", "SET TimeZone = 'Asia/Tokyo'", "PRAGMA threads = 4",
        "PRAGMA enable_profiling", "PRAGMA profiling_output = '/tmp/x.json'",
        "PRAGMA disable_optimizer", "PRAGMA enable_verification",
        "PRAGMA add_parquet_key('k', '0123456789112345')",
        "PRAGMA allow_parser_override_extension = 'default'", "CALL disable_peg_parser()",
        "CALL enable_peg_parser()", "CALL enable_logging()",
        "CALL enable_logging(storage = 'file', storage_path = '/tmp/x')",
        "SELECT * FROM enable_profiling()", "CALL disable_logging()", "CALL truncate_duckdb_logs()",
        "SELECT write_log('x')", "SELECT current_setting('temp_directory')",
        "SELECT * FROM duckdb_settings()", "SELECT * FROM pg_catalog.pg_settings",
        "SELECT * FROM duckdb_secrets()", "SELECT * FROM which_secret('s3://x', 's3')",
        "SELECT * FROM duckdb_logs", "SELECT * FROM duckdb_temporary_files()",
        "CREATE SECRET s (TYPE s3)", "DROP SECRET s", "SELECT getenv('HOME')",
        "SELECT sleep_ms(10)", "CREATE TYPE mood AS ENUM ('a')", "CREATE SEQUENCE s",
        "CREATE INDEX i ON t (a)", "SELECT * FROM json_execute_serialized_sql('{}')",
        "PRAGMA json_execute_serialized_sql('{}')", "SELECT * FROM arrow_scan(1, 2, 3)",
        "SELECT * FROM arrow_scan_dumb(1, 2, 3)", "PRAGMA database_size", "PRAGMA metadata_info",
        "SELECT * FROM pragma_storage_info('t')", "SELECT * FROM checkpoint()"));

TEST(Instance, WhatDoesNotFitItsMemoryGoesToTheTemporaryDirectory) {
  const std::string sorted =
      "SELECT last(s) FROM (SELECT i::VARCHAR || ' and more text' AS s FROM range(2000000) r(i) "
      "WINDOW w AS (ORDER BY hash(i)) QUALIFY row_number() OVER w > 0)";
  auto small = StartInstance();
  auto in_memory = small->Connect();
  auto outcome = Answer(**in_memory, sorted);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::kOutOfMemory);
  io::TemporaryDirectory directory;
  auto spilling = StartInstance(directory.path());
  auto connection = spilling->Connect();
  outcome = Answer(**connection, sorted);
  EXPECT_TRUE(outcome) << outcome.error().message();
}

TEST(Instance, StatementsReachNothingInTheTemporaryDirectory) {
  io::TemporaryDirectory directory;
  auto instance = StartInstance(directory.path());
  auto connection = instance->Connect();
  const std::string file = directory.path() + "/x.csv";
  std::ofstream(file) << "a\n1\n";
  for (const std::string& query :
       {"SELECT * FROM read_csv('" + file + "')", "SELECT * FROM read_text('" + file + "')",
        "SELECT * FROM '" + file + "'", "SELECT * FROM glob('" + directory.path() + "/*')",
        "COPY (SELECT 1) TO '" + directory.path() + "/y.csv'",
        "EXPORT DATABASE '" + directory.path() + "/y'",
        "ATTACH '" + directory.path() + "/y.db' AS y"}) {
    EXPECT_FALSE(Answer(**connection, query)) << query;
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(Instance, SaysWhatToUseInsteadOfARefusedStatement) {
  auto instance = StartInstance();
  auto connection = instance->Connect();
  auto outcome = Answer(**connection, "COPY (SELECT 1) TO 'x.csv'");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(outcome.error().field("statement"), "COPY");
  EXPECT_THAT(outcome.error().message(), HasSubstr("export_table"));
}

TEST(Instance, SaysThatAFileReaderIsSwitchedOff) {
  auto instance = StartInstance();
  auto connection = instance->Connect();
  auto outcome = Answer(**connection, "FROM read_parquet('x')");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(outcome.error().message(), HasSubstr("read_parquet"));
}

TEST(Instance, KeepsOrdinaryStatements) {
  auto instance = StartInstance();
  auto connection = instance->Connect();
  for (const char* query : {"CREATE TEMP TABLE t AS SELECT range AS i, i % 3 AS k FROM range(9)",
                            "BEGIN",
                            "COMMIT",
                            "SHOW TABLES",
                            "DESCRIBE t",
                            "SUMMARIZE t",
                            "PRAGMA table_info('t')",
                            "PIVOT t ON k USING sum(i)",
                            "PREPARE p AS SELECT count(*) FROM t WHERE i > $1",
                            "EXECUTE p(3)",
                            "DEALLOCATE p",
                            "EXPLAIN SELECT * FROM t",
                            "CREATE TEMP MACRO m(a) AS a + 1",
                            "SELECT m(1)",
                            "SET VARIABLE x = 3",
                            "SELECT getvariable('x')",
                            "FROM duckdb_tables()",
                            "FROM query('SELECT 42')",
                            "SELECT * FROM information_schema.tables",
                            "SELECT now(), version()",
                            "DROP TABLE t"}) {
    auto outcome = Answer(**connection, query);
    EXPECT_TRUE(outcome) << query << ": " << outcome.error().message();
  }
}

TEST(Errors, CarryThePositionAndACaret) {
  auto instance = StartInstance();
  auto connection = instance->Connect();
  auto outcome = Answer(**connection, "SELECT 1,\n  nothing FROM range(3)");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::kSql);
  EXPECT_EQ(outcome.error().field("position"), "12");
  EXPECT_THAT(outcome.error().message(), HasSubstr("LINE 2:   nothing FROM range(3)\n"));
  EXPECT_THAT(outcome.error().message(), HasSubstr("^"));
}

TEST(Errors, PointIntoTheSecondStatementOfAText) {
  auto instance = StartInstance();
  auto connection = instance->Connect();
  auto outcome = Answer(**connection, "SELECT 1; SELECT oops");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().field("position"), "17");
}

TEST(Errors, NameTheMissingTable) {
  auto instance = StartInstance();
  auto connection = instance->Connect();
  auto outcome = Answer(**connection, "FROM nowhere");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::kTableNotFound);
  EXPECT_EQ(outcome.error().field("table"), "nowhere");
}

Error Sample() {
  return Corruption("bytes of \"x\" {differ}\n\x01")
      .With("object", "12ab")
      .With("table", std::string("a\0b", 3));
}

void ExpectSample(const Error& error) {
  EXPECT_EQ(error.code(), ErrorCode::kCorruption);
  EXPECT_EQ(error.message(), Sample().message());
  EXPECT_EQ(error.fields(), Sample().fields());
}

void Fail(duckdb::DataChunk& input, duckdb::ExpressionState&, duckdb::Vector&) {
  ThrowError(Sample());
}

TEST(Errors, OfOursComeBackUnchangedFromWorkerThreads) {
  auto instance = StartInstance();
  ASSERT_TRUE(instance->AddFunction(duckdb::ScalarFunction("fail", {duckdb::LogicalType::BIGINT},
                                                           duckdb::LogicalType::BIGINT, Fail)));
  auto connection = instance->Connect();
  auto outcome = Answer(**connection, "SELECT sum(fail(range)) FROM range(1000000)");
  ASSERT_FALSE(outcome);
  ExpectSample(outcome.error());
}

TEST(Errors, OfOursSurviveAMessagePutBeforeThem) {
  duckdb::ErrorData raw{RhizoException(Sample())};
  duckdb::TransactionException wrapped("Failed to commit: %s", raw.RawMessage());
  ExpectSample(TranslateError(duckdb::ErrorData(wrapped)));
}

TEST(Errors, ThrownInsideGuardedAreItsResult) {
  Status status = Guarded([] { ThrowError(Sample()); });
  ASSERT_FALSE(status);
  ExpectSample(status.error());
}

TEST(Errors, OutOfMemoryIsTyped) {
  auto options = CheckedOptions();
  options.memory_limit_bytes = 16 << 20;
  auto instance = Instance::Start(options);
  ASSERT_TRUE(instance);
  auto connection = (*instance)->Connect();
  auto outcome = Answer(**connection,
                        "SELECT count(*) FROM (SELECT range, hash(range) h FROM range(5000000) "
                        "ORDER BY h, range) WHERE h > 0");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::kOutOfMemory) << outcome.error().message();
  EXPECT_TRUE(Answer(**connection, "SELECT 1"));
}

TEST(Errors, InterruptIsCancelled) {
  auto instance = StartInstance();
  auto connection = instance->Connect();
  auto pending =
      (*connection)
          ->PendingQuery("SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b");
  pending->ExecuteTask();
  (*connection)->Interrupt();
  auto result = pending->Execute();
  ASSERT_TRUE(result->HasError());
  EXPECT_EQ(TranslateError(result->GetErrorObject()).code(), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace rhizo::engine
