#include "db/session_impl.h"

#include <charconv>

#include "base/name.h"
#include "db/write_outcome.h"
#include "table/row_diff.h"
#include "txn/branches.h"
#include "txn/committer.h"
#include "txn/ref_resolver.h"

namespace rhizo {
namespace {

std::optional<uint64_t> AsVersion(const std::string& text) {
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<std::optional<TxnId>> ParseTxnId(const std::string& text) {
  if (text.empty()) return std::optional<TxnId>();
  auto id = TxnId::Parse(text);
  if (!id) return InvalidArgument("txn_id \"" + text + "\" is not 32 lower-case hex digits");
  return std::optional(*id);
}

}  // namespace

namespace db {

Error UnknownTable(const txn::View& view, const model::QualifiedName& name) {
  std::string message = "there is no table \"" + name.ToString() + "\"";
  std::vector<std::string> names;
  if (auto tables = view.ListTables()) {
    for (const auto& table : *tables) names.push_back(table.name.ToString());
  }
  std::string nearest = NearestName(name.ToString(), names);
  if (!nearest.empty()) message += "; did you mean \"" + nearest + "\"?";
  return Error(ErrorCode::kTableNotFound, message).With("table", name.ToString());
}

Result<std::optional<txn::NamedTable>> FindById(const txn::View& view, const TableId& id) {
  ASSIGN_OR_RETURN(auto tables, view.ListTables());
  for (const auto& table : tables) {
    if (table.entry.table == id) return std::optional(table);
  }
  return std::optional<txn::NamedTable>();
}

}  // namespace db

Result<std::shared_ptr<SessionImpl>> SessionImpl::OnBranch(std::shared_ptr<db::Core> core,
                                                           const std::string& branch,
                                                           std::string author, bool scratch) {
  ASSIGN_OR_RETURN(auto ref, core->repository().meta().ReadRef(branch));
  if (!ref) return txn::UnknownRef(core->repository(), branch);
  if (ref->kind == meta::RefKind::kTag) {
    return Error(ErrorCode::kBranchNotFound,
                 "\"" + branch + "\" is a tag; db.at(\"" + branch + "\") reads it")
        .With("ref", branch);
  }
  auto session = std::shared_ptr<SessionImpl>(new SessionImpl(std::move(core), std::move(author)));
  session->branch_ = branch;
  session->scratch_ = scratch;
  return session;
}

std::shared_ptr<SessionImpl> SessionImpl::AtCommit(std::shared_ptr<db::Core> core,
                                                   const CommitId& commit, std::string author) {
  auto session = std::shared_ptr<SessionImpl>(new SessionImpl(std::move(core), std::move(author)));
  session->fixed_ = commit;
  return session;
}

SessionImpl::~SessionImpl() {
  if (!closed_) static_cast<void>(Close().has_value());
}

Status SessionImpl::CheckOpen() const {
  if (closed_) return Error(ErrorCode::kClosed, "this session was closed");
  return core_->repository().CheckUsable();
}

Status SessionImpl::CheckWritable() const {
  RETURN_IF_ERROR(CheckOpen());
  RETURN_IF_ERROR(core_->repository().CheckWritable());
  if (!fixed_) return {};
  return Error(ErrorCode::kReadOnly, "this session is a snapshot of commit " + fixed_->Short() +
                                         "; write on a branch (create_branch, on)");
}

Status SessionImpl::CheckIdle(std::string_view what) const {
  RETURN_IF_ERROR(CheckOpen());
  if (!transaction_) return {};
  return InvalidArgument(std::string(what) +
                         " cannot run inside a transaction; commit or roll back first");
}

Result<std::shared_ptr<const txn::View>> SessionImpl::CurrentView() {
  if (transaction_) return transaction_->CurrentView();
  if (fixed_) {
    if (!view_) {
      ASSIGN_OR_RETURN(view_, repository().ViewOf(*fixed_));
    }
    return view_;
  }
  ASSIGN_OR_RETURN(uint64_t counter, repository().meta().ChangeCounter());
  if (view_ && counter == seen_) return view_;
  ASSIGN_OR_RETURN(auto ref, repository().meta().ReadRef(branch_));
  if (!ref) {
    return Error(ErrorCode::kBranchNotFound, "branch \"" + branch_ + "\" was deleted or renamed")
        .With("branch", branch_);
  }
  if (!view_ || view_->commit() != ref->commit) {
    ASSIGN_OR_RETURN(view_, repository().ViewOf(ref->commit));
  }
  seen_ = counter;
  return view_;
}

Result<CommitId> SessionImpl::HeadCommit() {
  ASSIGN_OR_RETURN(auto view, CurrentView());
  return view->commit();
}

// The transaction's own branch is where it was when it began.
bool SessionImpl::IsSnapshot(const std::string& ref) const {
  return transaction_ != nullptr && !ref.empty() && ref == branch_;
}

bool SessionImpl::IsSnapshot(const CommitId& commit) const {
  return transaction_ != nullptr && transaction_->snapshot().id == commit;
}

const meta::Ref* SessionImpl::BranchThen() const {
  return transaction_ ? &transaction_->branch_then() : nullptr;
}

Result<CommitId> SessionImpl::ResolvePoint(const std::string& text) {
  if (text.empty() || IsSnapshot(text)) return HeadCommit();
  auto time = txn::ParseTime(text);
  if (time) {
    ASSIGN_OR_RETURN(auto ref, repository().meta().ReadRef(text));
    if (ref) time.reset();  // a branch or tag that is called like a day
  }
  if (time) {
    if (branch_.empty())
      return InvalidArgument("a snapshot has no log to look up the time \"" + text +
                             "\" in; name a branch");
    return txn::ResolveTime(repository(), branch_, *time, BranchThen());
  }
  return txn::ResolveRef(repository(), text, BranchThen());
}

Result<SessionImpl::FoundTable> SessionImpl::FindVersioned(const txn::View& view,
                                                           const model::QualifiedName& name,
                                                           uint64_t version, const CommitId& head) {
  ASSIGN_OR_RETURN(auto found, view.FindName(name));
  if (!found) return db::UnknownTable(view, name);
  ASSIGN_OR_RETURN(auto recorded, txn::FindVersion(repository(), found->entry.table,
                                                   found->name.ToString(), version, head));
  ASSIGN_OR_RETURN(auto table, repository().tables()->Open(recorded.state));
  return FoundTable{found->name, std::move(table), recorded.commit, version};
}

Result<SessionImpl::FoundTable> SessionImpl::FindTable(const std::string& text,
                                                       const std::string& at) {
  ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(text));
  ASSIGN_OR_RETURN(auto view, CurrentView());
  if (auto version = AsVersion(at)) return FindVersioned(*view, name, *version, view->commit());
  if (!at.empty()) {
    ASSIGN_OR_RETURN(auto commit, ResolvePoint(at));
    ASSIGN_OR_RETURN(view, ViewAt(commit));
  }
  ASSIGN_OR_RETURN(auto found, view->FindName(name));
  if (!found) return db::UnknownTable(*view, name);
  ASSIGN_OR_RETURN(auto table, view->Open(found->entry.state));
  if (!at.empty()) RETURN_IF_ERROR(NoteReadAt(view->commit(), table->state().id));
  FoundTable result{found->name, std::move(table), view->commit(), 0};
  if (!view->has_own_writes()) {
    ASSIGN_OR_RETURN(result.version, txn::VersionOfState(repository(), found->entry.table,
                                                         found->entry.state, view->commit()));
  }
  return result;
}

Result<sql::SessionEngine*> SessionImpl::Engine() {
  if (!engine_) {
    ASSIGN_OR_RETURN(engine_, sql::SessionEngine::Start(core_->engine(), this));
  }
  return engine_.get();
}

txn::CommitText SessionImpl::TextOf(const CommitOptions& options) const {
  return {options.author.empty() ? author_ : options.author, options.message, options.metadata};
}

Result<SessionImpl::Outcome> SessionImpl::Modify(const std::string& message, const Body& body) {
  RETURN_IF_ERROR(CheckWritable());
  Outcome outcome;
  if (transaction_) {
    outcome.in_transaction = true;
    ASSIGN_OR_RETURN(outcome.change, body(*transaction_));
    return outcome;
  }
  ASSIGN_OR_RETURN(auto own, txn::Transaction::Begin(core_->shared_repository(), branch_));
  own->MarkAsStatement();
  own->SetLateMeans(db::LateMeansFor(core_));
  ASSIGN_OR_RETURN(outcome.change, body(*own));
  CommitOptions options;
  options.message = message;
  ASSIGN_OR_RETURN(outcome.committed, repository().committer().Commit(*own, TextOf(options)));
  return outcome;
}

Status SessionImpl::BeginTransaction(const CommitOptions& options) {
  RETURN_IF_ERROR(CheckWritable());
  if (transaction_) return InvalidArgument("a transaction is open on this session already");
  ASSIGN_OR_RETURN(auto id, ParseTxnId(options.txn_id));
  auto isolation = options.serializable ? txn::Isolation::kSerializable : txn::Isolation::kSnapshot;
  ASSIGN_OR_RETURN(transaction_,
                   txn::Transaction::Begin(core_->shared_repository(), branch_, id, isolation));
  transaction_->SetLateMeans(db::LateMeansFor(core_));
  transaction_options_ = options;
  return {};
}

Result<txn::Committed> SessionImpl::CommitTransaction() {
  RETURN_IF_ERROR(CheckWritable());
  if (!transaction_) return InvalidArgument("no transaction is open");
  auto transaction = std::move(transaction_);
  return repository().committer().Commit(*transaction, TextOf(transaction_options_));
}

Status SessionImpl::RollbackTransaction() {
  transaction_.reset();
  return {};
}

void SessionImpl::MoveToBranch(const std::string& branch) {
  branch_ = branch;
  fixed_.reset();
  view_.reset();
}

Status SessionImpl::BecomeNamed(const std::string& branch) {
  MoveToBranch(branch);
  scratch_ = false;
  return {};
}

Status SessionImpl::Close() {
  if (closed_) return {};
  closed_ = true;
  transaction_.reset();
  engine_.reset();
  view_.reset();
  if (scratch_ && core_->repository().CheckUsable()) {
    return txn::DeleteRef(repository(), branch_, meta::RefKind::kScratch);
  }
  return {};
}

Result<CommitId> SessionImpl::PointOf(const txn::View& current, const sql::AtPoint& point) {
  if (point.time) {
    if (branch_.empty())
      return InvalidArgument("AT (TIMESTAMP ...): a snapshot has no log to look a time up in");
    return txn::ResolveTime(repository(), branch_, *point.time, BranchThen());
  }
  if (point.ref.empty() || IsSnapshot(point.ref)) return current.commit();
  return txn::ResolveRef(repository(), point.ref, BranchThen());
}

Result<std::shared_ptr<const table::OpenTable>> SessionImpl::TableAt(
    const txn::View& current, const model::QualifiedName& name, const sql::AtPoint& point) {
  ASSIGN_OR_RETURN(auto commit, PointOf(current, point));
  if (point.version) {
    // The name is looked up where the version counts: on the named ref, else as the session sees
    // it.
    if (point.ref.empty()) {
      ASSIGN_OR_RETURN(auto found, FindVersioned(current, name, *point.version, commit));
      return found.table;
    }
    ASSIGN_OR_RETURN(auto view, ViewAt(commit));
    ASSIGN_OR_RETURN(auto found, FindVersioned(*view, name, *point.version, commit));
    return found.table;
  }
  ASSIGN_OR_RETURN(auto view, ViewAt(commit));
  ASSIGN_OR_RETURN(auto table, view->FindTable(name));
  if (!table) return db::UnknownTable(*view, name);
  RETURN_IF_ERROR(NoteReadAt(commit, table->state().id));
  return table;
}

Result<sql::TablePair> SessionImpl::OpenBoth(const txn::View& earlier,
                                             const std::optional<txn::NamedTable>& before,
                                             const txn::View& later,
                                             const std::optional<txn::NamedTable>& after) {
  CHECK(before || after);
  sql::TablePair pair;
  if (before) {
    ASSIGN_OR_RETURN(pair.before, earlier.Open(before->entry.state));
    pair.before_name = before->name.ToString();
  }
  if (after) {
    ASSIGN_OR_RETURN(pair.after, later.Open(after->entry.state));
    pair.after_name = after->name.ToString();
  }
  if (!before) {
    ASSIGN_OR_RETURN(pair.before, table::WithoutRows(*pair.after));
  }
  if (!after) {
    ASSIGN_OR_RETURN(pair.after, table::WithoutRows(*pair.before));
  }
  return pair;
}

Result<SessionImpl::PointOfTable> SessionImpl::NamedAt(std::shared_ptr<const txn::View> view,
                                                       const model::QualifiedName& name,
                                                       const std::string& text) {
  PointOfTable point{std::move(view), {}};
  if (auto version = AsVersion(text)) {
    ASSIGN_OR_RETURN(auto found, FindVersioned(*point.view, name, *version, point.view->commit()));
    point.table = txn::NamedTable{found.name, {found.table->state().id, found.table->state_id()}};
    return point;
  }
  if (!text.empty()) {
    ASSIGN_OR_RETURN(auto commit, ResolvePoint(text));
    ASSIGN_OR_RETURN(point.view, ViewAt(commit));
  }
  ASSIGN_OR_RETURN(point.table, point.view->FindName(name));
  if (!text.empty() && point.table) {
    RETURN_IF_ERROR(NoteReadAt(point.view->commit(), point.table->entry.table));
  }
  return point;
}

Result<std::shared_ptr<const txn::View>> SessionImpl::ViewAt(const CommitId& commit) {
  if (IsSnapshot(commit)) return transaction_->snapshot_view();
  return repository().ViewOf(commit);
}

Status SessionImpl::NoteRead(const TableId& table) {
  ASSIGN_OR_RETURN(auto view, CurrentView());
  if (view->reads() != nullptr) view->reads()->Add(table);
  return {};
}

Status SessionImpl::NoteAllRead() {
  ASSIGN_OR_RETURN(auto view, CurrentView());
  if (view->reads() == nullptr) return {};
  ASSIGN_OR_RETURN(auto tables, view->ListTables());
  for (const auto& table : tables) view->reads()->Add(table.entry.table);
  return {};
}

Status SessionImpl::NoteReadAt(const CommitId& commit, const TableId& table) {
  return IsSnapshot(commit) ? NoteRead(table) : Status();
}

Result<SessionImpl::FoundTable> SessionImpl::FindBase(const model::QualifiedName& name,
                                                      const std::string& at) {
  ASSIGN_OR_RETURN(auto view, CurrentView());
  ASSIGN_OR_RETURN(auto now, view->FindName(name));
  if (!now) return db::UnknownTable(*view, name);
  if (auto version = AsVersion(at)) return FindVersioned(*view, name, *version, view->commit());
  ASSIGN_OR_RETURN(auto commit, ResolvePoint(at));
  ASSIGN_OR_RETURN(auto then, ViewAt(commit));
  ASSIGN_OR_RETURN(auto found, then->FindName(now->name));
  if (!found || found->entry.table != now->entry.table) {
    ASSIGN_OR_RETURN(found, db::FindById(*then, now->entry.table));
  }
  RETURN_IF_ERROR(NoteReadAt(commit, now->entry.table));
  if (!found) {
    return Error(ErrorCode::kTableNotFound, "the table that is \"" + name.ToString() +
                                                "\" now was not there at \"" + at +
                                                "\", so nothing can be based on it")
        .With("table", name.ToString());
  }
  ASSIGN_OR_RETURN(auto table, then->Open(found->entry.state));
  return FoundTable{found->name, std::move(table), commit, 0};
}

Result<sql::TablePair> SessionImpl::TablesBetween(std::shared_ptr<const txn::View> current,
                                                  const model::QualifiedName& name,
                                                  const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(auto after, NamedAt(current, name, to));
  ASSIGN_OR_RETURN(auto before, NamedAt(current, name, from));
  if (!after.table && !before.table) return db::UnknownTable(*current, name);
  bool reads_now = after.table && (to.empty() || from.empty());
  if (reads_now && current->reads() != nullptr) current->reads()->Add(after.table->entry.table);
  bool same = after.table && before.table && after.table->entry.table == before.table->entry.table;
  if (!same && after.table) {
    ASSIGN_OR_RETURN(auto found, db::FindById(*before.view, after.table->entry.table));
    if (found) before.table = std::move(found);
  } else if (!same) {
    ASSIGN_OR_RETURN(after.table, db::FindById(*after.view, before.table->entry.table));
  }
  if (before.table && after.table && before.table->entry.table != after.table->entry.table) {
    return InvalidArgument("\"" + name.ToString() + "\" is one table at \"" + from +
                           "\" and another " + (to.empty() ? "now" : "at \"" + to + "\"") +
                           ": it was dropped and created again")
        .With("table", name.ToString());
  }
  return OpenBoth(*before.view, before.table, *after.view, after.table);
}

}  // namespace rhizo
