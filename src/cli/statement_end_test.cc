#include "cli/statement_end.h"

#include <gtest/gtest.h>

namespace rhizo::cli {
namespace {

TEST(StatementEnd, ASemicolonAtTheEndEndsAStatement) {
  EXPECT_TRUE(EndsStatement("SELECT 1;"));
  EXPECT_TRUE(EndsStatement("SELECT 1;  \n"));
  EXPECT_TRUE(EndsStatement("SELECT 1; SELECT 2;"));
  EXPECT_FALSE(EndsStatement("SELECT 1"));
  EXPECT_FALSE(EndsStatement("SELECT 1; SELECT 2"));
  EXPECT_FALSE(EndsStatement(""));
}

TEST(StatementEnd, SemicolonsInQuotesDoNotCount) {
  EXPECT_FALSE(EndsStatement("SELECT ';"));
  EXPECT_FALSE(EndsStatement("SELECT 'it''s;"));
  EXPECT_TRUE(EndsStatement("SELECT 'it''s;';"));
  EXPECT_FALSE(EndsStatement("SELECT \"a;"));
  EXPECT_FALSE(EndsStatement("SELECT $$a;"));
  EXPECT_FALSE(EndsStatement("SELECT $x$ $$;"));
  EXPECT_TRUE(EndsStatement("SELECT $x$ $$; $x$;"));
}

TEST(StatementEnd, ParameterNumbersAreNoQuotes) { EXPECT_TRUE(EndsStatement("SELECT $1, $2;")); }

TEST(StatementEnd, CommentsAreSkipped) {
  EXPECT_FALSE(EndsStatement("SELECT 1 -- done;"));
  EXPECT_TRUE(EndsStatement("SELECT 1; -- done"));
  EXPECT_FALSE(EndsStatement("SELECT 1 /* ;"));
  EXPECT_TRUE(EndsStatement("SELECT 1 /* x */; /* y */"));
  EXPECT_TRUE(EndsStatement("SELECT 1 -- it's\n;"));
}

TEST(StatementEnd, BlankIsWhatHoldsNoStatement) {
  EXPECT_TRUE(IsBlank(""));
  EXPECT_TRUE(IsBlank(" \n\t"));
  EXPECT_TRUE(IsBlank("-- nothing"));
  EXPECT_TRUE(IsBlank("/* nothing */ -- at all\n"));
  EXPECT_FALSE(IsBlank("/* x */ SELECT"));
  EXPECT_FALSE(IsBlank("'"));
}

}  // namespace
}  // namespace rhizo::cli
