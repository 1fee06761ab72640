// log, show, reflog.
#include <algorithm>
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

// Commits newest first. Each piece is read from the start again and four times as long as the one
// before, which costs a third more in all; so the first are printed before the last are read.
class LogReader {
 public:
  LogReader(Database* database, const LogOptions& options)
      : database_(*database), options_(options) {}

  // The next commits; none at the end.
  Result<std::vector<CommitInfo>> Next() {
    std::vector<CommitInfo> commits;
    while (commits.empty() && !at_end_) {
      ASSIGN_OR_RETURN(commits, Piece());
    }
    return commits;
  }

 private:
  Result<std::vector<CommitInfo>> Piece() {
    uint64_t wanted = options_.limit == 0 ? length_ : std::min(length_, options_.limit);
    length_ *= 4;
    ASSIGN_OR_RETURN(auto commits, database_.Log(options_.ref, wanted, options_.table));
    at_end_ = commits.size() < wanted || wanted == options_.limit;
    commits.erase(commits.begin(), AfterLast(commits));
    if (!commits.empty()) last_ = commits.back().id;
    return commits;
  }

  // Found by its id, because others may have committed meanwhile.
  std::vector<CommitInfo>::iterator AfterLast(std::vector<CommitInfo>& commits) const {
    if (last_.empty()) return commits.begin();
    auto last = std::find_if(commits.begin(), commits.end(),
                             [this](const CommitInfo& commit) { return commit.id == last_; });
    return last == commits.end() ? last : last + 1;
  }

  Database& database_;
  const LogOptions& options_;
  uint64_t length_ = 64;
  bool at_end_ = false;
  std::string last_;  // id of the last commit given
};

void PrintText(const CommitInfo& commit, bool first, bool one_line) {
  if (one_line) return PrintOneLine(commit);
  if (!first) std::cout << '\n';
  PrintCommit(commit);
}

void PrintShape(const CommitInfo& commit, bool first) {
  if (!first) std::cout << ',';
  PrintJsonPart(Shape(commit));
}

Status Log(const Context& context, const LogOptions& options) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  LogReader reader(&database, options);
  ASSIGN_OR_RETURN(auto commits, reader.Next());
  if (context.json) std::cout << R"({"rhizo":1,"commits":[)";
  bool first = true;
  while (!commits.empty() && std::cout.good()) {
    for (const auto& commit : commits) {
      context.json ? PrintShape(commit, first) : PrintText(commit, first, options.one_line);
      first = false;
    }
    std::cout.flush();
    ASSIGN_OR_RETURN(commits, reader.Next());
  }
  if (context.json) std::cout << "]}\n";
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
