// MetaStore in memory, for tests and databases that are never stored. Durable in no way.
// Thread-safe.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <unordered_map>

#include "meta/log_record.h"
#include "meta/meta_store.h"

namespace rhizo::meta {

class MemoryMetaStore final : public MetaStore {
 public:
  Result<std::string> GetObject(const ObjectId& id) override;
  Result<std::optional<Ref>> ReadRef(std::string_view name) override;
  Result<std::vector<Ref>> ListRefs() override;
  Result<std::vector<RefLogEntry>> ReadRefLog(std::string_view ref, uint64_t from,
                                              uint64_t to) override;
  Result<std::optional<LandedTransaction>> FindTransaction(const TxnId& txn) override;
  Result<std::vector<TableVersion>> ReadVersions(const TableId& table, uint64_t from,
                                                 uint64_t to) override;
  Result<std::unique_ptr<WriteSession>> BeginWrite(std::chrono::milliseconds timeout) override;
  Result<uint64_t> ChangeCounter() override;
  Status ListObjects(const std::function<bool(const ObjectId&, uint64_t)>& visit) override;
  Result<uint64_t> LastVersion(const TableId& table) override;
  Result<uint64_t> LastVersionAsOf(const TableId& table, const TxnId& txn) override;
  Result<std::vector<ObjectId>> FindObjects(std::string_view hex_prefix, size_t limit) override;
  Status Verify(
      const std::function<void(std::string_view what, std::string_view problem)>& report) override;
  Result<bool> HasUnsynced() override { return false; }
  Status Flush() override { return {}; }
  Result<uint64_t> SizeBytes() override;

 private:
  friend class MemoryWriteSession;

  // What is stored, or what a session would add to it.
  struct Contents {
    std::map<std::string, RefRow, std::less<>> refs;
    std::map<std::string, std::vector<RefLogEntry>, std::less<>> steps;
    std::unordered_map<TableId, std::vector<TableVersion>> versions;
    std::unordered_map<CommitId, uint64_t> landed;  // numbered as they came
    std::unordered_map<TxnId, LandedTransaction> transactions;
    std::unordered_map<ObjectId, std::string> objects;
  };

  std::mutex mutex_;
  std::condition_variable writer_left_;
  bool has_writer_ = false;
  Contents contents_;
  uint64_t changes_ = 1;
};

}  // namespace rhizo::meta
