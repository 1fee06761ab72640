#include "cli/lists.h"

#include <iostream>
#include <sstream>

#include "cli/printable.h"
#include "cli/terminal.h"
#include "cli/text_table.h"

namespace rhizo::cli {
namespace {

Style OutputStyle() { return StyleOf(Stream::kOutput); }

void Print(const TextTable& table) { table.Print(std::cout, OutputStyle()); }

std::string Joined(const std::vector<std::string>& parts) {
  std::string joined;
  for (const auto& part : parts) joined += (joined.empty() ? "" : ", ") + Printable(part);
  return joined;
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string Describe(const TableChange& change) {
  std::string text = Printable(change.table) + ": " + change.operation;
  if (change.version != 0) text += ", version " + std::to_string(change.version);
  if (change.rows_added > 0) text += ", +" + Grouped(change.rows_added) + " rows";
  if (change.rows_removed > 0) text += ", -" + Grouped(change.rows_removed) + " rows";
  if (change.rows_updated > 0) text += ", ~" + Grouped(change.rows_updated) + " rows";
  return text;
}

std::string RefsOf(const CommitInfo& commit, const Style& style) {
  return commit.refs.empty() ? "" : " " + style.Green("(" + Joined(commit.refs) + ")");
}

}  // namespace

std::string ShortId(const std::string& id) { return id.empty() ? "-" : id.substr(0, 12); }

void PrintTables(const std::vector<TableInfo>& tables) {
  TextTable text({{"table"},
                  {"version", Align::kRight},
                  {"rows", Align::kRight},
                  {"columns", Align::kRight},
                  {"size", Align::kRight}});
  for (const auto& table : tables) {
    text.Add({table.name, std::to_string(table.version), Grouped(table.rows),
              std::to_string(table.columns.size()), ByteSize(table.bytes)});
  }
  Print(text);
}

void PrintTable(const TableInfo& table) {
  std::cout << "table:    " << Printable(table.name) << '\n'
            << "version:  " << table.version << " (commit " << ShortId(table.commit) << ")\n"
            << "rows:     " << Grouped(table.rows) << '\n'
            << "storage:  " << ByteSize(table.bytes) << " in " << Grouped(table.segments)
            << " segments\n";
  if (!table.key.empty()) std::cout << "key:      " << Joined(table.key) << '\n';
  for (const auto& check : table.checks) {
    std::cout << "check:    " << Printable(check) << '\n';
  }
  std::cout << '\n';
  TextTable columns({{"column"}, {"type"}, {"nullable"}, {"default"}});
  for (const auto& column : table.columns) {
    auto value = table.defaults.find(column.name);
    columns.Add({column.name, column.type, column.nullable ? "yes" : "no",
                 value == table.defaults.end() ? "" : value->second});
  }
  Print(columns);
}

void PrintVersions(const std::vector<VersionInfo>& versions) {
  TextTable text({{"version", Align::kRight},
                  {"commit"},
                  {"time"},
                  {"operation"},
                  {"rows", Align::kRight},
                  {"author"},
                  {"message"}});
  for (const auto& version : versions) {
    text.Add({std::to_string(version.version), ShortId(version.commit),
              TimeText(version.time_micros), version.operation, Grouped(version.rows),
              version.author, FirstLine(version.message)});
  }
  Print(text);
}

void PrintCommit(const CommitInfo& commit) {
  Style style = OutputStyle();
  std::cout << style.Yellow("commit " + commit.id) << RefsOf(commit, style) << '\n';
  if (!commit.author.empty()) std::cout << "author: " << Printable(commit.author) << '\n';
  std::cout << "date:   " << TimeText(commit.time_micros) << '\n';
  for (const auto& [name, value] : commit.metadata) {
    std::cout << Printable(name) << ": " << Printable(value) << '\n';
  }
  std::istringstream message(commit.message);
  if (!commit.message.empty()) std::cout << '\n';
  for (std::string line; std::getline(message, line);)
    std::cout << "    " << Printable(line) << '\n';
  if (!commit.tables.empty()) std::cout << '\n';
  for (const auto& change : commit.tables) std::cout << "  " << Describe(change) << '\n';
}

void PrintOneLine(const CommitInfo& commit) {
  Style style = OutputStyle();
  std::cout << style.Yellow(ShortId(commit.id)) << RefsOf(commit, style) << ' '
            << Printable(FirstLine(commit.message)) << '\n';
}

void PrintMerged(const std::vector<MergedTable>& tables) {
  for (const auto& table : tables) {
    std::cout << "  " << Printable(table.table) << ": " << Grouped(table.cells)
              << " cells that both touched, " << Grouped(table.conflicts) << " conflicts";
    if (table.settled > 0) std::cout << ", " << Grouped(table.settled) << " settled";
    std::cout << '\n';
    for (const auto& problem : table.problems) std::cout << "    " << Printable(problem) << '\n';
  }
}

void PrintRefLog(const std::vector<RefLogInfo>& entries) {
  TextTable text({{"ref"}, {"number", Align::kRight}, {"old"}, {"new"}, {"time"}, {"operation"}});
  for (const auto& entry : entries) {
    text.Add({entry.ref, std::to_string(entry.number), ShortId(entry.old_commit),
              ShortId(entry.new_commit), TimeText(entry.time_micros), entry.operation});
  }
  Print(text);
}

void PrintBranches(const std::vector<BranchInfo>& branches, const std::string& current) {
  TextTable text({{""}, {"branch"}, {"commit"}, {"protected"}, {"expires"}});
  for (const auto& branch : branches) {
    text.Add({branch.name == current ? "*" : "", branch.name, ShortId(branch.commit),
              branch.is_protected ? "yes" : "",
              branch.expires_micros ? TimeText(*branch.expires_micros) : ""});
  }
  Print(text);
}

void PrintTags(const std::vector<TagInfo>& tags) {
  TextTable text({{"tag"}, {"commit"}});
  for (const auto& tag : tags) text.Add({tag.name, ShortId(tag.commit)});
  Print(text);
}

}  // namespace rhizo::cli
