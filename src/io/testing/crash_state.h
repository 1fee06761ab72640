// What a disk surely holds, and what it may hold besides, at one moment of a recording: the part of
// CrashDisk that knows how file systems lose things. Fed the recorded operations in order.
//
// The model is harsher than ext4, XFS and btrfs together:
//  * A write or truncation of a file is sure after Sync of that file. Before, each on its own is
//  kept,
//    lost, or kept in part (any of its 512-byte sectors), in any combination: that is tearing
//    and reordering. A lost write may still have made the file longer (zeros).
//  * A name (created, removed, renamed) is sure after SyncDirectory of its directory, not after
//  Sync
//    of the file. Before, each change on its own is kept or lost. A rename never loses both names;
//    after only its target directory was synced, the file may have both.
//  * A sync that failed makes nothing sure, and what it should have written is lost for later syncs
//    too, though the running process still reads it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rhizo::io {

using Inode = uint32_t;
inline constexpr Inode kRootInode = 0;
using FileBytes = std::shared_ptr<const std::string>;
using CrashRandom = std::mt19937_64;

// The content of a disk at rest. Paths are absolute ("/objects/3f/..."); the root is implied.
struct DiskImage {
  std::set<std::string> directories;
  std::map<std::string, FileBytes> files;
};

struct DiskOperation {
  enum class Kind {
    kNewDirectory,   // inode
    kNewFile,        // inode
    kLink,           // name in directory now means inode
    kUnlink,         // name in directory, which meant inode, is gone
    kRename,         // both at once: to_name in to_directory, name in directory
    kWrite,          // bytes at offset of inode
    kTruncate,       // inode to offset bytes
    kSync,           // inode
    kFailedSync,     // inode
    kSyncDirectory,  // directory
    kSyncAll,
  };
  Kind kind;
  Inode inode = 0;
  Inode directory = 0;
  std::string name = {};
  Inode to_directory = 0;
  std::string to_name = {};
  uint64_t offset = 0;
  FileBytes bytes = {};
};

// How much of what is not sure survives: probabilities per change.
struct CrashFate {
  std::string_view name;
  double keep_names = 0;
  double keep_writes = 0;
  double tear_writes = 0;   // of those not kept whole
  double keep_lengths = 0;  // of those lost: the file still grew
};

class CrashState {
 public:
  // A disk at rest: everything in `image` is sure. Fills `inodes` with what its paths mean.
  CrashState(const DiskImage& image, std::map<std::string, Inode>* inodes);

  // `operation` must outlive this.
  void Apply(const DiskOperation& operation);
  DiskImage Crash(const CrashFate& fate, CrashRandom& random) const;

 private:
  struct File {
    FileBytes sure;
    std::vector<const DiskOperation*> pending;
  };
  struct Half {
    Inode directory;
    std::string name;
    Inode inode;
  };
  struct NameChange {
    std::optional<Half> link;
    std::optional<Half> unlink;
  };
  using Entries = std::map<std::string, Inode>;
  using Directories = std::map<Inode, Entries>;

  static void Link(Directories& directories, const Half& half);
  static void Unlink(Directories& directories, const Half& half);
  void SyncFile(File& file);
  void SyncNames(std::optional<Inode> directory);
  void MakeLinkSure(size_t change);
  Directories SurvivingNames(const CrashFate& fate, CrashRandom& random) const;
  FileBytes SurvivingBytes(const File& file, const CrashFate& fate, CrashRandom& random) const;

  Directories directories_;
  std::map<Inode, File> files_;
  std::vector<NameChange> pending_names_;
};

}  // namespace rhizo::io
