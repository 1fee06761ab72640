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
  std::lock_guard lock(mutex_);
  if (source_ == nullptr) return Error(ErrorCode::kClosed, "the session of this query was closed");
  return source_;
}

Result<std::shared_ptr<const txn::View>> SessionState::View() {
  std::lock_guard lock(mutex_);
  if (source_ != nullptr) {
    ASSIGN_OR_RETURN(view_, source_->CurrentView());
  }
  return view_;
}

void SessionState::StartStatement() {
  std::lock_guard lock(mutex_);
  view_.reset();
}

Status SessionState::Detach() {
  std::lock_guard lock(mutex_);
  if (!view_) {
    ASSIGN_OR_RETURN(view_, source_->CurrentView());
  }
  source_ = nullptr;
  return {};
}

void SessionState::Show(model::QualifiedName name, std::shared_ptr<const table::OpenTable> table) {
  shown_.emplace(std::move(name), std::move(table));
}

std::shared_ptr<const table::OpenTable> SessionState::Shown(
    const model::QualifiedName& name) const {
  return shown_ && shown_->first == name ? shown_->second : nullptr;
}

}  // namespace rhizo::sql
