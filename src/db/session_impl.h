// What a Session holds: where it stands, its open transaction, its connection to the engine. Public
// methods of Session lock `mutex_` for one statement; the QuerySource side is called back while
// such a statement binds, so it never locks.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "db/core.h"
#include "rhizo/session.h"
#include "sql/query_source.h"
#include "sql/session_engine.h"
#include "txn/transaction.h"

namespace rhizo {

class SessionImpl final : public sql::QuerySource,
                          public std::enable_shared_from_this<SessionImpl> {
 public:
  // On a branch, or on one commit (then read-only).
  static Result<std::shared_ptr<SessionImpl>> OnBranch(std::shared_ptr<db::Core> core,
                                                       const std::string& branch,
                                                       std::string author, bool scratch = false);
  static std::shared_ptr<SessionImpl> AtCommit(std::shared_ptr<db::Core> core,
                                               const CommitId& commit, std::string author);
  ~SessionImpl() override;

  std::mutex& mutex() { return mutex_; }
  db::Core& core() { return *core_; }
  std::shared_ptr<db::Core> shared_core() { return core_; }
  txn::Repository& repository() { return core_->repository(); }
  const std::string& branch() const { return branch_; }
  const std::string& author() const { return author_; }
  bool is_scratch() const { return scratch_; }
  bool closed() const { return closed_; }
  txn::Transaction* open_transaction() { return transaction_.get(); }
  // Whether others want what this session wants: its last statement had to be run again, or waited
  // for those that are.
  bool is_contended() const { return contended_; }
  void SetContended(bool contended) { contended_ = contended; }

  // --- under mutex()
  Status CheckOpen() const;
  Status CheckWritable() const;
  // Also that no transaction is open: for what changes refs.
  Status CheckIdle(std::string_view what) const;
  Result<std::shared_ptr<const txn::View>> CurrentView() override;
  // The commit of the session's branch or snapshot now (of its open transaction: its snapshot).
  Result<CommitId> HeadCommit();
  // A point of history as users write it, on this session: "" is its own head; a time is looked up
  // on its branch.
  Result<CommitId> ResolvePoint(const std::string& text);
  // The open transaction's branch, which it sees as it was; null: there is none.
  const meta::Ref* BranchThen() const;
  // The table at `at` ("" the current view; else a version number, a ref, or a time).
  struct FoundTable {
    model::QualifiedName name;
    std::shared_ptr<const table::OpenTable> table;
    CommitId commit;
    uint64_t version = 0;
  };
  Result<FoundTable> FindTable(const std::string& name, const std::string& at);
  // What a commit holds; of the open transaction's snapshot, names looked up count as read.
  Result<std::shared_ptr<const txn::View>> ViewAt(const CommitId& commit);
  // Tells a serializable transaction that it read all of what a table is now.
  Status NoteRead(const TableId& table);
  // Of every table that is there.
  Status NoteAllRead();
  // The same of one if `commit` is its snapshot.
  Status NoteReadAt(const CommitId& commit, const TableId& table);
  // What the table that is called so now was at an earlier point, whatever it was called there.
  Result<FoundTable> FindBase(const model::QualifiedName& name, const std::string& at);
  Result<sql::SessionEngine*> Engine();

  // Runs `body` in the open transaction, or in one of its own that is committed when `body`
  // succeeds.
  struct Outcome {
    std::optional<txn::Change> change;
    txn::Committed committed;  // zero commit inside an open transaction
    bool in_transaction = false;
  };
  using Body = std::function<Result<std::optional<txn::Change>>(txn::Transaction&)>;
  Result<Outcome> Modify(const std::string& message, const Body& body);

  Status BeginTransaction(const CommitOptions& options);
  Result<txn::Committed> CommitTransaction();
  Status RollbackTransaction();
  void MoveToBranch(const std::string& branch);
  Status BecomeNamed(const std::string& branch);
  Status Close();

  // --- QuerySource, while a statement binds
  Result<std::shared_ptr<const table::OpenTable>> TableAt(const txn::View& current,
                                                          const model::QualifiedName& name,
                                                          const sql::AtPoint& point) override;
  Result<sql::TablePair> TablesBetween(std::shared_ptr<const txn::View> current,
                                       const model::QualifiedName& name, const std::string& from,
                                       const std::string& to) override;
  // What contradicts in a table between two heads.
  Result<sql::MetadataTable> ConflictTable(const std::string& ours, const std::string& theirs,
                                           const std::string& table);
  // A query over these rows, which it calls "conflicts".
  Result<sql::RunningQuery> AskConflicts(const std::string& query, sql::MetadataTable rows);
  // One table on both sides; at least one is given.
  Result<sql::TablePair> OpenBoth(const txn::View& earlier,
                                  const std::optional<txn::NamedTable>& before,
                                  const txn::View& later,
                                  const std::optional<txn::NamedTable>& after);
  Result<sql::MetadataTable> Metadata(const txn::View& current, const std::string& function,
                                      const std::vector<std::string>& arguments) override;

 private:
  SessionImpl(std::shared_ptr<db::Core> core, std::string author)
      : core_(std::move(core)), author_(std::move(author)) {}

  // A point of history, and what a name means there; nothing: no table.
  struct PointOfTable {
    std::shared_ptr<const txn::View> view;
    std::optional<txn::NamedTable> table;
  };
  Result<PointOfTable> NamedAt(std::shared_ptr<const txn::View> view,
                               const model::QualifiedName& name, const std::string& text);
  Result<CommitId> PointOf(const txn::View& current, const sql::AtPoint& point);
  bool IsSnapshot(const std::string& ref) const;
  bool IsSnapshot(const CommitId& commit) const;
  Result<FoundTable> FindVersioned(const txn::View& view, const model::QualifiedName& name,
                                   uint64_t version, const CommitId& head);
  txn::CommitText TextOf(const CommitOptions& options) const;

  std::mutex mutex_;
  const std::shared_ptr<db::Core> core_;
  const std::string author_;
  std::string branch_;             // "" for a snapshot
  std::optional<CommitId> fixed_;  // a snapshot's commit
  bool scratch_ = false;
  bool closed_ = false;
  bool contended_ = false;
  std::unique_ptr<sql::SessionEngine> engine_;
  std::unique_ptr<txn::Transaction> transaction_;
  CommitOptions transaction_options_;
  std::shared_ptr<const txn::View> view_;  // of the branch when `seen_` was the change counter
  uint64_t seen_ = 0;
  std::optional<sql::MetadataTable> listed_conflicts_;  // while a query over them binds
};

namespace db {

// A kTableNotFound that suggests the nearest name in `view`.
Error UnknownTable(const txn::View& view, const model::QualifiedName& name);
// The table under whatever name it has in `view`. Looks at every name.
Result<std::optional<txn::NamedTable>> FindById(const txn::View& view, const TableId& id);

}  // namespace db
}  // namespace rhizo
