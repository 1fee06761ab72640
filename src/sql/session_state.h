// What a connection knows of the session it works for: registered on its ClientContext, found again
// by the catalog while a statement is bound. The engine's own connections have none and see no
// tables. Thread-safe, but Show comes before any statement.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "engine/duckdb_headers.h"
#include "sql/query_source.h"

namespace rhizo::sql {

class SessionState final : public duckdb::ClientContextState {
 public:
  explicit SessionState(QuerySource* source) : source_(source) {}

  // Null if `client` works for no session.
  static duckdb::shared_ptr<SessionState> Find(duckdb::ClientContext& client);
  static void Register(duckdb::ClientContext& client, duckdb::shared_ptr<SessionState> state);

  // kClosed after Detach.
  Result<QuerySource*> source() const;
  // What names mean: the session's answer, or after Detach its last one.
  Result<std::shared_ptr<const txn::View>> View();
  // A statement begins: it does not see what the one before saw.
  void StartStatement();
  // From now on nothing asks the session: it may go while rows still stream. Statements that look
  // at the catalog only while they run (duckdb_columns()) see the view of this moment.
  Status Detach();

  // Makes `name` mean `table` for every statement on this connection.
  void Show(model::QualifiedName name, std::shared_ptr<const table::OpenTable> table);
  // Null if nothing is shown under `name`.
  std::shared_ptr<const table::OpenTable> Shown(const model::QualifiedName& name) const;

 private:
  mutable std::mutex mutex_;
  QuerySource* source_;
  std::shared_ptr<const txn::View> view_;
  std::optional<std::pair<model::QualifiedName, std::shared_ptr<const table::OpenTable>>> shown_;
};

}  // namespace rhizo::sql
