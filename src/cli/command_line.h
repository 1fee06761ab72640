// The verbs and their options. A verb is declared with a function that runs once the arguments were
// parsed; the database is its first argument, unless --db or RHIZO_DB names it.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/context.h"

namespace rhizo::cli {

class CommandLine {
 public:
  using Action = std::function<Status(const Context&)>;

  explicit CommandLine(bool database_is_argument);

  // `parent`: the group of a verb such as `branch create`, or null.
  CLI::App* AddVerb(const std::string& name, const std::string& description, Action action,
                    CLI::App* parent = nullptr);
  // A verb that only holds others.
  CLI::App* AddGroup(const std::string& name, const std::string& description);

  // Throws CLI::ParseError. The action of the verb is then run with Run().
  void Parse(int argc, const char* const* argv);
  Status Run();

  CLI::App& app() { return app_; }
  const Context& context() const { return context_; }

 private:
  const bool database_is_argument_;
  CLI::App app_;
  Context context_;
  Action chosen_;
};

// Was the database, or JSON, asked for by an option? Looked up before parsing, because it decides
// how to parse.
bool HasOption(int argc, const char* const* argv, const std::string& name);

// The verbs, one function per file command_*.cc.
void AddFileVerbs(CommandLine* line);     // init, import, export
void AddTableVerbs(CommandLine* line);    // tables, versions, info, drop, rename
void AddSqlVerbs(CommandLine* line);      // sql
void AddHistoryVerbs(CommandLine* line);  // log, show, reflog
void AddDiffVerbs(CommandLine* line);     // diff
void AddBranchVerbs(CommandLine* line);   // branch, tag
void AddMergeVerbs(CommandLine* line);    // merge, resolve
void AddReplayVerbs(CommandLine* line);   // revert, cherry-pick, rebase, reset
void AddCareVerbs(CommandLine* line);     // verify, stats
void AddShellVerb(CommandLine* line);     // shell

// A variable that an option fills and an action reads.
template <class T>
std::shared_ptr<T> Var(T initial = {}) {
  return std::make_shared<T>(std::move(initial));
}

}  // namespace rhizo::cli
