#include "meta/testing/recording_vfs.h"

#include <sqlite3.h>

#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "io/path.h"

namespace rhizo::meta {

namespace {

// Locks of a database file, as SQLite counts them.
struct FileLocks {
  int shared = 0;
  const void* reserved = nullptr;  // or more: the one handle that may write
  bool is_exclusive = false;       // or about to be: no new readers
};

struct SharedMemory {
  int handles = 0;
  std::vector<std::unique_ptr<char[]>> regions;
  std::array<int, SQLITE_SHM_NLOCK> locks{};  // -1 exclusive, else the number of sharers
};

}  // namespace

struct RecordingVfs::Shared {
  explicit Shared(std::shared_ptr<io::CrashDisk> on) : disk(std::move(on)) {}

  // The result code if this call is to fail.
  std::optional<int> Count(VfsCall call, int code) {
    std::lock_guard lock(mutex);
    ++counts[static_cast<size_t>(call)];
    if (!fault || fault->call != call) return std::nullopt;
    int number = seen++;
    if (fault->for_ever ? number < fault->nth : number != fault->nth) return std::nullopt;
    ++failures;
    return fault->is_full && call == VfsCall::kWrite ? SQLITE_FULL : code;
  }
  bool AfterEffect() {
    std::lock_guard lock(mutex);
    return fault && fault->after_effect;
  }

  const std::shared_ptr<io::CrashDisk> disk;
  std::string name;
  sqlite3_vfs vfs{};
  std::mutex mutex;
  std::optional<VfsFault> fault;
  int seen = 0;
  int failures = 0;
  std::array<int, kVfsCalls> counts{};
  std::map<std::string, FileLocks> locks;
  std::map<std::string, SharedMemory> memories;
};

namespace {

using Shared = RecordingVfs::Shared;

// What SQLite's handle points to.
struct Handle {
  Shared* shared;
  io::Inode inode;
  std::string path;
  int lock = SQLITE_LOCK_NONE;
  bool sync_folder = false;  // the file may be new: its first sync makes the name durable too
  bool has_memory = false;
};

struct VfsFile {
  sqlite3_file base;
  Handle* handle;
};

Handle& Of(sqlite3_file* file) { return *reinterpret_cast<VfsFile*>(file)->handle; }

int Close(sqlite3_file* file) {
  delete reinterpret_cast<VfsFile*>(file)->handle;
  file->pMethods = nullptr;
  return SQLITE_OK;
}

int Read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  Handle& h = Of(file);
  if (auto failed = h.shared->Count(VfsCall::kRead, SQLITE_IOERR_READ)) return *failed;
  auto* bytes = static_cast<char*>(out);
  size_t got = h.shared->disk->ReadAt(h.inode, static_cast<uint64_t>(offset),
                                      {bytes, static_cast<size_t>(size)});
  std::memset(bytes + got, 0, static_cast<size_t>(size) - got);
  return got == static_cast<size_t>(size) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int Write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  Handle& h = Of(file);
  std::string_view bytes(static_cast<const char*>(from), static_cast<size_t>(size));
  auto failed = h.shared->Count(VfsCall::kWrite, SQLITE_IOERR_WRITE);
  if (failed && !h.shared->AfterEffect()) bytes = bytes.substr(0, bytes.size() / 2);
  h.shared->disk->WriteAt(h.inode, static_cast<uint64_t>(offset), bytes);
  return failed.value_or(SQLITE_OK);
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  Handle& h = Of(file);
  auto failed = h.shared->Count(VfsCall::kTruncate, SQLITE_IOERR_TRUNCATE);
  if (!failed || h.shared->AfterEffect()) {
    h.shared->disk->Truncate(h.inode, static_cast<uint64_t>(size));
  }
  return failed.value_or(SQLITE_OK);
}

int Sync(sqlite3_file* file, int) {
  Handle& h = Of(file);
  if (auto failed = h.shared->Count(VfsCall::kSync, SQLITE_IOERR_FSYNC)) {
    h.shared->AfterEffect() ? h.shared->disk->Sync(h.inode) : h.shared->disk->FailSync(h.inode);
    return *failed;
  }
  h.shared->disk->Sync(h.inode);
  if (h.sync_folder) CHECK(h.shared->disk->SyncDirectory(io::ParentPath(h.path)).has_value());
  h.sync_folder = false;
  return SQLITE_OK;
}

int Size(sqlite3_file* file, sqlite3_int64* size) {
  Handle& h = Of(file);
  if (auto failed = h.shared->Count(VfsCall::kSize, SQLITE_IOERR_FSTAT)) return *failed;
  *size = static_cast<sqlite3_int64>(h.shared->disk->Size(h.inode));
  return SQLITE_OK;
}

bool MayLock(const FileLocks& locks, const Handle& h, int wanted) {
  bool is_mine = locks.reserved == &h;
  if (wanted == SQLITE_LOCK_SHARED) return !locks.is_exclusive || is_mine;
  if (locks.reserved != nullptr && !is_mine) return false;
  return wanted != SQLITE_LOCK_EXCLUSIVE || locks.shared <= 1;
}

int Lock(sqlite3_file* file, int wanted) {
  Handle& h = Of(file);
  std::lock_guard lock(h.shared->mutex);
  if (wanted <= h.lock) return SQLITE_OK;
  FileLocks& locks = h.shared->locks[h.path];
  if (!MayLock(locks, h, wanted)) return SQLITE_BUSY;
  if (h.lock == SQLITE_LOCK_NONE) ++locks.shared;
  if (wanted >= SQLITE_LOCK_RESERVED) locks.reserved = &h;
  if (wanted >= SQLITE_LOCK_PENDING) locks.is_exclusive = true;
  h.lock = wanted;
  return SQLITE_OK;
}

int Unlock(sqlite3_file* file, int wanted) {
  Handle& h = Of(file);
  std::lock_guard lock(h.shared->mutex);
  if (wanted >= h.lock) return SQLITE_OK;
  FileLocks& locks = h.shared->locks[h.path];
  if (locks.reserved == &h) {
    locks.reserved = nullptr;
    locks.is_exclusive = false;
  }
  if (wanted == SQLITE_LOCK_NONE) --locks.shared;
  h.lock = wanted;
  return SQLITE_OK;
}

int CheckReserved(sqlite3_file* file, int* is_reserved) {
  Handle& h = Of(file);
  std::lock_guard lock(h.shared->mutex);
  *is_reserved = h.shared->locks[h.path].reserved != nullptr ? 1 : 0;
  return SQLITE_OK;
}

int Control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int SectorSize(sqlite3_file*) { return 4096; }
int Characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int ShmMap(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  Handle& h = Of(file);
  *out = nullptr;
  if (auto failed = h.shared->Count(VfsCall::kShmMap, SQLITE_IOERR_SHMMAP)) return *failed;
  std::lock_guard lock(h.shared->mutex);
  SharedMemory& memory = h.shared->memories[h.path];
  if (!h.has_memory) ++memory.handles;
  h.has_memory = true;
  auto needed = static_cast<size_t>(region) + 1;
  if (memory.regions.size() < needed && extend == 0) return SQLITE_OK;
  while (memory.regions.size() < needed) {
    memory.regions.push_back(std::make_unique<char[]>(static_cast<size_t>(size)));
  }
  *out = memory.regions[needed - 1].get();
  return SQLITE_OK;
}

int ShmLock(sqlite3_file* file, int first, int count, int flags) {
  Handle& h = Of(file);
  std::lock_guard lock(h.shared->mutex);
  auto& locks = h.shared->memories[h.path].locks;
  bool is_shared = (flags & SQLITE_SHM_SHARED) != 0, is_unlock = (flags & SQLITE_SHM_UNLOCK) != 0;
  for (int i = first; i < first + count && !is_unlock; ++i) {
    if (is_shared ? locks[i] < 0 : locks[i] != 0) return SQLITE_BUSY;
  }
  for (int i = first; i < first + count; ++i) {
    if (is_unlock) {
      locks[i] = is_shared ? locks[i] - 1 : 0;
    } else {
      locks[i] = is_shared ? locks[i] + 1 : -1;
    }
  }
  return SQLITE_OK;
}

void ShmBarrier(sqlite3_file*) { std::atomic_thread_fence(std::memory_order_seq_cst); }

int ShmUnmap(sqlite3_file* file, int) {
  Handle& h = Of(file);
  std::lock_guard lock(h.shared->mutex);
  if (!h.has_memory) return SQLITE_OK;
  h.has_memory = false;
  auto memory = h.shared->memories.find(h.path);
  if (--memory->second.handles == 0) h.shared->memories.erase(memory);
  return SQLITE_OK;
}

const sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = Close,
    .xRead = Read,
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = Sync,
    .xFileSize = Size,
    .xLock = Lock,
    .xUnlock = Unlock,
    .xCheckReservedLock = CheckReserved,
    .xFileControl = Control,
    .xSectorSize = SectorSize,
    .xDeviceCharacteristics = Characteristics,
    .xShmMap = ShmMap,
    .xShmLock = ShmLock,
    .xShmBarrier = ShmBarrier,
    .xShmUnmap = ShmUnmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

Shared& Of(sqlite3_vfs* vfs) { return *static_cast<Shared*>(vfs->pAppData); }

int OpenFile(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  Shared& shared = Of(vfs);
  if (path == nullptr) return SQLITE_CANTOPEN;  // temporary files live in memory
  if (auto failed = shared.Count(VfsCall::kOpen, SQLITE_CANTOPEN)) return *failed;
  auto inode = shared.disk->Open(path);
  if (!inode && (flags & SQLITE_OPEN_CREATE) != 0) {
    inode = shared.disk->Create(path);
  }
  if (!inode) return SQLITE_CANTOPEN;
  // As SQLite's own: whether or not this handle is the one that made the file.
  bool may_be_new = (flags & SQLITE_OPEN_CREATE) != 0 &&
                    (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  reinterpret_cast<VfsFile*>(file)->handle =
      new Handle{.shared = &shared, .inode = *inode, .path = path, .sync_folder = may_be_new};
  file->pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  Shared& shared = Of(vfs);
  if (auto failed = shared.Count(VfsCall::kDelete, SQLITE_IOERR_DELETE)) return *failed;
  if (!shared.disk->Remove(path)) return SQLITE_IOERR_DELETE_NOENT;
  if (sync_folder != 0) CHECK(shared.disk->SyncDirectory(io::ParentPath(path)).has_value());
  return SQLITE_OK;
}

int Access(sqlite3_vfs* vfs, const char* path, int, int* exists) {
  Shared& shared = Of(vfs);
  if (auto failed = shared.Count(VfsCall::kAccess, SQLITE_IOERR_ACCESS)) return *failed;
  *exists = shared.disk->Stat(path).has_value() ? 1 : 0;
  return SQLITE_OK;
}

int FullPath(sqlite3_vfs*, const char* path, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", path);
  return SQLITE_OK;
}

int Randomness(sqlite3_vfs*, int size, char* out) {
  sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
  return real->xRandomness(real, size, out);
}

int Sleep(sqlite3_vfs*, int micros) { return micros; }

int CurrentTime(sqlite3_vfs*, double* days) {
  *days = 2'460'000.5;
  return SQLITE_OK;
}

int LastError(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

RecordingVfs::RecordingVfs(std::shared_ptr<io::CrashDisk> disk)
    : shared_(std::make_unique<Shared>(std::move(disk))) {
  static std::atomic<int> number = 0;
  shared_->name = "recording-" + std::to_string(number++);
  sqlite3_vfs& vfs = shared_->vfs;
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(VfsFile);
  vfs.mxPathname = 512;
  vfs.zName = shared_->name.c_str();
  vfs.pAppData = shared_.get();
  vfs.xOpen = OpenFile;
  vfs.xDelete = Delete;
  vfs.xAccess = Access;
  vfs.xFullPathname = FullPath;
  vfs.xRandomness = Randomness;
  vfs.xSleep = Sleep;
  vfs.xCurrentTime = CurrentTime;
  vfs.xGetLastError = LastError;
  CHECK(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
}

RecordingVfs::~RecordingVfs() { sqlite3_vfs_unregister(&shared_->vfs); }

const std::string& RecordingVfs::name() const { return shared_->name; }

io::CrashDisk& RecordingVfs::disk() { return *shared_->disk; }

void RecordingVfs::Fail(const VfsFault& fault) {
  std::lock_guard lock(shared_->mutex);
  shared_->fault = fault;
  shared_->seen = 0;
}

void RecordingVfs::Heal() {
  std::lock_guard lock(shared_->mutex);
  shared_->fault.reset();
}

int RecordingVfs::calls(VfsCall call) const {
  std::lock_guard lock(shared_->mutex);
  return shared_->counts[static_cast<size_t>(call)];
}

int RecordingVfs::failures() const {
  std::lock_guard lock(shared_->mutex);
  return shared_->failures;
}

}  // namespace rhizo::meta
