#include "io/testing/crash_state.h"

#include <algorithm>
#include <functional>

#include "base/check.h"
#include "io/path.h"

namespace rhizo::io {
namespace {

using Kind = DiskOperation::Kind;

constexpr uint64_t kSectorBytes = 512;

bool Chance(double probability, CrashRandom& random) {
  if (probability <= 0) return false;
  return probability >= 1 || std::uniform_real_distribution<>(0, 1)(random) < probability;
}

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void Overlay(std::string& bytes, uint64_t offset, std::string_view with) {
  if (bytes.size() < offset + with.size()) bytes.resize(offset + with.size());
  bytes.replace(offset, with.size(), with);
}

void Execute(std::string& bytes, const DiskOperation& change) {
  if (change.kind == Kind::kTruncate) {
    bytes.resize(change.offset);
  } else {
    Overlay(bytes, change.offset, *change.bytes);
  }
}

// Each sector of the write (on the file's grid) with even odds.
void ExecuteInPart(std::string& bytes, const DiskOperation& write, CrashRandom& random) {
  const std::string_view all = *write.bytes;
  for (uint64_t done = 0; done < all.size();) {
    const uint64_t at = write.offset + done;
    const uint64_t size = std::min(kSectorBytes - at % kSectorBytes, all.size() - done);
    if (Chance(0.5, random)) Overlay(bytes, at, all.substr(done, size));
    done += size;
  }
}

void Grow(std::string& bytes, const DiskOperation& write) {
  bytes.resize(std::max<size_t>(bytes.size(), write.offset + write.bytes->size()));
}

}  // namespace

CrashState::CrashState(const DiskImage& image, std::map<std::string, Inode>* inodes) {
  directories_[kRootInode];
  inodes->emplace("/", kRootInode);
  Inode next = kRootInode + 1;
  // A set is sorted: parents come before what is in them.
  for (const auto& path : image.directories) {
    directories_[next];
    directories_[inodes->at(ParentPath(path))][NameOf(path)] = next;
    inodes->emplace(path, next++);
  }
  for (const auto& [path, bytes] : image.files) {
    files_[next].sure = bytes;
    directories_[inodes->at(ParentPath(path))][NameOf(path)] = next;
    inodes->emplace(path, next++);
  }
}

void CrashState::Apply(const DiskOperation& operation) {
  const Half here{operation.directory, operation.name, operation.inode};
  switch (operation.kind) {
    case Kind::kNewDirectory: directories_[operation.inode]; break;
    case Kind::kNewFile: files_[operation.inode].sure = std::make_shared<std::string>(); break;
    case Kind::kLink: pending_names_.push_back({here, std::nullopt}); break;
    case Kind::kUnlink: pending_names_.push_back({std::nullopt, here}); break;
    case Kind::kRename:
      pending_names_.push_back(
          {Half{operation.to_directory, operation.to_name, operation.inode}, here});
      break;
    case Kind::kWrite:
    case Kind::kTruncate: files_.at(operation.inode).pending.push_back(&operation); break;
    case Kind::kSync: SyncFile(files_.at(operation.inode)); break;
    case Kind::kFailedSync: files_.at(operation.inode).pending.clear(); break;
    case Kind::kSyncDirectory: SyncNames(operation.directory); break;
    case Kind::kSyncAll:
      SyncNames(std::nullopt);
      for (auto& [inode, file] : files_) SyncFile(file);
      break;
  }
}

void CrashState::Link(Directories& directories, const Half& half) {
  directories.at(half.directory)[half.name] = half.inode;
}

// The name may mean something newer by now.
void CrashState::Unlink(Directories& directories, const Half& half) {
  Entries& entries = directories.at(half.directory);
  auto found = entries.find(half.name);
  if (found != entries.end() && found->second == half.inode) entries.erase(found);
}

void CrashState::SyncFile(File& file) {
  if (file.pending.empty()) return;
  std::string bytes = *file.sure;
  for (const DiskOperation* change : file.pending) Execute(bytes, *change);
  file.sure = std::make_shared<const std::string>(std::move(bytes));
  file.pending.clear();
}

// Nothing means all directories. The new name of a file is made sure no later than the loss of its
// old one.
void CrashState::SyncNames(std::optional<Inode> directory) {
  auto wanted = [&](const Half& half) { return !directory || half.directory == *directory; };
  for (size_t i = 0; i < pending_names_.size(); ++i) {
    NameChange& change = pending_names_[i];
    const bool unlink = change.unlink && wanted(*change.unlink);
    if (change.link && (unlink || wanted(*change.link))) MakeLinkSure(i);
    if (!unlink) continue;
    Unlink(directories_, *change.unlink);
    change.unlink.reset();
  }
  std::erase_if(pending_names_, [](const NameChange& c) { return !c.link && !c.unlink; });
}

// What was to become of that name before no longer matters, in whatever order the rest gets sure.
void CrashState::MakeLinkSure(size_t change) {
  const Half link = *pending_names_[change].link;
  auto same_name = [&](const std::optional<Half>& half) {
    return half && half->directory == link.directory && half->name == link.name;
  };
  for (size_t i = 0; i <= change; ++i) {
    NameChange& earlier = pending_names_[i];
    if (same_name(earlier.link)) earlier.link.reset();
    if (same_name(earlier.unlink)) earlier.unlink.reset();
  }
  Link(directories_, link);
}

CrashState::Directories CrashState::SurvivingNames(const CrashFate& fate,
                                                   CrashRandom& random) const {
  Directories surviving = directories_;
  for (const NameChange& change : pending_names_) {
    if (!Chance(fate.keep_names, random)) continue;
    if (change.link) Link(surviving, *change.link);
    if (change.unlink) Unlink(surviving, *change.unlink);
  }
  return surviving;
}

FileBytes CrashState::SurvivingBytes(const File& file, const CrashFate& fate,
                                     CrashRandom& random) const {
  if (file.pending.empty()) return file.sure;
  std::string bytes = *file.sure;
  for (const DiskOperation* change : file.pending) {
    if (Chance(fate.keep_writes, random)) {
      Execute(bytes, *change);
    } else if (change->kind == Kind::kWrite) {
      if (Chance(fate.tear_writes, random)) ExecuteInPart(bytes, *change, random);
      if (Chance(fate.keep_lengths, random)) Grow(bytes, *change);
    }
  }
  return std::make_shared<const std::string>(std::move(bytes));
}

DiskImage CrashState::Crash(const CrashFate& fate, CrashRandom& random) const {
  const Directories directories = SurvivingNames(fate, random);
  std::map<Inode, FileBytes> surviving;  // a file with two names has one content
  DiskImage image;
  std::function<void(Inode, const std::string&)> visit = [&](Inode directory,
                                                             const std::string& prefix) {
    for (const auto& [name, inode] : directories.at(directory)) {
      const std::string path = prefix + "/" + name;
      auto file = files_.find(inode);
      if (file == files_.end()) {
        image.directories.insert(path);
        visit(inode, path);
        continue;
      }
      auto [slot, first] = surviving.try_emplace(inode);
      if (first) slot->second = SurvivingBytes(file->second, fate, random);
      image.files.emplace(path, slot->second);
    }
  };
  visit(kRootInode, "");
  return image;
}

}  // namespace rhizo::io
