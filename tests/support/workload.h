// Random changes of a whole database, each tried on the database and known to the model: small and
// large writes, appends, rows changed and deleted in place, many tables in one commit, renames and
// drops, branches and tags.
#pragma once

#include <functional>
#include <optional>
#include <random>
#include <string>

#include "support/database_model.h"

namespace rhizo::tests {

// One change that was tried.
struct Step {
  std::string what;
  Status outcome;
  std::optional<TxnId> txn;  // of a commit: FindTransaction tells whether and as what it landed
  // The model as it is if the change happened. Of a commit that failed the id is still missing:
  // AfterLanding puts it in.
  DatabaseModel after;
  std::string branch;
  std::shared_ptr<const Tables> tables;

  DatabaseModel AfterLanding(const CommitId& commit) const;
};

class Workload {
 public:
  explicit Workload(uint64_t seed) : random_(seed) {}

  // Tries one change; the caller says what became of the model.
  Step Try(const std::shared_ptr<txn::Repository>& repository, const DatabaseModel& model);
  // A commit of one kind.
  enum class Kind {
    kSmallWrite,
    kAppend,
    kLargeWrite,
    kManyTables,
    kRename,
    kDrop,
    kLargeMessage,
    kChangeRows
  };
  Step TryCommit(const std::shared_ptr<txn::Repository>& repository, const DatabaseModel& model,
                 Kind kind, const std::string& branch);
  // Creates, renames or deletes a branch, or makes a tag.
  Step TryRef(const std::shared_ptr<txn::Repository>& repository, const DatabaseModel& model);

  std::mt19937_64& random() { return random_; }

 private:
  struct Draft {
    txn::Transaction* transaction;
    Tables tables;
    std::string what;
    std::string message;
  };
  Status Fill(Draft* draft, Kind kind);
  Status WriteOne(Draft* draft, const std::string& table, Rows rows);
  Status AppendOne(Draft* draft);
  Status RenameOne(Draft* draft);
  Status ChangeOne(Draft* draft);
  Status DropOne(Draft* draft);
  std::string DrawTable() { return "t" + std::to_string(random_() % 4); }
  std::string DrawExisting(const Tables& tables);
  std::string DrawBranch(const DatabaseModel& model);
  Rows SmallRows();

  std::mt19937_64 random_;
  int64_t next_row_ = 0;
};

}  // namespace rhizo::tests
