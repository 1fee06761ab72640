#include "db/file_format.h"

#include <gtest/gtest.h>

namespace rhizo::db {
namespace {

using Paths = std::vector<std::string>;

TEST(FileFormat, FollowsFromTheExtensionWhateverItsCase) {
  EXPECT_EQ(*FormatOf("a.csv", ""), FileFormat::kCsv);
  EXPECT_EQ(*FormatOf("dir.x/A.CSV.GZ", ""), FileFormat::kCsv);
  EXPECT_EQ(*FormatOf("a.tsv.zst", ""), FileFormat::kCsv);
  EXPECT_EQ(*FormatOf("a.Parquet", ""), FileFormat::kParquet);
  EXPECT_EQ(*FormatOf("a.arrow", ""), FileFormat::kArrow);
  EXPECT_EQ(*FormatOf("a.arrows", ""), FileFormat::kArrow);
  EXPECT_EQ(*FormatOf("a.feather", ""), FileFormat::kArrow);
}

TEST(FileFormat, NamedFormatsWinOverExtensions) {
  EXPECT_EQ(*FormatOf("a.txt", "csv"), FileFormat::kCsv);
  EXPECT_EQ(*FormatOf("a.csv", "parquet"), FileFormat::kParquet);
}

TEST(FileFormat, WhatIsUnclearIsRefused) {
  for (const char* path : {"", "a", "csv", "a.xlsx", "a.gz", "a.parquet.gz", "a.arrow.zst"}) {
    auto format = FormatOf(path, "");
    ASSERT_FALSE(format.has_value()) << path;
    EXPECT_EQ(format.error().code(), ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(FormatOf("a.csv", "xml").has_value());
}

TEST(FileFormat, FilesOfOneImportHaveOneFormat) {
  EXPECT_EQ(*FormatOf(Paths{"a.csv", "b.csv.gz"}, ""), FileFormat::kCsv);
  EXPECT_FALSE(FormatOf(Paths{"a.csv", "b.parquet"}, "").has_value());
  EXPECT_FALSE(FormatOf(Paths(), "").has_value());
}

TEST(CheckReadable, SaysWhatIsWrongWithAPath) {
  for (const char* path : {"", "/nowhere/at/all.csv", "/tmp", "/dev/null/x"}) {
    auto readable = CheckReadable(path);
    ASSERT_FALSE(readable.has_value()) << path;
    EXPECT_EQ(readable.error().code(), ErrorCode::kInvalidArgument) << path;
  }
  EXPECT_FALSE(CheckReadable(std::string("/tmp\0x", 6)).has_value());
}

}  // namespace
}  // namespace rhizo::db
