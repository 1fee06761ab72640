// Wrong bits, anywhere in rhizo.db or its write-ahead log: the right answer or kCorruption.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "io/testing/crash_disk.h"
#include "io/testing/temporary_directory.h"
#include "meta/sqlite_meta_store.h"
#include "meta/testing/meta_model.h"
#include "meta/testing/recording_vfs.h"

namespace rhizo::meta {
namespace {

using io::CrashDisk;

constexpr const char* kDatabase = "/db/rhizo.db";
constexpr const char* kWal = "/db/rhizo.db-wal";

class DamageTest : public ::testing::Test {
 protected:
  SqliteMetaOptions Options(const RecordingVfs& vfs) const {
    SqliteMetaOptions options;
    options.vfs = vfs.name();
    options.lock_path = locks_.Path("write");
    options.page_bytes = 512;
    options.fold_rows = 4;
    options.checkpoint_bytes = uint64_t{1} << 40;
    return options;
  }

  // A small database, some of it folded.
  void Build(bool checkpoint) {
    auto disk = std::make_shared<CrashDisk>();
    ASSERT_TRUE(disk->CreateDirectory("/db").has_value());
    RecordingVfs vfs(disk);
    auto store = SqliteMetaStore::Create("/db", Options(vfs)).value();
    PublicationMaker maker(5);
    for (int i = 0; i < 14; ++i) {
      before_last_ = model_;
      last_begins_ = disk->Stat(kWal)->size_bytes;
      auto session = store->BeginWrite(std::chrono::milliseconds(0)).value();
      Publication publication = maker.Draw(model_);
      publication.objects.resize(std::min<size_t>(publication.objects.size(), 2));
      for (NewObject& object : publication.objects) {
        if (object.bytes.size() > 300) object = maker.DrawObject(200);
      }
      EXPECT_EQ(session->Publish(publication).has_value(), model_.Publish(publication).has_value());
      ASSERT_TRUE(session->Commit().has_value());
    }
    if (checkpoint) {
      ASSERT_TRUE(store->Checkpoint().has_value());
    }
    image_ = disk->Image();  // as a process that is killed leaves it: closing empties the log
    store.reset();
    if (checkpoint) image_.files.erase(kWal);
  }

  io::DiskImage Flipped(const std::string& path, size_t offset) {
    io::DiskImage image = image_;
    std::string bytes = *image.files.at(path);
    bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << (random_() % 8)));
    image.files[path] = std::make_shared<const std::string>(std::move(bytes));
    return image;
  }

  // Offsets to try: all of them if RHIZO_TEST_ALL is set, else about `count`, other ones every
  // time.
  std::vector<size_t> Offsets(size_t size, size_t count) {
    size_t step = std::getenv("RHIZO_TEST_ALL") != nullptr ? 1 : std::max<size_t>(1, size / count);
    std::vector<size_t> offsets;
    for (size_t offset = random_() % step; offset < size; offset += step) offsets.push_back(offset);
    return offsets;
  }

  const uint64_t seed_ = std::random_device()();
  std::mt19937_64 random_{seed_};
  io::TemporaryDirectory locks_;
  io::DiskImage image_;
  MetaModel model_, before_last_;
  uint64_t last_begins_ = 0;
};

TEST_F(DamageTest, AWrongBitInTheDatabaseIsNeverAnotherAnswer) {
  std::printf("seed %lu\n", static_cast<unsigned long>(seed_));
  Build(/*checkpoint=*/true);
  int found = 0, harmless = 0;
  for (size_t offset : Offsets(image_.files.at(kDatabase)->size(), 4000)) {
    SCOPED_TRACE("byte " + std::to_string(offset));
    RecordingVfs vfs(std::make_shared<CrashDisk>(Flipped(kDatabase, offset)));
    auto store = SqliteMetaStore::Open("/db", Options(vfs));
    if (!store) {
      ASSERT_TRUE(store.error().code() == ErrorCode::kCorruption ||
                  store.error().code() == ErrorCode::kUnsupported ||
                  store.error().code() == ErrorCode::kObjectNotFound)
          << store.error().message();
      ++found;
      continue;
    }
    ASSERT_EQ(DifferenceFrom(model_, **store, /*errors_are_fine=*/true), "");
    bool is_whole = DifferenceFrom(model_, **store).empty();
    int faults = 0;
    ASSERT_TRUE((*store)->Verify([&](auto, auto) { ++faults; }).has_value());
    ASSERT_TRUE(is_whole || faults > 0) << "verify sees nothing";
    ++(is_whole ? harmless : found);
  }
  std::printf("%d found, %d harmless\n", found, harmless);
  EXPECT_GT(found, harmless);
}

TEST_F(DamageTest, AWrongBitInTheWriteAheadLogLosesNoCommitButPerhapsTheLast) {
  std::printf("seed %lu\n", static_cast<unsigned long>(seed_));
  Build(/*checkpoint=*/false);
  int found = 0, last_lost = 0, harmless = 0;
  for (size_t offset : Offsets(image_.files.at(kWal)->size(), 4000)) {
    SCOPED_TRACE("byte " + std::to_string(offset));
    RecordingVfs vfs(std::make_shared<CrashDisk>(Flipped(kWal, offset)));
    auto store = SqliteMetaStore::Open("/db", Options(vfs));
    if (!store) {
      // Without its log the file may not even have tables.
      ASSERT_TRUE(store.error().code() == ErrorCode::kCorruption) << store.error().message();
      ++found;
    } else if (DifferenceFrom(model_, **store).empty()) {
      ++harmless;
    } else {
      ASSERT_GE(offset, last_begins_);
      ASSERT_EQ(DifferenceFrom(before_last_, **store), "");
      ++last_lost;
    }
  }
  std::printf("%d found, %d lost the last commit, %d harmless\n", found, last_lost, harmless);
  EXPECT_GT(found, 0);
}

TEST_F(DamageTest, ACutDatabaseIsNeverAnotherAnswer) {
  Build(/*checkpoint=*/true);
  const std::string whole = *image_.files.at(kDatabase);
  for (size_t size = 0; size < whole.size(); size += 512) {
    SCOPED_TRACE("cut to " + std::to_string(size));
    io::DiskImage image = image_;
    image.files[kDatabase] = std::make_shared<const std::string>(whole.substr(0, size));
    RecordingVfs vfs(std::make_shared<CrashDisk>(image));
    auto store = SqliteMetaStore::Open("/db", Options(vfs));
    if (!store) continue;
    ASSERT_EQ(DifferenceFrom(model_, **store, /*errors_are_fine=*/true), "");
  }
}

TEST_F(DamageTest, APageReplacedByZerosIsNeverAnotherAnswer) {
  Build(/*checkpoint=*/true);
  const std::string whole = *image_.files.at(kDatabase);
  for (size_t offset = 0; offset < whole.size(); offset += 512) {
    SCOPED_TRACE("page at " + std::to_string(offset));
    io::DiskImage image = image_;
    std::string bytes = whole;
    bytes.replace(offset, 512, 512, '\0');
    image.files[kDatabase] = std::make_shared<const std::string>(bytes);
    RecordingVfs vfs(std::make_shared<CrashDisk>(image));
    auto store = SqliteMetaStore::Open("/db", Options(vfs));
    if (!store) continue;
    ASSERT_EQ(DifferenceFrom(model_, **store, /*errors_are_fine=*/true), "");
  }
}

}  // namespace
}  // namespace rhizo::meta
