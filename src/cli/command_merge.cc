// merge, conflicts, resolve.
#include <iostream>

#include "cli/command_line.h"
#include "cli/json_shapes.h"
#include "cli/lists.h"
#include "cli/printable.h"
#include "cli/row_printer.h"
#include "cli/strategy.h"
#include "cli/terminal.h"

namespace rhizo::cli {
namespace {

struct MergeArguments {
  std::string source;
  std::string table;
  std::string strategy = "fail";
  MergeOptions options;
  bool dry_run = false;
};

void PrintTables(const MergeResult& merged) {
  for (const auto& table : merged.tables) {
    std::cout << "  " << Printable(table.table) << ": " << Grouped(table.cells)
              << " cells that both touched, " << Grouped(table.conflicts) << " conflicts";
    if (table.settled > 0) std::cout << ", " << Grouped(table.settled) << " settled";
    std::cout << '\n';
    for (const auto& problem : table.problems) std::cout << "    " << Printable(problem) << '\n';
  }
}

void PrintMerge(const Context& context, const MergeArguments& arguments,
                const MergeResult& merged) {
  std::cout << Printable(context.branch) << ": ";
  if (merged.conflicts > 0) {
    std::cout << Grouped(merged.conflicts) << " conflicts with " << Printable(arguments.source)
              << '\n';
  } else if (!merged.changed) {
    std::cout << "has everything of " << Printable(arguments.source) << " already\n";
  } else if (arguments.dry_run) {
    std::cout << Printable(arguments.source) << " can be "
              << (merged.fast_forward ? "forwarded to" : "merged") << '\n';
  } else {
    std::cout << (merged.fast_forward ? "forwarded to " : "merged with ")
              << Printable(arguments.source) << ", commit " << ShortId(merged.commit) << '\n';
  }
  PrintTables(merged);
}

Status Merge(const Context& context, const MergeArguments& arguments) {
  auto options = arguments.options;
  options.strategy = StrategyOf(arguments.strategy);
  ASSIGN_OR_RETURN(auto database,
                   arguments.dry_run ? context.OpenForReading() : context.OpenForWriting());
  ASSIGN_OR_RETURN(auto merged, arguments.dry_run ? database.TryMerge(arguments.source, options)
                                                  : database.Merge(arguments.source, options));
  if (context.json) {
    PrintJson(Document("merge", Shape(merged)));
  } else {
    PrintMerge(context, arguments, merged);
  }
  return {};
}

Status Conflicts(const Context& context, const MergeArguments& arguments) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  ASSIGN_OR_RETURN(auto rows,
                   database.Conflicts(context.branch, arguments.source, arguments.table));
  auto form = context.json ? RowForm::kJson : RowForm::kTable;
  return PrintRows(std::cout, StyleOf(Stream::kOutput), form, &rows);
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
  auto arguments = Var<MergeArguments>();
  const char* source = "a branch, tag or commit";
  auto* merge = line->AddVerb("merge", "bring what another branch did into the branch",
                              [=](const Context& context) { return Merge(context, *arguments); });
  merge->add_option("SOURCE", arguments->source, source)->required();
  AddStrategyOption(merge, &arguments->strategy);
  merge->add_option("-m,--message", arguments->options.message, "a commit of its own, with this");
  merge->add_flag("--no-ff", arguments->options.no_fast_forward,
                  "a commit of its own, also where the branch could be forwarded");
  merge->add_flag("--dry-run", arguments->dry_run, "tell what would happen, change nothing");
  auto* conflicts =
      line->AddVerb("conflicts", "show what contradicts in a table between two branches",
                    [=](const Context& context) { return Conflicts(context, *arguments); });
  conflicts->add_option("SOURCE", arguments->source, source)->required();
  conflicts->add_option("TABLE", arguments->table)->required();
  auto argument = Var<std::string>();
  line->AddVerb("resolve", "tell whether a transaction landed",
                [=](const Context& context) { return Resolve(context, *argument); })
      ->add_option("TXN_ID", *argument, "32 hex digits, as in the error")
      ->required();
}

}  // namespace rhizo::cli
