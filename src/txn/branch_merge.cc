#include "txn/branch_merge.h"

#include <algorithm>

#include "base/blake3.h"
#include "base/coding.h"
#include "model/history.h"
#include "table/each_entry.h"
#include "txn/merge_base.h"
#include "txn/ref_resolver.h"
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
  Attempt(Repository& repository, const MergeTools& tools, const BranchMergeOptions& options)
      : repository_(repository), options_(options), staging_(repository.small()) {
    means_.context.read = StagedContext(repository, &staging_);
    means_.context.staging = &staging_;
    means_.context.next_ordinal = &no_births_;
    means_.context.threads = tools.threads;
    means_.bind_checks = tools.bind_checks;
  }

  Status Open(const MergeTools& tools) {
    ASSIGN_OR_RETURN(means_.context.engine, tools.engine());
    RETURN_IF_ERROR(link_.Open(means_.context.engine));
    means_.client = link_.client();
    return {};
  }

  // The merged state; conflicts in `out_`.
  Status Run(const Head& ours, const Head& theirs);
  bool is_clean() const { return merged_.conflicts.empty(); }
  MergedDatabase& merged() { return merged_; }

  // The commit. Only of a clean merge.
  Status Finish(const Head& ours);
  const CommitId& id() const { return id_; }
  const StagedObjects& objects() const { return objects_; }
  const std::vector<PlacedTable>& tables() const { return merged_.tables; }

 private:
  bool IsAutomatic() const;
  Status Fold(const Head& ours);
  Result<Replaced> FindReplaced(const CommitId& ours, const CommitId& theirs);
  Status FindReplacedBy(const CommitId& side, const CommitId& other, std::set<TableId>* found);

  Repository& repository_;
  const BranchMergeOptions& options_;
  object::Staging staging_;
  uint64_t no_births_ = 0;
  table::Link link_;
  merge::MergeMeans means_;
  Replaced replaced_;  // by the two heads; of a fold each step asks anew
  MergedDatabase merged_;
  std::vector<CommitId> parents_;
  CommitId id_;
  model::Commit commit_;
  StagedObjects objects_;
};

bool Attempt::IsAutomatic() const {
  const auto& database = options_.database;
  return options_.text.message.empty() && !options_.no_fast_forward &&
         database.favour == merge::Favour::kNobody && database.by_table.empty() &&
         database.by_column.empty();
}

Status Attempt::FindReplacedBy(const CommitId& side, const CommitId& other,
                               std::set<TableId>* found) {
  std::set<TableId> settled;
  Status failed;
  auto visit = [&](const CommitId& id, const model::Commit& commit) {
    auto shared = repository_.ancestry().Contains(other, id, commit.generation);
    if (!shared) {
      failed = std::move(shared).error();
      return false;
    }
    if (*shared) return false;
    for (const auto& table : commit.tables) {
      if (table.replacement_settled) settled.insert(table.table);
      if (table.replacement && !settled.contains(table.table)) found->insert(table.table);
    }
    return true;
  };
  auto load = [&](const CommitId& id) { return LoadCommitOf(repository_, id); };
  RETURN_IF_ERROR(model::WalkLog(load, side, visit));
  return failed;
}

Result<Replaced> Attempt::FindReplaced(const CommitId& ours, const CommitId& theirs) {
  Replaced replaced;
  RETURN_IF_ERROR(FindReplacedBy(ours, theirs, &replaced.by_ours));
  RETURN_IF_ERROR(FindReplacedBy(theirs, ours, &replaced.by_theirs));
  return replaced;
}

Status Attempt::Run(const Head& ours, const Head& theirs) {
  if (IsAutomatic()) {
    parents_ = UserCommits(ours);
    auto more = UserCommits(theirs);
    parents_.insert(parents_.end(), more.begin(), more.end());
    std::sort(parents_.begin(), parents_.end());
    parents_.erase(std::unique(parents_.begin(), parents_.end()), parents_.end());
    std::vector<CommitId> maximal;
    for (const auto& id : parents_) {
      ASSIGN_OR_RETURN(auto commit, repository_.ReadCommit(id));
      bool is_below = false;
      for (const auto& other : parents_) {
        if (other == id || is_below) continue;
        ASSIGN_OR_RETURN(is_below, repository_.ancestry().Contains(other, id, commit->generation));
      }
      if (!is_below) maximal.push_back(id);
    }
    parents_ = std::move(maximal);
    // Otherwise what is merged are not the states of the heads.
    bool are_heads = parents_.size() == 2 && !ours.commit->law_number && !theirs.commit->law_number;
    if (!are_heads) return Fold(ours);
  } else {
    parents_ = {ours.id, theirs.id};
  }
  MergeBase bases(repository_, means_);
  ASSIGN_OR_RETURN(auto base, bases.Of({ours.id}, theirs.id));
  ASSIGN_OR_RETURN(replaced_, FindReplaced(ours.id, theirs.id));
  DatabaseMerge merge(repository_, means_, options_.database, replaced_);
  ASSIGN_OR_RETURN(merged_, merge.Run(base, {ours.commit->state_root, {}, {}},
                                      {theirs.commit->state_root, {}, {}}));
  return {};
}

// All parents, one after the other.
Status Attempt::Fold(const Head& ours) {
  MergeBase bases(repository_, means_);
  auto is_ours = [&](const CommitId& id) -> Result<bool> {
    ASSIGN_OR_RETURN(auto commit, repository_.ReadCommit(id));
    return repository_.ancestry().Contains(ours.id, id, commit->generation);
  };
  ASSIGN_OR_RETURN(bool begins_with_ours, is_ours(parents_.front()));
  ASSIGN_OR_RETURN(auto first, repository_.ReadCommit(parents_.front()));
  MergeState so_far{first->state_root, {}, {}};
  std::vector<CommitId> done = {parents_.front()};
  std::vector<MergedTableInfo> tables;
  for (size_t i = 1; i < parents_.size(); ++i) {
    ASSIGN_OR_RETURN(auto next, repository_.ReadCommit(parents_[i]));
    ASSIGN_OR_RETURN(auto base, bases.Of(done, parents_[i]));
    Replaced replaced;
    for (const auto& id : done) {
      ASSIGN_OR_RETURN(auto of_pair, FindReplaced(id, parents_[i]));
      replaced.by_ours.insert(of_pair.by_ours.begin(), of_pair.by_ours.end());
      replaced.by_theirs.insert(of_pair.by_theirs.begin(), of_pair.by_theirs.end());
    }
    // Which side is called ours changes no state, only what is told of conflicts.
    ASSIGN_OR_RETURN(bool swapped, is_ours(parents_[i]));
    swapped = swapped && !begins_with_ours;
    MergeState other{next->state_root, {}, {}};
    if (swapped) {
      std::swap(so_far, other);
      std::swap(replaced.by_ours, replaced.by_theirs);
    }
    DatabaseMerge merge(repository_, means_, options_.database, replaced);
    ASSIGN_OR_RETURN(merged_, merge.Run(base, so_far, other));
    tables.insert(tables.end(), merged_.merged.begin(), merged_.merged.end());
    if (!merged_.conflicts.empty()) break;
    so_far.root = merged_.root;
    done.push_back(parents_[i]);
  }
  merged_.merged = std::move(tables);
  if (!merged_.conflicts.empty()) return {};
  ASSIGN_OR_RETURN(merged_.tables,
                   DifferingTables(&staging_, ours.commit->state_root, merged_.root));
  return {};
}

Status Attempt::Finish(const Head& ours) {
  commit_ = model::Commit();
  commit_.database = ours.commit->database;
  commit_.parents = parents_;
  commit_.state_root = merged_.root;
  for (const auto& id : parents_) {
    ASSIGN_OR_RETURN(auto parent, repository_.ReadCommit(id));
    commit_.generation = std::max(commit_.generation, parent->generation + 1);
    commit_.time = {std::max(commit_.time.micros, parent->time.micros)};
  }
  if (IsAutomatic()) {
    commit_.law_number = kMergeLaw;
    Encoder encoder;
    encoder.Raw("merge");
    encoder.U32(kMergeLaw);
    for (const auto& id : parents_) encoder.Raw(id.view());
    auto hash = Blake3(std::move(encoder).Take());
    commit_.txn = TxnId::FromBytes(hash.view().substr(0, 16));
    // The same tables whichever head this is merged into: against the first parent.
    ASSIGN_OR_RETURN(auto first, repository_.ReadCommit(parents_.front()));
    ASSIGN_OR_RETURN(auto tables, DifferingTables(&staging_, first->state_root, merged_.root));
    for (const auto& table : tables) commit_.tables.push_back(table.summary);
  } else {
    commit_.txn = repository_.random().DrawId<TxnId>();
    commit_.time = {std::max(repository_.clock().Now().micros, commit_.time.micros + 1)};
    commit_.author = options_.text.author;
    commit_.message = options_.text.message;
    commit_.metadata = options_.text.metadata;
    for (auto& table : merged_.tables) {
      table.summary.replacement_settled =
          replaced_.by_ours.contains(table.id) || replaced_.by_theirs.contains(table.id);
      commit_.tables.push_back(table.summary);
    }
  }
  std::sort(commit_.tables.begin(), commit_.tables.end(),
            [](const auto& a, const auto& b) { return a.table < b.table; });
  auto bytes = model::Encode(commit_);
  id_ = model::CommitIdOf(bytes);
  staging_.Add(std::move(bytes));
  ASSIGN_OR_RETURN(
      objects_, CollectStaged(repository_, &staging_, commit_.state_root, model::AsObjectId(id_)));
  return StoreLarge(repository_, &objects_);
}

// Publishes `target` as the head of the branch; false if the branch has moved from `head`.
Result<bool> MoveTo(Repository& repository, const std::string& branch, const CommitId& head,
                    const CommitId& target, const Attempt* attempt) {
  ASSIGN_OR_RETURN(auto session, repository.meta().BeginWrite(repository.options().busy_timeout));
  RETURN_IF_ERROR(repository.CheckInPlace());
  RETURN_IF_ERROR(repository.SettleUnsynced());
  ASSIGN_OR_RETURN(auto ref, session->ReadRef(branch));
  if (!ref) return UnknownRef(repository, branch);
  if (ref->commit != head) return false;
  meta::Publication publication;
  publication.txn = repository.random().DrawId<TxnId>();
  publication.time = repository.clock().Now();
  publication.moves.push_back(
      {branch, ref->kind, head, target, attempt != nullptr ? "merge" : "fast-forward"});
  if (attempt != nullptr) {
    publication.commit = target;
    for (const auto& [id, bytes] : attempt->objects()) publication.objects.push_back({id, *bytes});
    for (const auto& table : attempt->tables()) {
      if (table.name) publication.versions.push_back({table.id, table.state_id});
    }
  }
  ASSIGN_OR_RETURN(auto published, session->Publish(publication));
  static_cast<void>(published);
  RETURN_IF_ERROR(session->Commit());
  return true;
}

}  // namespace

namespace {

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
  met.attempt = std::make_unique<Attempt>(repository, tools, options);
  RETURN_IF_ERROR(met.attempt->Open(tools));
  RETURN_IF_ERROR(met.attempt->Run(ours, theirs));
  met.outcome.tables = met.attempt->merged().merged;
  met.outcome.conflicts = met.attempt->merged().conflicts;
  met.outcome.changed = met.attempt->is_clean();
  return met;
}

Result<Head> ReadHead(Repository& repository, const CommitId& id) {
  ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
  return Head{id, std::move(commit)};
}

}  // namespace

Result<BranchMerged> TryMerge(Repository& repository, const MergeTools& tools, const CommitId& ours,
                              const CommitId& theirs, const BranchMergeOptions& options) {
  RETURN_IF_ERROR(repository.CheckUsable());
  ASSIGN_OR_RETURN(auto our_head, ReadHead(repository, ours));
  ASSIGN_OR_RETURN(auto their_head, ReadHead(repository, theirs));
  ASSIGN_OR_RETURN(auto met, Meet(repository, tools, our_head, their_head, options));
  return std::move(met.outcome);
}

Result<BranchMerged> MergeBranch(Repository& repository, const MergeTools& tools,
                                 const std::string& branch, const CommitId& source,
                                 const BranchMergeOptions& options) {
  RETURN_IF_ERROR(repository.CheckWritable());
  ASSIGN_OR_RETURN(auto hold, repository.HoldObjects());
  ASSIGN_OR_RETURN(auto theirs, ReadHead(repository, source));
  while (true) {
    ASSIGN_OR_RETURN(auto ref, repository.meta().ReadRef(branch));
    if (!ref || ref->kind == meta::RefKind::kTag) return UnknownRef(repository, branch);
    ASSIGN_OR_RETURN(auto ours, ReadHead(repository, ref->commit));
    ASSIGN_OR_RETURN(auto met, Meet(repository, tools, ours, theirs, options));
    if (!met.outcome.changed) return std::move(met.outcome);
    if (met.attempt) {
      RETURN_IF_ERROR(met.attempt->Finish(ours));
      met.outcome.commit = met.attempt->id();
    }
    ASSIGN_OR_RETURN(bool moved,
                     MoveTo(repository, branch, ours.id, met.outcome.commit, met.attempt.get()));
    if (moved) return std::move(met.outcome);
  }
}

}  // namespace rhizo::txn
