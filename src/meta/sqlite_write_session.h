// A write session of SqliteMetaStore: holds the writer lock, collects rows in memory, and writes
// them in one SQLite transaction at Commit(). Nothing of it is seen before, so dropping it needs no
// undoing.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "meta/row_cutter.h"
#include "meta/sqlite_meta_store.h"

namespace rhizo::meta {

class SqliteWriteSession final : public WriteSession {
 public:
  SqliteWriteSession(SqliteMetaStore& store, Connection& writer, GateHolder holder)
      : store_(store), writer_(writer), holder_(std::move(holder)) {}
  ~SqliteWriteSession() override;

  Result<std::optional<Ref>> ReadRef(std::string_view name) override;
  Result<Published> Publish(const Publication& publication) override;
  Status SetRefOptions(std::string_view name, std::optional<Timestamp> expires,
                       bool is_protected) override;
  Status Commit() override;

 private:
  using Rows = std::vector<std::pair<uint64_t, SharedRecord>>;
  // What one publication would change, until it is sure that it applies.
  struct Draft {
    std::vector<RefStep> steps;
    std::vector<VersionEntry> versions;
    std::vector<const NewObject*> objects;
  };

  Status CheckOpen() const;
  Result<std::optional<RefRow>> FindRef(LogReader& reader, std::string_view name);
  Status CheckTransaction(LogReader& reader, const Publication& publication);
  Status DraftSteps(LogReader& reader, const Publication& publication, Draft& draft);
  Status DraftVersions(LogReader& reader, const Publication& publication, Draft& draft);
  Status DraftObjects(LogReader& reader, const Publication& publication, Draft& draft);
  void Accept(const Publication& publication, Draft draft);
  void Remember(const LogRecord& record);

  // Writes everything in an open transaction; leaves it open.
  Status WriteRows(StoreState& state, Rows& rows);
  Status Fold(StoreState& state, const Rows& rows);
  bool ShouldFold(const Rows& rows);
  Status MarkUnsynced();
  // Says how a failed COMMIT ended.
  Error Explain(Error failure);

  SqliteMetaStore& store_;
  Connection& writer_;
  const GateHolder holder_;
  bool is_over_ = false;
  std::vector<PendingRow> rows_;
  std::unordered_map<std::string, RefRow> refs_;
  std::unordered_map<TableId, uint64_t> last_versions_;
  std::unordered_map<TxnId, CommitId> transactions_;
  std::unordered_set<ObjectId> objects_;
};

}  // namespace rhizo::meta
