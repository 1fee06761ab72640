#include "facts.h"

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>

namespace nb = nanobind;

namespace rhizo::python {
namespace {

class Facts {
 public:
  template <class T>
  Facts& Set(const char* name, const T& value) {
    dict_[name] = nb::cast(value);
    return *this;
  }
  nb::dict Take() { return std::move(dict_); }

 private:
  nb::dict dict_;
};

const char* OutcomeName(TxnOutcome outcome) {
  switch (outcome) {
    case TxnOutcome::kCommitted: return "committed";
    case TxnOutcome::kNotLanded: return "not_landed";
    case TxnOutcome::kUndecided: return "undecided";
  }
  return "undecided";
}

}  // namespace

nb::dict ToPython(const TableDiff& diff) {
  return Facts()
      .Set("table", diff.table)
      .Set("operation", diff.operation)
      .Set("old_name", diff.old_name)
      .Set("rows_inserted", diff.rows_inserted)
      .Set("rows_updated", diff.rows_updated)
      .Set("rows_deleted", diff.rows_deleted)
      .Set("schema_changes", diff.schema_changes)
      .Take();
}

nb::dict ToPython(const TableChange& change) {
  return Facts()
      .Set("table", change.table)
      .Set("operation", change.operation)
      .Set("version", change.version)
      .Set("rows_added", change.rows_added)
      .Set("rows_removed", change.rows_removed)
      .Set("rows_updated", change.rows_updated)
      .Take();
}

nb::dict ToPython(const Finding& finding) {
  return Facts()
      .Set("object", finding.object)
      .Set("problem", finding.problem)
      .Set("tables", finding.tables)
      .Take();
}

nb::dict ToPython(const ColumnInfo& info) {
  return Facts()
      .Set("name", info.name)
      .Set("type", info.type)
      .Set("nullable", info.nullable)
      .Take();
}

nb::dict ToPython(const TableInfo& info) {
  return Facts()
      .Set("name", info.name)
      .Set("table_id", info.table_id)
      .Set("columns", ToPython(info.columns))
      .Set("key", info.key)
      .Set("checks", info.checks)
      .Set("defaults", info.defaults)
      .Set("merge_rules", info.merge_rules)
      .Set("row_is_unit", info.row_is_unit)
      .Set("delete_wins", info.delete_wins)
      .Set("rows", info.rows)
      .Set("segments", info.segments)
      .Set("bytes", info.bytes)
      .Set("version", info.version)
      .Set("commit", info.commit)
      .Take();
}

nb::dict ToPython(const VersionInfo& info) {
  return Facts()
      .Set("version", info.version)
      .Set("commit", info.commit)
      .Set("time", info.time_micros)
      .Set("operation", info.operation)
      .Set("author", info.author)
      .Set("message", info.message)
      .Set("rows", info.rows)
      .Take();
}

nb::dict ToPython(const CommitInfo& info) {
  return Facts()
      .Set("id", info.id)
      .Set("parents", info.parents)
      .Set("txn_id", info.txn_id)
      .Set("time", info.time_micros)
      .Set("author", info.author)
      .Set("message", info.message)
      .Set("metadata", info.metadata)
      .Set("tables", ToPython(info.tables))
      .Set("refs", info.refs)
      .Set("picked_from", info.picked_from)
      .Take();
}

nb::dict ToPython(const BranchInfo& info) {
  return Facts()
      .Set("name", info.name)
      .Set("commit", info.commit)
      .Set("expires", info.expires_micros)
      .Set("protected", info.is_protected)
      .Take();
}

nb::dict ToPython(const TagInfo& info) {
  return Facts().Set("name", info.name).Set("commit", info.commit).Take();
}

nb::dict ToPython(const RefLogInfo& info) {
  return Facts()
      .Set("ref", info.ref)
      .Set("number", info.number)
      .Set("old_commit", info.old_commit)
      .Set("new_commit", info.new_commit)
      .Set("time", info.time_micros)
      .Set("operation", info.operation)
      .Set("txn_id", info.txn_id)
      .Take();
}

nb::dict ToPython(const WriteResult& result) {
  return Facts()
      .Set("table", result.table)
      .Set("version", result.version)
      .Set("commit", result.commit)
      .Set("changed", result.changed)
      .Set("rows", result.rows)
      .Set("rows_inserted", result.rows_inserted)
      .Set("rows_updated", result.rows_updated)
      .Set("rows_deleted", result.rows_deleted)
      .Set("rows_unchanged", result.rows_unchanged)
      .Set("segments_new", result.segments_new)
      .Set("segments_reused", result.segments_reused)
      .Set("new_bytes", result.new_bytes)
      .Set("reused_bytes", result.reused_bytes)
      .Set("base", result.base)
      .Take();
}

nb::dict ToPython(const CommitResult& result) {
  return Facts()
      .Set("commit", result.commit)
      .Set("txn_id", result.txn_id)
      .Set("changed", result.changed)
      .Set("tables", ToPython(result.tables))
      .Take();
}

nb::dict ToPython(const Resolution& resolution) {
  return Facts()
      .Set("outcome", std::string(OutcomeName(resolution.outcome)))
      .Set("commit", resolution.commit)
      .Take();
}

nb::dict ToPython(const HeadMove& move) {
  return Facts()
      .Set("commit", move.commit)
      .Set("before", move.before)
      .Set("changed", move.changed)
      .Set("tables", ToPython(move.tables))
      .Take();
}

nb::dict ToPython(const MergedTable& table) {
  return Facts()
      .Set("table", table.table)
      .Set("entries_read", table.entries_read)
      .Set("cells", table.cells)
      .Set("conflicts", table.conflicts)
      .Set("settled", table.settled)
      .Set("problems", table.problems)
      .Take();
}

nb::dict ToPython(const MergeResult& result) {
  return Facts()
      .Set("commit", result.commit)
      .Set("changed", result.changed)
      .Set("fast_forward", result.fast_forward)
      .Set("conflicts", result.conflicts)
      .Set("tables", ToPython(result.tables))
      .Set("changes", ToPython(result.changes))
      .Take();
}

nb::dict ToPython(const DatabaseStats& stats) {
  return Facts()
      .Set("tables", stats.tables)
      .Set("branches", stats.branches)
      .Set("tags", stats.tags)
      .Set("rows", stats.rows)
      .Set("table_bytes", stats.table_bytes)
      .Set("objects", stats.objects)
      .Set("object_bytes", stats.object_bytes)
      .Set("metadata_bytes", stats.metadata_bytes)
      .Set("cache_bytes", stats.cache_bytes)
      .Set("cache_hits", stats.cache_hits)
      .Set("cache_misses", stats.cache_misses)
      .Take();
}

nb::dict ToPython(const VerifyReport& report) {
  return Facts()
      .Set("commits", report.commits)
      .Set("table_states", report.table_states)
      .Set("objects", report.objects)
      .Set("bytes", report.bytes)
      .Set("findings", ToPython(report.findings))
      .Take();
}

}  // namespace rhizo::python
