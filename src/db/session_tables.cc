// Session: tables and their rows.
#include "base/name.h"
#include "db/describe.h"
#include "db/incoming_rows.h"
#include "db/query_result_impl.h"
#include "db/session_impl.h"
#include "db/stream_guard.h"
#include "db/write_outcome.h"
#include "model/unknown_column.h"
#include "table/fingerprint.h"
#include "table/single_value.h"
#include "txn/ref_resolver.h"

namespace rhizo {
namespace {

Result<WriteResult> WriteTable(SessionImpl& session, const std::string& name,
                               ArrowArrayStream* rows, const WriteOptions& options, bool append) {
  db::ReleaseGuard guard(rows);
  if (rows == nullptr || rows->release == nullptr)
    return InvalidArgument("write: the Arrow stream was released already");
  std::lock_guard lock(session.mutex());
  RETURN_IF_ERROR(session.CheckWritable());
  ASSIGN_OR_RETURN(auto table_name, model::QualifiedName::Parse(name));
  if (append && options.schema == SchemaMode::kReplace) {
    return InvalidArgument("append: schema=\"replace\" is for write only");
  }
  ASSIGN_OR_RETURN(auto* engine, session.core().engine()->Get());
  ASSIGN_OR_RETURN(auto* session_engine, session.Engine());
  auto body = [&](txn::Transaction& transaction) -> Result<std::optional<txn::Change>> {
    ASSIGN_OR_RETURN(auto existing, transaction.OpenTable(table_name));
    if (append && !existing) {
      ASSIGN_OR_RETURN(auto view, transaction.CurrentView());
      return db::UnknownTable(*view, table_name);
    }
    ASSIGN_OR_RETURN(auto incoming,
                     db::IncomingRows::Open(session_engine->client(), rows, existing.get(),
                                            {options.schema, append}));
    auto means = db::MeansFor(session.core(), engine, options.work);
    means.reset = options.reset;
    if (existing) {
      ASSIGN_OR_RETURN(means.check,
                       db::ChecksOf(*session_engine, incoming.target, existing->state().checks));
    }
    if (append) {
      ASSIGN_OR_RETURN(auto change,
                       transaction.Append(table_name, incoming.target, incoming.rows.get(), means));
      return std::optional(change);
    }
    ASSIGN_OR_RETURN(auto change, transaction.Write(table_name, incoming.target,
                                                    incoming.rows.get(), means, options.key));
    return std::optional(change);
  };
  return db::ModifyTable(session, table_name, options.message.value_or(""), body);
}

// What differs from an earlier state of the table, done to it as it is now.
Result<WriteResult> WriteOnBase(SessionImpl& session, const std::string& name,
                                ArrowArrayStream* rows, const WriteOptions& options) {
  db::ReleaseGuard guard(rows);
  if (rows == nullptr || rows->release == nullptr)
    return InvalidArgument("write: the Arrow stream was released already");
  if (options.schema == SchemaMode::kReplace)
    return InvalidArgument("write: schema=\"replace\" takes no base");
  if (!options.key.empty()) return InvalidArgument("write: a table that has a base has its key");
  std::lock_guard lock(session.mutex());
  RETURN_IF_ERROR(session.CheckWritable());
  ASSIGN_OR_RETURN(auto table_name, model::QualifiedName::Parse(name));
  ASSIGN_OR_RETURN(auto* engine, session.core().engine()->Get());
  ASSIGN_OR_RETURN(auto* session_engine, session.Engine());
  ASSIGN_OR_RETURN(auto base, session.FindBase(table_name, options.base));
  auto body = [&](txn::Transaction& transaction) -> Result<std::optional<txn::Change>> {
    ASSIGN_OR_RETURN(auto incoming,
                     db::IncomingRows::Open(session_engine->client(), rows, base.table.get(),
                                            {options.schema, false}));
    auto means = db::MeansFor(session.core(), engine, options.work);
    means.reset = options.reset;
    ASSIGN_OR_RETURN(means.check,
                     db::ChecksOf(*session_engine, incoming.target, base.table->state().checks));
    ASSIGN_OR_RETURN(auto change,
                     transaction.WriteOnBase(table_name, base.table->state(), incoming.target,
                                             incoming.rows.get(), means));
    return std::optional(change);
  };
  ASSIGN_OR_RETURN(auto result,
                   db::ModifyTable(session, table_name, options.message.value_or(""), body));
  result.base = base.commit.ToString();
  return result;
}

Result<model::Schema> OrderColumns(const table::OpenTable& table,
                                   const std::vector<std::string>& columns) {
  model::Schema picked;
  for (const auto& column : columns) {
    int index = table.schema().Find(column);
    if (index < 0) return model::UnknownColumn(table.schema(), column);
    picked.fields.push_back(table.schema().fields[static_cast<size_t>(index)]);
  }
  return picked;
}

}  // namespace

Session::Session(std::shared_ptr<SessionImpl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Result<WriteResult> Session::CreateTable(const std::string& name, ArrowSchema* schema,
                                         bool if_not_exists, const std::vector<std::string>& key,
                                         const MergeRules& rules) {
  db::ReleaseGuard guard(schema);
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckWritable());
  ASSIGN_OR_RETURN(auto table_name, model::QualifiedName::Parse(name));
  ASSIGN_OR_RETURN(auto* session_engine, impl_->Engine());
  ASSIGN_OR_RETURN(auto proposed, db::ReadSchema(session_engine->client(), schema));
  bool existed = false;
  auto body = [&](txn::Transaction& transaction) -> Result<std::optional<txn::Change>> {
    ASSIGN_OR_RETURN(auto view, transaction.CurrentView());
    ASSIGN_OR_RETURN(auto existing, view->FindName(table_name));
    if (existing && if_not_exists) {
      existed = true;
      return std::optional(txn::Change{existing->entry.table, {}, 0, false});
    }
    ASSIGN_OR_RETURN(auto change,
                     transaction.CreateTable(table_name, proposed, key, db::RuleSettingsOf(rules)));
    return std::optional(change);
  };
  return db::ModifyTable(*impl_, table_name, "create table " + table_name.ToString(), body,
                         &existed);
}

Status Session::DropTable(const std::string& name, bool if_exists) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckWritable());
  ASSIGN_OR_RETURN(auto table_name, model::QualifiedName::Parse(name));
  auto body = [&](txn::Transaction& transaction) -> Result<std::optional<txn::Change>> {
    auto status = transaction.DropTable(table_name);
    if (!status && !(if_exists && status.error().code() == ErrorCode::kTableNotFound))
      return std::move(status).error();
    return std::optional<txn::Change>();
  };
  ASSIGN_OR_RETURN(auto outcome, impl_->Modify("drop table " + table_name.ToString(), body));
  static_cast<void>(outcome);
  return {};
}

Status Session::RenameTable(const std::string& name, const std::string& new_name) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckWritable());
  ASSIGN_OR_RETURN(auto from, model::QualifiedName::Parse(name));
  ASSIGN_OR_RETURN(auto to, model::QualifiedName::Parse(new_name));
  auto body = [&](txn::Transaction& transaction) -> Result<std::optional<txn::Change>> {
    RETURN_IF_ERROR(transaction.RenameTable(from, to));
    return std::optional<txn::Change>();
  };
  ASSIGN_OR_RETURN(auto outcome,
                   impl_->Modify("rename table " + from.ToString() + " to " + to.ToString(), body));
  static_cast<void>(outcome);
  return {};
}

Result<WriteResult> Session::Write(const std::string& name, ArrowArrayStream* rows,
                                   const WriteOptions& options) {
  if (!options.base.empty()) return WriteOnBase(*impl_, name, rows, options);
  return WriteTable(*impl_, name, rows, options, false);
}

Result<WriteResult> Session::Append(const std::string& name, ArrowArrayStream* rows,
                                    const WriteOptions& options) {
  return WriteTable(*impl_, name, rows, options, true);
}

Result<QueryResult> Session::Read(const std::string& name, const std::string& at) {
  ScanOptions options;
  options.at = at;
  return Scan(name, options);
}

Result<QueryResult> Session::Scan(const std::string& name, const ScanOptions& options) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto found, impl_->FindTable(name, options.at));
  ASSIGN_OR_RETURN(auto view, impl_->CurrentView());
  auto picked = OrderColumns(*found.table, options.columns);
  if (!picked) {
    // Which columns there are is what was seen.
    bool is_now = options.at.empty() && view->reads() != nullptr;
    if (is_now) view->reads()->AddColumns(found.table->state().id);
    return std::move(picked).error();
  }
  ASSIGN_OR_RETURN(auto* engine, impl_->Engine());
  ASSIGN_OR_RETURN(auto query, engine->Scan(found.table, found.name.ToString(), options.columns,
                                            options.where, options.parameters, options.limit));
  bool own = options.at.empty() && view->has_own_writes();
  return db::MakeResult(std::move(query), own ? "" : found.commit.ToString(), found.version);
}

Result<QueryResult> Session::Sql(const std::string& statement, const Parameters& parameters,
                                 const WorkOptions& work) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto view, impl_->CurrentView());
  ASSIGN_OR_RETURN(auto* engine, impl_->Engine());
  ASSIGN_OR_RETURN(auto query, engine->Run(statement, parameters, work));
  return db::MakeResult(std::move(query), view->has_own_writes() ? "" : view->commit().ToString(),
                        0);
}

Result<std::string> Session::Fingerprint(const std::string& name, const std::string& at) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto found, impl_->FindTable(name, at));
  if (at.empty()) RETURN_IF_ERROR(impl_->NoteRead(found.table->state().id));
  table::WriteContext context;
  ASSIGN_OR_RETURN(context.engine, impl_->core().engine()->Get());
  context.threads = impl_->core().threads();
  ASSIGN_OR_RETURN(auto fingerprint, table::Fingerprint(context, *found.table));
  return fingerprint.ToString();
}

Result<std::vector<std::string>> Session::Tables(const std::string& at) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto view, impl_->CurrentView());
  if (!at.empty()) {
    ASSIGN_OR_RETURN(auto commit, impl_->ResolvePoint(at));
    ASSIGN_OR_RETURN(view, impl_->repository().ViewOf(commit));
  }
  ASSIGN_OR_RETURN(auto tables, view->ListTables());
  std::vector<std::string> names;
  for (const auto& table : tables) names.push_back(table.name.ToString());
  return names;
}

Result<TableInfo> Session::Info(const std::string& name, const std::string& at) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto found, impl_->FindTable(name, at));
  if (at.empty()) RETURN_IF_ERROR(impl_->NoteRead(found.table->state().id));
  const auto& state = found.table->state();
  TableInfo info;
  info.name = found.name.ToString();
  info.table_id = state.id.ToString();
  info.columns = db::Columns(state.schema);
  for (FieldId field : state.key) {
    if (const auto* known = state.schema.FindId(field)) info.key.push_back(known->name);
  }
  info.checks = state.checks;
  info.row_is_unit = state.merge_row;
  info.delete_wins = state.delete_wins;
  ASSIGN_OR_RETURN(info.merge_rules, db::MergeRulesOf(state.schema));
  for (const auto& field : state.schema.fields) {
    if (!field.write_default) continue;
    ASSIGN_OR_RETURN(auto value, table::DecodeDefault(field.type, field.write_default));
    info.defaults[field.name] = value.ToSQLString();
  }
  info.rows = state.rows;
  info.segments = state.entries;
  info.bytes = state.bytes;
  info.version = found.version;
  if (found.version != 0) {
    ASSIGN_OR_RETURN(auto versions, impl_->repository().meta().ReadVersions(state.id, found.version,
                                                                            found.version));
    if (!versions.empty()) info.commit = versions.front().commit.ToString();
  }
  return info;
}

Result<std::vector<ColumnInfo>> Session::Columns(const std::string& name) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto found, impl_->FindTable(name, ""));
  ASSIGN_OR_RETURN(auto view, impl_->CurrentView());
  if (view->reads() != nullptr) view->reads()->AddColumns(found.table->state().id);
  return db::Columns(found.table->schema());
}

Result<std::vector<VersionInfo>> Session::Versions(const std::string& name) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto found, impl_->FindTable(name, ""));
  RETURN_IF_ERROR(impl_->NoteRead(found.table->state().id));
  ASSIGN_OR_RETURN(auto head, impl_->HeadCommit());
  ASSIGN_OR_RETURN(auto recorded,
                   txn::ListVersions(impl_->repository(), found.table->state().id, head));
  std::vector<VersionInfo> versions;
  for (const auto& version : recorded) {
    ASSIGN_OR_RETURN(auto commit, impl_->repository().ReadCommit(version.commit));
    ASSIGN_OR_RETURN(auto table, impl_->repository().tables()->Open(version.state));
    VersionInfo info{version.number, version.commit.ToString(), commit->time.micros, "",
                     commit->author, commit->message,           table->state().rows};
    for (const auto& summary : commit->tables) {
      if (summary.table == version.table) info.operation = model::ChangeKindName(summary.kind);
    }
    versions.push_back(std::move(info));
  }
  return versions;
}

}  // namespace rhizo
