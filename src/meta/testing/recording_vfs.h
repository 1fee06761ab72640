// A file system for SQLite on a CrashDisk: every write, truncation and sync is recorded there, so
// that the states a power cut may leave can be rebuilt. Locks and shared memory are those of one
// process; they vanish when the last handle is closed, as they do when processes die. Calls can be
// made to fail. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "io/testing/crash_disk.h"

namespace rhizo::meta {

enum class VfsCall { kOpen, kRead, kWrite, kTruncate, kSync, kSize, kDelete, kAccess, kShmMap };
inline constexpr size_t kVfsCalls = static_cast<size_t>(VfsCall::kShmMap) + 1;

struct VfsFault {
  VfsCall call;
  int nth = 0;  // counted from Fail(), the first is 0
  bool for_ever = false;
  bool is_full = false;       // writes answer "disk full" instead of "I/O error"
  bool after_effect = false;  // done, then failure is reported; otherwise a write leaves half
};

class RecordingVfs final {
 public:
  explicit RecordingVfs(std::shared_ptr<io::CrashDisk> disk);
  ~RecordingVfs();  // after every connection
  RecordingVfs(const RecordingVfs&) = delete;
  RecordingVfs& operator=(const RecordingVfs&) = delete;

  const std::string& name() const;
  io::CrashDisk& disk();
  void Fail(const VfsFault& fault);
  void Heal();
  int calls(VfsCall call) const;  // since construction
  int failures() const;           // calls that failed on purpose

  struct Shared;  // for the implementation

 private:
  std::unique_ptr<Shared> shared_;
};

}  // namespace rhizo::meta
