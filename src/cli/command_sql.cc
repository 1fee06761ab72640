// sql.
#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/row_printer.h"

namespace rhizo::cli {
namespace {

struct SqlOptions {
  std::string statement;
  std::string at;
  bool csv = false;
};

std::string TextOf(const std::string& statement) {
  if (statement != "-") return statement;
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

// A problem of running arrives through the rows as text; that it was the user's own Ctrl-C is known
// here.
Status OrCancelled(Status status, const Cancellation& cancellation) {
  if (status || !cancellation.cancelled()) return status;
  return Error(ErrorCode::kCancelled, "the query was cancelled");
}

Status PrintQuery(Session& session, const Context& context, const SqlOptions& options) {
  InterruptScope interrupt;
  WorkOptions work;
  work.cancellation = interrupt.cancellation();
  ASSIGN_OR_RETURN(auto result, session.Sql(TextOf(options.statement), {}, work));
  RowForm form = context.json ? RowForm::kJson : options.csv ? RowForm::kCsv : RowForm::kTable;
  return OrCancelled(PrintRows(std::cout, StyleOf(Stream::kOutput), form, &result),
                     interrupt.cancellation());
}

Status Sql(const Context& context, const SqlOptions& options) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  if (options.at.empty()) return PrintQuery(database, context, options);
  ASSIGN_OR_RETURN(auto snapshot, database.At(options.at));
  return PrintQuery(snapshot, context, options);
}

}  // namespace

void AddSqlVerbs(CommandLine* line) {
  auto options = Var<SqlOptions>();
  auto* verb = line->AddVerb("sql", "run SQL and print the rows",
                             [=](const Context& context) { return Sql(context, *options); });
  verb->add_option("STATEMENT", options->statement, "SQL; - reads it from standard input")
      ->required();
  verb->add_option("--at", options->at, "read as of a branch, tag, commit, ref~n or time");
  verb->add_flag("--csv", options->csv, "print CSV");
}

}  // namespace rhizo::cli
