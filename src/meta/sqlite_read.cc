#include "meta/sqlite_read.h"

#include <algorithm>

#include "meta/publish_rules.h"

namespace rhizo::meta {

namespace {

// How many rows one read transaction of a long walk takes.
constexpr uint64_t kRowsPerRead = 256;

Error MissingEntry(std::string_view what, uint64_t number) {
  return Corruption("rhizo.db: number " + std::to_string(number) + " of " + std::string(what) +
                    " is missing");
}

}  // namespace

Status WriteUnsyncedFlag(Connection& writer, bool has_unsynced) {
  auto write = [&]() -> Status {
    RETURN_IF_ERROR(writer.begin_immediate.Run("beginning to write"));
    ASSIGN_OR_RETURN(StoreState state, ReadState(writer));
    state.has_unsynced = has_unsynced;
    RETURN_IF_ERROR(WriteState(writer, state));
    return writer.commit.Run("committing");
  };
  Status written = write();
  if (!written) writer.Rollback();
  return written;
}

Result<std::string> SqliteMetaStore::GetObject(const ObjectId& id) {
  ASSIGN_OR_RETURN(auto bytes, Read([&](LogReader& reader) { return reader.Object(id); }));
  if (bytes) return std::move(*bytes);
  return Error(ErrorCode::kObjectNotFound, "object " + id.Short() + " is not in rhizo.db")
      .With("object", id.ToString());
}

Result<std::optional<Ref>> SqliteMetaStore::ReadRef(std::string_view name) {
  RETURN_IF_ERROR(CheckAlive());
  uint64_t counter = PeekCounter();
  if (counter != 0 && counter == cache_counter_) {
    RefRow row;
    RefTable::Known known = cache_.refs.Look(name, row);
    if (known == RefTable::Known::kPresent) return RefOf(name, row);
    if (known == RefTable::Known::kAbsent) return std::optional<Ref>();
  }
  return Read([&](LogReader& reader) -> Result<std::optional<Ref>> {
    ASSIGN_OR_RETURN(auto row, cache_.refs.Find(reader.connection(), reader.state(), name));
    return row ? RefOf(name, *row) : std::nullopt;
  });
}

Result<std::vector<Ref>> SqliteMetaStore::ListRefs() {
  ASSIGN_OR_RETURN(auto rows, Read([&](LogReader& reader) {
                     return cache_.refs.All(reader.connection(), reader.state());
                   }));
  std::vector<Ref> refs;
  for (const auto& [name, row] : rows) {
    if (auto ref = RefOf(name, row)) refs.push_back(std::move(*ref));
  }
  return refs;
}

Result<std::vector<RefLogEntry>> SqliteMetaStore::ReadRefLog(std::string_view ref, uint64_t from,
                                                             uint64_t to) {
  return Read([&](LogReader& reader) -> Result<std::vector<RefLogEntry>> {
    std::vector<RefLogEntry> entries;
    ASSIGN_OR_RETURN(auto row, cache_.refs.Find(reader.connection(), reader.state(), ref));
    uint64_t last = std::min(to, row ? row->moves : 0);
    for (uint64_t number = std::max<uint64_t>(from, 1); number <= last; ++number) {
      ASSIGN_OR_RETURN(auto entry, reader.Step(ref, number));
      if (!entry) return MissingEntry("the log of '" + std::string(ref) + "'", number);
      entries.push_back(std::move(*entry));
    }
    return entries;
  });
}

Result<uint64_t> SqliteMetaStore::LastVersionIn(LogReader& reader, const TableId& table) {
  {
    std::lock_guard lock(cache_.versions_mutex);
    auto known = cache_.last_versions.find(table);
    if (known != cache_.last_versions.end()) return known->second;
  }
  ASSIGN_OR_RETURN(uint64_t last, reader.LastVersion(table, 0));
  std::lock_guard lock(cache_.versions_mutex);
  cache_.last_versions.emplace(table, last);
  return last;
}

Result<uint64_t> SqliteMetaStore::LastVersion(const TableId& table) {
  return Read([&](LogReader& reader) { return LastVersionIn(reader, table); });
}

Result<uint64_t> SqliteMetaStore::LastVersionAsOf(const TableId& table, const TxnId& txn) {
  return Read([&](LogReader& reader) -> Result<uint64_t> {
    ASSIGN_OR_RETURN(uint64_t newest, LastVersionIn(reader, table));
    return reader.LastVersionAsOf(table, txn, newest);
  });
}

Result<std::vector<ObjectId>> SqliteMetaStore::FindObjects(std::string_view hex_prefix,
                                                           size_t limit) {
  RETURN_IF_ERROR(CheckHexPrefix(hex_prefix));
  return Read([&](LogReader& reader) { return reader.ObjectsByPrefix(hex_prefix, limit); });
}

Result<std::vector<TableVersion>> SqliteMetaStore::ReadVersions(const TableId& table, uint64_t from,
                                                                uint64_t to) {
  return Read([&](LogReader& reader) -> Result<std::vector<TableVersion>> {
    std::vector<TableVersion> versions;
    ASSIGN_OR_RETURN(uint64_t newest, LastVersionIn(reader, table));
    uint64_t last = std::min(to, newest);
    for (uint64_t number = std::max<uint64_t>(from, 1); number <= last; ++number) {
      ASSIGN_OR_RETURN(auto version, reader.Version(table, number));
      if (!version) return MissingEntry("the versions of table " + table.ToString(), number);
      versions.push_back(*version);
    }
    return versions;
  });
}

Result<std::optional<LandedTransaction>> SqliteMetaStore::FindTransaction(const TxnId& txn) {
  auto find = [&](LogReader& reader) { return reader.Transaction(txn); };
  ASSIGN_OR_RETURN(auto found, Read(find));
  if (found || options_.read_only) return found;
  // It may be landing, or lie behind the committed frames, where a crash would bring it back.
  {
    ASSIGN_OR_RETURN(auto lease, pool_->Borrow());
    auto position = wal_index_.Read();
    if (position) {
      ASSIGN_OR_RETURN(bool leftover, HasLeftover(*lease, *position));
      if (!leftover) return found;
    }
  }
  ASSIGN_OR_RETURN(auto holder, GateHolder::Acquire(*gate_, options_.busy_timeout));
  ASSIGN_OR_RETURN(Connection * writer, Writer());
  ASSIGN_OR_RETURN(found, ReadWith(*writer, find));
  if (!found) RETURN_IF_ERROR(SettleLeftover(*writer));
  return found;
}

Status SqliteMetaStore::ListObjects(const std::function<bool(const ObjectId&, uint64_t)>& visit) {
  using Batch = std::vector<std::pair<ObjectId, uint64_t>>;
  uint64_t seq = 1, last = 1;
  while (seq <= last) {
    ASSIGN_OR_RETURN(Batch batch, Read([&](LogReader& reader) -> Result<Batch> {
                       Batch found;
                       last = reader.state().last_seq;
                       uint64_t end = std::min(last + 1, seq + kRowsPerRead);
                       for (; seq < end; ++seq) RETURN_IF_ERROR(reader.AppendObjectsTo(seq, found));
                       return found;
                     }));
    for (const auto& [id, size_bytes] : batch) {
      if (!visit(id, size_bytes)) return {};
    }
  }
  return {};
}

}  // namespace rhizo::meta
