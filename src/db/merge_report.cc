#include "db/merge_report.h"

#include "db/write_outcome.h"

namespace rhizo::db {

txn::MergeTools MergeToolsOf(SessionImpl& session) {
  txn::MergeTools tools;
  tools.threads = session.core().threads();
  tools.engine = [&session] { return session.core().engine()->Get(); };
  tools.bind_checks = [&session](
                          const model::Schema& schema,
                          const std::vector<std::string>& checks) -> Result<table::CheckRows> {
    ASSIGN_OR_RETURN(auto* engine, session.core().engine()->Get());
    return BindChecksOf(engine)(schema, checks);
  };
  return tools;
}

merge::Favour FavourOf(MergeStrategy strategy) {
  switch (strategy) {
    case MergeStrategy::kOurs: return merge::Favour::kOurs;
    case MergeStrategy::kTheirs: return merge::Favour::kTheirs;
    default: return merge::Favour::kNobody;
  }
}

ConflictSummary Summarise(const std::vector<txn::TableConflict>& conflicts) {
  ConflictSummary summary;
  for (const auto& table : conflicts) {
    summary.conflicts += table.rows + table.problems.size();
    summary.tables += (summary.tables.empty() ? "" : ", ") + table.name;
    if (table.rows > 0) {
      summary.details += "\n  " + table.name + ": " + std::to_string(table.rows) +
                         (table.rows == 1 ? " conflict" : " conflicts") + " of rows and cells";
    }
    for (const auto& problem : table.problems) {
      summary.details += "\n  " + table.name + ": " + problem;
    }
  }
  return summary;
}

Error MergeConflictOf(const std::string& message, const ConflictSummary& summary) {
  return Error(ErrorCode::kMergeConflict, message + "; nothing was changed" + summary.details)
      .With("conflicts", std::to_string(summary.conflicts))
      .With("tables", summary.tables);
}

}  // namespace rhizo::db
