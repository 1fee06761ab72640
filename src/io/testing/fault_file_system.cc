#include "io/testing/fault_file_system.h"

#include <algorithm>
#include <numeric>

namespace rhizo::io {
namespace {

Error Injected(const Fault& fault) { return Error(fault.code, "an injected fault"); }

Error Full() { return Error(ErrorCode::kDiskFull, "the disk is full"); }

}  // namespace

void FaultFileSystem::Fail(const Fault& fault) {
  std::lock_guard lock(mutex_);
  fault_ = fault;
  seen_ = 0;
}

void FaultFileSystem::Heal() {
  std::lock_guard lock(mutex_);
  fault_.reset();
  room_bytes_.reset();
}

void FaultFileSystem::LimitBytes(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  room_bytes_ = bytes;
}

int FaultFileSystem::calls() const {
  std::lock_guard lock(mutex_);
  return std::accumulate(counts_.begin(), counts_.end(), 0);
}

int FaultFileSystem::calls(FileCall call) const {
  std::lock_guard lock(mutex_);
  return counts_[static_cast<size_t>(call)];
}

int FaultFileSystem::failures() const {
  std::lock_guard lock(mutex_);
  return failures_;
}

std::optional<Fault> FaultFileSystem::Count(FileCall call) {
  std::lock_guard lock(mutex_);
  ++counts_[static_cast<size_t>(call)];
  if (!fault_ || (fault_->call && *fault_->call != call)) return std::nullopt;
  const int number = seen_++;
  if (number != fault_->nth && !(fault_->for_ever && number > fault_->nth)) return std::nullopt;
  ++failures_;
  return fault_;
}

template <class Act>
auto FaultFileSystem::Run(FileCall call, Act act) -> decltype(act()) {
  auto fault = Count(call);
  if (!fault) return act();
  if (fault->after_effect) static_cast<void>(act());
  return Injected(*fault);
}

size_t FaultFileSystem::TakeRoom(size_t bytes) {
  std::lock_guard lock(mutex_);
  if (!room_bytes_) return bytes;
  const uint64_t taken = std::min<uint64_t>(bytes, *room_bytes_);
  *room_bytes_ -= taken;
  if (taken < bytes) ++failures_;
  return taken;
}

bool FaultFileSystem::IsFull() {
  std::lock_guard lock(mutex_);
  if (room_bytes_ != uint64_t{0}) return false;
  ++failures_;
  return true;
}

Status FaultFileSystem::AppendTo(File& file, std::string_view bytes) {
  if (auto fault = Count(FileCall::kAppend)) {
    const size_t written = fault->after_effect ? bytes.size() : bytes.size() / 2;
    static_cast<void>(file.Append(bytes.substr(0, written)));
    return Injected(*fault);
  }
  const size_t room = TakeRoom(bytes.size());
  RETURN_IF_ERROR(file.Append(bytes.substr(0, room)));
  if (room < bytes.size()) return Full();
  return {};
}

class FaultFileSystem::FaultFile final : public File {
 public:
  FaultFile(FaultFileSystem* owner, std::unique_ptr<File> base)
      : owner_(owner), base_(std::move(base)) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    return owner_->Run(FileCall::kRead, [&] { return base_->ReadAt(offset, out); });
  }
  Status Append(std::string_view bytes) override { return owner_->AppendTo(*base_, bytes); }
  Status Sync() override {
    return owner_->Run(FileCall::kSync, [&] { return base_->Sync(); });
  }
  Result<uint64_t> Size() override {
    return owner_->Run(FileCall::kSize, [&] { return base_->Size(); });
  }
  Status Close() override {
    return owner_->Run(FileCall::kClose, [&] { return base_->Close(); });
  }

 private:
  FaultFileSystem* const owner_;
  const std::unique_ptr<File> base_;
};

Result<std::unique_ptr<File>> FaultFileSystem::OpenForReading(const std::string& path) {
  ASSIGN_OR_RETURN(auto file, Run(FileCall::kOpen, [&] { return base_->OpenForReading(path); }));
  return std::unique_ptr<File>(std::make_unique<FaultFile>(this, std::move(file)));
}

Result<std::unique_ptr<File>> FaultFileSystem::CreateExclusive(const std::string& path) {
  if (IsFull()) return Full();
  ASSIGN_OR_RETURN(auto file, Run(FileCall::kCreate, [&] { return base_->CreateExclusive(path); }));
  return std::unique_ptr<File>(std::make_unique<FaultFile>(this, std::move(file)));
}

Status FaultFileSystem::RenameWithoutReplacing(const std::string& from, const std::string& to) {
  return Run(FileCall::kRename, [&] { return base_->RenameWithoutReplacing(from, to); });
}

Status FaultFileSystem::RenameReplacing(const std::string& from, const std::string& to) {
  return Run(FileCall::kReplace, [&] { return base_->RenameReplacing(from, to); });
}

Status FaultFileSystem::SyncDirectory(const std::string& path) {
  return Run(FileCall::kSyncDirectory, [&] { return base_->SyncDirectory(path); });
}

Status FaultFileSystem::SyncAll(const std::string& path) {
  return Run(FileCall::kSyncAll, [&] { return base_->SyncAll(path); });
}

Status FaultFileSystem::Remove(const std::string& path) {
  return Run(FileCall::kRemove, [&] { return base_->Remove(path); });
}

Result<std::vector<std::string>> FaultFileSystem::List(const std::string& path) {
  return Run(FileCall::kList, [&] { return base_->List(path); });
}

Status FaultFileSystem::CreateDirectory(const std::string& path) {
  if (IsFull()) return Full();
  return Run(FileCall::kCreateDirectory, [&] { return base_->CreateDirectory(path); });
}

Result<FileInfo> FaultFileSystem::Stat(const std::string& path) {
  return Run(FileCall::kStat, [&] { return base_->Stat(path); });
}

}  // namespace rhizo::io
