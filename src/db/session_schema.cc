// Session: what a table's columns become.
#include "db/incoming_rows.h"
#include "db/session_impl.h"
#include "db/stream_guard.h"
#include "db/write_outcome.h"
#include "model/exact_type.h"
#include "sql/alter.h"
#include "sql/row_checks.h"
#include "sql/row_errors.h"

namespace rhizo {
namespace {

using Table = std::shared_ptr<const table::OpenTable>;

std::string Quoted(const std::string& name) {
  std::string quoted = "\"";
  for (char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

// Rows that were there before a column was NOT NULL, before a check, as another type.
class OldRowsCheck {
 public:
  OldRowsCheck(sql::SessionEngine& engine, const model::QualifiedName& name,
               const sql::Altered& altered, const model::Schema& before)
      : engine_(engine), name_(name), altered_(altered), before_(before) {}

  Status Run(const Table& table) {
    for (const auto& column : altered_.newly_not_null) {
      ASSIGN_OR_RETURN(auto rows, engine_.FindRows(table, name_, Quoted(column) + " IS NULL", 1));
      if (rows.empty()) continue;
      int index = table->schema().Find(column);
      return sql::NullInRow(table->schema().fields[static_cast<size_t>(index)], rows[0]);
    }
    for (const auto& check : altered_.new_checks) {
      ASSIGN_OR_RETURN(auto rows, engine_.FindRows(table, name_, "NOT (" + check + "\n)", 4));
      if (rows.empty()) continue;
      bool more = rows.size() > 3;
      rows.resize(std::min<size_t>(rows.size(), 3));
      return sql::BreaksCheck(check, rows, more);
    }
    return CheckCasts(table);
  }

 private:
  // Dates beyond what timestamps reach have no midnight: reading says so.
  Status CheckCasts(const Table& table) {
    for (const auto& field : table->schema().fields) {
      const auto* old = before_.FindId(field.id);
      if (old == nullptr || model::AlwaysCastsExactly(old->type, field.type)) continue;
      auto read = engine_.FindRows(table, name_, "hash(" + Quoted(field.name) + ") = 0", 1);
      if (read) continue;
      return Error(ErrorCode::kSchema, "column \"" + field.name + "\" cannot become " +
                                           field.type.ToString() + ": " +
                                           std::string(read.error().message()))
          .With("column", field.name);
    }
    return {};
  }

  sql::SessionEngine& engine_;
  const model::QualifiedName& name_;
  const sql::Altered& altered_;
  const model::Schema& before_;
};

}  // namespace

Result<WriteResult> Session::Alter(const std::string& name, const Alteration& alteration,
                                   const ChangeOptions& options) {
  db::ReleaseGuard add_guard(alteration.add);
  db::ReleaseGuard widen_guard(alteration.widen);
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckWritable());
  ASSIGN_OR_RETURN(auto table_name, model::QualifiedName::Parse(name));
  ASSIGN_OR_RETURN(auto* engine, impl_->Engine());
  sql::Alteration wanted{alteration.rename,
                         alteration.drop,
                         {},
                         {},
                         alteration.defaults,
                         alteration.not_null,
                         alteration.nullable,
                         alteration.drop_checks,
                         alteration.add_checks,
                         alteration.order};
  if (alteration.add != nullptr) {
    ASSIGN_OR_RETURN(wanted.add, db::ReadSchema(engine->client(), alteration.add));
  }
  if (alteration.widen != nullptr) {
    ASSIGN_OR_RETURN(wanted.types, db::ReadSchema(engine->client(), alteration.widen));
  }
  auto body = [&](txn::Transaction& transaction) -> Result<std::optional<txn::Change>> {
    ASSIGN_OR_RETURN(auto table, transaction.OpenTable(table_name));
    if (!table) {
      ASSIGN_OR_RETURN(auto view, transaction.CurrentView());
      return db::UnknownTable(*view, table_name);
    }
    ASSIGN_OR_RETURN(auto altered, sql::Alter(engine->client(), table->state(), wanted));
    OldRowsCheck check(*engine, table_name, altered, table->schema());
    ASSIGN_OR_RETURN(auto* instance, impl_->core().engine()->Get());
    auto means = db::MeansFor(impl_->core(), instance, options.work);
    ASSIGN_OR_RETURN(auto change, transaction.Alter(
                                      table_name, altered.schema, altered.checks,
                                      [&](const Table& after) { return check.Run(after); }, means));
    // Whatever becomes of it later: what it asks was found to hold.
    bool asks = !altered.new_checks.empty() || !altered.newly_not_null.empty();
    if (asks) RETURN_IF_ERROR(impl_->NoteRead(change.table));
    return std::optional(change);
  };
  return db::RunUntilItFits(*impl_, options.work, [&] {
    return db::ModifyTable(*impl_, table_name, options.message.value_or(""), body);
  });
}

}  // namespace rhizo
