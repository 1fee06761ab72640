// SessionImpl: what the metadata functions of SQL show.
#include <charconv>

#include "db/session_impl.h"
#include "model/history.h"
#include "txn/ref_resolver.h"

namespace rhizo {
namespace {

using duckdb::LogicalType;
using duckdb::Value;

Value Time(Timestamp time) { return Value::TIMESTAMPTZ(duckdb::timestamp_tz_t(time.micros)); }
Value Text(const std::string& text) { return Value(text); }
Value Count(uint64_t count) { return Value::UBIGINT(count); }
Value TextOrNull(const std::string& text) {
  return text.empty() ? Value(LogicalType::VARCHAR) : Value(text);
}

Result<std::string> OneArgument(const std::string& function,
                                const std::vector<std::string>& arguments) {
  if (arguments.size() == 1) return arguments[0];
  return InvalidArgument("rhizo_" + function + "('table') takes the name of one table");
}

std::string NamesOf(const model::Commit& commit) {
  std::string names;
  for (const auto& table : commit.tables) names += (names.empty() ? "" : ", ") + table.name;
  return names;
}

Result<sql::MetadataTable> LogTable(txn::Repository& repository, const CommitId& head) {
  sql::MetadataTable table{
      {"commit_id", "parent_ids", "committed_at", "author", "message", "tables", "tx_id"},
      {LogicalType::VARCHAR, LogicalType::LIST(LogicalType::VARCHAR), LogicalType::TIMESTAMP_TZ,
       LogicalType::VARCHAR, LogicalType::VARCHAR, LogicalType::VARCHAR, LogicalType::VARCHAR},
      {}};
  auto load = [&](const CommitId& id) -> Result<model::Commit> {
    ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
    return *commit;
  };
  RETURN_IF_ERROR(model::WalkLog(load, head, [&](const CommitId& id, const model::Commit& commit) {
    duckdb::vector<Value> parents;
    for (const auto& parent : commit.parents) parents.push_back(Text(parent.ToString()));
    table.rows.push_back({Text(id.ToString()),
                          Value::LIST(LogicalType::VARCHAR, std::move(parents)), Time(commit.time),
                          TextOrNull(commit.author), TextOrNull(commit.message),
                          Text(NamesOf(commit)), Text(commit.txn.ToString())});
    return true;
  }));
  return table;
}

Result<sql::MetadataTable> RefTable(txn::Repository& repository, meta::RefKind kind) {
  sql::MetadataTable table{{"name", "commit_id"}, {LogicalType::VARCHAR, LogicalType::VARCHAR}, {}};
  bool branches = kind == meta::RefKind::kBranch;
  if (branches) {
    table.names.insert(table.names.end(), {"expires_at", "is_protected"});
    table.types.insert(table.types.end(), {LogicalType::TIMESTAMP_TZ, LogicalType::BOOLEAN});
  }
  ASSIGN_OR_RETURN(auto refs, repository.meta().ListRefs());
  for (const auto& ref : refs) {
    if (ref.kind != kind) continue;
    std::vector<Value> row{Text(ref.name), Text(ref.commit.ToString())};
    if (branches) {
      row.push_back(ref.expires ? Time(*ref.expires) : Value(LogicalType::TIMESTAMP_TZ));
      row.push_back(Value::BOOLEAN(ref.is_protected));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Result<sql::MetadataTable> TablesTable(const txn::View& view) {
  sql::MetadataTable table{{"table_name", "rows", "segments", "bytes", "columns"},
                           {LogicalType::VARCHAR, LogicalType::UBIGINT, LogicalType::UBIGINT,
                            LogicalType::UBIGINT, LogicalType::UBIGINT},
                           {}};
  ASSIGN_OR_RETURN(auto names, view.ListTables());
  for (const auto& named : names) {
    ASSIGN_OR_RETURN(auto open, view.Open(named.entry.state));
    const auto& state = open->state();
    table.rows.push_back({Text(named.name.ToString()), Count(state.rows), Count(state.entries),
                          Count(state.bytes), Count(state.schema.fields.size())});
  }
  return table;
}

Result<sql::MetadataTable> HistoryTable(txn::Repository& repository, const TableId& id,
                                        const CommitId& head) {
  sql::MetadataTable table{
      {"version", "commit_id", "committed_at", "operation", "author", "message", "rows"},
      {LogicalType::UBIGINT, LogicalType::VARCHAR, LogicalType::TIMESTAMP_TZ, LogicalType::VARCHAR,
       LogicalType::VARCHAR, LogicalType::VARCHAR, LogicalType::UBIGINT},
      {}};
  ASSIGN_OR_RETURN(auto versions, txn::ListVersions(repository, id, head));
  for (const auto& version : versions) {
    ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(version.commit));
    ASSIGN_OR_RETURN(auto open, repository.tables()->Open(version.state));
    std::string operation;
    for (const auto& summary : commit->tables) {
      if (summary.table == id) operation = model::ChangeKindName(summary.kind);
    }
    table.rows.push_back({Count(version.number), Text(version.commit.ToString()),
                          Time(commit->time), TextOrNull(operation), TextOrNull(commit->author),
                          TextOrNull(commit->message), Count(open->state().rows)});
  }
  return table;
}

Result<sql::MetadataTable> SegmentsTable(const table::OpenTable& open) {
  sql::MetadataTable table{
      {"segment", "kind", "first_row", "rows", "hidden_rows", "patches", "bytes"},
      {LogicalType::VARCHAR, LogicalType::VARCHAR, LogicalType::UBIGINT, LogicalType::UBIGINT,
       LogicalType::UBIGINT, LogicalType::UBIGINT, LogicalType::UBIGINT},
      {}};
  ASSIGN_OR_RETURN(auto entries, open.Entries());
  for (const auto& entry : entries) {
    bool parquet = entry.entry.kind == model::SegmentKind::kParquet;
    table.rows.push_back({Text(entry.segment->id.ToString()),
                          Text(parquet ? "parquet" : "row block"), Count(entry.first_row),
                          Count(entry.entry.visible_rows), Count(entry.entry.hidden.count),
                          Count(entry.entry.patches.size()), Count(entry.entry.length_bytes)});
  }
  return table;
}

}  // namespace

Result<sql::MetadataTable> SessionImpl::Metadata(const txn::View& current,
                                                 const std::string& function,
                                                 const std::vector<std::string>& arguments) {
  if (function == "tables") return TablesTable(current);
  if (function == "branches") return RefTable(repository(), meta::RefKind::kBranch);
  if (function == "tags") return RefTable(repository(), meta::RefKind::kTag);
  if (function == "log") {
    CommitId head = current.commit();
    if (!arguments.empty()) {
      ASSIGN_OR_RETURN(head, txn::ResolveRef(repository(), arguments[0], BranchThen()));
    }
    return LogTable(repository(), head);
  }
  if (function == "conflicts") {
    if (arguments.size() != 3) {
      return InvalidArgument(
          "rhizo_conflicts('ours', 'theirs', 'table') takes two refs and a table");
    }
    return ConflictTable(arguments[0], arguments[1], arguments[2]);
  }
  if (function != "history" && function != "segments")
    return Unsupported("there is no function rhizo_" + function);
  ASSIGN_OR_RETURN(auto text, OneArgument(function, arguments));
  ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(text));
  ASSIGN_OR_RETURN(auto table, current.FindTable(name));
  if (!table) return db::UnknownTable(current, name);
  if (current.reads() != nullptr) current.reads()->Add(table->state().id);
  if (function == "segments") return SegmentsTable(*table);
  return HistoryTable(repository(), table->state().id, current.commit());
}

}  // namespace rhizo
