#include "meta/sqlite_write_session.h"

#include <sqlite3.h>

#include <algorithm>

#include "meta/publish_rules.h"
#include "meta/sqlite_read.h"
#include "object/object_store.h"

namespace rhizo::meta {

SqliteWriteSession::~SqliteWriteSession() {
  if (store_.CheckAlive()) store_.CheckpointIfLong(writer_);
}

Status SqliteWriteSession::CheckOpen() const {
  RETURN_IF_ERROR(store_.CheckAlive());
  if (is_over_) return InvalidArgument("this write session has ended");
  return {};
}

Result<std::optional<RefRow>> SqliteWriteSession::FindRef(LogReader& reader,
                                                          std::string_view name) {
  auto changed = refs_.find(std::string(name));
  if (changed != refs_.end()) return std::optional(changed->second);
  return store_.cache_.refs.Find(reader.connection(), reader.state(), name);
}

Result<std::optional<Ref>> SqliteWriteSession::ReadRef(std::string_view name) {
  RETURN_IF_ERROR(CheckOpen());
  return store_.ReadWith(writer_, [&](LogReader& reader) -> Result<std::optional<Ref>> {
    ASSIGN_OR_RETURN(auto row, FindRef(reader, name));
    return row ? RefOf(name, *row) : std::nullopt;
  });
}

Status SqliteWriteSession::CheckTransaction(LogReader& reader, const Publication& publication) {
  if (auto used = transactions_.find(publication.txn); used != transactions_.end()) {
    return TransactionLanded(publication.txn, used->second);
  }
  std::optional<LandedTransaction> landed = reader.RecentTransaction(publication.txn);
  if (!landed && publication.txn_from_caller) {
    ASSIGN_OR_RETURN(landed, reader.Transaction(publication.txn));
  }
  if (landed) return TransactionLanded(publication.txn, landed->commit);
  return {};
}

Status SqliteWriteSession::DraftSteps(LogReader& reader, const Publication& publication,
                                      Draft& draft) {
  for (const RefMove& move : publication.moves) {
    // The same ref may move twice in one publication.
    auto earlier = std::find_if(draft.steps.rbegin(), draft.steps.rend(),
                                [&](const RefStep& step) { return step.ref == move.ref; });
    std::optional<RefRow> now;
    if (earlier != draft.steps.rend()) {
      now = earlier->after;
    } else {
      ASSIGN_OR_RETURN(now, FindRef(reader, move.ref));
    }
    ASSIGN_OR_RETURN(RefStep step, StepOf(move, now, publication.time));
    draft.steps.push_back(std::move(step));
  }
  return {};
}

Status SqliteWriteSession::DraftVersions(LogReader& reader, const Publication& publication,
                                         Draft& draft) {
  std::unordered_map<TableId, uint64_t> last;
  for (const NewVersion& version : publication.versions) {
    auto [slot, added] = last.try_emplace(version.table);
    if (added) {
      auto pending = last_versions_.find(version.table);
      if (pending != last_versions_.end()) {
        slot->second = pending->second;
      } else {
        ASSIGN_OR_RETURN(slot->second, store_.LastVersionIn(reader, version.table));
      }
    }
    draft.versions.push_back({version.table, ++slot->second, version.state});
  }
  return {};
}

Status SqliteWriteSession::DraftObjects(LogReader& reader, const Publication& publication,
                                        Draft& draft) {
  std::unordered_set<ObjectId> added;
  for (const NewObject& object : publication.objects) {
    CHECK(object.bytes.size() <= object::kSmallObjectBytes);
    if (objects_.contains(object.id) || !added.insert(object.id).second) continue;
    auto stored = reader.Object(object.id);
    // A damaged copy is no copy: this one heals it.
    if (!stored && stored.error().code() != ErrorCode::kCorruption) return stored.error();
    if (stored && *stored) continue;
    draft.objects.push_back(&object);
  }
  return {};
}

void SqliteWriteSession::Remember(const LogRecord& record) {
  for (const RefStep& step : record.steps) refs_[step.ref] = step.after;
  for (const RefSetting& setting : record.settings) refs_[setting.ref] = setting.after;
  for (const VersionEntry& version : record.versions)
    last_versions_[version.table] = version.number;
  if (record.kind == RecordKind::kFinal) transactions_.emplace(record.txn, record.commit);
}

void SqliteWriteSession::Accept(const Publication& publication, Draft draft) {
  RowCutter cutter(
      {.time = publication.time, .txn = publication.txn, .commit = publication.commit});
  for (const NewObject* object : draft.objects) {
    cutter.Add(*object);
    objects_.insert(object->id);
  }
  for (const VersionEntry& version : draft.versions) cutter.Add(version);
  for (RefStep& step : draft.steps) cutter.Add(std::move(step));
  for (PendingRow& row : std::move(cutter).Finish()) {
    Remember(row.record);
    rows_.push_back(std::move(row));
  }
}

Result<Published> SqliteWriteSession::Publish(const Publication& publication) {
  RETURN_IF_ERROR(CheckOpen());
  Draft draft;
  RETURN_IF_ERROR(store_.ReadWith(writer_, [&](LogReader& reader) -> Status {
    RETURN_IF_ERROR(CheckTransaction(reader, publication));
    RETURN_IF_ERROR(DraftSteps(reader, publication, draft));
    RETURN_IF_ERROR(DraftVersions(reader, publication, draft));
    return DraftObjects(reader, publication, draft);
  }));
  Published published;
  for (const VersionEntry& version : draft.versions) {
    published.version_numbers.push_back(version.number);
  }
  Accept(publication, std::move(draft));
  return published;
}

Status SqliteWriteSession::SetRefOptions(std::string_view name, std::optional<Timestamp> expires,
                                         bool is_protected) {
  RETURN_IF_ERROR(CheckOpen());
  std::optional<RefRow> row;
  RETURN_IF_ERROR(store_.ReadWith(writer_, [&](LogReader& reader) -> Status {
    ASSIGN_OR_RETURN(row, FindRef(reader, name));
    return {};
  }));
  if (!row || !row->commit) return NoSuchRef(name);
  row->expires = expires;
  row->is_protected = is_protected;
  PendingRow pending;
  pending.record.kind = RecordKind::kSettings;
  pending.record.settings.push_back({std::string(name), *row});
  Remember(pending.record);
  rows_.push_back(std::move(pending));
  return {};
}

bool SqliteWriteSession::ShouldFold(const Rows& rows) {
  size_t entries = 0;
  for (const auto& [seq, record] : rows) {
    ForEachKey(*record, [&](uint64_t, uint16_t) { ++entries; });
  }
  std::shared_lock lock(store_.cache_.mutex);
  const LogTail& tail = store_.cache_.tail;
  return tail.rows() + rows.size() > store_.options_.fold_rows ||
         tail.entries() + entries > store_.options_.fold_entries;
}

// Brings everything that only the tail knows into `buckets` and `refs`.
Status SqliteWriteSession::Fold(StoreState& state, const Rows& rows) {
  std::vector<IndexEntry> entries;
  std::map<std::string, RefRow> refs;
  auto collect = [&](uint64_t seq, const LogRecord& record) {
    ForEachKey(record, [&](uint64_t key, uint16_t ordinal) {
      entries.push_back({key, {seq, ordinal}});
    });
    for (const RefStep& step : record.steps) refs[step.ref] = step.after;
    for (const RefSetting& setting : record.settings) refs[setting.ref] = setting.after;
  };
  {
    std::shared_lock lock(store_.cache_.mutex);
    for (const auto& [seq, record] : store_.cache_.tail.records()) collect(seq, *record);
  }
  for (const auto& [seq, record] : rows) collect(seq, *record);
  RETURN_IF_ERROR(AddEntries(writer_, state, entries));
  for (const auto& [name, row] : refs) RETURN_IF_ERROR(WriteRef(writer_, state, name, row));
  state.folded_seq = state.last_seq;
  return {};
}

Status SqliteWriteSession::WriteRows(StoreState& state, Rows& rows) {
  RETURN_IF_ERROR(writer_.begin_immediate.Run("beginning to write"));
  ASSIGN_OR_RETURN(state, ReadState(writer_));
  {
    std::shared_lock lock(store_.cache_.mutex);
    if (state.last_seq != store_.cache_.state.last_seq) {
      return Error(ErrorCode::kBusy, "rhizo.db was changed by a program that takes no writer lock");
    }
  }
  for (PendingRow& row : rows_) {
    SealedRow sealed = SealRecord(++state.last_seq, row.record);
    state.log.Add(sealed.hash);
    RETURN_IF_ERROR(writer_.append_log.Bind(1, static_cast<int64_t>(state.last_seq))
                        .Bind(2, sealed.bytes)
                        .Bind(3, row.bodies)
                        .Run("writing the log"));
    rows.emplace_back(state.last_seq, std::make_shared<const LogRecord>(std::move(row.record)));
  }
  if (ShouldFold(rows)) RETURN_IF_ERROR(Fold(state, rows));
  state.has_unsynced = !store_.options_.sync;
  return WriteState(writer_, state);
}

// The first commit without durability says so durably: after a power cut, what follows may be torn.
Status SqliteWriteSession::MarkUnsynced() {
  ASSIGN_OR_RETURN(bool is_marked, store_.ReadWith(writer_, [](LogReader& reader) -> Result<bool> {
    return reader.state().has_unsynced;
  }));
  if (is_marked) return {};
  RETURN_IF_ERROR(writer_.SetSync(true));
  Status marked = WriteUnsyncedFlag(writer_, true);
  RETURN_IF_ERROR(writer_.SetSync(false));
  return marked;
}

Error SqliteWriteSession::Explain(Error failure) {
  // Where a sync failed nobody knows what reached the disk. Else nothing is durable that begins
  // with a frame we can cut off, and then it is proved that nothing landed.
  std::string code = failure.field("sqlite").empty() ? "" : std::string(failure.field("sqlite"));
  bool sync_failed =
      code == std::to_string(SQLITE_IOERR_FSYNC) || code == std::to_string(SQLITE_IOERR_DIR_FSYNC);
  if (!sync_failed && store_.SettleLeftover(writer_)) return failure;
  return Error(
      ErrorCode::kCommitUnknown,
      "it cannot be said whether this landed; ask with its transaction id: " + failure.message());
}

Status SqliteWriteSession::Commit() {
  RETURN_IF_ERROR(CheckOpen());
  is_over_ = true;
  if (rows_.empty()) return {};
  if (!store_.options_.sync) RETURN_IF_ERROR(MarkUnsynced());
  StoreState state;
  Rows rows;
  Status written = WriteRows(state, rows);
  if (!written) {
    writer_.Rollback();
    return written;
  }
  Status committed = writer_.commit.Run("committing");
  if (!committed) {
    writer_.Rollback();
    return Explain(std::move(committed).error());
  }
  store_.Advance(state, rows);
  return {};
}

}  // namespace rhizo::meta
