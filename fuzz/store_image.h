// A small rhizo.db in memory, partly folded, and what it says: where targets put hostile bytes in.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/testing/temporary_directory.h"
#include "meta/sqlite_meta_store.h"
#include "meta/testing/meta_model.h"
#include "meta/testing/recording_vfs.h"

namespace rhizo::fuzz {

class StoreImage {
 public:
  static constexpr char kDatabase[] = "/db/rhizo.db";
  static constexpr char kWal[] = "/db/rhizo.db-wal";

  // One per process. All in the file, or (`in_wal`) nothing of it but what Create wrote.
  static const StoreImage& Of(bool in_wal);

  meta::SqliteMetaOptions Options(const meta::RecordingVfs& vfs) const;
  const io::DiskImage& disk() const { return image_; }
  const meta::MetaModel& model() const { return states_.back(); }
  // After each commit; the first is empty.
  const std::vector<meta::MetaModel>& states() const { return states_; }

 private:
  explicit StoreImage(bool in_wal);
  void Commit(meta::SqliteMetaStore& store, meta::PublicationMaker& maker);

  io::TemporaryDirectory locks_;
  io::DiskImage image_;
  std::vector<meta::MetaModel> states_{{}};
};

// Calls every reading operation, then publishes; results do not matter.
void UseStore(meta::SqliteMetaStore& store, const meta::MetaModel& model);

}  // namespace rhizo::fuzz
