// Rows of short text in aligned columns, for lists that fit in memory.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cli/terminal.h"

namespace rhizo::cli {

enum class Align { kLeft, kRight };

class TextTable {
 public:
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // Cells are made printable.
  void Add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  void Print(std::ostream& out, const Style& style) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// One line of cells padded to `widths`, two spaces between; no blanks at its end.
std::string AlignedLine(const std::vector<std::string>& cells, const std::vector<size_t>& widths,
                        const std::vector<Align>& aligns);

}  // namespace rhizo::cli
