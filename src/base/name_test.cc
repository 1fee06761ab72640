#include "base/name.h"

#include <gtest/gtest.h>

namespace rhizo {
namespace {

constexpr auto kValidators = {&ValidateTableName, &ValidateColumnName, &ValidateRefName};

TEST(Name, WithAnInvisibleCharacterIsRefusedWhichIsNamed) {
  struct {
    const char* name;
    const char* point;
  } wrong[] = {{"a\u200bb", "U+200B"}, {"a\u200eb", "U+200E"}, {"a\u200fb", "U+200F"},
               {"a\u202ab", "U+202A"}, {"a\u202eb", "U+202E"}, {"a\u2060b", "U+2060"},
               {"a\u2066b", "U+2066"}, {"a\u2069b", "U+2069"}, {"\ufeffab", "U+FEFF"},
               {"ab\u00ad", "U+00AD"}};
  for (const auto& [name, point] : wrong) {
    for (auto validate : kValidators) {
      auto status = validate(name);
      ASSERT_FALSE(status.has_value()) << point;
      EXPECT_EQ(status.error().code(), ErrorCode::kInvalidName);
      EXPECT_NE(status.error().message().find(point), std::string::npos)
          << status.error().message();
    }
  }
}

TEST(Name, MayHaveTheJoinersThatScriptsNeedAndTheirNeighbours) {
  for (const char* name : {"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  // Persian
                           "\u0915\u094d\u200d\u0937",                          // Devanagari
                           "a\u2010b", "a\u2019b", "a\u2065b", "a\u2070b"}) {
    for (auto validate : kValidators) EXPECT_TRUE(validate(name).has_value()) << name;
  }
}

TEST(Name, ThatLooksLikeGitsSyntaxForPositionsIsRefused) {
  EXPECT_FALSE(ValidateTableName("a@{1}").has_value());
  EXPECT_FALSE(ValidateRefName("a@{1}").has_value());
  EXPECT_TRUE(ValidateTableName("a@b").has_value());
}

TEST(Name, WithAControlCharacterIsRefused) {
  for (const char* name : {"a\nb", "\x1b[31m", "a\u2028b", "a\u2029b", "a\x7f"}) {
    for (auto validate : kValidators) EXPECT_FALSE(validate(name).has_value());
  }
}

}  // namespace
}  // namespace rhizo
