// Session: rows of tables that change one by one.
#include "db/incoming_rows.h"
#include "db/session_impl.h"
#include "db/stream_guard.h"
#include "db/write_outcome.h"
#include "merge/set_rows.h"
#include "table/change_rows.h"
#include "table/row_batch.h"

namespace rhizo {
namespace {

using Table = std::shared_ptr<const table::OpenTable>;

// Runs `change` on the table called `name`, in a transaction.
Result<WriteResult> ChangeTable(
    SessionImpl& session, const std::string& name, const std::optional<std::string>& message,
    const WorkOptions& work, bool reset,
    const std::function<Result<table::Written>(const table::WriteContext&, Table,
                                               const model::QualifiedName&)>& change) {
  RETURN_IF_ERROR(session.CheckWritable());
  ASSIGN_OR_RETURN(auto table_name, model::QualifiedName::Parse(name));
  ASSIGN_OR_RETURN(auto* engine, session.core().engine()->Get());
  ASSIGN_OR_RETURN(auto* session_engine, session.Engine());
  auto checked = [&](table::WriteContext context, Table table) -> Result<table::Written> {
    ASSIGN_OR_RETURN(context.check,
                     db::ChecksOf(*session_engine, table->schema(), table->state().checks));
    return change(context, std::move(table), table_name);
  };
  auto body = [&](txn::Transaction& transaction) -> Result<std::optional<txn::Change>> {
    auto means = db::MeansFor(session.core(), engine, work);
    means.reset = reset;
    ASSIGN_OR_RETURN(auto changed, transaction.ChangeRows(table_name, checked, means));
    return std::optional(changed);
  };
  return db::ModifyTable(session, table_name, message.value_or(""), body);
}

// The rows that a statement found by the looks behind `first` were read in what it wrote too: it
// may have left them as they were, or another statement may undo it.
void NoteWritten(const txn::View& view, const table::OpenTable& table, size_t first,
                 const std::vector<size_t>& fields) {
  if (view.reads() == nullptr) return;
  std::vector<FieldId> ids;
  for (size_t field : fields) ids.push_back(table.schema().fields[field].id);
  view.reads()->AddFields(table.state().id, first, ids);
}

// An upsert read whether the keys are there, and what the rows have in the columns it was given: it
// leaves cells that are as they should be.
Status NoteKeys(SessionImpl& session, const table::OpenTable& table,
                const std::vector<size_t>& given, std::shared_ptr<const table::KeySet> keys) {
  constexpr uint64_t kMaxHeld = uint64_t{1} << 20;
  ASSIGN_OR_RETURN(auto view, session.CurrentView());
  if (view->reads() == nullptr) return {};
  auto look = view->reads()->Add(table.state().id);
  // Rows of others are asked, which have the columns of the snapshot.
  bool may_ask = session.open_transaction()->KeepsColumns(table.state().id);
  if (!may_ask || keys->size() > kMaxHeld) return {};  // all of the table
  txn::Look::Part part{table.state().key, nullptr};
  for (size_t field : given) part.fields.push_back(table.schema().fields[field].id);
  part.sees = [keys = std::move(keys)](duckdb::ClientContext&,
                                       duckdb::DataChunk& chunk) -> Result<bool> {
    table::ChunkRows rows(chunk);
    bool seen = false;
    auto visit = [&](uint64_t, uint64_t) { seen = true; };
    RETURN_IF_ERROR(keys->Find(rows, 0, chunk.size(), visit));
    return seen;
  };
  look->Narrow(std::move(part));
  return {};
}

// Rows that `where` finds change, or go if nothing is set.
Result<WriteResult> ChangeFoundRows(SessionImpl& session, const std::string& name,
                                    const Session::Assignments& set, const std::string& where,
                                    const ChangeOptions& options) {
  RETURN_IF_ERROR(session.CheckWritable());
  ASSIGN_OR_RETURN(auto* engine, session.Engine());
  return ChangeTable(
      session, name, options.message, options.work, options.reset,
      [&](const table::WriteContext& context, Table table,
          const model::QualifiedName& table_name) -> Result<table::Written> {
        std::vector<size_t> fields;
        ASSIGN_OR_RETURN(auto view, session.CurrentView());
        size_t looks = view->reads() == nullptr ? 0 : view->reads()->looks().size();
        ASSIGN_OR_RETURN(auto edits, engine->FindEdits(table, table_name, set, where,
                                                       options.parameters, options.work, &fields));
        if (set.empty()) {
          ASSIGN_OR_RETURN(auto rest, table::DeleteRows(context, table, edits.get()));
          NoteWritten(*view, *table, looks, table::AllFields(table->schema().fields.size()));
          return rest;
        }
        std::vector<const model::Field*> columns = {nullptr};  // the rowid
        for (size_t field : fields) columns.push_back(&table->schema().fields[field]);
        merge::SetRows sets(edits.get(), columns);
        ASSIGN_OR_RETURN(auto written, table::UpdateRows(context, table, fields, &sets));
        NoteWritten(*view, *table, looks, fields);
        return written;
      });
}

// What a table says of its rows changes, not the rows; run again where it meets a conflict.
Result<WriteResult> ChangePolicy(
    SessionImpl& session, const std::string& name, const ChangeOptions& options,
    const std::function<Result<txn::Change>(txn::Transaction&, const model::QualifiedName&,
                                            const txn::Transaction::Means&)>& change) {
  RETURN_IF_ERROR(session.CheckWritable());
  ASSIGN_OR_RETURN(auto table_name, model::QualifiedName::Parse(name));
  ASSIGN_OR_RETURN(auto* engine, session.core().engine()->Get());
  auto body = [&](txn::Transaction& transaction) -> Result<std::optional<txn::Change>> {
    auto means = db::MeansFor(session.core(), engine, options.work);
    ASSIGN_OR_RETURN(auto changed, change(transaction, table_name, means));
    return std::optional(changed);
  };
  return db::RunUntilItFits(session, options.work, [&] {
    return db::ModifyTable(session, table_name, options.message.value_or(""), body);
  });
}

}  // namespace

Result<WriteResult> Session::Insert(const std::string& name, ArrowArrayStream* rows,
                                    const WriteOptions& options) {
  return Append(name, rows, options);
}

Result<WriteResult> Session::Upsert(const std::string& name, ArrowArrayStream* rows,
                                    const WriteOptions& options) {
  db::ReleaseGuard guard(rows);
  if (rows == nullptr || rows->release == nullptr)
    return InvalidArgument("upsert: the Arrow stream was released already");
  if (options.schema != SchemaMode::kKeep)
    return InvalidArgument("upsert: the table keeps its schema; alter changes it");
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckWritable());
  ASSIGN_OR_RETURN(auto* engine, impl_->Engine());
  return ChangeTable(
      *impl_, name, options.message, options.work, options.reset,
      [&](const table::WriteContext& context, Table table,
          const model::QualifiedName& table_name) -> Result<table::Written> {
        if (table->state().key.empty()) {
          return InvalidArgument("upsert: table \"" + table_name.ToString() +
                                 "\" has no key; set_key names the columns that "
                                 "identify a row");
        }
        ASSIGN_OR_RETURN(auto incoming, db::IncomingRows::Open(engine->client(), rows, table.get(),
                                                               {SchemaMode::kKeep, true, true}));
        merge::SetRows sets(incoming.rows.get(), table->schema());
        auto keys = std::make_shared<table::KeySet>(table->schema(), table->state().key);
        ASSIGN_OR_RETURN(auto written,
                         table::UpsertRows(context, table, incoming.given, &sets, keys.get()));
        RETURN_IF_ERROR(NoteKeys(*impl_, *table, incoming.given, std::move(keys)));
        return written;
      });
}

Result<WriteResult> Session::Update(const std::string& name, const Assignments& set,
                                    const std::string& where, const ChangeOptions& options) {
  if (set.empty()) return InvalidArgument("update: no column is set");
  std::lock_guard lock(impl_->mutex());
  return db::RunUntilItFits(*impl_, options.work,
                            [&] { return ChangeFoundRows(*impl_, name, set, where, options); });
}

Result<WriteResult> Session::Delete(const std::string& name, const std::string& where,
                                    const ChangeOptions& options) {
  if (where.empty()) return InvalidArgument("delete: `where` is empty; truncate removes all rows");
  std::lock_guard lock(impl_->mutex());
  return db::RunUntilItFits(*impl_, options.work,
                            [&] { return ChangeFoundRows(*impl_, name, {}, where, options); });
}

Result<WriteResult> Session::Truncate(const std::string& name, const ChangeOptions& options) {
  std::lock_guard lock(impl_->mutex());
  auto truncate = [&](const table::WriteContext&, Table table,
                      const model::QualifiedName&) -> Result<table::Written> {
    RETURN_IF_ERROR(impl_->NoteRead(table->state().id));  // all that is there goes
    return table::Truncate(table->state());
  };
  return db::RunUntilItFits(*impl_, options.work, [&] {
    return ChangeTable(*impl_, name, options.message, options.work, false, truncate);
  });
}

Result<WriteResult> Session::SetMergeRules(const std::string& name, const MergeRules& rules,
                                           const ChangeOptions& options) {
  std::lock_guard lock(impl_->mutex());
  return ChangePolicy(*impl_, name, options,
                      [&](txn::Transaction& transaction, const model::QualifiedName& table,
                          const txn::Transaction::Means& means) {
                        return transaction.SetMergeRules(table, db::RuleSettingsOf(rules), means);
                      });
}

Result<WriteResult> Session::SetKey(const std::string& name,
                                    const std::vector<std::string>& columns,
                                    const ChangeOptions& options) {
  std::lock_guard lock(impl_->mutex());
  return ChangePolicy(*impl_, name, options,
                      [&](txn::Transaction& transaction, const model::QualifiedName& table,
                          const txn::Transaction::Means& means) -> Result<txn::Change> {
                        ASSIGN_OR_RETURN(auto before, transaction.OpenTable(table));
                        ASSIGN_OR_RETURN(auto change, transaction.SetKey(table, columns, means));
                        ASSIGN_OR_RETURN(auto after, transaction.OpenTable(table));
                        bool asks = !columns.empty() && before->state().key != after->state().key;
                        // No key is there twice.
                        if (asks) RETURN_IF_ERROR(impl_->NoteRead(change.table));
                        return change;
                      });
}

}  // namespace rhizo
