#include "support/database_model.h"

#include <set>
#include <vector>

#include "txn/verify.h"

namespace rhizo::tests {
namespace {

bool IsFine(const Error& error, const Look& look) {
  return look.errors_are_fine &&
         (error.code() == ErrorCode::kCorruption || error.code() == ErrorCode::kObjectNotFound);
}

std::string Text(const Error& error) {
  return std::string(ErrorCodeName(error.code())) + ": " + error.message();
}

std::string DifferenceOfRefs(const DatabaseModel& model, txn::Repository& repository,
                             const Look& look) {
  auto refs = repository.meta().ListRefs();
  if (!refs) return IsFine(refs.error(), look) ? "" : "refs: " + Text(refs.error());
  std::map<std::string, DatabaseModel::RefState> found;
  for (const auto& ref : *refs) found[ref.name] = {ref.kind, ref.commit};
  if (found == model.refs) return "";
  std::string text = "refs differ; found";
  for (const auto& [name, ref] : found) text += " " + name + "=" + ref.commit.Short();
  text += ", expected";
  for (const auto& [name, ref] : model.refs) text += " " + name + "=" + ref.commit.Short();
  return text;
}

std::string DifferenceOfTables(const Tables& tables, const txn::View& view, const Look& look) {
  auto listed = view.ListTables();
  if (!listed) return IsFine(listed.error(), look) ? "" : "tables: " + Text(listed.error());
  if (listed->size() != tables.size()) return std::to_string(listed->size()) + " tables";
  for (const auto& [name, rows] : tables) {
    auto found = Read(view, name);
    if (!found && !IsFine(found.error(), look)) return name + ": " + Text(found.error());
    if (found && *found != *rows) {
      return name + ": " + std::to_string(found->size()) + " rows, expected " +
             std::to_string(rows->size());
    }
  }
  return "";
}

std::string DifferenceOfCommit(const CommitId& id, const Tables& tables,
                               txn::Repository& repository, const Look& look) {
  auto view = repository.ViewOf(id);
  if (!view) return IsFine(view.error(), look) ? "" : "commit " + id.Short() + Text(view.error());
  auto difference = DifferenceOfTables(tables, **view, look);
  return difference.empty() ? "" : "commit " + id.Short() + ": " + difference;
}

// Every commit that refs and their logs reach.
Result<std::set<CommitId>> History(txn::Repository& repository) {
  std::vector<CommitId> pending;
  std::set<CommitId> seen;
  ASSIGN_OR_RETURN(auto refs, repository.meta().ListRefs());
  for (const auto& ref : refs) pending.push_back(ref.commit);
  while (!pending.empty()) {
    CommitId id = pending.back();
    pending.pop_back();
    if (!seen.insert(id).second) continue;
    ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
    pending.insert(pending.end(), commit->parents.begin(), commit->parents.end());
  }
  return seen;
}

std::string DifferenceOfHistory(const DatabaseModel& model, txn::Repository& repository,
                                const Look& look) {
  auto history = History(repository);
  if (!history) return IsFine(history.error(), look) ? "" : "history: " + Text(history.error());
  for (const auto& [id, tables] : model.commits) {
    if (history->contains(id)) continue;
    // Of a deleted branch: readable by its id all the same.
    auto commit = repository.ReadCommit(id);
    if (!commit && !IsFine(commit.error(), look)) return "lost commit " + id.ToString();
  }
  for (const auto& id : *history) {
    if (!model.commits.contains(id)) return "a commit nobody made: " + id.ToString();
  }
  return "";
}

}  // namespace

Result<DatabaseModel> ModelOfNew(txn::Repository& repository) {
  ASSIGN_OR_RETURN(auto ref, repository.meta().ReadRef(txn::kMainBranch));
  if (!ref) return Error(ErrorCode::kBranchNotFound, "no main");
  DatabaseModel model;
  model.refs[txn::kMainBranch] = {meta::RefKind::kBranch, ref->commit};
  model.commits[ref->commit] = std::make_shared<const Tables>();
  return model;
}

std::string DifferenceFrom(const DatabaseModel& model, txn::Repository& repository,
                           const Look& look) {
  auto difference = DifferenceOfRefs(model, repository, look);
  if (difference.empty()) difference = DifferenceOfHistory(model, repository, look);
  std::set<CommitId> wanted;
  for (const auto& [name, ref] : model.refs) wanted.insert(ref.commit);
  if (look.all_commits) {
    for (const auto& [id, tables] : model.commits) wanted.insert(id);
  }
  for (const auto& id : wanted) {
    if (!difference.empty()) break;
    difference = DifferenceOfCommit(id, *model.commits.at(id), repository, look);
  }
  return difference;
}

std::string Faults(txn::Repository& repository) {
  auto report = txn::VerifyRepository(repository, &Engine(), {});
  if (!report) return "verify failed: " + Text(report.error());
  if (report->ok()) return "";
  const auto& first = report->findings.front();
  return std::to_string(report->findings.size()) + " faults, first: " + first.object + ": " +
         first.problem;
}

}  // namespace rhizo::tests
