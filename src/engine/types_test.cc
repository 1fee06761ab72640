#include "engine/types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/testing/random_values.h"

namespace rhizo::engine {
namespace {

using duckdb::LogicalType;
using ::testing::HasSubstr;

TEST(Types, OfEveryKindComeBackFromTheEngine) {
  for (const auto& type : LeafTypes()) {
    auto back = FromLogicalType(ToLogicalType(type));
    ASSERT_TRUE(back) << type.ToString();
    EXPECT_EQ(*back, type) << type.ToString();
  }
}

TEST(Types, NestedOnesComeBackFromTheEngine) {
  uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Generator random(seed);
  for (int i = 0; i < 300; ++i) {
    auto type = RandomType(&random, 5);
    auto back = FromLogicalType(ToLogicalType(type));
    ASSERT_TRUE(back) << type.ToString();
    EXPECT_EQ(*back, type) << type.ToString();
  }
}

TEST(Types, AreSpelledAsTheEngineSpellsThem) {
  for (const auto& type : LeafTypes()) EXPECT_EQ(ToLogicalType(type).ToString(), type.ToString());
}

TEST(Types, WithoutExactFormAreRefusedByName) {
  LogicalType users = LogicalType::INTEGER;
  users.SetAlias("age");
  for (const auto& [type, name] : std::vector<std::pair<LogicalType, std::string>>{
           {LogicalType::BIGNUM, "BIGNUM"},
           {LogicalType::VARIANT(), "VARIANT"},
           {LogicalType::GEOMETRY(), "GEOMETRY"},
           {LogicalType::SQLNULL, "NULL"},
           {LogicalType::LIST(LogicalType::SQLNULL), "NULL"},
           {LogicalType::VARCHAR_COLLATION("de"), "VARCHAR"},
           {LogicalType::STRUCT({{"", LogicalType::INTEGER}}), "STRUCT"},
           {LogicalType::POINTER, "POINTER"},
           {users, "age"}}) {
    auto outcome = FromLogicalType(type);
    ASSERT_FALSE(outcome) << name;
    EXPECT_EQ(outcome.error().code(), ErrorCode::kSchema);
    EXPECT_THAT(outcome.error().message(), HasSubstr(name));
  }
}

TEST(Types, OfResultsMayBeWhatNoColumnCan) {
  EXPECT_EQ(FromResultType(LogicalType::SQLNULL)->kind, model::TypeKind::kInt32);
  EXPECT_EQ(FromResultType(LogicalType::VARCHAR_COLLATION("de"))->kind, model::TypeKind::kString);
  auto unnamed = FromResultType(LogicalType::STRUCT({{"", LogicalType::INTEGER}}));
  ASSERT_TRUE(unnamed);
  EXPECT_EQ(unnamed->children[0].name, "1");
  EXPECT_FALSE(FromResultType(LogicalType::VARIANT()));
}

}  // namespace
}  // namespace rhizo::engine
