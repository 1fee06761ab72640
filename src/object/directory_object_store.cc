#include "object/directory_object_store.h"

#include <algorithm>
#include <utility>

#include "base/blake3.h"
#include "io/path.h"
#include "object/object_error.h"

namespace rhizo::object {
namespace {

using io::JoinPath;

constexpr size_t kShards = 256;

std::string ShardName(size_t shard) {
  char byte = static_cast<char>(shard);
  return ToHex(std::string_view(&byte, 1));
}

std::string ShardPath(const std::string& root, size_t shard) {
  return JoinPath(JoinPath(root, "objects"), ShardName(shard));
}

bool Is(const Status& status, ErrorCode code) {
  return !status.has_value() && status.error().code() == code;
}

// Writing again helps against a passing fault, not against a full or read-only disk.
bool WorthAnotherTry(const Status& status) {
  return !status.has_value() && !Is(status, ErrorCode::kDiskFull) &&
         !Is(status, ErrorCode::kReadOnly);
}

Status CreateDirectoryUnlessThere(io::FileSystem& fs, const std::string& path) {
  Status created = fs.CreateDirectory(path);
  return Is(created, ErrorCode::kAlreadyExists) ? Status() : created;
}

// Whether the file holds exactly `bytes`.
Result<bool> Holds(io::File& file, std::string_view bytes) {
  constexpr size_t kChunkBytes = 256 * 1024;
  ASSIGN_OR_RETURN(uint64_t size, file.Size());
  if (size != bytes.size()) return false;
  std::string chunk;
  for (size_t offset = 0; offset < bytes.size(); offset += chunk.size()) {
    chunk.resize(std::min(kChunkBytes, bytes.size() - offset));
    ASSIGN_OR_RETURN(size_t got, file.ReadAt(offset, chunk));
    if (got != chunk.size() || chunk != bytes.substr(offset, got)) return false;
  }
  return true;
}

}  // namespace

Status DirectoryObjectStore::CreateLayout(io::FileSystem& fs, const std::string& root) {
  const std::string objects = JoinPath(root, "objects");
  RETURN_IF_ERROR(CreateDirectoryUnlessThere(fs, objects));
  RETURN_IF_ERROR(CreateDirectoryUnlessThere(fs, JoinPath(root, "tmp")));
  for (size_t shard = 0; shard < kShards; ++shard) {
    RETURN_IF_ERROR(CreateDirectoryUnlessThere(fs, ShardPath(root, shard)));
  }
  RETURN_IF_ERROR(fs.SyncDirectory(objects));
  return fs.SyncDirectory(root);
}

DirectoryObjectStore::DirectoryObjectStore(std::shared_ptr<io::FileSystem> fs, std::string root,
                                           std::shared_ptr<RandomSource> random, bool sync)
    : fs_(std::move(fs)), root_(std::move(root)), random_(std::move(random)), sync_(sync) {}

std::string DirectoryObjectStore::PathOf(const ObjectId& id) const {
  return JoinPath(ShardPath(root_, id.bytes[0]), id.ToString());
}

Status DirectoryObjectStore::Put(const ObjectId& id, std::string_view bytes) {
  RETURN_IF_ERROR(CheckNotBroken());
  ASSIGN_OR_RETURN(bool reused, Reuse(id, bytes));
  if (!reused) RETURN_IF_ERROR(Write(id, bytes, Naming::kNew));
  Touch(id);
  return {};
}

// Who wrote the file that is there, and whether it reached the disk, is unknown: it counts after
// its bytes were compared and it was synced here. Otherwise the same bytes replace it.
Result<bool> DirectoryObjectStore::Reuse(const ObjectId& id, std::string_view bytes) {
  auto durable = HoldsDurably(id, bytes);
  if (durable.has_value() && *durable) return true;
  if (!durable.has_value() && durable.error().code() == ErrorCode::kObjectNotFound) return false;
  open_files_.Erase(id);
  RETURN_IF_ERROR(Write(id, bytes, Naming::kReplacing));
  return true;
}

Result<bool> DirectoryObjectStore::HoldsDurably(const ObjectId& id, std::string_view bytes) {
  ASSIGN_OR_RETURN(auto file, fs_->OpenForReading(PathOf(id)));
  ASSIGN_OR_RETURN(bool same, Holds(*file, bytes));
  if (same && sync_) RETURN_IF_ERROR(file->Sync());
  return same;
}

Status DirectoryObjectStore::Write(const ObjectId& id, std::string_view bytes, Naming naming) {
  Status written = WriteOnce(id, bytes, naming);
  if (!WorthAnotherTry(written)) return written;
  open_files_.Clear();  // the process may be out of descriptors
  return WriteOnce(id, bytes, naming);
}

Status DirectoryObjectStore::WriteOnce(const ObjectId& id, std::string_view bytes, Naming naming) {
  const std::string temporary =
      JoinPath(JoinPath(root_, "tmp"), random_->DrawId<TxnId>().ToString());
  Status named = WriteTemporary(temporary, bytes);
  if (named.has_value()) named = Name(temporary, id, naming);
  if (!named.has_value()) static_cast<void>(fs_->Remove(temporary));
  return named;
}

Status DirectoryObjectStore::WriteTemporary(const std::string& path, std::string_view bytes) {
  ASSIGN_OR_RETURN(auto file, fs_->CreateExclusive(path));
  RETURN_IF_ERROR(file->Append(bytes));
  if (sync_) RETURN_IF_ERROR(file->Sync());
  return file->Close();
}

// Somebody may have stored the same object since we looked. Theirs may not be durable, ours is, and
// the bytes are the same: ours takes the name.
Status DirectoryObjectStore::Name(const std::string& temporary, const ObjectId& id, Naming naming) {
  const std::string path = PathOf(id);
  if (naming == Naming::kNew) {
    Status named = fs_->RenameWithoutReplacing(temporary, path);
    if (!Is(named, ErrorCode::kAlreadyExists)) return named;
  }
  return fs_->RenameReplacing(temporary, path);
}

void DirectoryObjectStore::Touch(const ObjectId& id) {
  std::lock_guard lock(touched_mutex_);
  touched_.set(id.bytes[0]);
}

Status DirectoryObjectStore::CheckNotBroken() const {
  std::lock_guard lock(touched_mutex_);
  if (broken_) return Error(*broken_);
  return {};
}

Status DirectoryObjectStore::SyncNames() {
  std::lock_guard sync_lock(sync_mutex_);
  RETURN_IF_ERROR(CheckNotBroken());
  if (!sync_) return {};
  const Shards touched = TakeTouched();
  // A folder must not fail to sync for want of a descriptor.
  if (touched.any()) open_files_.Clear();
  for (size_t shard = 0; shard < kShards; ++shard) {
    if (!touched.test(shard)) continue;
    RETURN_IF_ERROR(BreakUnless(fs_->SyncDirectory(ShardPath(root_, shard))));
  }
  return {};
}

Status DirectoryObjectStore::SyncAll() {
  std::lock_guard sync_lock(sync_mutex_);
  RETURN_IF_ERROR(CheckNotBroken());
  TakeTouched();
  return BreakUnless(fs_->SyncAll(JoinPath(root_, "objects")));
}

DirectoryObjectStore::Shards DirectoryObjectStore::TakeTouched() {
  std::lock_guard lock(touched_mutex_);
  return std::exchange(touched_, {});
}

Status DirectoryObjectStore::BreakUnless(Status synced) {
  if (synced.has_value()) return {};
  std::lock_guard lock(touched_mutex_);
  broken_ = std::move(synced).error().In("storing objects (open the database again)");
  return Error(*broken_);
}

// A failure may be for want of descriptors: then those kept open are given up for another try.
template <class Call>
auto DirectoryObjectStore::GivingUpDescriptors(Call call) -> decltype(call()) {
  auto result = call();
  if (result.has_value() || result.error().code() != ErrorCode::kIo) return result;
  open_files_.Clear();
  return call();
}

Result<std::shared_ptr<io::File>> DirectoryObjectStore::Open(const ObjectId& id) {
  if (auto open = open_files_.Find(id)) return open;
  auto opened = GivingUpDescriptors([&] { return fs_->OpenForReading(PathOf(id)); });
  if (opened.has_value()) return std::shared_ptr<io::File>(std::move(opened).value());
  if (opened.error().code() == ErrorCode::kObjectNotFound) return ObjectNotFound(id);
  return std::move(opened).error();
}

Result<std::string> DirectoryObjectStore::Get(const ObjectId& id) {
  ASSIGN_OR_RETURN(auto file, Open(id));
  ASSIGN_OR_RETURN(uint64_t size, file->Size());
  std::string bytes(size, '\0');
  ASSIGN_OR_RETURN(size_t got, file->ReadAt(0, bytes));
  bytes.resize(got);
  if (ObjectIdOf(bytes) != id) return ObjectDamaged(id, "its bytes are not those it was named by");
  return bytes;
}

Status DirectoryObjectStore::ReadAt(const ObjectId& id, uint64_t offset, std::span<char> out) {
  ASSIGN_OR_RETURN(auto file, Open(id));
  ASSIGN_OR_RETURN(size_t got, file->ReadAt(offset, out));
  if (got != out.size()) return ObjectTooShort(id);
  open_files_.Insert(id, std::move(file));
  return {};
}

Result<uint64_t> DirectoryObjectStore::Size(const ObjectId& id) {
  auto info = fs_->Stat(PathOf(id));
  if (info.has_value()) return info->size_bytes;
  if (info.error().code() == ErrorCode::kObjectNotFound) return ObjectNotFound(id);
  return std::move(info).error();
}

Status DirectoryObjectStore::List(
    const std::function<bool(const ObjectId&, uint64_t size_bytes)>& visit) {
  bool go_on = true;
  for (size_t shard = 0; shard < kShards && go_on; ++shard) {
    RETURN_IF_ERROR(ListShard(shard, visit, &go_on));
  }
  return {};
}

// Foreign names are not objects; an object that vanished since is not listed.
Status DirectoryObjectStore::ListShard(size_t shard,
                                       const std::function<bool(const ObjectId&, uint64_t)>& visit,
                                       bool* go_on) {
  ASSIGN_OR_RETURN(auto names,
                   GivingUpDescriptors([&] { return fs_->List(ShardPath(root_, shard)); }));
  for (const auto& name : names) {
    auto id = ObjectId::Parse(name);
    if (!id || id->bytes[0] != shard) continue;
    auto size = Size(*id);
    if (!size && size.error().code() == ErrorCode::kObjectNotFound) continue;
    if (!size) return std::move(size).error();
    *go_on = visit(*id, *size);
    if (!*go_on) break;
  }
  return {};
}

Status DirectoryObjectStore::Remove(const ObjectId& id) {
  open_files_.Erase(id);
  Status removed = fs_->Remove(PathOf(id));
  return Is(removed, ErrorCode::kObjectNotFound) ? Status() : removed;
}

Status DirectoryObjectStore::RemoveTemporaries() {
  const std::string directory = JoinPath(root_, "tmp");
  ASSIGN_OR_RETURN(auto names, fs_->List(directory));
  for (const auto& name : names) RETURN_IF_ERROR(fs_->Remove(JoinPath(directory, name)));
  return {};
}

}  // namespace rhizo::object
