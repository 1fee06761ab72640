// What a whole database should hold, done naively: where its refs point, and what every commit
// shows. A regular value: copy it to remember a state.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "support/tables.h"

namespace rhizo::tests {

using Tables = std::map<std::string, std::shared_ptr<const Rows>>;

struct DatabaseModel {
  struct RefState {
    meta::RefKind kind = meta::RefKind::kBranch;
    CommitId commit;
    friend bool operator==(const RefState&, const RefState&) = default;
  };
  std::map<std::string, RefState> refs;
  // Every acknowledged commit. It stays in the history when its branch is deleted: the log names
  // it.
  std::map<CommitId, std::shared_ptr<const Tables>> commits;

  const Tables& TablesOf(const std::string& branch) const {
    return *commits.at(refs.at(branch).commit);
  }
};

// A new database: main, and nothing in it.
Result<DatabaseModel> ModelOfNew(txn::Repository& repository);

struct Look {
  // Reads the rows of every commit, not only of those that refs point to.
  bool all_commits = false;
  // kCorruption and missing objects are no difference: only wrong answers are.
  bool errors_are_fine = false;
};
// Empty if the database shows what the model says, else the first difference.
std::string DifferenceFrom(const DatabaseModel& model, txn::Repository& repository,
                           const Look& look = {});
// Empty if verify finds nothing, else what it found first.
std::string Faults(txn::Repository& repository);

}  // namespace rhizo::tests
