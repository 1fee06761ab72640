#include "cli/text_table.h"

#include <gtest/gtest.h>

#include <clocale>
#include <sstream>

namespace rhizo::cli {
namespace {

std::string Printed(const TextTable& table) {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  std::ostringstream out;
  table.Print(out, Style(false));
  return out.str();
}

TEST(TextTable, ColumnsAreAsWideAsTheirWidestCell) {
  TextTable table({{"name"}, {"rows", Align::kRight}});
  table.Add({"a", "1"});
  table.Add({"longer", "12345"});
  EXPECT_EQ(Printed(table), "name     rows\na           1\nlonger  12345\n");
}

TEST(TextTable, WideCharactersKeepColumnsAligned) {
  TextTable table({{"name"}, {"x"}});
  table.Add({"日本", "1"});
  table.Add({"abcd", "2"});
  EXPECT_EQ(Printed(table), "name  x\n日本  1\nabcd  2\n");
}

TEST(TextTable, LinesEndWithoutBlanks) {
  TextTable table({{"a"}, {"b"}, {"c"}});
  table.Add({"x", "", ""});
  table.Add({"", "", "z"});
  EXPECT_EQ(Printed(table), "a  b  c\nx\n      z\n");
}

TEST(TextTable, CellsCannotDriveTheTerminal) {
  TextTable table({{"a"}});
  table.Add({"\x1b]0;x\a"});
  EXPECT_EQ(Printed(table), "a\n\\x1B]0;x\\x07\n");
}

TEST(Style, PaintsOnlyWhereColorsAreWanted) {
  EXPECT_EQ(Style(false).Red("x"), "x");
  EXPECT_EQ(Style(true).Red("x"), "\x1b[31mx\x1b[0m");
}

}  // namespace
}  // namespace rhizo::cli
