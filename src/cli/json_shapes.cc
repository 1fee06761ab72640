#include "cli/json_shapes.h"

#include <algorithm>
#include <iostream>

#include "cli/printable.h"

namespace rhizo::cli {
namespace {

Json OrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

// "table not found" -> "table_not_found".
std::string CodeOf(const Error& error) {
  std::string code(ErrorCodeName(error.code()));
  std::replace(code.begin(), code.end(), ' ', '_');
  return code;
}

const char* OutcomeName(TxnOutcome outcome) {
  switch (outcome) {
    case TxnOutcome::kCommitted: return "committed";
    case TxnOutcome::kNotLanded: return "not_landed";
    case TxnOutcome::kUndecided: return "undecided";
  }
  return "undecided";
}

}  // namespace

Json Document(const std::string& name, Json value) {
  Json document = {{"rhizo", 1}};
  document[name] = std::move(value);
  return document;
}

Json ErrorShape(const Error& error, const std::string& hint) {
  Json fields = Json::object();
  for (const auto& [name, value] : error.fields()) fields[name] = value;
  Json shape = {{"code", CodeOf(error)},
                {"message", error.message()},
                {"retryable", error.retryable()},
                {"fields", fields}};
  if (!hint.empty()) shape["hint"] = hint;
  return Document("error", std::move(shape));
}

Json Shape(const ColumnInfo& column) {
  return {{"name", column.name}, {"type", column.type}, {"nullable", column.nullable}};
}

Json Shape(const TableInfo& table) {
  return {{"name", table.name},
          {"table_id", table.table_id},
          {"version", table.version},
          {"commit", OrNull(table.commit)},
          {"rows", table.rows},
          {"segments", table.segments},
          {"bytes", table.bytes},
          {"key", table.key},
          {"checks", table.checks},
          {"defaults", table.defaults},
          {"columns", Shape(table.columns)}};
}

Json Shape(const VersionInfo& version) {
  return {{"version", version.version},
          {"commit", version.commit},
          {"time", IsoTime(version.time_micros)},
          {"operation", version.operation},
          {"author", version.author},
          {"message", version.message},
          {"rows", version.rows}};
}

Json Shape(const TableChange& change) {
  return {{"table", change.table},
          {"operation", change.operation},
          {"version", change.version == 0 ? Json() : Json(change.version)},
          {"rows_added", change.rows_added},
          {"rows_removed", change.rows_removed},
          {"rows_updated", change.rows_updated}};
}

Json Shape(const TableDiff& diff) {
  return {{"table", diff.table},
          {"operation", diff.operation},
          {"old_name", diff.old_name.empty() ? Json() : Json(diff.old_name)},
          {"rows_inserted", diff.rows_inserted},
          {"rows_updated", diff.rows_updated},
          {"rows_deleted", diff.rows_deleted},
          {"schema_changes", diff.schema_changes}};
}

Json Shape(const CommitInfo& commit) {
  return {{"id", commit.id},
          {"parents", commit.parents},
          {"txn_id", commit.txn_id},
          {"time", IsoTime(commit.time_micros)},
          {"author", commit.author},
          {"message", commit.message},
          {"metadata", commit.metadata},
          {"tables", Shape(commit.tables)},
          {"refs", commit.refs},
          {"picked_from", OrNull(commit.picked_from)}};
}

Json Shape(const BranchInfo& branch) {
  return {{"name", branch.name},
          {"commit", branch.commit},
          {"expires", branch.expires_micros ? Json(IsoTime(*branch.expires_micros)) : Json()},
          {"protected", branch.is_protected}};
}

Json Shape(const TagInfo& tag) { return {{"name", tag.name}, {"commit", tag.commit}}; }

Json Shape(const RefLogInfo& entry) {
  return {{"ref", entry.ref},
          {"number", entry.number},
          {"old_commit", OrNull(entry.old_commit)},
          {"new_commit", OrNull(entry.new_commit)},
          {"time", IsoTime(entry.time_micros)},
          {"operation", entry.operation},
          {"txn_id", OrNull(entry.txn_id)}};
}

Json Shape(const WriteResult& result) {
  return {{"table", result.table},
          {"version", result.version},
          {"commit", OrNull(result.commit)},
          {"changed", result.changed},
          {"rows", result.rows},
          {"rows_inserted", result.rows_inserted},
          {"rows_updated", result.rows_updated},
          {"rows_deleted", result.rows_deleted},
          {"segments_new", result.segments_new},
          {"segments_reused", result.segments_reused},
          {"new_bytes", result.new_bytes},
          {"reused_bytes", result.reused_bytes}};
}

Json Shape(const Resolution& resolution) {
  return {{"outcome", OutcomeName(resolution.outcome)}, {"commit", OrNull(resolution.commit)}};
}

Json Shape(const MergedTable& table) {
  return {{"table", table.table},
          {"cells", table.cells},
          {"conflicts", table.conflicts},
          {"settled", table.settled},
          {"problems", table.problems}};
}

Json Shape(const MergeResult& result) {
  return {{"commit", result.commit},
          {"changed", result.changed},
          {"fast_forward", result.fast_forward},
          {"tables", Shape(result.tables)},
          {"changes", Shape(result.changes)}};
}

Json Shape(const HeadMove& move) {
  return {{"commit", move.commit},
          {"before", move.before},
          {"changed", move.changed},
          {"tables", Shape(move.tables)}};
}

Json Shape(const DatabaseStats& stats) {
  return {{"tables", stats.tables},
          {"branches", stats.branches},
          {"tags", stats.tags},
          {"rows", stats.rows},
          {"table_bytes", stats.table_bytes},
          {"objects", stats.objects},
          {"object_bytes", stats.object_bytes},
          {"metadata_bytes", stats.metadata_bytes}};
}

Json Shape(const VerifyReport& report) {
  Json findings = Json::array();
  for (const auto& finding : report.findings) {
    findings.push_back(
        {{"object", finding.object}, {"problem", finding.problem}, {"tables", finding.tables}});
  }
  return {{"ok", report.ok()},
          {"commits", report.commits},
          {"table_states", report.table_states},
          {"objects", report.objects},
          {"bytes", report.bytes},
          {"findings", findings}};
}

// Bytes that are not UTF-8 (only in file names) are replaced rather than refused.
void PrintJsonPart(const Json& part) {
  std::cout << part.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void PrintJson(const Json& document) {
  PrintJsonPart(document);
  std::cout << '\n';
}

}  // namespace rhizo::cli
