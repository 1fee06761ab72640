#include "db/write_outcome.h"

#include <chrono>

#include "db/describe.h"
#include "sql/row_checks.h"
#include "table/each_entry.h"

namespace rhizo::db {
namespace {

// What the outcome says of the one table it is about.
WriteResult ResultOf(const std::string& name, const SessionImpl::Outcome& outcome) {
  const auto& change = *outcome.change;
  if (outcome.in_transaction) return Describe(name, change);
  for (const auto& table : outcome.committed.tables) {
    if (table.id == change.table) return Describe(table, outcome.committed);
  }
  WriteResult unchanged = Describe(name, change);
  unchanged.changed = false;
  unchanged.rows_inserted = 0;
  unchanged.base = outcome.committed.base.ToString();
  return unchanged;
}

// The version and commit an unchanged table is at.
Status FillCurrent(SessionImpl& session, WriteResult* result) {
  if (result->changed || !result->commit.empty()) return {};
  ASSIGN_OR_RETURN(auto found, session.FindTable(result->table, ""));
  ASSIGN_OR_RETURN(auto view, session.CurrentView());
  result->version = found.version;
  if (!view->has_own_writes()) result->commit = found.commit.ToString();
  return {};
}

}  // namespace

merge::BindChecks BindChecksOf(engine::Instance* engine) {
  return [engine](const model::Schema& schema,
                  const std::vector<std::string>& checks) -> Result<table::CheckRows> {
    if (checks.empty()) return table::CheckRows();
    auto link = std::make_shared<table::Link>();
    RETURN_IF_ERROR(link->Open(engine));
    ASSIGN_OR_RETURN(auto bound, sql::RowChecks::BindStored(*link->client(), schema, checks));
    auto shared = std::shared_ptr<sql::RowChecks>(std::move(bound));
    return table::CheckRows([link, shared](duckdb::DataChunk& rows, const auto& number_of) {
      return shared->Check(rows, number_of);
    });
  };
}

txn::Transaction::Means MeansFor(Core& core, engine::Instance* engine, const WorkOptions& work) {
  txn::Transaction::Means means;
  means.engine = engine;
  means.threads = core.threads();
  if (engine != nullptr) means.bind_checks = BindChecksOf(engine);
  means.progress = [work](uint64_t rows) -> Status {
    if (work.cancellation.cancelled())
      return Error(ErrorCode::kCancelled, "writing was cancelled; nothing was changed");
    if (work.progress) work.progress(rows);
    return {};
  };
  return means;
}

std::function<Result<txn::Transaction::Means>()> LateMeansFor(std::shared_ptr<Core> core) {
  return [core = std::move(core)]() -> Result<txn::Transaction::Means> {
    ASSIGN_OR_RETURN(auto* engine, core->engine()->Get());
    return MeansFor(*core, engine, {});
  };
}

Result<table::CheckRows> ChecksOf(sql::SessionEngine& engine, const model::Schema& schema,
                                  const std::vector<std::string>& checks) {
  if (checks.empty()) return table::CheckRows();
  ASSIGN_OR_RETURN(auto bound, sql::RowChecks::BindStored(engine.client(), schema, checks));
  auto shared = std::shared_ptr<sql::RowChecks>(std::move(bound));
  return table::CheckRows([shared](duckdb::DataChunk& rows, const auto& number_of) {
    return shared->Check(rows, number_of);
  });
}

merge::RuleSettings RuleSettingsOf(const MergeRules& rules) {
  return {rules.columns, rules.row_is_unit, rules.delete_wins};
}

Result<WriteResult> RunUntilItFits(SessionImpl& session, const WorkOptions& work,
                                   const std::function<Result<WriteResult>()>& statement) {
  if (session.open_transaction() != nullptr) return statement();
  auto deadline = std::chrono::steady_clock::now() + session.repository().options().busy_timeout;
  RetryTurn turn;
  auto wait = [&] {
    // A courtesy, not a lock: whoever has the turn may have come here again by a call of its own.
    constexpr std::chrono::milliseconds kPatience{500};
    auto until = std::min(deadline, std::chrono::steady_clock::now() + kPatience);
    auto waited = session.core().retry_gate().Wait(until, work.cancellation);
    if (waited) turn = std::move(waited).value();
  };
  // Otherwise who was lucky once would always be ahead of those who wait for their turn.
  if (session.is_contended()) wait();
  session.SetContended(turn.waited);
  while (true) {
    auto result = statement();
    bool met_another = !result && result.error().code() == ErrorCode::kConflict;
    if (!met_another) return result;
    session.SetContended(true);
    if (work.cancellation.cancelled() || std::chrono::steady_clock::now() >= deadline) {
      return result;
    }
    if (!turn.held) wait();
  }
}

namespace {

// Of what is there: a key, rows that break a check, values that a wider type does not hold.
bool TellsOfRows(ErrorCode code) {
  return code == ErrorCode::kConstraint || code == ErrorCode::kSchema;
}

// Who hears of rows that are there has read them.
Status NoteRefusal(SessionImpl& session, const model::QualifiedName& name) {
  ASSIGN_OR_RETURN(auto view, session.CurrentView());
  if (view->reads() == nullptr) return {};
  ASSIGN_OR_RETURN(auto found, view->FindName(name));
  return found ? session.NoteRead(found->entry.table) : Status();
}

}  // namespace

Result<WriteResult> ModifyTable(SessionImpl& session, const model::QualifiedName& name,
                                const std::string& message, const SessionImpl::Body& body,
                                const bool* found_done) {
  auto done = session.Modify(message, body);
  if (!done && TellsOfRows(done.error().code())) RETURN_IF_ERROR(NoteRefusal(session, name));
  ASSIGN_OR_RETURN(auto outcome, std::move(done));
  auto result = ResultOf(name.ToString(), outcome);
  if (found_done != nullptr && *found_done) result.changed = false;
  RETURN_IF_ERROR(FillCurrent(session, &result));
  return result;
}

}  // namespace rhizo::db
