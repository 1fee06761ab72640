#include "cli/row_printer.h"

#include <algorithm>
#include <map>
#include <ostream>

#include "cli/json_shapes.h"
#include "cli/printable.h"
#include "cli/text_rows.h"
#include "cli/text_table.h"

namespace rhizo::cli {
namespace {

constexpr size_t kMeasuredRows = 1000;

bool IsNumber(const std::string& type) {
  static constexpr std::string_view kNumbers[] = {"TINYINT",   "SMALLINT", "INTEGER", "BIGINT",
                                                  "HUGEINT",   "FLOAT",    "DOUBLE",  "UTINYINT",
                                                  "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"};
  return std::find(std::begin(kNumbers), std::end(kNumbers), type) != std::end(kNumbers) ||
         (type.starts_with("DECIMAL") && type.ends_with(")"));
}

class TableForm {
 public:
  TableForm(std::ostream& out, const Style& style, const std::vector<ColumnInfo>& columns)
      : out_(out), style_(style) {
    for (const auto& column : columns) {
      titles_.push_back(Printable(column.name));
      widths_.push_back(DisplayWidth(titles_.back()));
      aligns_.push_back(IsNumber(column.type) ? Align::kRight : Align::kLeft);
    }
  }

  void Add(const TextRows& rows) {
    std::vector<std::string> cells;
    for (size_t i = 0; i < titles_.size(); ++i) {
      auto cell = rows.Cell(i);
      cells.push_back(cell ? Printable(*cell) : "NULL");
    }
    if (printing_) return PrintLine(cells);
    for (size_t i = 0; i < cells.size(); ++i)
      widths_[i] = std::max(widths_[i], DisplayWidth(cells[i]));
    waiting_.push_back(std::move(cells));
    if (waiting_.size() == kMeasuredRows) StartPrinting();
  }

  void Finish(uint64_t rows) {
    if (!printing_) StartPrinting();
    out_ << style_.Dim("(" + Grouped(rows) + (rows == 1 ? " row)" : " rows)")) << '\n';
  }

 private:
  void StartPrinting() {
    printing_ = true;
    std::vector<std::string> rules;
    for (size_t width : widths_) rules.emplace_back(width, '-');
    out_ << style_.Bold(AlignedLine(titles_, widths_, aligns_)) << '\n';
    PrintLine(rules);
    for (const auto& cells : waiting_) PrintLine(cells);
    waiting_.clear();
  }
  void PrintLine(const std::vector<std::string>& cells) {
    out_ << AlignedLine(cells, widths_, aligns_) << '\n';
  }

  std::ostream& out_;
  const Style style_;
  std::vector<std::string> titles_;
  std::vector<size_t> widths_;
  std::vector<Align> aligns_;
  std::vector<std::vector<std::string>> waiting_;
  bool printing_ = false;
};

std::string Quoted(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Names of columns are keys in JSON: the second "a" becomes "a_1".
std::vector<ColumnInfo> WithDistinctNames(std::vector<ColumnInfo> columns) {
  std::map<std::string, int> seen;
  for (const auto& column : columns) seen[column.name] = 0;
  std::map<std::string, bool> used;
  for (auto& column : columns) {
    std::string name = column.name;
    while (used.contains(name)) {
      do {
        name = column.name + "_" + std::to_string(++seen[column.name]);
      } while (seen.contains(name) && !used.contains(name));
    }
    used[name] = true;
    column.name = name;
  }
  return columns;
}

class JsonForm {
 public:
  JsonForm(std::ostream& out, const std::vector<ColumnInfo>& columns) : out_(out) {
    auto distinct = WithDistinctNames(columns);
    for (const auto& column : distinct) keys_.push_back(Quoted(column.name) + ":");
    out_ << R"({"rhizo":1,"columns":)"
         << Shape(distinct).dump(-1, ' ', false, Json::error_handler_t::replace) << ",\"rows\":[";
  }

  void Add(const TextRows& rows) {
    out_ << (first_ ? "\n{" : ",\n{");
    first_ = false;
    for (size_t i = 0; i < keys_.size(); ++i) {
      out_ << (i == 0 ? "" : ",") << keys_[i] << rows.Cell(i).value_or("null");
    }
    out_ << '}';
  }

  void Finish(uint64_t rows) { out_ << "\n],\"row_count\":" << rows << "}\n"; }

 private:
  std::ostream& out_;
  std::vector<std::string> keys_;
  bool first_ = true;
};

// NULL is an empty field, an empty text is "".
void WriteCsvField(std::ostream& out, std::string_view text) {
  bool plain = !text.empty() && text.find_first_of(",\"\r\n") == text.npos && text.front() != ' ' &&
               text.back() != ' ';
  if (plain) {
    out << text;
    return;
  }
  out << '"';
  for (char c : text) out << (c == '"' ? "\"\"" : std::string_view(&c, 1));
  out << '"';
}

class CsvForm {
 public:
  CsvForm(std::ostream& out, const std::vector<ColumnInfo>& columns)
      : out_(out), size_(columns.size()) {
    for (size_t i = 0; i < size_; ++i) {
      if (i > 0) out_ << ',';
      WriteCsvField(out_, columns[i].name);
    }
    out_ << "\r\n";
  }

  void Add(const TextRows& rows) {
    for (size_t i = 0; i < size_; ++i) {
      if (i > 0) out_ << ',';
      if (auto cell = rows.Cell(i)) WriteCsvField(out_, *cell);
    }
    out_ << "\r\n";
  }

  void Finish(uint64_t) {}

 private:
  std::ostream& out_;
  const size_t size_;
};

template <class Form>
Status PrintAll(std::ostream& out, Form form, TextRows rows) {
  uint64_t count = 0;
  while (true) {
    ASSIGN_OR_RETURN(bool more, rows.Next());
    if (!more) break;
    form.Add(rows);
    ++count;
    if (!out.good()) return Error(ErrorCode::kIo, "the output could not be written");
  }
  form.Finish(count);
  return {};
}

}  // namespace

Status PrintRows(std::ostream& out, const Style& style, RowForm form, QueryResult* result) {
  ASSIGN_OR_RETURN(
      auto rows, TextRows::Open(result, form == RowForm::kJson ? TextForm::kJson : TextForm::kSql));
  switch (form) {
    case RowForm::kTable:
      return PrintAll(out, TableForm(out, style, result->columns()), std::move(rows));
    case RowForm::kJson: return PrintAll(out, JsonForm(out, result->columns()), std::move(rows));
    case RowForm::kCsv: return PrintAll(out, CsvForm(out, result->columns()), std::move(rows));
  }
  return {};
}

}  // namespace rhizo::cli
