#include "sql/scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "sql/scan_plan.h"
#include "sql/testing/test_session.h"

namespace rhizo::sql {
namespace {

using testing::ElementsAre;

constexpr char kMakeRows[] = R"(
CREATE TABLE t AS SELECT
  i::INTEGER AS id,
  CASE WHEN i % 11 = 0 THEN NULL ELSE ((i * 7919) % 1000)::SMALLINT END AS small,
  (i // 100)::BIGINT AS sorted,
  CASE WHEN i % 50 = 3 THEN NULL ELSE 'name ' || ((i * 31) % 97) END AS name,
  CASE WHEN i % 13 = 0 THEN '' WHEN i % 5 = 0 THEN 'a much longer text than twelve bytes ' || i
       ELSE 'k' || (i % 3) END AS mixed,
  ((i * 104729) % 10000 / 8.0)::DOUBLE AS score,
  (((i * 17) % 100000) / 100.0)::DECIMAL(9,2) AS price,
  DATE '2020-01-01' + (i % 700)::INTEGER AS day,
  TIMESTAMP '2020-01-01' + to_seconds((i * 977) % 1000000) AS moment,
  i % 3 = 0 AS flag,
  CASE WHEN i < 3000 THEN NULL ELSE i END AS late,
  [i % 5, i % 2]::INTEGER[] AS list,
  {'a': i % 10, 'b': 'x' || (i % 4)} AS pair
FROM range(6000) r(i))";

constexpr char kMakeOther[] = R"(
CREATE TABLE u AS SELECT (i * 3)::INTEGER AS id, 'name ' || i AS name, (i * 13 % 1000)::SMALLINT AS small
FROM range(60) r(i))";

class RandomCondition {
 public:
  explicit RandomCondition(std::mt19937_64* random) : random_(*random) {}

  std::string Make(int depth = 2) {
    if (depth > 0 && Below(3) == 0) {
      const char* glue = Below(2) ? " AND " : " OR ";
      return "(" + Make(depth - 1) + glue + Make(depth - 1) + ")";
    }
    if (depth > 0 && Below(8) == 0) return "NOT " + Make(depth - 1);
    return Simple();
  }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }
  std::string Number(uint64_t bound) { return std::to_string(Below(bound)); }

  std::string Comparison() {
    constexpr const char* kSigns[] = {
        "=", "<", ">", "<=", ">=", "<>", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"};
    return kSigns[Below(8)];
  }

  std::string Simple() {
    switch (Below(17)) {
      case 0: return "id " + Comparison() + " " + Number(6000);
      case 1: return "small " + Comparison() + " " + Number(1000);
      case 2: return "sorted BETWEEN " + Number(60) + " AND " + Number(60);
      case 3: return "id IN (" + Number(6000) + ", " + Number(6000) + ", " + Number(6000) + ")";
      case 4: return "name LIKE '%" + Number(10) + "'";
      case 5: return "mixed " + Comparison() + " 'k" + Number(3) + "'";
      case 6: return Below(2) ? "small IS NULL" : "name IS NOT NULL";
      case 7: return "score " + Comparison() + " " + Number(1250) + ".5";
      case 8: return "price " + Comparison() + " " + Number(1000) + ".25";
      case 9: return "day " + Comparison() + " DATE '2020-01-01' + " + Number(700);
      case 10: return "moment > TIMESTAMP '2020-01-0" + std::to_string(1 + Below(9)) + "'";
      case 11: return Below(2) ? "flag" : "late IS NULL";
      case 12: return "pair.a " + Comparison() + " " + Number(10);
      case 13: return "list_contains(list, " + Number(5) + ")";
      case 14: return "id % 7 = " + Number(7);
      case 15: return "late " + Comparison() + " " + Number(6000);
      default: return "name IN ('name " + Number(97) + "', 'name " + Number(97) + "')";
    }
  }

  std::mt19937_64& random_;
};

std::string RandomQuery(std::mt19937_64* random) {
  RandomCondition conditions(random);
  std::string where = " WHERE " + conditions.Make();
  switch ((*random)() % 12) {
    case 0: return "SELECT * FROM t" + where + " ORDER BY ALL";
    case 1: return "SELECT count(*) FROM t" + where;
    case 2: return "SELECT id, name FROM t" + where + " ORDER BY ALL";
    case 3:
      return "SELECT min(small), max(small), sum(price), count(name), min(mixed) FROM t" + where;
    case 4:
      return "SELECT flag, sorted % 5 AS g, count(*), sum(id) FROM t" + where +
             " GROUP BY ALL ORDER BY ALL";
    case 5:
      return "SELECT t.id, u.name FROM t JOIN u ON t.id = u.id" + std::string() +
             " WHERE u.small < 500 ORDER BY ALL";
    case 6: return "SELECT count(*), sum(t.id) FROM t JOIN u USING (name) WHERE u.id < 90";
    case 7: return "SELECT id, score FROM t" + where + " ORDER BY score DESC, id LIMIT 7";
    case 8: return "SELECT * FROM t" + where + " ORDER BY id DESC LIMIT 5 OFFSET 3";
    case 9:
      return "SELECT id, row_number() OVER (PARTITION BY flag ORDER BY id) AS n FROM t" + where +
             " ORDER BY ALL LIMIT 50";
    case 10: return "SELECT min(id), max(id), max(day), min(late), count(*) FROM t";
    default: return "SELECT list, pair, mixed FROM t" + where + " ORDER BY ALL";
  }
}

struct Case {
  const char* name;
  Layout layout;
};

class ScanAgainstPlain : public testing::TestWithParam<Case> {};

TEST_P(ScanAgainstPlain, EveryQueryAnswersAsThePlainEngineDoes) {
  uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  FakeDatabase data(seed, 4);
  data.Plain(kMakeRows);
  data.Plain(kMakeOther);
  data.Publish("t", GetParam().layout);
  data.Publish("u", {.segment_rows = 7});
  TestSession session(&data);
  for (int i = 0; i < 60; ++i) {
    auto sql = RandomQuery(&random);
    if (random() % 2 == 0) data.ClearCache();  // the first touch under a filter goes past it
    auto ours = session.Query(sql);
    ASSERT_TRUE(ours.has_value()) << sql << "\n" << ours.error().message();
    ASSERT_EQ(*ours, data.Plain(sql)) << sql;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, ScanAgainstPlain,
    testing::Values(
        Case{"RowBlocks", {.segment_rows = 500}},
        Case{"Parquet", {.segment_rows = 2500, .use_parquet = true}},
        Case{"OneSegment", {.segment_rows = 6000, .use_parquet = true}},
        Case{"Hidden", {.segment_rows = 300, .hidden_share = 0.3}},
        Case{
            "Overlays",
            {.segment_rows = 2500, .use_parquet = true, .hidden_share = 0.2, .patched_share = 0.1}},
        Case{"Crumbs", {.segment_rows = 37, .hidden_share = 0.1, .patched_share = 0.1}}),
    [](const auto& info) { return std::string(info.param.name); });

class ScanTest : public testing::Test {
 protected:
  ScanTest() {
    data_.Plain(kMakeRows);
    data_.Publish("t", {.segment_rows = 1000, .use_parquet = true});
  }

  TextRows Query(const std::string& sql) {
    auto rows = session_.Query(sql);
    EXPECT_TRUE(rows.has_value()) << sql << "\n" << (rows ? "" : rows.error().message());
    return rows ? *rows : TextRows();
  }

  FakeDatabase data_{1, 4};
  TestSession session_{&data_};
};

TEST_F(ScanTest, CountsAndExactBoundsNeedNoSegment) {
  EXPECT_THAT(Query("SELECT count(*) FROM t"), ElementsAre(ElementsAre("6000")));
  EXPECT_THAT(Query("SELECT min(id), max(id), count(*) FROM t"),
              ElementsAre(ElementsAre("0", "5999", "6000")));
  EXPECT_EQ(Query("SELECT min(day), max(price) FROM t"),
            data_.Plain("SELECT min(day), max(price) FROM t"));
  EXPECT_EQ(data_.columns_decoded(), 0u);
}

TEST_F(ScanTest, CountStaysExactWithHiddenRowsAndBoundsAreReadThen) {
  data_.Publish("t", {.segment_rows = 300, .hidden_share = 0.2});
  EXPECT_THAT(Query("SELECT count(*) FROM t"), ElementsAre(ElementsAre("6000")));
  EXPECT_EQ(data_.columns_decoded(), 0u);
  EXPECT_THAT(Query("SELECT min(id), max(id) FROM t"), ElementsAre(ElementsAre("0", "5999")));
}

// Bounds of text are prefixes: "a much longer text ..." is not what min() is.
TEST_F(ScanTest, BoundsOfTextAreNeverTakenForValues) {
  EXPECT_EQ(Query("SELECT min(mixed), max(mixed), max(name) FROM t"),
            data_.Plain("SELECT min(mixed), max(mixed), max(name) FROM t"));
  data_.Plain("CREATE TABLE long AS SELECT 'x' || repeat('y', 100) || i AS s FROM range(50) r(i)");
  data_.Publish("long");
  EXPECT_EQ(Query("SELECT min(s), max(s) FROM long"),
            data_.Plain("SELECT min(s), max(s) FROM long"));
}

TEST_F(ScanTest, ShortStringsAreGroupedAsNumbers) {
  data_.Plain(
      "CREATE TABLE short AS SELECT chr((65 + i % 26)::INTEGER) AS s, i FROM range(5000) r(i)");
  data_.Publish("short", {.segment_rows = 2500, .use_parquet = true});
  const std::string sql = "SELECT s, sum(i) FROM short GROUP BY s ORDER BY s";
  auto plan = Query("EXPLAIN " + sql);
  EXPECT_THAT(plan[0][1], testing::HasSubstr("__internal_compress_string_"));
  EXPECT_EQ(Query(sql), data_.Plain(sql));
}

// A plan packs strings by the longest that it knew of.
TEST_F(ScanTest, APreparedPlanSeesStringsThatBecameLonger) {
  data_.Plain("CREATE TABLE short AS SELECT 'a' || i % 9 AS s FROM range(100) r(i)");
  data_.Publish("short");
  const std::string sql = "SELECT s, count(*) FROM short GROUP BY s ORDER BY s";
  Query("PREPARE longer AS " + sql);
  EXPECT_EQ(Query("EXECUTE longer"), data_.Plain(sql));
  data_.Plain("INSERT INTO short VALUES ('much longer than all that came before it')");
  data_.Publish("short");
  EXPECT_EQ(Query("EXECUTE longer"), data_.Plain(sql));
}

TEST_F(ScanTest, EntriesThatCannotMatchAreNotRead) {
  const std::string sql = "SELECT count(name) FROM t WHERE id = 4321";
  EXPECT_THAT(Query(sql), ElementsAre(ElementsAre("1")));
  EXPECT_THAT(Query(sql), ElementsAre(ElementsAre("1")));
  EXPECT_EQ(data_.columns_decoded(), 2u);
}

TEST_F(ScanTest, AColumnIsKeptWhenItIsWantedUnderAFilterForTheSecondTime) {
  const std::string sql = "SELECT sum(small) FROM t WHERE id > 10";
  auto first = Query(sql);
  EXPECT_EQ(data_.columns_decoded(), 0u);
  EXPECT_EQ(Query(sql), first);
  // The filter is true for all rows of five entries, whatever `id` is there.
  EXPECT_EQ(data_.columns_decoded(), 6u + 1);
  EXPECT_EQ(Query(sql), first);
  EXPECT_EQ(first, data_.Plain(sql));
}

TEST_F(ScanTest, WithoutAFilterAColumnIsKeptAtOnce) {
  Query("SELECT sum(small) FROM t");
  EXPECT_EQ(data_.columns_decoded(), 6u);
}

// The engine's own check of bounds loses NULLs here.
TEST_F(ScanTest, NullsAreDistinctFromAConstantWhateverTheBoundsSay) {
  for (const char* condition :
       {"late = 5999 OR late IS DISTINCT FROM 4000", "late IS DISTINCT FROM 4000",
        "late IS NOT DISTINCT FROM 4000 OR late = 5000",
        "late IS DISTINCT FROM 4000 AND (late IS NULL OR late IS DISTINCT FROM 5)"}) {
    for (bool cold : {true, false}) {
      if (cold) data_.ClearCache();
      auto sql = "SELECT count(*) FROM t WHERE " + std::string(condition);
      EXPECT_EQ(Query(sql), data_.Plain(sql)) << sql;
    }
  }
}

TEST_F(ScanTest, OnlyColumnsThatAreAskedForAreRead) {
  Query("SELECT sum(price) FROM t WHERE flag");
  Query("SELECT sum(price) FROM t WHERE flag");
  EXPECT_EQ(data_.columns_decoded(), 2u * 6);
}

// The Parquet reader reuses the selection of its dictionary vectors: kept ones need their own.
TEST_F(ScanTest, DictionaryColumnsReadTheSameFromTheCache) {
  auto sql = "SELECT id, name, mixed FROM t ORDER BY id";
  auto expected = data_.Plain(sql);
  EXPECT_EQ(Query(sql), expected);
  Query("SELECT * FROM t");
  EXPECT_EQ(Query(sql), expected);
}

TEST_F(ScanTest, ManyThreadsKeepTheOrderOfRows) {
  data_.Publish("t", {.segment_rows = 37});
  for (const char* sql : {"SELECT id FROM t", "SELECT id FROM t WHERE small > 500",
                          "SELECT id FROM t WHERE id % 3 = 0 LIMIT 1000"}) {
    EXPECT_EQ(Query(sql), data_.Plain(sql)) << sql;
  }
}

TEST_F(ScanTest, RowIdsAreDistinctAndFindTheirRows) {
  data_.Publish("t", {.segment_rows = 250, .hidden_share = 0.3});
  EXPECT_THAT(Query("SELECT count(DISTINCT rowid) FROM t"), ElementsAre(ElementsAre("6000")));
  EXPECT_THAT(Query("SELECT count(*) FROM t a JOIN t b ON a.rowid = b.rowid WHERE a.id = b.id"),
              ElementsAre(ElementsAre("6000")));
  EXPECT_THAT(Query("SELECT id FROM t WHERE rowid = (SELECT rowid FROM t WHERE id = 777)"),
              ElementsAre(ElementsAre("777")));
  EXPECT_THAT(Query("SELECT id FROM t WHERE rowid IN (SELECT rowid FROM t WHERE id IN (5, 999))"),
              ElementsAre(ElementsAre("5"), ElementsAre("999")));
}

// Wide rows behind a top-n are fetched by row id.
TEST_F(ScanTest, LateMaterializationFetchesTheRightRows) {
  data_.Publish("t", {.segment_rows = 500, .hidden_share = 0.2, .patched_share = 0.1});
  auto sql = "SELECT * FROM t ORDER BY score DESC, id LIMIT 5";
  EXPECT_EQ(Query(sql), data_.Plain(sql));
}

TEST_F(ScanTest, APatchMayPutValuesBeyondTheBoundsOfItsSegment) {
  data_.Plain(
      "CREATE TABLE p AS SELECT i, CASE WHEN i = 50 THEN 1000000 ELSE i END AS v "
      "FROM range(100) r(i)");
  data_.Publish("p", {.segment_rows = 100, .patched_share = 0.9});
  for (const char* sql :
       {"SELECT i FROM p WHERE v = 1000000", "SELECT max(v) FROM p", "SELECT i FROM p WHERE v > 99",
        "SELECT count(*) FROM p WHERE v < 1000000"}) {
    EXPECT_EQ(Query(sql), data_.Plain(sql)) << sql;
  }
}

TEST_F(ScanTest, EmptyTablesAndEmptyResultsWork) {
  data_.Plain("CREATE TABLE e AS FROM t LIMIT 0");
  data_.Publish("e");
  EXPECT_EQ(Query("FROM e").size(), 0u);
  EXPECT_THAT(Query("SELECT count(*), min(id), max(name) FROM e"),
              ElementsAre(ElementsAre("0", "NULL", "NULL")));
  EXPECT_EQ(Query("SELECT * FROM t WHERE id > 1000000").size(), 0u);
  EXPECT_EQ(Query("SELECT * FROM t WHERE false").size(), 0u);
}

constexpr char kMakeTypes[] = R"(
CREATE TABLE types AS SELECT
  i % 2 = 0 AS b, i::TINYINT AS i8, i::HUGEINT * 1000000000000 AS i128, i::UTINYINT AS u8,
  i::UBIGINT AS u64, (i / 3.0)::FLOAT AS f32, CASE WHEN i = 7 THEN 'nan' ELSE '-inf' END::DOUBLE AS f64,
  i::DECIMAL(4,1) AS d4, i::DECIMAL(38,10) AS d38, ('x' || i)::BLOB AS blob, i::BIT AS bits,
  ('00000000-0000-0000-0000-0000000000' || (10 + i))::UUID AS uuid,
  TIME '12:00:00' + to_seconds(i) AS time, TIMESTAMP_S '2020-01-01' + to_days(i::INTEGER) AS ts_s,
  (TIMESTAMP '2020-01-01' + to_days(i::INTEGER))::TIMESTAMP_NS AS ts_ns,
  (TIMESTAMP '2020-01-01' + to_days(i::INTEGER))::TIMESTAMPTZ AS tz,
  to_days(i::INTEGER) AS iv, ['a', 'b'][1 + i % 2]::ENUM('a', 'b') AS e,
  CASE WHEN i % 3 = 0 THEN [] WHEN i % 3 = 1 THEN [NULL, 'x'] END::VARCHAR[] AS l,
  [i, i + 1]::INTEGER[2] AS arr, {'x': i, 'y': {'z': 'deep ' || i}} AS st, MAP {i: 'v' || i} AS m,
  union_value(num := i) AS un, '{"a": 1}'::JSON AS j
FROM range(60) r(i))";

TEST_F(ScanTest, EveryTypeIsReadAndFiltered) {
  data_.Plain(kMakeTypes);
  for (const auto& layout :
       {Layout{.segment_rows = 20}, Layout{.use_parquet = true},
        Layout{.segment_rows = 30, .hidden_share = 0.3, .patched_share = 0.2}}) {
    data_.Publish("types", layout);
    EXPECT_EQ(Query("FROM types"), data_.Plain("FROM types"));
    for (const char* where : {"i128 = 5000000000000",
                              "u8 > 50",
                              "f64 > 0",
                              "d38 BETWEEN 3 AND 4",
                              "blob = 'x9'::BLOB",
                              "uuid > '00000000-0000-0000-0000-000000000030'",
                              "time = TIME '12:00:05'",
                              "e = 'b'",
                              "tz > TIMESTAMPTZ '2020-01-20 00:00:00+00'",
                              "l IS NULL",
                              "len(l) = 2",
                              "st.x = 3",
                              "st.y.z = 'deep 4'",
                              "arr[1] = 8",
                              "m[3] = 'v3'",
                              "iv > INTERVAL 50 DAY",
                              "b",
                              "NOT b",
                              "ts_ns < TIMESTAMP_NS '2020-01-03'",
                              "bits IS NOT NULL AND i8 IN (1, 2, 59)"}) {
      auto sql = std::string("SELECT * FROM types WHERE ") + where;
      EXPECT_EQ(Query(sql), data_.Plain(sql)) << sql;
    }
  }
}

TEST_F(ScanTest, PlansShowTheTable) {
  auto plan = Query("EXPLAIN SELECT sum(id) FROM t WHERE small > 5");
  ASSERT_FALSE(plan.empty());
  EXPECT_THAT(plan[0][1], testing::HasSubstr("RHIZO_SCAN"));
  EXPECT_THAT(plan[0][1], testing::HasSubstr("small>5"));
}

TEST(SplitIntoMorsels, NeighboursAreJoinedAndBigOnesStandAlone) {
  auto split = [](const std::vector<uint64_t>& rows) {
    std::vector<table::OpenEntry> entries(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) entries[i].entry.visible_rows = rows[i];
    std::vector<std::pair<size_t, size_t>> bounds;
    for (auto morsel : SplitIntoMorsels(entries)) {
      bounds.emplace_back(morsel.first_entry, morsel.end_entry);
    }
    return bounds;
  };
  using Bounds = std::vector<std::pair<size_t, size_t>>;
  EXPECT_EQ(split({}), Bounds());
  EXPECT_EQ(split({1, 1, 1}), (Bounds{{0, 3}}));
  EXPECT_EQ(split({kMorselRows, 1, kMorselRows, 5}), (Bounds{{0, 1}, {1, 2}, {2, 3}, {3, 4}}));
  EXPECT_EQ(split({kMorselRows - 1, 1, 1}), (Bounds{{0, 2}, {2, 3}}));
}

}  // namespace
}  // namespace rhizo::sql
