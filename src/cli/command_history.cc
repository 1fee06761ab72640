// log, show, reflog.
#include <iostream>

#include "cli/command_line.h"
#include "cli/json_shapes.h"
#include "cli/lists.h"

namespace rhizo::cli {
namespace {

struct LogOptions {
  std::string ref;
  std::string table;
  uint64_t limit = 0;
  bool one_line = false;
};

void PrintLog(const std::vector<CommitInfo>& commits, bool one_line) {
  bool first = true;
  for (const auto& commit : commits) {
    if (one_line) {
      PrintOneLine(commit);
      continue;
    }
    if (!first) std::cout << '\n';
    first = false;
    PrintCommit(commit);
  }
}

Status Log(const Context& context, const LogOptions& options) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  ASSIGN_OR_RETURN(auto commits, database.Log(options.ref, options.limit, options.table));
  if (context.json) {
    PrintJson(Document("commits", Shape(commits)));
  } else {
    PrintLog(commits, options.one_line);
  }
  return {};
}

Status Show(const Context& context, const std::string& ref) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  ASSIGN_OR_RETURN(auto commit, database.Show(ref));
  if (context.json) {
    PrintJson(Document("commit", Shape(commit)));
  } else {
    PrintCommit(commit);
  }
  return {};
}

Status RefLog(const Context& context, const LogOptions& options) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  ASSIGN_OR_RETURN(auto entries, database.RefLog(options.ref, options.limit));
  if (context.json) {
    PrintJson(Document("reflog", Shape(entries)));
  } else {
    PrintRefLog(entries);
  }
  return {};
}

}  // namespace

void AddHistoryVerbs(CommandLine* line) {
  auto options = Var<LogOptions>();
  auto* log = line->AddVerb("log", "show the commits, newest first",
                            [=](const Context& context) { return Log(context, *options); });
  log->add_option("REF", options->ref, "a branch, tag, commit, ref~n or time; else the branch");
  log->add_option("-n,--limit", options->limit, "at most so many");
  log->add_option("--table", options->table, "only commits that changed this table");
  log->add_flag("--oneline", options->one_line, "one line per commit");
  line->AddVerb("show", "show one commit",
                [=](const Context& context) { return Show(context, options->ref); })
      ->add_option("REF", options->ref, "a branch, tag, commit, ref~n or time; else the branch");
  auto* reflog = line->AddVerb("reflog", "show where branches and tags pointed, newest first",
                               [=](const Context& context) { return RefLog(context, *options); });
  reflog->add_option("REF", options->ref, "a branch or tag; else all");
  reflog->add_option("-n,--limit", options->limit, "at most so many");
}

}  // namespace rhizo::cli
