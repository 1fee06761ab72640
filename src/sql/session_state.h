// What a connection knows of the session it works for: registered on its ClientContext, found again
// by the catalog while a statement is bound. The engine's own connections have none and see no
// tables. Used by one thread at a time, except Detach.
#pragma once

#include <atomic>
#include <memory>
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
  // From now on nothing asks the session: it may go while rows still stream.
  void Detach() { source_ = nullptr; }

  // Makes `name` mean `table` for every statement on this connection.
  void Show(model::QualifiedName name, std::shared_ptr<const table::OpenTable> table);
  // Null if nothing is shown under `name`.
  std::shared_ptr<const table::OpenTable> Shown(const model::QualifiedName& name) const;

 private:
  std::atomic<QuerySource*> source_;
  std::optional<std::pair<model::QualifiedName, std::shared_ptr<const table::OpenTable>>> shown_;
};

}  // namespace rhizo::sql
