// A merge in progress: the two heads, and what was settled so far.
#pragma once

#include <memory>
#include <string>

#include "db/merge_conflicts.h"
#include "db/merge_report.h"
#include "db/session_impl.h"

namespace rhizo {

class MergingImpl {
 public:
  // `options`: as Session::Merge takes them.
  MergingImpl(std::shared_ptr<SessionImpl> session, std::string source, std::string branch,
              const CommitId& ours, const CommitId& theirs, txn::BranchMergeOptions options);

  SessionImpl& session() { return *session_; }
  // --- under session().mutex()
  Status CheckOpen() const;
  // What would happen now.
  Result<txn::BranchMerged> Try();
  // What is not settled yet in a table; kTableNotFound if neither side has it.
  Result<db::MergeConflicts> Unsettled(const std::string& table);
  // Without `rows`: what contradicts in the table as a whole.
  Status Settle(const std::string& table, MergeStrategy side, bool rows);
  // Gives how many contradictions the rows settled.
  Result<uint64_t> SettleRows(const std::string& table, ArrowArrayStream* rows);
  Result<txn::BranchMerged> Commit(const std::string& message);
  void End() { ended_ = true; }

  const std::string& source() const { return source_; }
  const CommitId& ours() const { return ours_; }
  const CommitId& theirs() const { return theirs_; }

 private:
  const std::shared_ptr<SessionImpl> session_;
  const std::string source_;
  const std::string branch_;
  const CommitId ours_;
  const CommitId theirs_;
  txn::BranchMergeOptions options_;
  bool ended_ = false;
};

}  // namespace rhizo
