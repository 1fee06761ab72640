#include "sql/session_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  std::shared_ptr<SharedEngine> engine_ = StartEngine(2);
  TestSession session_{engine_, &data_};
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

}  // namespace
}  // namespace rhizo::sql
