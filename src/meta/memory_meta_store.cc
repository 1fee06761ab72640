#include "meta/memory_meta_store.h"

#include <algorithm>

#include "base/blake3.h"
#include "meta/publish_rules.h"
#include "object/object_store.h"

namespace rhizo::meta {

class MemoryWriteSession final : public WriteSession {
 public:
  explicit MemoryWriteSession(MemoryMetaStore& store) : store_(store) {}

  ~MemoryWriteSession() override {
    std::lock_guard lock(store_.mutex_);
    store_.has_writer_ = false;
    store_.writer_left_.notify_one();
  }

  Result<std::optional<Ref>> ReadRef(std::string_view name) override {
    std::lock_guard lock(store_.mutex_);
    auto row = FindRef(name);
    return row ? RefOf(name, *row) : std::nullopt;
  }

  Result<Published> Publish(const Publication& publication) override {
    std::lock_guard lock(store_.mutex_);
    RETURN_IF_ERROR(CheckOpen());
    RETURN_IF_ERROR(CheckTransaction(publication.txn));
    ASSIGN_OR_RETURN(auto steps, Steps(publication));
    LogRecord record{
        .time = publication.time, .txn = publication.txn, .commit = publication.commit};
    record.steps = std::move(steps);
    for (size_t i = 0; i < record.steps.size(); ++i) {
      added_.steps[record.steps[i].ref].push_back(record.StepAt(i));
      added_.refs[record.steps[i].ref] = record.steps[i].after;
    }
    for (const NewObject& object : publication.objects) {
      CHECK(object.bytes.size() <= object::kSmallObjectBytes);
      added_.objects.try_emplace(object.id, object.bytes);
    }
    added_.transactions[publication.txn] = {publication.commit, publication.time};
    added_.landed[publication.commit] = store_.contents_.landed.size() + added_.landed.size();
    return AddVersions(publication);
  }

  Status SetRefOptions(std::string_view name, std::optional<Timestamp> expires,
                       bool is_protected) override {
    std::lock_guard lock(store_.mutex_);
    RETURN_IF_ERROR(CheckOpen());
    auto row = FindRef(name);
    if (!row || !row->commit) return NoSuchRef(name);
    row->expires = expires;
    row->is_protected = is_protected;
    added_.refs[std::string(name)] = *row;
    return {};
  }

  Status Commit() override {
    std::lock_guard lock(store_.mutex_);
    RETURN_IF_ERROR(CheckOpen());
    is_over_ = true;
    MemoryMetaStore::Contents& all = store_.contents_;
    for (auto& [name, row] : added_.refs) all.refs[name] = row;
    for (auto& [name, steps] : added_.steps) Append(all.steps[name], steps);
    for (auto& [table, versions] : added_.versions) Append(all.versions[table], versions);
    all.transactions.merge(added_.transactions);
    all.landed.merge(added_.landed);
    all.objects.merge(added_.objects);
    ++store_.changes_;
    return {};
  }

 private:
  template <class T>
  static void Append(std::vector<T>& to, const std::vector<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
  }

  Status CheckOpen() const {
    return is_over_ ? Status(InvalidArgument("this write session has ended")) : Status();
  }

  std::optional<RefRow> FindRef(std::string_view name) const {
    for (const auto* contents :
         {&added_, const_cast<const MemoryMetaStore::Contents*>(&store_.contents_)}) {
      auto found = contents->refs.find(name);
      if (found != contents->refs.end()) return found->second;
    }
    return std::nullopt;
  }

  Status CheckTransaction(const TxnId& txn) const {
    for (const auto* contents :
         {&added_, const_cast<const MemoryMetaStore::Contents*>(&store_.contents_)}) {
      auto found = contents->transactions.find(txn);
      if (found != contents->transactions.end())
        return TransactionLanded(txn, found->second.commit);
    }
    return {};
  }

  Result<std::vector<RefStep>> Steps(const Publication& publication) const {
    std::vector<RefStep> steps;
    for (const RefMove& move : publication.moves) {
      auto earlier = std::find_if(steps.rbegin(), steps.rend(),
                                  [&](const RefStep& step) { return step.ref == move.ref; });
      auto now = earlier == steps.rend() ? FindRef(move.ref) : std::optional(earlier->after);
      ASSIGN_OR_RETURN(RefStep step, StepOf(move, now, publication.time));
      steps.push_back(std::move(step));
    }
    return steps;
  }

  Published AddVersions(const Publication& publication) {
    Published published;
    for (const NewVersion& version : publication.versions) {
      auto& added = added_.versions[version.table];
      auto stored = store_.contents_.versions.find(version.table);
      uint64_t before = stored == store_.contents_.versions.end() ? 0 : stored->second.size();
      uint64_t number = before + added.size() + 1;
      added.push_back({version.table, number, publication.commit, version.state});
      published.version_numbers.push_back(number);
    }
    return published;
  }

  MemoryMetaStore& store_;
  MemoryMetaStore::Contents added_;
  bool is_over_ = false;
};

namespace {

// Entries number `from` to `to`, counted from 1, clipped.
template <class T>
std::vector<T> Clip(const std::vector<T>& all, uint64_t from, uint64_t to) {
  uint64_t first = std::max<uint64_t>(from, 1), last = std::min<uint64_t>(to, all.size());
  if (first > last) return {};
  return std::vector<T>(all.begin() + static_cast<ptrdiff_t>(first - 1),
                        all.begin() + static_cast<ptrdiff_t>(last));
}

}  // namespace

Result<std::string> MemoryMetaStore::GetObject(const ObjectId& id) {
  std::lock_guard lock(mutex_);
  auto found = contents_.objects.find(id);
  if (found == contents_.objects.end()) {
    return Error(ErrorCode::kObjectNotFound, "object " + id.Short() + " is not here")
        .With("object", id.ToString());
  }
  if (ObjectIdOf(found->second) != id) {
    return Corruption("object " + id.Short() + " is not what its id says")
        .With("object", id.ToString());
  }
  return found->second;
}

Result<std::optional<Ref>> MemoryMetaStore::ReadRef(std::string_view name) {
  std::lock_guard lock(mutex_);
  auto found = contents_.refs.find(name);
  return found == contents_.refs.end() ? std::nullopt : RefOf(name, found->second);
}

Result<std::vector<Ref>> MemoryMetaStore::ListRefs() {
  std::lock_guard lock(mutex_);
  std::vector<Ref> refs;
  for (const auto& [name, row] : contents_.refs) {
    if (auto ref = RefOf(name, row)) refs.push_back(std::move(*ref));
  }
  return refs;
}

Result<std::vector<RefLogEntry>> MemoryMetaStore::ReadRefLog(std::string_view ref, uint64_t from,
                                                             uint64_t to) {
  std::lock_guard lock(mutex_);
  auto found = contents_.steps.find(ref);
  if (found == contents_.steps.end()) return std::vector<RefLogEntry>();
  return Clip(found->second, from, to);
}

Result<std::optional<LandedTransaction>> MemoryMetaStore::FindTransaction(const TxnId& txn) {
  std::lock_guard lock(mutex_);
  auto found = contents_.transactions.find(txn);
  if (found == contents_.transactions.end()) return std::optional<LandedTransaction>();
  return std::optional(found->second);
}

Result<std::vector<TableVersion>> MemoryMetaStore::ReadVersions(const TableId& table, uint64_t from,
                                                                uint64_t to) {
  std::lock_guard lock(mutex_);
  auto found = contents_.versions.find(table);
  if (found == contents_.versions.end()) return std::vector<TableVersion>();
  return Clip(found->second, from, to);
}

Result<std::unique_ptr<WriteSession>> MemoryMetaStore::BeginWrite(
    std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  if (!writer_left_.wait_for(lock, timeout, [&] { return !has_writer_; })) {
    return Error(ErrorCode::kBusy, "another thread is writing to this database");
  }
  has_writer_ = true;
  return std::unique_ptr<WriteSession>(new MemoryWriteSession(*this));
}

Result<uint64_t> MemoryMetaStore::ChangeCounter() {
  std::lock_guard lock(mutex_);
  return changes_;
}

Status MemoryMetaStore::ListObjects(const std::function<bool(const ObjectId&, uint64_t)>& visit) {
  std::vector<std::pair<ObjectId, uint64_t>> all;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, bytes] : contents_.objects) all.emplace_back(id, bytes.size());
  }
  for (const auto& [id, size_bytes] : all) {
    if (!visit(id, size_bytes)) break;
  }
  return {};
}

Status MemoryMetaStore::Verify(
    const std::function<void(std::string_view what, std::string_view problem)>& report) {
  std::vector<ObjectId> all;
  RETURN_IF_ERROR(ListObjects([&](const ObjectId& id, uint64_t) {
    all.push_back(id);
    return true;
  }));
  for (const ObjectId& id : all) {
    if (auto bytes = GetObject(id); !bytes) report(id.ToString(), bytes.error().message());
  }
  return {};
}

Result<uint64_t> MemoryMetaStore::LastVersion(const TableId& table) {
  std::lock_guard lock(mutex_);
  auto found = contents_.versions.find(table);
  return found == contents_.versions.end() ? uint64_t{0} : found->second.size();
}

Result<uint64_t> MemoryMetaStore::LastVersionAsOf(const TableId& table, const TxnId& txn) {
  std::lock_guard lock(mutex_);
  auto found = contents_.versions.find(table);
  if (found == contents_.versions.end()) return uint64_t{0};
  const auto& versions = found->second;
  auto landed = contents_.transactions.find(txn);
  if (landed == contents_.transactions.end()) return versions.size();
  uint64_t order = contents_.landed.at(landed->second.commit);
  auto later = std::partition_point(versions.begin(), versions.end(), [&](const auto& version) {
    return contents_.landed.at(version.commit) <= order;
  });
  return static_cast<uint64_t>(later - versions.begin());
}

Result<std::vector<ObjectId>> MemoryMetaStore::FindObjects(std::string_view hex_prefix,
                                                           size_t limit) {
  RETURN_IF_ERROR(CheckHexPrefix(hex_prefix));
  std::lock_guard lock(mutex_);
  std::vector<ObjectId> found;
  for (const auto& [id, bytes] : contents_.objects) {
    if (found.size() < limit && id.ToString().starts_with(hex_prefix)) found.push_back(id);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<uint64_t> MemoryMetaStore::SizeBytes() {
  std::lock_guard lock(mutex_);
  uint64_t total = 0;
  for (const auto& [id, bytes] : contents_.objects) total += bytes.size();
  return total;
}

}  // namespace rhizo::meta
