#include "db/merging_impl.h"

#include <algorithm>
#include <map>
#include <set>

#include "db/settling_rows.h"
#include "txn/ref_resolver.h"

namespace rhizo {

MergingImpl::MergingImpl(std::shared_ptr<SessionImpl> session, std::string source,
                         std::string branch, const CommitId& ours, const CommitId& theirs,
                         txn::BranchMergeOptions options)
    : session_(std::move(session)),
      source_(std::move(source)),
      branch_(std::move(branch)),
      ours_(ours),
      theirs_(theirs),
      options_(std::move(options)) {
  // A commit of the user's, of just these two heads: what is settled is settled of them.
  options_.no_fast_forward = true;
  options_.ours = ours;
}

Status MergingImpl::CheckOpen() const {
  if (ended_) return InvalidArgument("this merge has ended already; begin another");
  return session_->CheckOpen();
}

Result<txn::BranchMerged> MergingImpl::Try() {
  return txn::TryMerge(session_->repository(), db::MergeToolsOf(*session_), ours_, theirs_,
                       options_);
}

Result<db::MergeConflicts> MergingImpl::Unsettled(const std::string& table) {
  return db::FindConflicts(*session_, ours_, theirs_, table, options_);
}

Status MergingImpl::Settle(const std::string& table, MergeStrategy side, bool rows) {
  if (side == MergeStrategy::kFail)
    return InvalidArgument("resolve: choose \"ours\" or \"theirs\"");
  ASSIGN_OR_RETURN(auto merged, Try());
  ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(table));
  // A table that both sides made or renamed to that name is named as the conflict names it.
  ASSIGN_OR_RETURN(auto ids, db::FindAllCalled(*session_, ours_, theirs_, table));
  std::set<TableId> settled;
  for (const auto& conflict : merged.conflicts) {
    bool is_it = std::ranges::count(ids, conflict.table) > 0 || conflict.name == name.ToString();
    if (is_it && (rows || !conflict.problems.empty())) settled.insert(conflict.table);
  }
  if (settled.empty()) {
    return InvalidArgument("resolve: nothing in table \"" + table + "\"" +
                           (rows ? "" : " as a whole") + " is left to settle");
  }
  settled.insert(ids.front());
  auto& database = options_.database;
  for (const auto& id : settled) {
    (rows ? database.by_table : database.as_a_whole)[id] = db::FavourOf(side);
  }
  return {};
}

Result<uint64_t> MergingImpl::SettleRows(const std::string& table, ArrowArrayStream* rows) {
  ASSIGN_OR_RETURN(auto conflicts, Unsettled(table));
  std::vector<std::string> key;
  ASSIGN_OR_RETURN(auto open, db::OpenOnEither(*session_, ours_, theirs_, table));
  for (FieldId id : open->state().key) {
    // As the merged table calls it.
    const auto* field = conflicts.schema()->FindId(id);
    if (field != nullptr) key.push_back(field->name);
  }
  ASSIGN_OR_RETURN(auto* engine, session_->Engine());
  ASSIGN_OR_RETURN(auto choices, db::ReadChoices(engine->client(), conflicts, key, rows));
  auto& known = options_.database.choices[open->state().id];
  uint64_t count = choices.size();
  for (auto& [at, choice] : choices) known.insert_or_assign(at, std::move(choice));
  return count;
}

Result<txn::BranchMerged> MergingImpl::Commit(const std::string& message) {
  auto options = options_;
  if (!message.empty()) options.text.message = message;
  if (options.text.message.empty()) options.text.message = "merge " + source_;
  return txn::MergeBranch(session_->repository(), db::MergeToolsOf(*session_), branch_, theirs_,
                          options);
}

}  // namespace rhizo
