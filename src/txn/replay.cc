#include "txn/replay.h"

#include <algorithm>
#include <set>
#include <span>

#include "model/history.h"
#include "table/row_diff.h"
#include "txn/merge_base.h"
#include "txn/move_head.h"
#include "txn/rebase_steps.h"
#include "txn/ref_resolver.h"
#include "txn/side_history.h"

namespace rhizo::txn {
namespace {

Result<Head> HeadOf(Repository& repository, const std::string& branch) {
  ASSIGN_OR_RETURN(auto ref, ReadBranch(repository, branch));
  return ReadHead(repository, ref.commit);
}

// From which state to which the commit led: against its parent, or that of its parents named.
Result<Head> ParentOf(Repository& repository, const Head& commit, std::string_view verb,
                      const std::optional<uint32_t>& parent) {
  const auto& parents = commit.commit->parents;
  std::string what = std::string(verb) + ": commit " + commit.id.Short();
  if (parents.empty()) return InvalidArgument(what + " is the first of all: it changed nothing");
  if (parents.size() > 1 && !parent) {
    return InvalidArgument(what + " is a merge; say against which of its " +
                           std::to_string(parents.size()) + " parents (parent=1, ...)");
  }
  uint32_t number = parent.value_or(1);
  if (number < 1 || number > parents.size()) {
    return InvalidArgument(what + " has " + std::to_string(parents.size()) +
                           " parents, so there is no parent " + std::to_string(number));
  }
  return ReadHead(repository, parents[number - 1]);
}

// What became of a table, counted by row.
class Counting {
 public:
  Counting(Repository& repository, MergeWorkspace& space)
      : opener_(StagedContext(repository, &space.staging()), 4), means_(space.means()) {}

  Status Count(PlacedTable* placed) {
    auto& summary = placed->summary;
    std::shared_ptr<const table::OpenTable> before;
    std::shared_ptr<const table::OpenTable> after;
    if (placed->before) {
      ASSIGN_OR_RETURN(before, opener_.Open(placed->before->entry.state));
    }
    if (placed->name) {
      ASSIGN_OR_RETURN(after, opener_.Open(placed->state_id));
    }
    if (!before || !after) {
      summary.kind = before ? model::ChangeKind::kDrop : model::ChangeKind::kCreate;
      summary.rows_removed = before ? before->state().rows : 0;
      summary.rows_added = after ? after->state().rows : 0;
      changes_anything_ = true;
      return {};
    }
    ASSIGN_OR_RETURN(auto in_both, table::InTypesOfBoth(*before, after));
    ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means_.client, before, in_both));
    ASSIGN_OR_RETURN(auto counts, diff.Count());
    summary.rows_added = counts.inserted;
    summary.rows_removed = counts.deleted;
    summary.rows_updated = counts.updated;
    bool rows = counts.inserted + counts.deleted + counts.updated > 0;
    bool anew = false;
    if (!rows && !after->state().key.empty()) {
      ASSIGN_OR_RETURN(anew, StoresAnew(*before, *after));
    }
    bool schema = !model::SameButRows(before->state(), after->state());
    summary.kind = rows || anew ? model::ChangeKind::kUpdate
                   : schema     ? model::ChangeKind::kSchema
                                : model::ChangeKind::kRename;
    bool is_renamed = placed->name != placed->before->name;
    changes_anything_ = changes_anything_ || rows || anew || schema || is_renamed;
    return {};
  }
  // Whether one of the tables changed in more than how it is stored.
  bool changes_anything() const { return changes_anything_; }

 private:
  // Whether rows of one key have another id, or place: later steps may know them by that.
  Result<bool> StoresAnew(const table::OpenTable& before, const table::OpenTable& after) {
    auto without_key = [](const table::OpenTable& table) {
      auto state = std::make_shared<model::TableState>(table.state());
      state->key.clear();
      return table::OpenTable::Open(table.context(), ObjectId(), std::move(state));
    };
    ASSIGN_OR_RETURN(auto was, without_key(before));
    ASSIGN_OR_RETURN(auto is, without_key(after));
    ASSIGN_OR_RETURN(is, table::InTypesOfBoth(*was, is));
    ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means_.client, was, is));
    ASSIGN_OR_RETURN(auto first, diff.Next());
    return first.has_value();
  }

  TableOpener opener_;
  const merge::MergeMeans& means_;
  bool changes_anything_ = false;
};

// Commits made one on top of the other, until they are published together.
class Replay {
 public:
  Replay(Repository& repository, const ReplayOptions& options, Head head)
      : repository_(repository), space_(repository), head_(std::move(head)) {
    database_.favour = options.favour;
  }

  Status Open(const MergeTools& tools) { return space_.Open(tools); }
  const Head& head() const { return head_; }
  const std::vector<NewCommit>& commits() const { return commits_; }
  std::vector<TableConflict>& conflicts() { return conflicts_; }
  std::vector<MergedTableInfo>& settled() { return settled_; }

  // On top of what there is, what leads from `from` to `to`. False if it contradicts. `like`: the
  // new commit's author, message, metadata and origin; nothing new is no commit.
  Result<bool> Step(const Head& from, const Head& to, const Replaced& replaced,
                    const model::Commit& like) {
    DatabaseMerge merge(repository_, space_.means(), database_, replaced);
    ASSIGN_OR_RETURN(auto merged, merge.Run({from.commit->state_root, {}, {}},
                                            {head_.commit->state_root, {}, {}},
                                            {to.commit->state_root, {}, {}}));
    conflicts_ = std::move(merged.conflicts);
    if (!conflicts_.empty()) return false;
    std::ranges::copy_if(merged.merged, std::back_inserter(settled_),
                         [](const auto& table) { return table.counts.settled > 0; });
    if (merged.root == head_.commit->state_root) return true;
    RETURN_IF_ERROR(Add(std::move(merged), replaced.by_theirs, like));
    return true;
  }

 private:
  // `replacements`: what was replaced as a whole there is so here.
  Status Add(MergedDatabase merged, const std::set<TableId>& replacements,
             const model::Commit& like) {
    auto commit = std::make_shared<model::Commit>();
    commit->database = head_.commit->database;
    commit->parents = {head_.id};
    commit->generation = head_.commit->generation + 1;
    commit->state_root = merged.root;
    commit->txn = repository_.random().DrawId<TxnId>();
    commit->time = {std::max(repository_.clock().Now().micros, head_.commit->time.micros + 1)};
    commit->author = like.author;
    commit->message = like.message;
    commit->metadata = like.metadata;
    commit->extensions = like.extensions;
    Counting counting(repository_, space_);
    for (auto& table : merged.tables) {
      RETURN_IF_ERROR(counting.Count(&table));
      table.summary.replacement = table.before && table.name && replacements.contains(table.id);
      commit->tables.push_back(table.summary);
    }
    if (!merged.tables.empty() && !counting.changes_anything()) return {};
    std::sort(commit->tables.begin(), commit->tables.end(),
              [](const auto& a, const auto& b) { return a.table < b.table; });
    auto bytes = model::Encode(*commit);
    NewCommit made{model::CommitIdOf(bytes), commit, {}, std::move(merged.tables), false};
    space_.staging().Add(std::move(bytes));
    ASSIGN_OR_RETURN(made.objects, CollectStaged(repository_, &space_.staging(), commit->state_root,
                                                 model::AsObjectId(made.id)));
    std::erase_if(made.objects,
                  [&](const auto& object) { return !collected_.insert(object.first).second; });
    RETURN_IF_ERROR(StoreLarge(repository_, &made.objects));
    head_ = {made.id, commit};
    commits_.push_back(std::move(made));
    return {};
  }

  Repository& repository_;
  MergeWorkspace space_;
  DatabaseMergeOptions database_;
  Head head_;  // of what there is so far
  std::vector<NewCommit> commits_;
  std::set<ObjectId> collected_;
  std::vector<TableConflict> conflicts_;
  std::vector<MergedTableInfo> settled_;
};

// Who replaced tables as a whole: the branch at `head` since `base`, as `history` says of it, and
// what leads from `before` to `commit`.
Result<Replaced> ReplacedBy(Repository& repository, const SideHistory& history,
                            const CommitId& head, const CommitId& base, const CommitId& commit,
                            const CommitId& before) {
  ASSIGN_OR_RETURN(auto here, ReplacedBeyond(repository, history, head, base));
  ASSIGN_OR_RETURN(auto there, HistoryOf(repository, commit, before));
  Replaced replaced{std::move(here), {}, {}};
  for (const auto& [table, origin] : there.replaced) replaced.by_theirs.insert(table);
  return replaced;
}

// One step on top of the branch; tried again where the branch moves meanwhile.
template <class Step>
Result<Replayed> OnBranch(Repository& repository, const MergeTools& tools,
                          const std::string& branch, const ReplayOptions& options,
                          const std::string& operation, const CommitId& commit, Step step) {
  RETURN_IF_ERROR(repository.CheckWritable());
  ASSIGN_OR_RETURN(auto hold, repository.HoldObjects());
  Attempts attempts(repository, branch);
  while (true) {
    RETURN_IF_ERROR(attempts.Begin());
    ASSIGN_OR_RETURN(auto head, HeadOf(repository, branch));
    Replayed replayed{.commit = head.id, .before = head.id};
    Replay replay(repository, options, head);
    RETURN_IF_ERROR(replay.Open(tools));
    ASSIGN_OR_RETURN(bool fits, step(head, &replay));
    if (!fits) {
      replayed.failed = commit;
      replayed.conflicts = std::move(replay.conflicts());
      return replayed;
    }
    replayed.settled = std::move(replay.settled());
    if (replay.commits().empty()) return replayed;
    replayed.changed = true;
    replayed.commit = replay.head().id;
    ASSIGN_OR_RETURN(bool moved,
                     MoveHead(repository, branch, head.id, replay.commits(), operation));
    if (moved) return replayed;
  }
}

model::Commit Again(const Head& commit, const std::optional<uint32_t>& parent) {
  model::Commit like;
  like.author = commit.commit->author;
  like.message = commit.commit->message;
  like.metadata = commit.commit->metadata;
  SetPickedFrom(&like, commit, parent);
  return like;
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

// The commits of the branch that `onto` has not, oldest first.
Result<std::vector<Head>> CommitsBeyond(Repository& repository, const Head& head,
                                        const CommitId& onto) {
  std::vector<Head> beyond;
  Status failed;
  auto visit = [&](const CommitId& id, const model::Commit& commit) {
    auto shared = repository.ancestry().Contains(onto, id, commit.generation);
    if (!shared) failed = std::move(shared).error();
    if (!shared || *shared) return false;
    if (commit.parents.size() > 1) {
      failed = Unsupported("rebase: commit " + id.Short() +
                           " is a merge, which cannot be done again; merge instead");
      return false;
    }
    beyond.push_back({id, std::make_shared<const model::Commit>(commit)});
    return true;
  };
  auto load = [&](const CommitId& id) { return LoadCommitOf(repository, id); };
  RETURN_IF_ERROR(model::WalkLog(load, head.id, visit));
  RETURN_IF_ERROR(failed);
  std::reverse(beyond.begin(), beyond.end());
  return beyond;
}

}  // namespace

Result<Replayed> Revert(Repository& repository, const MergeTools& tools, const std::string& branch,
                        const CommitId& commit, const ReplayOptions& options) {
  ASSIGN_OR_RETURN(auto done, ReadHead(repository, commit));
  ASSIGN_OR_RETURN(auto before, ParentOf(repository, done, "revert", options.parent));
  model::Commit like;
  like.author = options.author;
  like.message = options.message;
  if (like.message.empty()) {
    like.message = "revert " + commit.Short();
    auto line = FirstLine(done.commit->message);
    if (!line.empty()) like.message += ": " + line;
  }
  auto step = [&](const Head& head, Replay* replay) -> Result<bool> {
    ASSIGN_OR_RETURN(auto since, HistoryOf(repository, head.id, commit));
    ASSIGN_OR_RETURN(auto replaced,
                     ReplacedBy(repository, since, head.id, commit, commit, before.id));
    return replay->Step(done, before, replaced, like);
  };
  return OnBranch(repository, tools, branch, options, "revert", commit, step);
}

Result<Replayed> CherryPick(Repository& repository, const MergeTools& tools,
                            const std::string& branch, const CommitId& commit,
                            const ReplayOptions& options) {
  ASSIGN_OR_RETURN(auto done, ReadHead(repository, commit));
  ASSIGN_OR_RETURN(auto before, ParentOf(repository, done, "cherry_pick", options.parent));
  auto like = Again(done, options.parent);
  if (!options.message.empty()) like.message = options.message;
  auto step = [&](const Head& head, Replay* replay) -> Result<bool> {
    ASSIGN_OR_RETURN(bool has,
                     repository.ancestry().Contains(head.id, commit, done.commit->generation));
    if (has) {
      return InvalidArgument("cherry_pick: commit " + commit.Short() +
                             " is in the history of branch \"" + branch + "\" already");
    }
    ASSIGN_OR_RETURN(auto beyond, HistoryOf(repository, head.id, before.id));
    ASSIGN_OR_RETURN(auto replaced,
                     ReplacedBy(repository, beyond, head.id, before.id, commit, before.id));
    return replay->Step(before, done, replaced, like);
  };
  return OnBranch(repository, tools, branch, options, "cherry-pick", commit, step);
}

Result<Replayed> Rebase(Repository& repository, const MergeTools& tools, const std::string& branch,
                        const CommitId& onto, const ReplayOptions& options) {
  RETURN_IF_ERROR(repository.CheckWritable());
  ASSIGN_OR_RETURN(auto hold, repository.HoldObjects());
  ASSIGN_OR_RETURN(auto new_base, ReadHead(repository, onto));
  std::optional<Replay> replay;
  std::vector<CommitId> done;  // in it
  Attempts attempts(repository, branch);
  while (true) {
    RETURN_IF_ERROR(attempts.Begin());
    ASSIGN_OR_RETURN(auto head, HeadOf(repository, branch));
    Replayed replayed{.commit = head.id, .before = head.id};
    ASSIGN_OR_RETURN(bool contains,
                     repository.ancestry().Contains(head.id, onto, new_base.commit->generation));
    if (contains) return replayed;
    ASSIGN_OR_RETURN(auto beyond, CommitsBeyond(repository, head, onto));
    ASSIGN_OR_RETURN(auto there, HistoryOf(repository, onto, head.id));
    ASSIGN_OR_RETURN(auto steps, RebaseSteps(repository, beyond, there));
    // Where the branch only grew since the last attempt, what is done stays.
    auto is_step = [](const CommitId& id, const auto& step) { return id == step.commit.id; };
    bool grew = replay && done.size() <= steps.size() &&
                std::equal(done.begin(), done.end(), steps.begin(), is_step);
    if (!grew) {
      done.clear();
      replay.emplace(repository, options, new_base);
      RETURN_IF_ERROR(replay->Open(tools));
    }
    for (const auto& [commit, shared] : std::span(steps).subspan(done.size())) {
      ASSIGN_OR_RETURN(auto before, ParentOf(repository, commit, "rebase", {}));
      // What `onto` has beyond the step's parent it has beyond the branch.
      ASSIGN_OR_RETURN(auto replaced,
                       ReplacedBy(repository, there, onto, before.id, commit.id, before.id));
      replaced.shared = shared;
      ASSIGN_OR_RETURN(bool fits, replay->Step(before, commit, replaced, Again(commit, {})));
      done.push_back(commit.id);
      if (fits) continue;
      replayed.failed = commit.id;
      replayed.conflicts = std::move(replay->conflicts());
      return replayed;
    }
    replayed.changed = true;
    replayed.settled = replay->settled();
    replayed.commit = replay->head().id;
    ASSIGN_OR_RETURN(bool moved,
                     replay->commits().empty()
                         ? MoveHead(repository, branch, head.id, onto, "rebase")
                         : MoveHead(repository, branch, head.id, replay->commits(), "rebase"));
    if (moved) return replayed;
  }
}

Result<Replayed> Reset(Repository& repository, const std::string& branch, const CommitId& target) {
  Attempts attempts(repository, branch);
  while (true) {
    RETURN_IF_ERROR(attempts.Begin());
    ASSIGN_OR_RETURN(auto head, HeadOf(repository, branch));
    Replayed replayed{.commit = target, .before = head.id, .changed = head.id != target};
    if (!replayed.changed) return replayed;
    ASSIGN_OR_RETURN(bool moved, MoveHead(repository, branch, head.id, target, "reset"));
    if (moved) return replayed;
  }
}

}  // namespace rhizo::txn
