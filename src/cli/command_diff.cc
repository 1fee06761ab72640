// diff.
#include <iostream>

#include "cli/command_line.h"
#include "cli/json_shapes.h"
#include "cli/printable.h"
#include "cli/terminal.h"
#include "cli/text_rows.h"

namespace rhizo::cli {
namespace {

constexpr size_t kOwnColumns = 2;  // _change_type, _changed_fields

struct ShowDiffOptions {
  std::string from;
  std::string to;
  std::string table;
  std::optional<uint64_t> limit;
  bool stat = false;
};

using Cells = std::vector<std::string>;

Cells CellsOf(const TextRows& rows, size_t columns) {
  Cells cells;
  for (size_t i = 0; i < columns; ++i) {
    auto cell = rows.Cell(i);
    cells.push_back(cell ? Printable(*cell) : "NULL");
  }
  return cells;
}

// Rows one per line: "+ id=4, score=60", of updates "~ id=1, score=70 -> 75".
class LineForm {
 public:
  LineForm(const Style& style, const std::vector<ColumnInfo>& columns) : style_(style) {
    for (const auto& column : columns) names_.push_back(Printable(column.name));
  }

  void Add(const TextRows& rows) {
    auto cells = CellsOf(rows, names_.size());
    const auto& type = cells[0];
    if (type == "update_preimage") {
      before_ = std::move(cells);
    } else if (type == "update_postimage") {
      std::cout << style_.Yellow("~ " + Line(cells, &before_)) << '\n';
    } else {
      bool came = type == "insert";
      auto line = (came ? "+ " : "- ") + Line(cells, nullptr);
      std::cout << (came ? style_.Green(line) : style_.Red(line)) << '\n';
    }
  }

 private:
  std::string Line(const Cells& cells, const Cells* before) const {
    std::string line;
    for (size_t i = kOwnColumns; i < cells.size(); ++i) {
      if (i > kOwnColumns) line += ", ";
      line += names_[i] + "=";
      if (before != nullptr && (*before)[i] != cells[i]) line += (*before)[i] + " -> ";
      line += cells[i];
    }
    return line;
  }

  const Style style_;
  Cells names_;
  Cells before_;
};

// Rows as objects: {"_change_type": ..., "_changed_fields": ..., column: value, ...}.
class JsonForm {
 public:
  explicit JsonForm(const std::vector<ColumnInfo>& columns) {
    for (const auto& column : columns) names_.push_back(Json(column.name).dump());
  }

  void Add(const TextRows& rows) {
    std::cout << (first_ ? "{" : ",{");
    first_ = false;
    for (size_t i = 0; i < names_.size(); ++i) {
      std::cout << (i == 0 ? "" : ",") << names_[i] << ':' << rows.Cell(i).value_or("null");
    }
    std::cout << '}';
  }

 private:
  std::vector<std::string> names_;
  bool first_ = true;
};

// An update is one change in two rows.
template <class Form>
Status AddRows(QueryResult* result, TextForm text, std::optional<uint64_t> limit, Form form) {
  ASSIGN_OR_RETURN(auto rows, TextRows::Open(result, text));
  for (uint64_t changes = 0; std::cout.good() && (!limit || changes < *limit);) {
    ASSIGN_OR_RETURN(bool more, rows.Next());
    if (!more) break;
    form.Add(rows);
    changes += rows.Cell(0)->find("preimage") == std::string_view::npos;
  }
  return {};
}

DiffOptions RowsFor(const ShowDiffOptions& options) {
  DiffOptions chosen;
  if (options.limit) chosen.limit = *options.limit * 2;
  return chosen;
}

void PrintHeading(const TableDiff& diff, const Style& style) {
  auto name = diff.old_name.empty() ? diff.table : diff.old_name + " -> " + diff.table;
  std::cout << style.Bold(Printable(name)) << ": " << diff.operation << ", +"
            << Grouped(diff.rows_inserted) << " ~" << Grouped(diff.rows_updated) << " -"
            << Grouped(diff.rows_deleted) << " rows\n";
  for (const auto& change : diff.schema_changes) std::cout << "  " << Printable(change) << '\n';
}

Status PrintText(Database& database, const std::vector<TableDiff>& diffs,
                 const ShowDiffOptions& options) {
  auto style = StyleOf(Stream::kOutput);
  for (const auto& diff : diffs) {
    PrintHeading(diff, style);
    if (options.stat) continue;
    ASSIGN_OR_RETURN(auto rows,
                     database.Diff(diff.table, options.from, options.to, RowsFor(options)));
    LineForm form(style, rows.columns());
    RETURN_IF_ERROR(AddRows(&rows, TextForm::kSql, options.limit, std::move(form)));
  }
  if (diffs.empty()) std::cout << "no difference\n";
  return {};
}

Status PrintShapes(Database& database, const std::vector<TableDiff>& diffs,
                   const ShowDiffOptions& options) {
  std::cout << R"({"rhizo":1,"diff":[)";
  for (size_t i = 0; i < diffs.size(); ++i) {
    auto shape = Shape(diffs[i]).dump();
    std::cout << (i == 0 ? "" : ",");
    if (options.stat) {
      std::cout << shape;
      continue;
    }
    std::cout << shape.substr(0, shape.size() - 1) << R"(,"changes":[)";
    ASSIGN_OR_RETURN(auto rows,
                     database.Diff(diffs[i].table, options.from, options.to, RowsFor(options)));
    JsonForm form(rows.columns());
    RETURN_IF_ERROR(AddRows(&rows, TextForm::kJson, options.limit, std::move(form)));
    std::cout << "]}";
  }
  std::cout << "]}\n";
  return {};
}

Status ShowDiff(const Context& context, const ShowDiffOptions& options) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  ASSIGN_OR_RETURN(auto diffs, database.DiffSummary(options.from, options.to, options.table));
  return context.json ? PrintShapes(database, diffs, options) : PrintText(database, diffs, options);
}

}  // namespace

void AddDiffVerbs(CommandLine* line) {
  auto options = Var<ShowDiffOptions>();
  auto* diff = line->AddVerb("diff", "show what differs between two points, row by row",
                             [=](const Context& context) { return ShowDiff(context, *options); });
  diff->add_option("FROM", options->from,
                   "a branch, tag, commit, ref~n or time; with --table also a version number")
      ->required();
  diff->add_option("TO", options->to, "likewise; else the branch");
  diff->add_option("--table", options->table, "only this table");
  diff->add_option("-n,--limit", options->limit, "at most so many changes per table");
  diff->add_flag("--stat", options->stat, "only how many rows per table");
}

}  // namespace rhizo::cli
