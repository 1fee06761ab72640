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

// Commits newest first, read in growing pieces: the first are given before the last are read. Those
// of one table come in one piece.
class LogReader {
 public:
  LogReader(Database* database, const LogOptions& options)
      : database_(*database),
        options_(options),
        left_(options.limit == 0 ? UINT64_MAX : options.limit) {}

  // The next commits; none at the end.
  Result<std::vector<CommitInfo>> Next() {
    if (left_ == 0) return std::vector<CommitInfo>();
    if (from_.empty()) RETURN_IF_ERROR(FindStart());
    return options_.table.empty() ? Piece() : Rest();
  }

 private:
  // The commits that follow stay the same while others commit.
  Status FindStart() {
    ASSIGN_OR_RETURN(auto start, database_.Show(options_.ref));
    start_ = from_ = start.id;
    return {};
  }

  // From the last commit given on, which is asked for again.
  Result<std::vector<CommitInfo>> Piece() {
    uint64_t again = given_ == 0 ? 0 : 1;
    uint64_t wanted = std::min(piece_, left_);
    piece_ *= 4;
    ASSIGN_OR_RETURN(auto commits, database_.Log(from_, wanted + again, options_.table));
    bool at_end = commits.size() < wanted + again;
    if (HasMerge(commits)) return Rest();
    commits.erase(commits.begin(), commits.begin() + std::min<size_t>(again, commits.size()));
    Count(commits, at_end);
    return commits;
  }

  // With merges, which those of one table may hide, what follows a commit in the log is not only its
  // own history.
  Result<std::vector<CommitInfo>> Rest() {
    ASSIGN_OR_RETURN(auto commits, database_.Log(start_, options_.limit, options_.table));
    commits.erase(commits.begin(), commits.begin() + std::min<size_t>(given_, commits.size()));
    Count(commits, true);
    return commits;
  }

  static bool HasMerge(const std::vector<CommitInfo>& commits) {
    return std::any_of(commits.begin(), commits.end(),
                       [](const CommitInfo& commit) { return commit.parents.size() > 1; });
  }

  void Count(const std::vector<CommitInfo>& commits, bool at_end) {
    given_ += commits.size();
    left_ = at_end ? 0 : left_ - commits.size();
    if (!commits.empty()) from_ = commits.back().id;
  }

  Database& database_;
  const LogOptions& options_;
  std::string start_;
  std::string from_;
  uint64_t left_;
  uint64_t given_ = 0;
  uint64_t piece_ = 64;
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
