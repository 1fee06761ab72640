// merge, resolve.
#include <iostream>

#include "cli/command_line.h"
#include "cli/json_shapes.h"
#include "cli/lists.h"
#include "cli/printable.h"

namespace rhizo::cli {
namespace {

Status Merge(const Context& context, const std::string& source) {
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  ASSIGN_OR_RETURN(auto merged, database.Merge(source));
  if (context.json) {
    PrintJson(Document("merge", Shape(merged)));
  } else if (merged.changed) {
    std::cout << Printable(context.branch) << ": forwarded to " << Printable(source) << ", commit "
              << ShortId(merged.commit) << '\n';
  } else {
    std::cout << Printable(context.branch) << ": has everything of " << Printable(source)
              << " already\n";
  }
  return {};
}

const char* Words(TxnOutcome outcome) {
  switch (outcome) {
    case TxnOutcome::kCommitted: return "it was committed";
    case TxnOutcome::kNotLanded:
      return "it did not land: nothing was changed, it is safe to do it again";
    case TxnOutcome::kUndecided: return "not decided yet: ask again";
  }
  return "";
}

Status Resolve(const Context& context, const std::string& txn_id) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  ASSIGN_OR_RETURN(auto resolution, database.Resolve(txn_id));
  if (context.json) {
    PrintJson(Document("resolution", Shape(resolution)));
    return {};
  }
  std::cout << Words(resolution.outcome);
  if (!resolution.commit.empty()) std::cout << " as " << resolution.commit;
  std::cout << '\n';
  return {};
}

}  // namespace

void AddMergeVerbs(CommandLine* line) {
  auto argument = Var<std::string>();
  line->AddVerb("merge", "bring what another branch did into the branch (fast-forward)",
                [=](const Context& context) { return Merge(context, *argument); })
      ->add_option("SOURCE", *argument, "a branch, tag or commit")
      ->required();
  line->AddVerb("resolve", "tell whether a transaction landed",
                [=](const Context& context) { return Resolve(context, *argument); })
      ->add_option("TXN_ID", *argument, "32 hex digits, as in the error")
      ->required();
}

}  // namespace rhizo::cli
