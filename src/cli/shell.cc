#include "cli/shell.h"

#include <iostream>
#include <sstream>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/line_reader.h"
#include "cli/lists.h"
#include "cli/printable.h"
#include "cli/report.h"
#include "cli/statement_end.h"

namespace rhizo::cli {
namespace {

constexpr const char* kKeywords[] = {
    "SELECT",    "FROM",    "WHERE",     "GROUP BY",  "ORDER BY",  "HAVING", "LIMIT",
    "OFFSET",    "JOIN",    "LEFT JOIN", "USING",     "ON",        "AS",     "AND",
    "OR",        "NOT",     "NULL",      "DISTINCT",  "UNION",     "ALL",    "EXCEPT",
    "INTERSECT", "WITH",    "VALUES",    "BETWEEN",   "LIKE",      "CASE",   "WHEN",
    "THEN",      "ELSE",    "END",       "DESCRIBE",  "SUMMARIZE", "SHOW",   "TABLES",
    "EXPLAIN",   "VERSION", "AT",        "TIMESTAMP", "count(*)",  "sum(",   "min(",
    "max(",      "avg("};
constexpr const char* kDotCommands[] = {".help",     ".tables", ".branch",
                                        ".checkout", ".mode",   ".quit"};

std::pair<std::string, std::string> FirstWord(const std::string& line) {
  std::istringstream stream(line);
  std::string word;
  std::string rest;
  stream >> word >> std::ws;
  std::getline(stream, rest);
  while (!rest.empty() && (rest.back() == ' ' || rest.back() == '\t' || rest.back() == ';'))
    rest.pop_back();
  return {word, rest};
}

}  // namespace

Shell::Shell(Database database, const Context& context)
    : database_(std::move(database)),
      context_(context),
      form_(context.json ? RowForm::kJson : RowForm::kTable) {}

Status Shell::Run() {
  LineReader reader([this] { return Words(); });
  if (reader.interactive())
    std::cout << "rhizo " << Version() << "; .help lists the commands, statements end with ;\n";
  while (!quit_) {
    auto line = reader.Read(Prompt());
    if (!line) break;
    if (reader.interrupted()) {
      pending_.clear();
      continue;
    }
    if (!IsBlank(*line)) reader.Remember(*line);
    auto status = TakeLine(*line);
    std::cout.flush();
    if (status) continue;
    if (!reader.interactive()) return status;
    ReportError(status.error(), "", context_.json);
  }
  if (IsBlank(pending_)) return {};
  return RunSql();
}

Status Shell::TakeLine(const std::string& line) {
  if (IsBlank(pending_) && line.starts_with('.')) return RunDotCommand(line);
  pending_ += (pending_.empty() ? "" : "\n") + line;
  if (IsBlank(pending_)) pending_.clear();
  return EndsStatement(pending_) ? RunSql() : Status();
}

Status Shell::RunDotCommand(const std::string& line) {
  auto [word, rest] = FirstWord(line);
  if (word == ".help") return PrintHelp();
  if (word == ".tables") return PrintTableList();
  if (word == ".branch") return PrintBranchList();
  if (word == ".checkout") return Checkout(rest);
  if (word == ".mode") return SetMode(rest);
  if (word != ".quit" && word != ".exit")
    return InvalidArgument("unknown command " + word + "; .help lists them");
  quit_ = true;
  return {};
}

Status Shell::RunSql() {
  std::string statement;
  statement.swap(pending_);
  InterruptScope interrupt;
  WorkOptions work;
  work.cancellation = interrupt.cancellation();
  auto status = [&]() -> Status {
    ASSIGN_OR_RETURN(auto result, database_.Sql(statement, {}, work));
    return PrintRows(std::cout, StyleOf(Stream::kOutput), form_, &result);
  }();
  if (status || !interrupt.cancellation().cancelled()) return status;
  return Error(ErrorCode::kCancelled, "the query was cancelled");
}

Status Shell::PrintHelp() {
  std::cout << ".help              this text\n"
               ".tables            the tables of the branch\n"
               ".branch            the branches\n"
               ".checkout BRANCH   go on on another branch\n"
               ".mode MODE         how rows are printed: table, csv or json\n"
               ".quit              leave (also Ctrl-D)\n"
               "Anything else is SQL, up to a `;` at the end of a line. Ctrl-C stops a query or "
               "drops what was typed.\n";
  return {};
}

Status Shell::PrintTableList() {
  ASSIGN_OR_RETURN(auto names, database_.Tables());
  std::vector<TableInfo> tables;
  for (const auto& name : names) {
    ASSIGN_OR_RETURN(auto info, database_.Info(name));
    tables.push_back(std::move(info));
  }
  PrintTables(tables);
  return {};
}

Status Shell::PrintBranchList() {
  ASSIGN_OR_RETURN(auto branches, database_.Branches());
  ASSIGN_OR_RETURN(auto current, database_.CurrentBranch());
  PrintBranches(branches, current);
  return {};
}

Status Shell::Checkout(const std::string& branch) {
  if (branch.empty()) return InvalidArgument(".checkout wants the name of a branch");
  RETURN_IF_ERROR(database_.Checkout(branch));
  context_.branch = branch;
  return {};
}

Status Shell::SetMode(const std::string& mode) {
  if (mode == "table") return form_ = RowForm::kTable, Status();
  if (mode == "csv") return form_ = RowForm::kCsv, Status();
  if (mode == "json") return form_ = RowForm::kJson, Status();
  return InvalidArgument(".mode wants table, csv or json");
}

std::string Shell::Prompt() {
  std::string name = Printable(context_.branch);
  return pending_.empty() ? name + "> " : std::string(DisplayWidth(name), ' ') + "> ";
}

std::vector<std::string> Shell::Words() {
  std::vector<std::string> words(std::begin(kKeywords), std::end(kKeywords));
  words.insert(words.end(), std::begin(kDotCommands), std::end(kDotCommands));
  if (auto names = database_.Tables()) words.insert(words.end(), names->begin(), names->end());
  if (auto branches = database_.Branches()) {
    for (const auto& branch : *branches) words.push_back(branch.name);
  }
  if (auto tags = database_.Tags()) {
    for (const auto& tag : *tags) words.push_back(tag.name);
  }
  return words;
}

}  // namespace rhizo::cli
