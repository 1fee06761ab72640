#include "sql/suffix_syntax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <regex>

#include "engine/errors.h"
#include "engine/instance.h"

namespace rhizo::sql {
namespace {

using ::testing::HasSubstr;

// PIVOT draws a name.
std::string WithoutNonce(const std::string& text) {
  static const std::regex kNonce("__pivot_enum_[0-9a-f-]+");
  return std::regex_replace(text, kNonce, "__pivot_enum");
}

std::string Parsed(const std::string& query) {
  std::string out;
  for (const auto& statement : ParseStatements(query, {})) {
    out += (out.empty() ? "" : "; ") + statement->ToString();
  }
  return WithoutNonce(out);
}

std::string PlainlyParsed(const std::string& query) {
  duckdb::Parser parser;
  parser.ParseQuery(query);
  std::string out;
  for (const auto& statement : parser.statements) {
    out += (out.empty() ? "" : "; ") + statement->ToString();
  }
  return WithoutNonce(out);
}

Error Failure(const std::string& query) {
  auto outcome = engine::Guarded([&] { ParseStatements(query, {}); }, query);
  EXPECT_FALSE(outcome) << query;
  return outcome ? Error(ErrorCode::kIo, "accepted") : outcome.error();
}

struct Pair {
  const char* with_suffix;
  const char* with_clause;
};

class Suffix : public ::testing::TestWithParam<Pair> {};

TEST_P(Suffix, MeansAnAtClause) {
  EXPECT_EQ(Parsed(GetParam().with_suffix), PlainlyParsed(GetParam().with_clause));
}

INSTANTIATE_TEST_SUITE_P(
    Forms, Suffix,
    ::testing::Values(Pair{"FROM t@dev", "FROM t AT (VERSION => 'dev')"},
                      Pair{"FROM t@Dev", "FROM t AT (VERSION => 'Dev')"},
                      Pair{"FROM \"t\"@\"a/b\"", "FROM t AT (VERSION => 'a/b')"},
                      Pair{"FROM t@\"a\"\"b\"", "FROM t AT (VERSION => 'a\"b')"},
                      Pair{"FROM \"my \"\"t\"@dev", "FROM \"my \"\"t\" AT (VERSION => 'dev')"},
                      Pair{"FROM t@1234abc", "FROM t AT (VERSION => '1234abc')"},
                      Pair{"FROM t@12e4567", "FROM t AT (VERSION => '12e4567')"},
                      Pair{"FROM t@dev~2", "FROM t AT (VERSION => 'dev~2')"},
                      Pair{"FROM t@\"what-if\"~12", "FROM t AT (VERSION => 'what-if~12')"},
                      Pair{"FROM t VERSION 5", "FROM t AT (VERSION => 5)"},
                      Pair{"FROM t version 0", "FROM t AT (VERSION => 0)"},
                      Pair{"FROM t@dev VERSION 5", "FROM t AT (VERSION => 'dev:5')"},
                      Pair{"FROM t@dev~1   VERSION 5", "FROM t AT (VERSION => 'dev~1:5')"},
                      Pair{"FROM s.t@dev", "FROM s.t AT (VERSION => 'dev')"},
                      Pair{"FROM x . s . t@dev", "FROM x.s.t AT (VERSION => 'dev')"},
                      Pair{"FROM x.main.t VERSION 9", "FROM x.main.t AT (VERSION => 9)"},
                      Pair{"FROM größe@zweig", "FROM größe AT (VERSION => 'zweig')"},
                      Pair{"FROM t@日本", "FROM t AT (VERSION => '日本')"},
                      Pair{"FROM date@dev", "FROM date AT (VERSION => 'dev')"},
                      Pair{"FROM version@dev", "FROM version AT (VERSION => 'dev')"},
                      Pair{"FROM version VERSION 2", "FROM version AT (VERSION => 2)"},
                      Pair{"FROM t@main", "FROM t AT (VERSION => 'main')"},
                      Pair{"FROM t@select", "FROM t AT (VERSION => 'select')"}));

INSTANTIATE_TEST_SUITE_P(
    Places, Suffix,
    ::testing::Values(
        Pair{"SELECT a.x FROM t@dev a", "SELECT a.x FROM t a AT (VERSION => 'dev')"},
        Pair{"SELECT a.x FROM t@dev AS a (x)", "SELECT a.x FROM t AS a (x) AT (VERSION => 'dev')"},
        Pair{"SELECT * FROM t VERSION 1 AS a, t VERSION 2 AS b WHERE a.i = b.i",
             "SELECT * FROM t AS a AT (VERSION => 1), t AS b AT (VERSION => 2) WHERE a.i = b.i"},
        Pair{"SELECT * FROM t@a JOIN t@b USING (i)",
             "SELECT * FROM t AT (VERSION => 'a') JOIN t AT (VERSION => 'b') USING (i)"},
        Pair{"FROM t@dev TABLESAMPLE 10%", "FROM t AT (VERSION => 'dev') TABLESAMPLE 10%"},
        Pair{"SELECT (SELECT max(i) FROM t@dev)",
             "SELECT (SELECT max(i) FROM t AT (VERSION => 'dev'))"},
        Pair{"SELECT 1 WHERE EXISTS (FROM t@dev) AND 3 IN (SELECT i FROM u VERSION 2)",
             "SELECT 1 WHERE EXISTS (FROM t AT (VERSION => 'dev')) AND 3 IN (SELECT i FROM u AT "
             "(VERSION => 2))"},
        Pair{"SELECT * FROM (SELECT * FROM t@dev) s",
             "SELECT * FROM (SELECT * FROM t AT (VERSION => 'dev')) s"},
        Pair{"WITH c AS (FROM t@dev) FROM c", "WITH c AS (FROM t AT (VERSION => 'dev')) FROM c"},
        Pair{"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT c.i + 1 FROM c, t@dev) FROM c",
             "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT c.i + 1 FROM c, t AT (VERSION => "
             "'dev')) FROM c"},
        Pair{"FROM t@a UNION ALL FROM t@b EXCEPT FROM t VERSION 3",
             "FROM t AT (VERSION => 'a') UNION ALL FROM t AT (VERSION => 'b') EXCEPT FROM t AT "
             "(VERSION => 3)"},
        Pair{"SELECT * FROM u, LATERAL (SELECT * FROM t@dev WHERE t.i = u.i)",
             "SELECT * FROM u, LATERAL (SELECT * FROM t AT (VERSION => 'dev') WHERE t.i = u.i)"},
        Pair{"SELECT i FROM t ORDER BY (SELECT max(i) FROM t@dev) LIMIT (SELECT 1 FROM u@dev)",
             "SELECT i FROM t ORDER BY (SELECT max(i) FROM t AT (VERSION => 'dev')) LIMIT (SELECT "
             "1 FROM u AT (VERSION => 'dev'))"},
        Pair{"SELECT [x + (SELECT 1 FROM t@dev) FOR x IN [1]]",
             "SELECT [x + (SELECT 1 FROM t AT (VERSION => 'dev')) FOR x IN [1]]"},
        Pair{"DESCRIBE t@dev", "DESCRIBE SELECT * FROM t AT (VERSION => 'dev')"},
        Pair{"SUMMARIZE t VERSION 3", "SUMMARIZE SELECT * FROM t AT (VERSION => 3)"},
        Pair{"EXPLAIN FROM t@dev", "EXPLAIN FROM t AT (VERSION => 'dev')"},
        Pair{"EXPLAIN ANALYZE FROM t@dev", "EXPLAIN ANALYZE FROM t AT (VERSION => 'dev')"},
        Pair{"PREPARE p AS SELECT * FROM t@dev WHERE i = $1",
             "PREPARE p AS SELECT * FROM t AT (VERSION => 'dev') WHERE i = $1"},
        Pair{"CREATE VIEW v AS FROM t@dev", "CREATE VIEW v AS FROM t AT (VERSION => 'dev')"},
        Pair{"CREATE TABLE n AS FROM t VERSION 2", "CREATE TABLE n AS FROM t AT (VERSION => 2)"},
        Pair{"CREATE MACRO m() AS TABLE FROM t@dev",
             "CREATE MACRO m() AS TABLE FROM t AT (VERSION => 'dev')"},
        Pair{"CREATE MACRO m() AS (SELECT max(i) FROM t@dev)",
             "CREATE MACRO m() AS (SELECT max(i) FROM t AT (VERSION => 'dev'))"},
        Pair{"INSERT INTO t SELECT * FROM t@dev",
             "INSERT INTO t SELECT * FROM t AT (VERSION => 'dev')"},
        Pair{"UPDATE t SET i = (SELECT max(i) FROM t@dev) FROM u@dev WHERE t.i = u.i",
             "UPDATE t SET i = (SELECT max(i) FROM t AT (VERSION => 'dev')) FROM u AT (VERSION => "
             "'dev') WHERE t.i = u.i"},
        Pair{"DELETE FROM t USING u@dev WHERE t.i = u.i",
             "DELETE FROM t USING u AT (VERSION => 'dev') WHERE t.i = u.i"},
        Pair{"MERGE INTO t USING u@dev ON t.i = u.i WHEN MATCHED THEN DELETE",
             "MERGE INTO t USING u AT (VERSION => 'dev') ON t.i = u.i WHEN MATCHED THEN DELETE"},
        Pair{"PIVOT t@dev ON k IN (1, 2) USING sum(i)",
             "PIVOT t AT (VERSION => 'dev') ON k IN (1, 2) USING sum(i)"},
        Pair{"UNPIVOT t@dev ON a, b", "UNPIVOT t AT (VERSION => 'dev') ON a, b"},
        Pair{"SELECT 1; FROM t@dev; FROM t VERSION 2",
             "SELECT 1; FROM t AT (VERSION => 'dev'); FROM t AT (VERSION => 2)"},
        Pair{"/* t@x */ FROM t@dev -- t@y\n", "FROM t AT (VERSION => 'dev')"}));

// Valid statements of DuckDB in which something looks like a suffix, and many in which nothing
// does.
constexpr const char* kValid[] = {
    "SELECT @(-5)",
    "SELECT @ -5",
    "SELECT a @ b FROM t",
    "SELECT @a FROM t",
    "SELECT 't@dev', 't VERSION 5'",
    "SELECT \"t@dev\" FROM \"t@dev\"",
    "SELECT * FROM t version",
    "SELECT * FROM t AS version",
    "SELECT version.i FROM t version WHERE version.i > 5",
    "SELECT version FROM t",
    "SELECT version() ",
    "SELECT i AS version, 5 FROM t",
    "SELECT $$t@dev$$",
    "SELECT 1 -- t@dev",
    "SELECT /* t@dev */ 1",
    "FROM t AT (VERSION => 5)",
    "FROM t AT (VERSION => 'dev')",
    "FROM t AT (TIMESTAMP => now())",
    "FROM t AS x AT (VERSION => 1)",
    "SELECT ~5, 2 ~ 3",
    "SELECT 5!",
    "SELECT list_transform([1], lambda x: x + 1)",
    "SELECT {'a': 1}.a",
    "SELECT * EXCLUDE (a) REPLACE (b + 1 AS b) FROM t",
    "SELECT COLUMNS('x.*') FROM t",
    "FROM range(10) SELECT range",
    "VALUES (1, 2), (3, 4)",
    "SELECT a[1:2] FROM t",
    "SELECT 1_000, 0xFF, 1e5",
    "SELECT E'\\n', X'00', 'é'",
    "SELECT a FROM t GROUP BY ALL ORDER BY ALL",
    "SELECT sum(a) OVER (ORDER BY c ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
    "SELECT a FROM t QUALIFY row_number() OVER () = 1",
    "SELECT * FROM a ASOF JOIN b USING (i)",
    "SELECT * FROM a POSITIONAL JOIN b",
    "SELECT CASE WHEN a THEN 1 ELSE 2 END FROM t",
    "SELECT a::DECIMAL(10, 2), CAST(b AS STRUCT(x INTEGER)) FROM t",
    "INSERT INTO t BY NAME SELECT 1 AS a",
    "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2",
    "UPDATE t SET a = 1 WHERE b = 2 RETURNING *",
    "DELETE FROM t WHERE a IN (SELECT 1)",
    "CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR NOT NULL DEFAULT 'x', CHECK (a > 1))",
    "ALTER TABLE t ADD COLUMN c INTEGER",
    "DROP VIEW IF EXISTS v",
    "BEGIN; COMMIT",
    "EXECUTE p(1, 2)",
    "PREPARE q AS SELECT $1 + ?2",
    "SET VARIABLE x = 5",
    "SHOW TABLES",
    "DESCRIBE t",
    "SUMMARIZE t",
    "PIVOT t ON a USING sum(b)",
    "CALL pragma_version()",
    "EXPLAIN SELECT 1",
    "SELECT 1;;SELECT 2;",
    "",
    "   ",
    "-- only a comment",
};

TEST(SuffixSyntax, LeavesWhatDuckDbParsesAsItIs) {
  for (const char* query : kValid) {
    std::string plain;
    ASSERT_NO_THROW(plain = PlainlyParsed(query)) << query;
    EXPECT_EQ(Parsed(query), plain) << query;
  }
}

TEST(SuffixSyntax, KeepsTheUsersTextInStatements) {
  auto statements = ParseStatements("SELECT 1; CREATE VIEW v AS FROM t@dev ;SELECT 2", {});
  ASSERT_EQ(statements.size(), 3u);
  EXPECT_THAT(statements[1]->query, HasSubstr("FROM t@dev"));
  EXPECT_THAT(statements[1]->Cast<duckdb::CreateStatement>().info->sql, HasSubstr("t@dev"));
  EXPECT_THAT(statements[2]->query, HasSubstr("SELECT 2"));
}

struct Wrong {
  const char* query;
  const char* position;
  const char* message;
};

class WrongSuffix : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongSuffix, IsASyntaxErrorAtItsPlace) {
  Error error = Failure(GetParam().query);
  EXPECT_EQ(error.code(), ErrorCode::kSql);
  EXPECT_EQ(error.field("position"), GetParam().position) << error.message();
  EXPECT_THAT(error.message(), HasSubstr(GetParam().message));
}

constexpr char kOnlyTables[] = "can only be named directly behind a table that is read";

INSTANTIATE_TEST_SUITE_P(
    All, WrongSuffix,
    ::testing::Values(
        Wrong{"SELEC 1", "0", "near \"SELEC\""}, Wrong{"FROM t@dev WHERE", "16", "end of input"},
        Wrong{"FROM t@dev WHERE x = = 3", "21", "near \"=\""},
        Wrong{"FROM t @dev", "7", "near \"@\""}, Wrong{"FROM t@ dev", "6", "near \"@\""},
        Wrong{"FROM t@", "6", "near \"@\""}, Wrong{"FROM t@'dev'", "6", "near \"@\""},
        Wrong{"FROM t@@dev", "6", "near \"@@\""}, Wrong{"FROM t@what-if", "11", "quotes"},
        Wrong{"FROM t@a/b", "8", "quotes"}, Wrong{"FROM t@v1.2", "9", "quotes"},
        Wrong{"FROM t@\"a:b\"", "6", "near \"@\""},
        Wrong{"FROM t VERSION 5.5", "15", "near \"5.5\""},
        Wrong{"FROM t VERSION 99999999999999999999", "15", "near"},
        Wrong{"FROM t AS x VERSION 5", "12", kOnlyTables},
        Wrong{"SELECT 'é日', é FROM t@@x", "25", "near \"@@\""},
        Wrong{"FROM f(1)@dev", "9", "near \"@\""}, Wrong{"FROM (SELECT 1)@dev", "15", "near \"@\""},
        Wrong{"SELECT version 5", "15", "near \"5\""},
        Wrong{"SELECT a version 5", "9", kOnlyTables},
        Wrong{"INSERT INTO t@dev VALUES (1)", "13", kOnlyTables},
        Wrong{"DELETE FROM t@dev", "13", kOnlyTables},
        Wrong{"UPDATE t@dev SET a = 1", "8", kOnlyTables},
        Wrong{"CREATE TABLE t@dev (a INTEGER)", "14", kOnlyTables},
        Wrong{"DROP TABLE t@dev", "12", kOnlyTables}, Wrong{"FROM t@a@b", "8", kOnlyTables},
        Wrong{"FROM t@dev AT (VERSION => 1)", "6", kOnlyTables},
        Wrong{"SELECT 1; FROM t@dev; FROM u@", "28", "near \"@\""},
        Wrong{"FROM t@dev 'unterminated", "11", "unterminated"}));

TEST(SuffixSyntax, RefusesTheStatementsUsersMayNotRun) {
  EXPECT_EQ(Failure("COPY t TO 'x.csv'").code(), ErrorCode::kUnsupported);
  EXPECT_EQ(Failure("COPY (FROM t@dev) TO 'x.csv'").code(), ErrorCode::kUnsupported);
  EXPECT_EQ(Failure("SELECT 1; ATTACH ':memory:' AS x").code(), ErrorCode::kUnsupported);
}

TEST(SuffixSyntax, HasALimit) {
  std::string query = "FROM t@a";
  for (int i = 0; i < 300; ++i) query += ", t@a";
  EXPECT_EQ(Failure(query).code(), ErrorCode::kSql);
}

TEST(SuffixSyntax, SurvivesTextCutAnywhereAndTokensShuffled) {
  std::vector<std::string> parts = {"t",  "@",    "dev", "~",  "2", "VERSION", "5",  " ",  "FROM ",
                                    "\"", "a/b",  "'",   "--", "(", ")",       ".",  "é",  ";",
                                    "AT", "AS x", "@@",  "$1", ",", "SELECT ", "/*", "*/", "\n"};
  uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    std::string query = random() % 2 == 0 ? "FROM t@dev " : "";
    for (auto left = random() % 8; left > 0; --left) query += parts[random() % parts.size()];
    std::string plain;
    bool is_plain = true;
    try {
      plain = PlainlyParsed(query);
    } catch (const std::exception&) {
      is_plain = false;
    }
    auto outcome = engine::Guarded([&] { return Parsed(query); });
    if (is_plain && !outcome) {
      ASSERT_EQ(outcome.error().code(), ErrorCode::kUnsupported) << query;
    } else if (is_plain) {
      ASSERT_EQ(*outcome, plain) << query;
    }
    if (!outcome && outcome.error().code() == ErrorCode::kSql &&
        !outcome.error().field("position").empty()) {
      ASSERT_LE(std::stoull(std::string(outcome.error().field("position"))), query.size());
    }
  }
}

TEST(VersionValue, ReadsWhatSuffixesWrite) {
  EXPECT_EQ(*ParseVersionValue(duckdb::Value::BIGINT(5)), (VersionSpec{"", 5}));
  EXPECT_EQ(*ParseVersionValue(duckdb::Value::INTEGER(0)), (VersionSpec{"", 0}));
  EXPECT_EQ(*ParseVersionValue(duckdb::Value("dev~2")), (VersionSpec{"dev~2", std::nullopt}));
  EXPECT_EQ(*ParseVersionValue(duckdb::Value("a/b:7")), (VersionSpec{"a/b", 7}));
  for (const auto& wrong :
       {duckdb::Value(), duckdb::Value(""), duckdb::Value(":5"), duckdb::Value("a:"),
        duckdb::Value("a:b"), duckdb::Value("a:-1"), duckdb::Value::BIGINT(-1),
        duckdb::Value::DOUBLE(1.5), duckdb::Value::BOOLEAN(true)}) {
    auto outcome = ParseVersionValue(wrong);
    ASSERT_FALSE(outcome) << wrong.ToString();
    EXPECT_EQ(outcome.error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(ParserExtension, ServesAnInstance) {
  engine::InstanceOptions options;
  options.threads = 1;
  options.parser_extension = MakeParserExtension();
  auto instance = engine::Instance::Start(options);
  ASSERT_TRUE(instance);
  auto connection = (*instance)->Connect();
  auto result = (*connection)->Query("SELECT 1; SELECT 42");
  EXPECT_FALSE(result->HasError());
  auto refused = (*connection)->Query("FROM t@dev");
  ASSERT_TRUE(refused->HasError());
  Error error = engine::TranslateError(refused->GetErrorObject(), "FROM t@dev");
  EXPECT_THAT(error.message(), HasSubstr("t"));
}

}  // namespace
}  // namespace rhizo::sql
