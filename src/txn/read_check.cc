#include "txn/read_check.h"

#include <algorithm>
#include <map>

#include "engine/errors.h"
#include "model/attributes.h"
#include "table/each_entry.h"
#include "table/row_diff.h"
#include "txn/staged_state.h"

namespace rhizo::txn {
namespace {

using Looks = std::vector<std::shared_ptr<const Look>>;

Error ReadWasChanged(const std::string& table, const std::string& what, const Head& snapshot,
                     const Head& head) {
  return Error(ErrorCode::kConflict,
               "commit: table \"" + table + "\", which this serializable transaction read, " +
                   what + " since its snapshot " + snapshot.id.Short() + " (the branch is at " +
                   head.id.Short() + "); read it again and retry")
      .With("table", table)
      .With("snapshot", snapshot.id.ToString())
      .With("head", head.id.ToString());
}

// A table has a name that was looked for, or has it no more.
Status CheckNames(const ReadSet& reads, const PlacedTable& table, const Head& snapshot,
                  const Head& head) {
  if (table.before && table.name == table.before->name) return {};
  if (table.before && reads.HasName(table.before->name)) {
    return ReadWasChanged(table.before->name.ToString(), table.name ? "was renamed" : "was dropped",
                          snapshot, head);
  }
  if (table.name && reads.HasName(*table.name)) {
    return ReadWasChanged(table.name->ToString(), table.before ? "was renamed" : "was created",
                          snapshot, head);
  }
  return {};
}

// Rows that changed in one table, against the looks at it.
class TableCheck {
 public:
  TableCheck(duckdb::ClientContext* client, const table::OpenTable& table, const Looks& looks)
      : client_(client), table_(table) {
    for (const auto& look : looks) {
      auto parts = look->parts();
      if (!parts) sees_all_ = true;
      if (parts) parts_.insert(parts_.end(), parts->begin(), parts->end());
    }
  }

  // Whether one of the rows that differ could have been seen.
  Result<bool> Run(table::RowDiff* diff) {
    while (true) {
      ASSIGN_OR_RETURN(auto region, diff->Next());
      if (!region) return false;
      if (sees_all_) return true;
      for (const auto& part : parts_) {
        ASSIGN_OR_RETURN(bool seen, Sees(part, &*region));
        if (seen) return true;
      }
    }
  }

 private:
  Result<bool> Sees(const Look::Part& part, table::DiffRegion* region) {
    std::vector<uint64_t> before;
    std::vector<uint64_t> after;
    for (const auto& change : region->changes) {
      if (!Counts(part, change)) continue;
      if (change.kind != table::RowChangeKind::kInsert) before.push_back(change.before);
      if (change.kind != table::RowChangeKind::kDelete) after.push_back(change.after);
    }
    if (!part.sees || client_ == nullptr) return !before.empty() || !after.empty();
    ASSIGN_OR_RETURN(bool seen, SeesRows(part, region->before.get(), before));
    if (seen) return true;
    return SeesRows(part, region->after.get(), after);
  }

  bool Counts(const Look::Part& part, const table::RowChange& change) const {
    if (change.kind != table::RowChangeKind::kUpdate) return true;
    return std::any_of(change.changed.begin(), change.changed.end(), [&](uint32_t field) {
      return Reads(part, table_.schema().fields[field].id);
    });
  }

  static bool Reads(const Look::Part& part, FieldId field) {
    return std::find(part.fields.begin(), part.fields.end(), field) != part.fields.end();
  }

  Result<bool> SeesRows(const Look::Part& part, table::OldRows* from,
                        std::span<const uint64_t> rows) {
    for (size_t begin = 0; begin < rows.size(); begin += STANDARD_VECTOR_SIZE) {
      auto some = rows.subspan(begin, std::min<size_t>(STANDARD_VECTOR_SIZE, rows.size() - begin));
      auto seen = engine::Guarded([&] { return SeesChunk(part, from, some); });
      // Where the condition fails (a text that is no number), the statement would have failed too.
      bool fails = !seen && seen.error().code() == ErrorCode::kSql;
      if (!seen && !fails) return seen;
      if (fails || *seen) return true;
    }
    return false;
  }

  // Columns that the part does not look at are NULL.
  Result<bool> SeesChunk(const Look::Part& part, table::OldRows* from,
                         std::span<const uint64_t> rows) {
    duckdb::DataChunk chunk;
    const auto& types = table_.types();
    chunk.Initialize(duckdb::Allocator::DefaultAllocator(),
                     duckdb::vector<duckdb::LogicalType>(types.begin(), types.end()));
    for (size_t field = 0; field < types.size(); ++field) {
      if (Reads(part, table_.schema().fields[field].id)) {
        RETURN_IF_ERROR(from->Gather(field, rows, &chunk.data[field]));
      } else {
        chunk.data[field].SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
        duckdb::ConstantVector::SetNull(chunk.data[field], true);
      }
    }
    chunk.SetCardinality(rows.size());
    return part.sees(*client_, chunk);
  }

  duckdb::ClientContext* client_;
  const table::OpenTable& table_;
  std::vector<Look::Part> parts_;
  bool sees_all_ = false;
};

}  // namespace

Status CheckReads(Repository& repository, engine::Instance* engine, const ReadSet& reads,
                  const Head& snapshot, const Head& head) {
  if (snapshot.id == head.id) return {};
  std::map<TableId, Looks> by_table;
  for (const auto& look : reads.looks()) by_table[look->table()].push_back(look);
  ASSIGN_OR_RETURN(auto changed,
                   DifferingTables(repository.small().get(), snapshot.commit->state_root,
                                   head.commit->state_root));
  table::Link link;
  RETURN_IF_ERROR(link.Open(engine));
  for (const auto& table : changed) {
    RETURN_IF_ERROR(CheckNames(reads, table, snapshot, head));
    auto looks = by_table.find(table.id);
    if (looks == by_table.end() || !table.before) continue;
    const auto name = table.before->name.ToString();
    if (!table.name) return ReadWasChanged(name, "was dropped", snapshot, head);
    if (*table.name != table.before->name)
      return ReadWasChanged(name, "was renamed", snapshot, head);
    ASSIGN_OR_RETURN(auto before, repository.tables()->Open(table.before->entry.state));
    ASSIGN_OR_RETURN(auto after, repository.tables()->Open(table.state_id));
    if (!model::SameButRowsAndAttributes(before->state(), after->state()))
      return ReadWasChanged(name, "got another schema", snapshot, head);
    ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(link.client(), before, after));
    TableCheck check(link.client(), *after, looks->second);
    ASSIGN_OR_RETURN(bool seen, check.Run(&diff));
    if (seen) return ReadWasChanged(name, "was changed in rows that it saw", snapshot, head);
  }
  return {};
}

}  // namespace rhizo::txn
