// merge, conflicts, resolve.
#include <iostream>
#include <optional>

#include "cli/command_line.h"
#include "cli/json_shapes.h"
#include "cli/lists.h"
#include "cli/merge_state.h"
#include "cli/printable.h"
#include "cli/row_printer.h"
#include "cli/strategy.h"
#include "cli/terminal.h"

namespace rhizo::cli {
namespace {

struct MergeArguments {
  std::string source;
  std::string strategy = "fail";
  MergeOptions options;
  bool dry_run = false;
  bool go_on = false;
  bool abort = false;
};

struct ResolveArguments {
  std::string name;  // a table of the merge in progress, or a transaction's id
  bool ours = false;
  bool theirs = false;
  std::string query;
  bool table_only = false;
};

void PrintChanges(const MergeResult& merged) {
  for (const auto& change : merged.changes) {
    std::cout << "  " << Printable(change.table) << ": +" << Grouped(change.rows_inserted) << " ~"
              << Grouped(change.rows_updated) << " -" << Grouped(change.rows_deleted) << " rows\n";
    for (const auto& line : change.schema_changes) std::cout << "    " << Printable(line) << '\n';
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
  PrintMerged(merged.tables);
  PrintChanges(merged);
}

void PrintOutcome(const Context& context, const MergeArguments& arguments,
                  const MergeResult& merged) {
  if (context.json) {
    PrintJson(Document("merge", Shape(merged)));
  } else {
    PrintMerge(context, arguments, merged);
  }
}

Error NoMerge(const Context& context) {
  return InvalidArgument("no merge is in progress on branch \"" + context.branch + "\"");
}

Result<MergeState> MergeInProgress(const Context& context) {
  ASSIGN_OR_RETURN(auto state, LoadMerge(context));
  if (!state) return NoMerge(context);
  return std::move(*state);
}

// `is_new`: a query is asked now; later the rows that it came to are taken.
Status TakeStep(Merging& merging, const Context& context, const MergeStep& step, bool is_new) {
  if (!step.side.empty()) {
    return merging.Resolve(step.table, StrategyOf(step.side), !step.table_only);
  }
  auto rows = RowsFile(context, step.rows);
  auto settled = is_new ? merging.ResolveSql(step.table, step.query, rows)
                        : merging.ResolveFile(step.table, rows);
  if (!settled) return std::move(settled).error();
  return {};
}

// The merge again, with all that was said of it.
Result<Merging> Resume(Database& database, const Context& context, const MergeState& state) {
  ASSIGN_OR_RETURN(auto head, database.Show(context.branch));
  if (head.id != state.ours) {
    return Error(ErrorCode::kConflict, "merge: branch \"" + context.branch +
                                           "\" has moved since the merge of \"" + state.source +
                                           "\" began; merge --abort, and begin it again")
        .With("branch", context.branch);
  }
  MergeOptions options;
  options.into = context.branch;
  ASSIGN_OR_RETURN(auto merging, database.StartMerge(state.theirs, options));
  for (const auto& step : state.steps) {
    RETURN_IF_ERROR(TakeStep(merging, context, step, false));
  }
  return merging;
}

// What contradicts is kept, to be settled by later commands.
Status Keep(const Context& context, const MergeArguments& arguments, const Error& conflict) {
  return SaveMerge(context, {arguments.source,
                             std::string(conflict.field("ours")),
                             std::string(conflict.field("theirs")),
                             arguments.options.message,
                             {}});
}

Status Begin(const Context& context, const MergeArguments& arguments) {
  auto options = arguments.options;
  options.strategy = StrategyOf(arguments.strategy);
  ASSIGN_OR_RETURN(auto database,
                   arguments.dry_run ? context.OpenForReading() : context.OpenForWriting());
  std::optional<MergeTurn> turn;
  if (!arguments.dry_run) {
    ASSIGN_OR_RETURN(auto taken, MergeTurn::Take(context));
    turn.emplace(std::move(taken));
  }
  ASSIGN_OR_RETURN(auto begun, LoadMerge(context));
  if (begun && !begun->steps.empty() && !arguments.dry_run) {
    return InvalidArgument("a merge of \"" + begun->source + "\" is in progress on branch \"" +
                           context.branch + "\"; merge --continue or --abort it first");
  }
  auto merged = arguments.dry_run ? database.TryMerge(arguments.source, options)
                                  : database.Merge(arguments.source, options);
  if (!merged) {
    bool contradicts = merged.error().code() == ErrorCode::kMergeConflict;
    if (contradicts) RETURN_IF_ERROR(Keep(context, arguments, merged.error()));
    return std::move(merged).error();
  }
  if (begun && !arguments.dry_run) RETURN_IF_ERROR(ForgetMerge(context));
  PrintOutcome(context, arguments, *merged);
  return {};
}

// Without a source: where the merge in progress stands.
Status ShowState(const Context& context, MergeArguments arguments) {
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  ASSIGN_OR_RETURN(auto state, MergeInProgress(context));
  ASSIGN_OR_RETURN(auto merging, Resume(database, context, state));
  ASSIGN_OR_RETURN(auto merged, merging.State());
  arguments.source = state.source;
  arguments.dry_run = true;
  PrintOutcome(context, arguments, merged);
  return {};
}

Status Continue(const Context& context, MergeArguments arguments) {
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  ASSIGN_OR_RETURN(auto turn, MergeTurn::Take(context));
  ASSIGN_OR_RETURN(auto state, MergeInProgress(context));
  ASSIGN_OR_RETURN(auto merging, Resume(database, context, state));
  const auto& message =
      arguments.options.message.empty() ? state.message : arguments.options.message;
  ASSIGN_OR_RETURN(auto merged,
                   merging.Commit(message.empty() ? "merge " + state.source : message));
  RETURN_IF_ERROR(ForgetMerge(context));
  arguments.source = state.source;
  PrintOutcome(context, arguments, merged);
  return {};
}

Status Abort(const Context& context) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  auto state = LoadMerge(context);
  if (state && !*state) return NoMerge(context);
  ASSIGN_OR_RETURN(auto turn, MergeTurn::Take(context));
  return ForgetMerge(context);
}

Status Merge(const Context& context, const MergeArguments& arguments) {
  if (arguments.abort) return Abort(context);
  if (arguments.go_on) return Continue(context, arguments);
  return arguments.source.empty() ? ShowState(context, arguments) : Begin(context, arguments);
}

// SOURCE TABLE, or only TABLE of the merge in progress.
Status Conflicts(const Context& context, const std::vector<std::string>& names) {
  auto form = context.json ? RowForm::kJson : RowForm::kTable;
  if (names.size() == 2) {
    ASSIGN_OR_RETURN(auto database, context.OpenForReading());
    ASSIGN_OR_RETURN(auto rows, database.Conflicts(context.branch, names[0], names[1]));
    return PrintRows(std::cout, StyleOf(Stream::kOutput), form, &rows);
  }
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  ASSIGN_OR_RETURN(auto state, MergeInProgress(context));
  ASSIGN_OR_RETURN(auto merging, Resume(database, context, state));
  ASSIGN_OR_RETURN(auto rows, merging.Conflicts(names[0]));
  return PrintRows(std::cout, StyleOf(Stream::kOutput), form, &rows);
}

Status ResolveTable(const Context& context, const ResolveArguments& arguments) {
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  ASSIGN_OR_RETURN(auto turn, MergeTurn::Take(context));
  ASSIGN_OR_RETURN(auto state, MergeInProgress(context));
  ASSIGN_OR_RETURN(auto merging, Resume(database, context, state));
  MergeStep step{arguments.name,
                 arguments.ours     ? "ours"
                 : arguments.theirs ? "theirs"
                                    : "",
                 arguments.query,
                 arguments.query.empty() ? "" : NameOfRows(context, state.steps.size()),
                 arguments.table_only};
  RETURN_IF_ERROR(TakeStep(merging, context, step, true));
  state.steps.push_back(std::move(step));
  ASSIGN_OR_RETURN(auto merged, merging.State());
  RETURN_IF_ERROR(SaveMerge(context, state));
  MergeArguments about;
  about.source = state.source;
  about.dry_run = true;
  PrintOutcome(context, about, merged);
  return {};
}

bool IsTransactionId(const std::string& name) {
  constexpr size_t kDigits = 32;
  return name.size() == kDigits && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Error NoSide(const ResolveArguments& arguments) {
  return InvalidArgument("resolve: say how conflicts of table \"" + arguments.name +
                         "\" are settled: --ours, --theirs or --sql; to ask for a transaction, "
                         "give its 32 hex digits");
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

Status ResolveTransaction(const Context& context, const std::string& txn_id) {
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

void AddResolveVerb(CommandLine* line) {
  auto arguments = Var<ResolveArguments>();
  auto act = [=](const Context& context) -> Status {
    bool has_side = arguments->ours || arguments->theirs;
    if (has_side || !arguments->query.empty()) return ResolveTable(context, *arguments);
    if (arguments->table_only || !IsTransactionId(arguments->name)) return NoSide(*arguments);
    return ResolveTransaction(context, arguments->name);
  };
  auto* resolve = line->AddVerb(
      "resolve", "settle conflicts of the merge in progress, or tell whether a transaction landed",
      act);
  resolve->add_option("NAME", arguments->name, "a table; or TXN_ID, 32 hex digits as in the error")
      ->required();
  auto* ours = resolve->add_flag("--ours", arguments->ours, "what is not settled is as here");
  auto* theirs = resolve->add_flag("--theirs", arguments->theirs, "or as there");
  auto* query = resolve->add_option("--sql", arguments->query,
                                    "rows from the table `conflicts`: _row_id or the key, and "
                                    "values or _side ('ours', 'theirs')");
  resolve
      ->add_flag("--table-only", arguments->table_only,
                 "what contradicts in the table as a whole; its rows are left to settle")
      ->excludes(query);
  ours->excludes(theirs)->excludes(query);
  theirs->excludes(query);
}

}  // namespace

void AddMergeVerbs(CommandLine* line) {
  auto arguments = Var<MergeArguments>();
  auto* merge = line->AddVerb("merge", "bring what another branch did into the branch",
                              [=](const Context& context) { return Merge(context, *arguments); });
  auto* from = merge->add_option("SOURCE", arguments->source,
                                 "a branch, tag or commit; left out: show the merge in progress");
  auto* strategy = AddStrategyOption(merge, &arguments->strategy);
  merge->add_option("-m,--message", arguments->options.message, "a commit of its own, with this");
  auto* no_ff = merge->add_flag("--no-ff", arguments->options.no_fast_forward,
                                "a commit of its own, also where the branch could be forwarded");
  auto* dry_run =
      merge->add_flag("--dry-run", arguments->dry_run, "tell what would happen, change nothing");
  auto* go_on = merge->add_flag("--continue", arguments->go_on,
                                "commit the merge in progress, once its conflicts are settled");
  auto* abort = merge->add_flag("--abort", arguments->abort, "forget the merge in progress");
  go_on->excludes(abort);
  for (auto* how : {go_on, abort}) {
    for (auto* of_a_new_merge : {from, strategy, no_ff, dry_run}) how->excludes(of_a_new_merge);
  }
  auto names = Var<std::vector<std::string>>();
  line->AddVerb("conflicts",
                "show what contradicts in a table between this branch and another, or what is not "
                "settled of the merge in progress",
                [=](const Context& context) { return Conflicts(context, *names); })
      ->add_option("[SOURCE] TABLE", *names, "a branch, tag or commit; a table")
      ->expected(1, 2)
      ->required();
  AddResolveVerb(line);
}

}  // namespace rhizo::cli
