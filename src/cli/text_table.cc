#include "cli/text_table.h"

#include <algorithm>
#include <ostream>

#include "cli/printable.h"

namespace rhizo::cli {

std::string AlignedLine(const std::vector<std::string>& cells, const std::vector<size_t>& widths,
                        const std::vector<Align>& aligns) {
  std::string line;
  size_t owed = 0;  // blanks that only count if something follows
  for (size_t i = 0; i < cells.size(); ++i) {
    size_t width = DisplayWidth(cells[i]);
    size_t padding = widths[i] > width ? widths[i] - width : 0;
    if (i > 0) owed += 2;
    if (aligns[i] == Align::kRight) owed += padding;
    if (!cells[i].empty()) {
      line.append(owed, ' ');
      line += cells[i];
      owed = 0;
    } else {
      owed += width;
    }
    if (aligns[i] == Align::kLeft) owed += padding;
  }
  return line;
}

void TextTable::Add(std::vector<std::string> cells) {
  for (auto& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

void TextTable::Print(std::ostream& out, const Style& style) const {
  std::vector<size_t> widths;
  std::vector<Align> aligns;
  std::vector<std::string> titles;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t width = DisplayWidth(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, DisplayWidth(row[i]));
    widths.push_back(width);
    aligns.push_back(columns_[i].align);
    titles.push_back(columns_[i].title);
  }
  out << style.Bold(AlignedLine(titles, widths, aligns)) << '\n';
  for (const auto& row : rows_) out << AlignedLine(row, widths, aligns) << '\n';
}

}  // namespace rhizo::cli
