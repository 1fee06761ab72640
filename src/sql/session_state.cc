#include "sql/session_state.h"

namespace rhizo::sql {
namespace {

constexpr char kKey[] = "rhizo_session";

}  // namespace

duckdb::shared_ptr<SessionState> SessionState::Find(duckdb::ClientContext& client) {
  return client.registered_state->Get<SessionState>(kKey);
}

void SessionState::Register(duckdb::ClientContext& client, duckdb::shared_ptr<SessionState> state) {
  client.registered_state->Insert(kKey, std::move(state));
}

Result<QuerySource*> SessionState::source() const {
  QuerySource* source = source_;
  if (source == nullptr) return Error(ErrorCode::kClosed, "the session of this query was closed");
  return source;
}

void SessionState::Show(model::QualifiedName name, std::shared_ptr<const table::OpenTable> table) {
  shown_.emplace(std::move(name), std::move(table));
}

std::shared_ptr<const table::OpenTable> SessionState::Shown(
    const model::QualifiedName& name) const {
  return shown_ && shown_->first == name ? shown_->second : nullptr;
}

}  // namespace rhizo::sql
