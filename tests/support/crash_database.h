// A database on a disk that can lose power and whose calls can fail: files through
// FaultFileSystem on CrashFileSystem, SQLite through RecordingVfs, both on one CrashDisk. Locks and
// pins, which no power cut needs to respect, are real files of a temporary directory, by whose path
// the disk knows the database.
#pragma once

#include <memory>

#include "io/testing/crash_file_system.h"
#include "io/testing/fault_file_system.h"
#include "io/testing/temporary_directory.h"
#include "meta/testing/recording_vfs.h"
#include "support/tables.h"

namespace rhizo::tests {

// Where databases of one test lie. The database need not exist yet.
class CrashPlace {
 public:
  CrashPlace();
  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  // A disk with the directories above the database, and nothing else.
  std::shared_ptr<io::CrashDisk> NewDisk() const;

 private:
  io::TemporaryDirectory directory_;
  std::string path_;
};

class CrashDatabase {
 public:
  CrashDatabase(const CrashPlace& place, std::shared_ptr<io::CrashDisk> disk);

  // Small pages, early folding and checkpoints: short runs meet everything.
  Result<std::shared_ptr<txn::Repository>> Open(const txn::RepositoryOptions& options = {});

  io::CrashDisk& disk() { return *disk_; }
  io::CrashFileSystem& files() { return *crashing_; }
  io::FaultFileSystem& faults() { return *faults_; }
  meta::RecordingVfs& vfs() { return vfs_; }
  meta::SqliteMetaOptions meta_options;

 private:
  const std::string path_;
  std::shared_ptr<io::CrashDisk> disk_;
  std::shared_ptr<io::CrashFileSystem> crashing_;
  std::shared_ptr<io::FaultFileSystem> faults_;
  meta::RecordingVfs vfs_;
};

}  // namespace rhizo::tests
