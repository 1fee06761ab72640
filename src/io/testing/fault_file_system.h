// Any FileSystem, with faults: fails the n-th call (of one kind, or of all), once or for ever, or
// acts as a disk of limited size. Counts calls, so that a test can fail every call site in turn:
//   FaultFileSystem faults(fs);  RunOnce(faults);  const int sites = faults.calls();
//   for (int n = 0; n < sites; ++n) { faults.Fail({.nth = n}); Run(faults); ... }
// Thread-safe.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>

#include "io/file_system.h"

namespace rhizo::io {

enum class FileCall {
  kOpen,
  kCreate,
  kRead,
  kAppend,
  kSync,
  kSize,
  kClose,
  kRename,
  kReplace,
  kSyncDirectory,
  kSyncAll,
  kRemove,
  kList,
  kCreateDirectory,
  kStat,
};
inline constexpr size_t kFileCalls = static_cast<size_t>(FileCall::kStat) + 1;

struct Fault {
  std::optional<FileCall> call = {};  // nothing: calls of every kind count
  int nth = 0;                        // counted from Fail(), the first is 0
  bool for_ever = false;              // that call and every later one
  ErrorCode code = ErrorCode::kIo;
  bool after_effect = false;  // what was asked for happens, then failure is reported (a lost
                              // answer); otherwise an append writes half, the rest does nothing
};

class FaultFileSystem final : public FileSystem {
 public:
  explicit FaultFileSystem(std::shared_ptr<FileSystem> base) : base_(std::move(base)) {}

  void Fail(const Fault& fault);
  void Heal();
  // From now on only so many bytes can be appended; then appends write what fits and fail with
  // kDiskFull, and nothing can be created. Removing gives nothing back.
  void LimitBytes(uint64_t bytes);

  // Since construction.
  int calls() const;
  int calls(FileCall call) const;
  int failures() const;  // calls that failed on purpose

  Result<std::unique_ptr<File>> OpenForReading(const std::string& path) override;
  Result<std::unique_ptr<File>> CreateExclusive(const std::string& path) override;
  Status RenameWithoutReplacing(const std::string& from, const std::string& to) override;
  Status RenameReplacing(const std::string& from, const std::string& to) override;
  Status SyncDirectory(const std::string& path) override;
  Status SyncAll(const std::string& path) override;
  Status Remove(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& path) override;
  Status CreateDirectory(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;

 private:
  class FaultFile;

  // Counts the call; the fault if it is to fail.
  std::optional<Fault> Count(FileCall call);
  // Runs `act` (unless the fault forbids it) and answers for it.
  template <class Act>
  auto Run(FileCall call, Act act) -> decltype(act());
  Status AppendTo(File& file, std::string_view bytes);
  // How many of `bytes` the disk still takes.
  size_t TakeRoom(size_t bytes);
  bool IsFull();

  const std::shared_ptr<FileSystem> base_;
  mutable std::mutex mutex_;
  std::array<int, kFileCalls> counts_{};
  int failures_ = 0;
  std::optional<Fault> fault_;
  int seen_ = 0;  // matching calls since Fail()
  std::optional<uint64_t> room_bytes_;
};

}  // namespace rhizo::io
