// revert, cherry-pick, rebase, reset.
#include <iostream>

#include "cli/command_line.h"
#include "cli/json_shapes.h"
#include "cli/lists.h"
#include "cli/printable.h"
#include "cli/strategy.h"

namespace rhizo::cli {
namespace {

struct ReplayArguments {
  std::string ref;
  std::string strategy = "fail";
  ReplayOptions options;
};

using Verb = Result<HeadMove> (*)(Database& database, const ReplayArguments& arguments);

Status Run(const Context& context, const ReplayArguments& given, Verb verb) {
  auto arguments = given;
  arguments.options.strategy = StrategyOf(arguments.strategy);
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  ASSIGN_OR_RETURN(auto moved, verb(database, arguments));
  if (context.json) {
    PrintJson(Document("move", Shape(moved)));
    return {};
  }
  std::cout << Printable(context.branch) << ": "
            << (moved.changed ? "is at commit " + ShortId(moved.commit) + " (was at " +
                                    ShortId(moved.before) + ")"
                              : "nothing to do, is at commit " + ShortId(moved.commit))
            << '\n';
  PrintMerged(moved.tables);
  return {};
}

CLI::App* AddVerb(CommandLine* line, const char* name, const char* about, const char* ref_name,
                  const char* ref_about, const std::shared_ptr<ReplayArguments>& arguments,
                  Verb verb) {
  auto* added = line->AddVerb(
      name, about, [=](const Context& context) { return Run(context, *arguments, verb); });
  added->add_option(ref_name, arguments->ref, ref_about)->required();
  return added;
}

void AddCommitOptions(CLI::App* verb, const std::shared_ptr<ReplayArguments>& arguments) {
  AddStrategyOption(verb, &arguments->strategy);
  verb->add_option("-m,--message", arguments->options.message, "of the new commit");
  verb->add_option("--parent", arguments->options.parent,
                   "of a merge: against which of its parents, 1, 2, ...");
}

}  // namespace

void AddReplayVerbs(CommandLine* line) {
  auto revert = Var<ReplayArguments>();
  AddCommitOptions(AddVerb(line, "revert", "undo what a commit did, in a new commit", "COMMIT",
                           "a commit, or ref~n", revert,
                           [](Database& database, const ReplayArguments& arguments) {
                             return database.Revert(arguments.ref, arguments.options);
                           }),
                   revert);
  auto pick = Var<ReplayArguments>();
  AddCommitOptions(AddVerb(line, "cherry-pick", "do again what a commit of another branch did",
                           "COMMIT", "a commit, or ref~n", pick,
                           [](Database& database, const ReplayArguments& arguments) {
                             return database.CherryPick(arguments.ref, arguments.options);
                           }),
                   pick);
  auto rebase = Var<ReplayArguments>();
  AddStrategyOption(AddVerb(line, "rebase", "put the branch's own commits on top of another",
                            "ONTO", "a branch, tag or commit", rebase,
                            [](Database& database, const ReplayArguments& arguments) {
                              return database.Rebase(arguments.ref, arguments.options);
                            }),
                    &rebase->strategy);
  auto reset = Var<ReplayArguments>();
  AddVerb(line, "reset", "move the branch to a commit, whatever it held; reflog remembers", "TO",
          "a branch, tag, commit or ref~n", reset,
          [](Database& database, const ReplayArguments& arguments) {
            return database.Reset(arguments.ref);
          });
}

}  // namespace rhizo::cli
