// A disk in memory that remembers every operation, and can say what a power cut at any moment of
// its past may have left (the model is in crash_state.h). File systems for tests are built on it:
// CrashFileSystem, and SQLite's through a recording VFS, on one disk together.
//
// A test writes through it, notes Now() when something was acknowledged, then walks the crashes:
//   disk->VisitCrashes(random, 4, [&](const DiskCrash& crash) {
//     auto after = std::make_shared<CrashDisk>(crash.image);  // reopen on this; crash again if
//     liked
//     // everything acknowledged at a moment <= crash.moment must be there
//   });
//
// Paths are absolute. The running process sees its own operations at once (ReadAt, Stat, List, and
// Image()). Thread-safe; operations of several threads get one order, which is that of the
// recording. What was written stays in memory as long as the disk.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "io/testing/crash_state.h"

namespace rhizo::io {

struct DiskCrash {
  size_t moment = 0;  // the power went after this many operations
  std::string fate;   // how much survived, for messages
  DiskImage image;
};

class CrashDisk {
 public:
  CrashDisk() : CrashDisk(DiskImage{}) {}
  // A disk at rest: everything in it is durable.
  explicit CrashDisk(const DiskImage& image);

  // Names. A file keeps its inode, and stays readable by it, after its name is gone.
  Result<Inode> Create(const std::string& path);  // kAlreadyExists
  Result<Inode> Open(const std::string& path);    // an existing file; kObjectNotFound
  Status CreateDirectory(const std::string& path);
  Status Rename(const std::string& from, const std::string& to, bool replace);
  Status Remove(const std::string& path);
  Status SyncDirectory(const std::string& path);
  void SyncAll();
  Result<std::vector<std::string>> List(const std::string& path) const;
  Result<FileInfo> Stat(const std::string& path) const;

  // Content. Writing past the end fills the gap with zeros.
  size_t ReadAt(Inode file, uint64_t offset, std::span<char> out) const;
  void WriteAt(Inode file, uint64_t offset, std::string_view bytes);
  void Append(Inode file, std::string_view bytes);
  void Truncate(Inode file, uint64_t size_bytes);
  uint64_t Size(Inode file) const;
  void Sync(Inode file);
  // A sync that reported failure: see crash_state.h.
  void FailSync(Inode file);

  // Operations recorded so far: the name of this moment.
  size_t Now() const;
  // The disk as the running process sees it.
  DiskImage Image() const;
  // What a power cut now may leave, by the given fate or by a random one.
  DiskImage Crash(const CrashFate& fate, CrashRandom& random) const;
  DiskImage Crash(CrashRandom& random) const;
  // For every moment from `since` to now: the fates of kExtremeFates, then `random_fates` random
  // ones. Nobody uses this disk meanwhile.
  void VisitCrashes(CrashRandom& random, size_t random_fates,
                    const std::function<void(const DiskCrash&)>& visit, size_t since = 0) const;
  // At most `max_states` of those, spread evenly over the moments.
  std::vector<DiskCrash> States(CrashRandom& random, size_t max_states) const;

  // Everything unsure lost; everything kept; only the names kept, files empty or full of zeros;
  // only the content kept. Most mistakes show in one of these.
  static constexpr CrashFate kExtremeFates[] = {
      {.name = "all lost"},
      {.name = "all kept", .keep_names = 1, .keep_writes = 1},
      {.name = "names kept, content lost", .keep_names = 1},
      {.name = "names kept, content zeros", .keep_names = 1, .keep_lengths = 1},
      {.name = "content kept, names lost", .keep_writes = 1},
  };
  static CrashFate RandomFate(CrashRandom& random);

 private:
  using Kind = DiskOperation::Kind;

  Result<Inode> DirectoryOf(const std::string& path) const;
  Status CheckFree(const std::string& path) const;
  Result<Inode> Make(const std::string& path, Kind kind);
  void WriteLocked(Inode file, uint64_t offset, std::string_view bytes);
  void Record(DiskOperation operation) { operations_.push_back(std::move(operation)); }
  // The state of the disk after the first `moment` operations.
  CrashState StateAt(size_t moment) const;

  const DiskImage start_;
  mutable std::mutex mutex_;
  std::deque<DiskOperation> operations_;
  std::map<std::string, Inode> paths_;  // of files and directories
  std::set<std::string> directories_;
  std::map<Inode, std::string> contents_;
  Inode next_inode_;
};

}  // namespace rhizo::io
