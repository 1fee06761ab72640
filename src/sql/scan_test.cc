#include "sql/scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

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
    constexpr const char* kSigns[] = {"=", "<", ">", "<=", ">=", "<>"};
    return kSigns[Below(6)];
  }

  std::string Simple() {
    switch (Below(16)) {
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
  for (int i = 0; i < 50; ++i) {
    auto sql = RandomQuery(&random);
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

}  // namespace
}  // namespace rhizo::sql
