#include "txn/branch_merge.h"

#include <algorithm>

#include "model/history.h"
#include "table/each_entry.h"
#include "txn/merge_base.h"
#include "txn/move_head.h"
#include "txn/pure_merge.h"
#include "txn/ref_resolver.h"
#include "txn/same_contents.h"
#include "txn/side_history.h"
#include "txn/staged_state.h"

namespace rhizo::txn {
namespace {

// The commits of users that a head stands for: itself, or what an automatic merge merged.
std::vector<CommitId> UserCommits(const Head& head) {
  return head.commit->law_number ? head.commit->parents : std::vector<CommitId>{head.id};
}

// Whether everything that users did up to `other` is in the history of `head`.
Result<bool> Contains(Repository& repository, const Head& head, const Head& other) {
  for (const auto& id : UserCommits(other)) {
    ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
    ASSIGN_OR_RETURN(bool contained,
                     repository.ancestry().Contains(head.id, id, commit->generation));
    if (!contained) return false;
  }
  return true;
}

// One attempt: a merge of two heads, ready to be published.
class Attempt {
 public:
  Attempt(Repository& repository, const BranchMergeOptions& options)
      : repository_(repository), options_(options), space_(repository) {}

  Status Open(const MergeTools& tools) { return space_.Open(tools); }

  // The merged state; conflicts in `out_`.
  Status Run(const Head& ours, const Head& theirs);
  bool is_clean() const { return merged_.conflicts.empty(); }
  MergedDatabase& merged() { return merged_; }
  const table::ReadContext& context() const { return space_.means().context.read; }

  // The commit. Only of a clean merge.
  Result<NewCommit> Finish(const Head& ours);

 private:
  bool IsPlain() const;
  Result<std::vector<CommitId>> MaximalUserCommits(const Head& ours, const Head& theirs) const;
  Status Pure(model::Commit* commit);
  Status ByUser(model::Commit* commit);
  // The two heads; whatever they stand for.
  Status MergeHeads(const Head& ours, const Head& theirs);
  // What they stand for or, where that is something else, the two heads.
  Status MergePlainly(const Head& ours, const Head& theirs);
  // All parents, one after the other.
  Status Fold(const Head& ours);

  Repository& repository_;
  const BranchMergeOptions& options_;
  MergeWorkspace space_;
  Replaced replaced_;  // by the two heads; of a fold each step asks anew
  MergedDatabase merged_;
  std::vector<CommitId> parents_;
  bool is_fold_ = false;  // of its parents
};

bool Attempt::IsPlain() const {
  const auto& database = options_.database;
  return options_.text.message.empty() && !options_.no_fast_forward &&
         database.favour == merge::Favour::kNobody && database.by_table.empty() &&
         database.as_a_whole.empty() && database.by_column.empty() && database.choices.empty();
}

Status Attempt::Run(const Head& ours, const Head& theirs) {
  if (IsPlain()) return MergePlainly(ours, theirs);
  parents_ = {ours.id, theirs.id};
  return MergeHeads(ours, theirs);
}

// What two heads stand for, sorted.
Result<std::vector<CommitId>> Attempt::MaximalUserCommits(const Head& ours,
                                                          const Head& theirs) const {
  auto all = UserCommits(ours);
  auto more = UserCommits(theirs);
  all.insert(all.end(), more.begin(), more.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::vector<CommitId> maximal;
  for (const auto& id : all) {
    ASSIGN_OR_RETURN(auto commit, repository_.ReadCommit(id));
    bool is_below = false;
    for (const auto& other : all) {
      if (other == id || is_below) continue;
      ASSIGN_OR_RETURN(is_below, repository_.ancestry().Contains(other, id, commit->generation));
    }
    if (!is_below) maximal.push_back(id);
  }
  return maximal;
}

Status Attempt::MergeHeads(const Head& ours, const Head& theirs) {
  MergeBase bases(repository_, space_.means());
  ASSIGN_OR_RETURN(auto base, bases.Of({ours.id}, theirs.id));
  ASSIGN_OR_RETURN(replaced_, FindReplaced(repository_, {ours.id}, theirs.id));
  DatabaseMerge merge(repository_, space_.means(), options_.database, replaced_);
  ASSIGN_OR_RETURN(merged_, merge.Run(base, {ours.commit->state_root, {}, {}},
                                      {theirs.commit->state_root, {}, {}}));
  return {};
}

// What the two heads merge to counts: they may have merged before, where the commits of users that
// they stand for have not, so that what one side changed again since then would contradict in the
// fold, or be outvoted.
Status Attempt::MergePlainly(const Head& ours, const Head& theirs) {
  ASSIGN_OR_RETURN(parents_, MaximalUserCommits(ours, theirs));
  is_fold_ = true;
  RETURN_IF_ERROR(MergeHeads(ours, theirs));
  bool are_heads = parents_.size() == 2 && !ours.commit->law_number && !theirs.commit->law_number;
  if (are_heads || !is_clean()) return {};
  auto of_heads = std::move(merged_);
  RETURN_IF_ERROR(Fold(ours));
  bool is_same = false;
  if (is_clean()) {
    ASSIGN_OR_RETURN(is_same, HaveSameContents(repository_, space_, of_heads.root, merged_.root));
  }
  if (is_same) return {};
  is_fold_ = false;
  merged_ = std::move(of_heads);
  parents_ = {std::min(ours.id, theirs.id), std::max(ours.id, theirs.id)};
  return {};
}

Status Attempt::Fold(const Head& ours) {
  auto quietly = options_.database;
  quietly.on_conflicts = nullptr;
  MergeBase bases(repository_, space_.means());
  ASSIGN_OR_RETURN(auto first, repository_.ReadCommit(parents_.front()));
  MergeState so_far{first->state_root, {}, {}};
  std::vector<CommitId> done = {parents_.front()};
  std::vector<MergedTableInfo> tables;
  for (size_t i = 1; i < parents_.size(); ++i) {
    ASSIGN_OR_RETURN(auto next, repository_.ReadCommit(parents_[i]));
    ASSIGN_OR_RETURN(auto base, bases.Of(done, parents_[i]));
    ASSIGN_OR_RETURN(auto replaced, FindReplaced(repository_, done, parents_[i]));
    DatabaseMerge merge(repository_, space_.means(), quietly, replaced);
    ASSIGN_OR_RETURN(merged_, merge.Run(base, so_far, {next->state_root, {}, {}}));
    tables.insert(tables.end(), merged_.merged.begin(), merged_.merged.end());
    if (!merged_.conflicts.empty()) break;
    so_far.root = merged_.root;
    done.push_back(parents_[i]);
  }
  merged_.merged = std::move(tables);
  if (!merged_.conflicts.empty()) return {};
  ASSIGN_OR_RETURN(merged_.tables,
                   DifferingTables(&space_.staging(), ours.commit->state_root, merged_.root));
  return {};
}

Result<NewCommit> Attempt::Finish(const Head& ours) {
  auto commit = std::make_shared<model::Commit>();
  commit->database = ours.commit->database;
  commit->parents = parents_;
  commit->state_root = merged_.root;
  for (const auto& id : parents_) {
    ASSIGN_OR_RETURN(auto parent, repository_.ReadCommit(id));
    commit->generation = std::max(commit->generation, parent->generation + 1);
    commit->time = {std::max(commit->time.micros, parent->time.micros)};
  }
  RETURN_IF_ERROR(IsPlain() ? Pure(commit.get()) : ByUser(commit.get()));
  std::sort(commit->tables.begin(), commit->tables.end(),
            [](const auto& a, const auto& b) { return a.table < b.table; });
  auto bytes = model::Encode(*commit);
  NewCommit made{model::CommitIdOf(bytes), commit, {}, merged_.tables, IsPlain()};
  space_.staging().Add(std::move(bytes));
  ASSIGN_OR_RETURN(made.objects, CollectStaged(repository_, &space_.staging(), commit->state_root,
                                               model::AsObjectId(made.id)));
  RETURN_IF_ERROR(StoreLarge(repository_, &made.objects));
  return made;
}

// Nothing in it depends on where and when the merge is made.
Status Attempt::Pure(model::Commit* commit) {
  if (is_fold_) commit->law_number = kMergeLaw;
  commit->txn = PureMergeTxn(is_fold_, parents_);
  // The same tables whichever head this is merged into: against the first parent.
  ASSIGN_OR_RETURN(auto first, repository_.ReadCommit(parents_.front()));
  ASSIGN_OR_RETURN(auto tables,
                   DifferingTables(&space_.staging(), first->state_root, merged_.root));
  for (const auto& table : tables) commit->tables.push_back(table.summary);
  return {};
}

Status Attempt::ByUser(model::Commit* commit) {
  commit->txn = repository_.random().DrawId<TxnId>();
  commit->time = {std::max(repository_.clock().Now().micros, commit->time.micros + 1)};
  commit->author = options_.text.author;
  commit->message = options_.text.message;
  commit->metadata = options_.text.metadata;
  auto settled = merged_.settled_replacements;
  for (auto& table : merged_.tables) {
    table.summary.replacement_settled = settled.contains(table.id);
    commit->tables.push_back(table.summary);
    settled.erase(table.id);
  }
  // Also where the table stays as it is here.
  for (const auto& [id, name] : settled) {
    model::TableSummary summary;
    summary.table = id;
    summary.name = name;
    summary.kind = model::ChangeKind::kMerge;
    summary.replacement_settled = true;
    commit->tables.push_back(std::move(summary));
  }
  return {};
}

// How two heads stand to each other; an attempt to merge them where they diverged.
struct Met {
  BranchMerged outcome;
  std::unique_ptr<Attempt> attempt;
};

Result<Met> Meet(Repository& repository, const MergeTools& tools, const Head& ours,
                 const Head& theirs, const BranchMergeOptions& options) {
  Met met{{ours.id, ours.id, theirs.id, false, false, {}, {}}, nullptr};
  ASSIGN_OR_RETURN(bool contained, Contains(repository, ours, theirs));
  if (contained) return met;
  ASSIGN_OR_RETURN(bool ahead, Contains(repository, theirs, ours));
  met.outcome.changed = true;
  if (ahead && !options.no_fast_forward && options.text.message.empty()) {
    met.outcome.commit = theirs.id;
    met.outcome.fast_forward = true;
    return met;
  }
  met.attempt = std::make_unique<Attempt>(repository, options);
  RETURN_IF_ERROR(met.attempt->Open(tools));
  RETURN_IF_ERROR(met.attempt->Run(ours, theirs));
  met.outcome.tables = met.attempt->merged().merged;
  met.outcome.conflicts = met.attempt->merged().conflicts;
  met.outcome.changed = met.attempt->is_clean();
  return met;
}

// The same of two commits.
Result<Met> Meet(Repository& repository, const MergeTools& tools, const CommitId& ours,
                 const CommitId& theirs, const BranchMergeOptions& options) {
  RETURN_IF_ERROR(repository.CheckUsable());
  ASSIGN_OR_RETURN(auto our_head, ReadHead(repository, ours));
  ASSIGN_OR_RETURN(auto their_head, ReadHead(repository, theirs));
  return Meet(repository, tools, our_head, their_head, options);
}

Error HasMoved(const std::string& branch, const CommitId& from) {
  return Error(ErrorCode::kConflict, "merge: branch \"" + branch + "\" has moved from " +
                                         from.Short() + " since the merge began; begin it again")
      .With("branch", branch)
      .With("ours", from.ToString());
}

}  // namespace

Result<BranchMerged> TryMerge(Repository& repository, const MergeTools& tools, const CommitId& ours,
                              const CommitId& theirs, const BranchMergeOptions& options) {
  ASSIGN_OR_RETURN(auto met, Meet(repository, tools, ours, theirs, options));
  return std::move(met.outcome);
}

Result<MergePreview> PreviewMerge(Repository& repository, const MergeTools& tools,
                                  const CommitId& ours, const CommitId& theirs,
                                  const BranchMergeOptions& options) {
  ASSIGN_OR_RETURN(auto met, Meet(repository, tools, ours, theirs, options));
  MergePreview preview{std::move(met.outcome), {}, {}};
  ASSIGN_OR_RETURN(preview.merged, repository.ViewOf(ours));
  if (met.attempt) {
    std::shared_ptr<Attempt> attempt = std::move(met.attempt);
    preview.tables = attempt->merged().tables;
    auto opener = std::make_shared<TableOpener>(attempt->context(), 0);
    preview.merged =
        std::make_shared<View>(*preview.merged, attempt->merged().root, std::move(opener), nullptr,
                               std::set<TableId>(), attempt, nullptr);
  } else if (preview.outcome.fast_forward) {
    ASSIGN_OR_RETURN(auto fast_forward, repository.ViewOf(theirs));
    ASSIGN_OR_RETURN(preview.tables,
                     DifferingTables(repository.small().get(), preview.merged->state_root(),
                                     fast_forward->state_root()));
    preview.merged = std::move(fast_forward);
  }
  return preview;
}

Result<BranchMerged> MergeBranch(Repository& repository, const MergeTools& tools,
                                 const std::string& branch, const CommitId& source,
                                 const BranchMergeOptions& options) {
  RETURN_IF_ERROR(repository.CheckWritable());
  ASSIGN_OR_RETURN(auto hold, repository.HoldObjects());
  ASSIGN_OR_RETURN(auto theirs, ReadHead(repository, source));
  Attempts attempts(repository, branch);
  while (true) {
    RETURN_IF_ERROR(attempts.Begin());
    ASSIGN_OR_RETURN(auto ref, ReadBranch(repository, branch));
    if (options.ours && *options.ours != ref.commit) return HasMoved(branch, *options.ours);
    ASSIGN_OR_RETURN(auto ours, ReadHead(repository, ref.commit));
    ASSIGN_OR_RETURN(auto met, Meet(repository, tools, ours, theirs, options));
    if (!met.outcome.changed) return std::move(met.outcome);
    bool moved = false;
    if (met.attempt) {
      ASSIGN_OR_RETURN(auto made, met.attempt->Finish(ours));
      met.outcome.commit = made.id;
      ASSIGN_OR_RETURN(moved, MoveHead(repository, branch, ours.id, {std::move(made)}, "merge"));
    } else {
      ASSIGN_OR_RETURN(moved, MoveHead(repository, branch, ours.id, theirs.id, "fast-forward"));
    }
    if (moved) return std::move(met.outcome);
  }
}

}  // namespace rhizo::txn
