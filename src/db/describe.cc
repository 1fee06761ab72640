#include "db/describe.h"

#include "merge/rule_settings.h"
#include "txn/origin.h"

namespace rhizo::db {
namespace {

// The version of a table that a commit published; 0 if none (a drop).
Result<uint64_t> VersionIn(txn::Repository& repository, const TableId& table, const CommitId& id,
                           const model::Commit& commit) {
  ASSIGN_OR_RETURN(uint64_t last, repository.meta().LastVersionAsOf(table, commit.txn));
  ASSIGN_OR_RETURN(auto versions, repository.meta().ReadVersions(table, last, last));
  return !versions.empty() && versions[0].commit == id ? last : 0;
}

std::string TextOrEmpty(const std::optional<CommitId>& id) {
  return id ? id->ToString() : std::string();
}

}  // namespace

std::vector<ColumnInfo> Columns(const model::Schema& schema) {
  std::vector<ColumnInfo> columns;
  for (const auto& field : schema.fields)
    columns.push_back({field.name, field.type.ToString(), field.nullable});
  return columns;
}

Result<std::map<std::string, std::string>> MergeRulesOf(const model::Schema& schema) {
  std::map<std::string, std::string> rules;
  for (const auto& field : schema.fields) {
    ASSIGN_OR_RETURN(auto rule, merge::RuleText(schema, field));
    if (rule != "conflict") rules[field.name] = std::move(rule);
  }
  return rules;
}

Result<CommitInfo> Describe(txn::Repository& repository, const CommitId& id,
                            const model::Commit& commit, const std::vector<meta::Ref>& refs) {
  CommitInfo info;
  info.id = id.ToString();
  for (const auto& parent : commit.parents) info.parents.push_back(parent.ToString());
  info.txn_id = commit.txn.ToString();
  info.time_micros = commit.time.micros;
  info.author = commit.author;
  info.message = commit.message;
  info.metadata = commit.metadata;
  if (auto origin = txn::PickedFrom(commit)) info.picked_from = origin->ToString();
  for (const auto& table : commit.tables) {
    TableChange change{table.name,
                       std::string(model::ChangeKindName(table.kind)),
                       0,
                       table.rows_added,
                       table.rows_removed,
                       table.rows_updated};
    if (table.kind != model::ChangeKind::kDrop) {
      ASSIGN_OR_RETURN(change.version, VersionIn(repository, table.table, id, commit));
    }
    info.tables.push_back(std::move(change));
  }
  for (const auto& ref : refs) {
    if (ref.commit == id && ref.kind != meta::RefKind::kScratch) info.refs.push_back(ref.name);
  }
  return info;
}

BranchInfo DescribeBranch(const meta::Ref& ref) {
  BranchInfo info{ref.name, ref.commit.ToString(), {}, ref.is_protected};
  if (ref.expires) info.expires_micros = ref.expires->micros;
  return info;
}

RefLogInfo Describe(const meta::RefLogEntry& entry) {
  return {entry.ref,
          entry.number,
          TextOrEmpty(entry.old_commit),
          TextOrEmpty(entry.new_commit),
          entry.time.micros,
          entry.operation,
          entry.txn.ToString()};
}

WriteResult Describe(const std::string& name, const txn::Change& change) {
  WriteResult result;
  result.table = name;
  result.changed = true;
  result.rows = change.counts.rows;
  result.rows_inserted = change.counts.rows_inserted;
  result.rows_updated = change.counts.rows_updated;
  result.rows_deleted = change.counts.rows_deleted;
  result.rows_unchanged = change.counts.rows_unchanged;
  result.segments_new = change.counts.segments_new;
  result.segments_reused = change.counts.segments_reused;
  result.new_bytes = change.counts.new_bytes;
  result.reused_bytes = change.counts.reused_bytes;
  return result;
}

WriteResult Describe(const txn::CommittedTable& table, const txn::Committed& committed) {
  WriteResult result;
  result.table = table.name;
  result.version = table.version;
  result.commit = committed.commit.ToString();
  result.changed = true;
  result.rows = table.counts.rows;
  result.rows_inserted = table.summary.rows_added;
  result.rows_deleted = table.summary.rows_removed;
  result.rows_updated = table.summary.rows_updated;
  result.rows_unchanged = table.counts.rows_unchanged;
  result.segments_new = table.counts.segments_new;
  result.segments_reused = table.counts.segments_reused;
  result.new_bytes = table.counts.new_bytes;
  result.reused_bytes = table.counts.reused_bytes;
  result.base = committed.base.ToString();
  return result;
}

CommitResult Describe(const txn::Committed& committed) {
  CommitResult result;
  result.changed = !committed.commit.IsZero();
  if (result.changed) result.commit = committed.commit.ToString();
  result.txn_id = committed.txn.ToString();
  for (const auto& table : committed.tables) result.tables.push_back(Describe(table, committed));
  return result;
}

}  // namespace rhizo::db
