#include "io/testing/crash_disk.h"

#include <algorithm>
#include <cstring>

#include "io/path.h"

namespace rhizo::io {
namespace {

Error Missing(const std::string& path) {
  return Error(ErrorCode::kObjectNotFound, ShortPath(path) + " does not exist");
}

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

CrashDisk::CrashDisk(const DiskImage& image) : start_(image), directories_(image.directories) {
  CrashState numbered(start_, &paths_);
  directories_.insert("/");
  for (const auto& [path, bytes] : image.files) contents_[paths_.at(path)] = *bytes;
  next_inode_ = static_cast<Inode>(paths_.size());
}

Result<Inode> CrashDisk::DirectoryOf(const std::string& path) const {
  const std::string parent = ParentPath(path);
  if (!directories_.contains(parent)) return Missing(parent);
  return paths_.at(parent);
}

Status CrashDisk::CheckFree(const std::string& path) const {
  if (!paths_.contains(path)) return {};
  return Error(ErrorCode::kAlreadyExists, ShortPath(path) + " exists");
}

Result<Inode> CrashDisk::Make(const std::string& path, Kind kind) {
  ASSIGN_OR_RETURN(Inode directory, DirectoryOf(path));
  RETURN_IF_ERROR(CheckFree(path));
  const Inode inode = next_inode_++;
  paths_.emplace(path, inode);
  Record({.kind = kind, .inode = inode});
  Record({.kind = Kind::kLink, .inode = inode, .directory = directory, .name = NameOf(path)});
  return inode;
}

Result<Inode> CrashDisk::Create(const std::string& path) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Inode inode, Make(path, Kind::kNewFile));
  contents_[inode];
  return inode;
}

Result<Inode> CrashDisk::Open(const std::string& path) {
  std::lock_guard lock(mutex_);
  auto found = paths_.find(path);
  if (found == paths_.end() || directories_.contains(path)) return Missing(path);
  return found->second;
}

Status CrashDisk::CreateDirectory(const std::string& path) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(Make(path, Kind::kNewDirectory));
  directories_.insert(path);
  return {};
}

Status CrashDisk::Rename(const std::string& from, const std::string& to, bool replace) {
  std::lock_guard lock(mutex_);
  auto found = paths_.find(from);
  if (found == paths_.end() || directories_.contains(from)) return Missing(from);
  ASSIGN_OR_RETURN(Inode to_directory, DirectoryOf(to));
  if (!replace) RETURN_IF_ERROR(CheckFree(to));
  if (from == to) return {};
  const Inode inode = found->second;
  Record({.kind = Kind::kRename,
          .inode = inode,
          .directory = paths_.at(ParentPath(from)),
          .name = NameOf(from),
          .to_directory = to_directory,
          .to_name = NameOf(to)});
  paths_.erase(found);
  paths_[to] = inode;
  return {};
}

Status CrashDisk::Remove(const std::string& path) {
  std::lock_guard lock(mutex_);
  auto found = paths_.find(path);
  if (found == paths_.end()) return Missing(path);
  if (directories_.contains(path))
    return Error(ErrorCode::kIo, ShortPath(path) + " is a directory");
  Record({.kind = Kind::kUnlink,
          .inode = found->second,
          .directory = paths_.at(ParentPath(path)),
          .name = NameOf(path)});
  paths_.erase(found);
  return {};
}

Status CrashDisk::SyncDirectory(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (!directories_.contains(path)) return Missing(path);
  Record({.kind = Kind::kSyncDirectory, .directory = paths_.at(path)});
  return {};
}

void CrashDisk::SyncAll() {
  std::lock_guard lock(mutex_);
  Record({.kind = Kind::kSyncAll});
}

Result<std::vector<std::string>> CrashDisk::List(const std::string& path) const {
  std::lock_guard lock(mutex_);
  if (!directories_.contains(path)) return Missing(path);
  std::vector<std::string> names;
  const std::string prefix = path == "/" ? path : path + "/";
  for (auto entry = paths_.upper_bound(prefix);
       entry != paths_.end() && entry->first.starts_with(prefix); ++entry) {
    std::string name = entry->first.substr(prefix.size());
    if (name.find('/') == std::string::npos) names.push_back(std::move(name));
  }
  return names;
}

Result<FileInfo> CrashDisk::Stat(const std::string& path) const {
  std::lock_guard lock(mutex_);
  auto found = paths_.find(path);
  if (found == paths_.end()) return Missing(path);
  if (directories_.contains(path)) return FileInfo{.is_directory = true};
  return FileInfo{.size_bytes = contents_.at(found->second).size()};
}

size_t CrashDisk::ReadAt(Inode file, uint64_t offset, std::span<char> out) const {
  std::lock_guard lock(mutex_);
  const std::string& bytes = contents_.at(file);
  if (out.empty() || offset >= bytes.size()) return 0;
  const size_t count = std::min<size_t>(out.size(), bytes.size() - offset);
  std::memcpy(out.data(), bytes.data() + offset, count);
  return count;
}

void CrashDisk::WriteLocked(Inode file, uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  std::string& content = contents_.at(file);
  content.resize(std::max<size_t>(content.size(), offset + bytes.size()));
  content.replace(offset, bytes.size(), bytes);
  Record({.kind = Kind::kWrite,
          .inode = file,
          .offset = offset,
          .bytes = std::make_shared<const std::string>(bytes)});
}

void CrashDisk::WriteAt(Inode file, uint64_t offset, std::string_view bytes) {
  std::lock_guard lock(mutex_);
  WriteLocked(file, offset, bytes);
}

void CrashDisk::Append(Inode file, std::string_view bytes) {
  std::lock_guard lock(mutex_);
  WriteLocked(file, contents_.at(file).size(), bytes);
}

void CrashDisk::Truncate(Inode file, uint64_t size_bytes) {
  std::lock_guard lock(mutex_);
  contents_.at(file).resize(size_bytes);
  Record({.kind = Kind::kTruncate, .inode = file, .offset = size_bytes});
}

uint64_t CrashDisk::Size(Inode file) const {
  std::lock_guard lock(mutex_);
  return contents_.at(file).size();
}

void CrashDisk::Sync(Inode file) {
  std::lock_guard lock(mutex_);
  Record({.kind = Kind::kSync, .inode = file});
}

void CrashDisk::FailSync(Inode file) {
  std::lock_guard lock(mutex_);
  Record({.kind = Kind::kFailedSync, .inode = file});
}

size_t CrashDisk::Now() const {
  std::lock_guard lock(mutex_);
  return operations_.size();
}

DiskImage CrashDisk::Image() const {
  std::lock_guard lock(mutex_);
  DiskImage image;
  for (const auto& [path, inode] : paths_) {
    if (path == "/") continue;
    if (directories_.contains(path)) {
      image.directories.insert(path);
    } else {
      image.files.emplace(path, std::make_shared<const std::string>(contents_.at(inode)));
    }
  }
  return image;
}

CrashState CrashDisk::StateAt(size_t moment) const {
  std::map<std::string, Inode> inodes;
  CrashState state(start_, &inodes);
  for (size_t i = 0; i < moment; ++i) state.Apply(operations_[i]);
  return state;
}

CrashFate CrashDisk::RandomFate(CrashRandom& random) {
  constexpr double kOdds[] = {0.1, 0.5, 0.9};
  auto draw = [&] { return kOdds[random() % std::size(kOdds)]; };
  return {.name = "random",
          .keep_names = draw(),
          .keep_writes = draw(),
          .tear_writes = draw(),
          .keep_lengths = draw()};
}

DiskImage CrashDisk::Crash(const CrashFate& fate, CrashRandom& random) const {
  std::lock_guard lock(mutex_);
  return StateAt(operations_.size()).Crash(fate, random);
}

DiskImage CrashDisk::Crash(CrashRandom& random) const { return Crash(RandomFate(random), random); }

void CrashDisk::VisitCrashes(CrashRandom& random, size_t random_fates,
                             const std::function<void(const DiskCrash&)>& visit,
                             size_t since) const {
  const size_t now = Now();
  CrashState state = StateAt(since);
  auto show = [&](size_t moment, const CrashFate& fate) {
    visit({moment, std::string(fate.name), state.Crash(fate, random)});
  };
  for (size_t moment = since; moment <= now; ++moment) {
    for (const CrashFate& fate : kExtremeFates) show(moment, fate);
    for (size_t i = 0; i < random_fates; ++i) show(moment, RandomFate(random));
    if (moment < now) state.Apply(operations_[moment]);
  }
}

std::vector<DiskCrash> CrashDisk::States(CrashRandom& random, size_t max_states) const {
  constexpr size_t kFates = std::size(kExtremeFates) + 3;
  const size_t now = Now();
  const size_t moments = std::max<size_t>(1, max_states / kFates);
  const size_t stride = (now + moments) / moments;
  std::vector<DiskCrash> states;
  std::map<std::string, Inode> inodes;
  CrashState state(start_, &inodes);
  for (size_t moment = 0; moment <= now; ++moment) {
    for (size_t i = 0; moment % stride == 0 && i < kFates && states.size() < max_states; ++i) {
      const CrashFate fate = i < std::size(kExtremeFates) ? kExtremeFates[i] : RandomFate(random);
      states.push_back({moment, std::string(fate.name), state.Crash(fate, random)});
    }
    if (moment < now) state.Apply(operations_[moment]);
  }
  return states;
}

}  // namespace rhizo::io
