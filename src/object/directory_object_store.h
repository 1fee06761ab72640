// Objects as files of a database directory:
//   objects/3f/<64 hex digits>   named by the id, in the folder of its first two digits
//   tmp/<32 hex digits>          being written; may be removed when nobody holds the gc lock
// A file gets its name only after it was written and synced whole, and never changes under it: what
// has a name is whole, after a crash too. Names are durable after SyncNames(), which syncs the
// folders touched since. A file whose write, sync or close failed is worthless: the bytes are
// written once more under another name, or the Put fails. After a folder failed to sync nothing of
// this store is proof any more: Put and SyncNames fail until the database is opened again.
// Thread-safe. Keeps a few descriptors open for reading.
#pragma once

#include <bitset>
#include <memory>
#include <mutex>
#include <optional>

#include "base/random.h"
#include "io/file_system.h"
#include "object/descriptor_cache.h"
#include "object/object_store.h"

namespace rhizo::object {

class DirectoryObjectStore final : public ObjectStore {
 public:
  static constexpr size_t kOpenFiles = 8;

  // Makes objects/, its 256 folders and tmp/ in the existing directory `root`, durably; what is
  // there already stays. The caller syncs the parent of `root`.
  static Status CreateLayout(io::FileSystem& fs, const std::string& root);

  // `sync` false is durability "none": nothing is synced until SyncAll().
  DirectoryObjectStore(std::shared_ptr<io::FileSystem> fs, std::string root,
                       std::shared_ptr<RandomSource> random, bool sync = true);

  Status Put(const ObjectId& id, std::string_view bytes) override;
  Status SyncNames() override;
  Status SyncAll() override;
  Result<std::string> Get(const ObjectId& id) override;
  Status ReadAt(const ObjectId& id, uint64_t offset, std::span<char> out) override;
  Result<uint64_t> Size(const ObjectId& id) override;
  Status List(const std::function<bool(const ObjectId&, uint64_t size_bytes)>& visit) override;
  Status Remove(const ObjectId& id) override;

  // Removes what crashed writers left in tmp/. Only while holding the gc lock exclusively: every
  // writer holds it shared.
  Status RemoveTemporaries();

  std::string PathOf(const ObjectId& id) const;

 private:
  using Shards = std::bitset<256>;
  enum class Naming { kNew, kReplacing };

  Result<bool> Reuse(const ObjectId& id, std::string_view bytes);
  Result<bool> HoldsDurably(const ObjectId& id, std::string_view bytes);
  Status Write(const ObjectId& id, std::string_view bytes, Naming naming);
  Status WriteOnce(const ObjectId& id, std::string_view bytes, Naming naming);
  Status WriteTemporary(const std::string& path, std::string_view bytes);
  Status Name(const std::string& temporary, const ObjectId& id, Naming naming);
  void Touch(const ObjectId& id);
  Status CheckNotBroken() const;
  Status BreakUnless(Status synced);
  Shards TakeTouched();
  template <class Call>
  auto GivingUpDescriptors(Call call) -> decltype(call());
  Result<std::shared_ptr<io::File>> Open(const ObjectId& id);
  Status ListShard(size_t shard, const std::function<bool(const ObjectId&, uint64_t)>& visit,
                   bool* go_on);

  const std::shared_ptr<io::FileSystem> fs_;
  const std::string root_;
  const std::shared_ptr<RandomSource> random_;
  const bool sync_;

  std::mutex sync_mutex_;  // held while folders are synced: whoever waits finds its names durable
  mutable std::mutex touched_mutex_;
  Shards touched_;               // folders with names that are not durable yet
  std::optional<Error> broken_;  // why a folder could not be synced
  DescriptorCache open_files_{kOpenFiles};
};

}  // namespace rhizo::object
