#include "object/directory_object_store.h"

#include <fstream>

#include "io/posix_file_system.h"
#include "io/testing/memory_file_system.h"
#include "io/testing/temporary_directory.h"
#include "object/testing/object_store_contract.h"

namespace rhizo::object {
namespace {

std::shared_ptr<RandomSource> Random() { return std::make_shared<SeededRandom>(7); }

struct PosixFixture {
  PosixFixture() { CHECK(DirectoryObjectStore::CreateLayout(*fs, directory.path()).has_value()); }
  ObjectStore& store() { return objects; }
  void Spoil(const ObjectId& id, const std::string& bytes) {
    std::ofstream(objects.PathOf(id), std::ios::trunc | std::ios::binary) << bytes;
  }
  io::TemporaryDirectory directory;
  std::shared_ptr<io::PosixFileSystem> fs = std::make_shared<io::PosixFileSystem>();
  DirectoryObjectStore objects{fs, directory.path(), Random()};
};

struct MemoryFilesFixture {
  MemoryFilesFixture() { CHECK(DirectoryObjectStore::CreateLayout(*fs, "/").has_value()); }
  ObjectStore& store() { return objects; }
  void Spoil(const ObjectId& id, const std::string& bytes) { fs->Spoil(objects.PathOf(id), bytes); }
  std::shared_ptr<io::MemoryFileSystem> fs = std::make_shared<io::MemoryFileSystem>();
  DirectoryObjectStore objects{fs, "/", Random()};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Posix, ObjectStoreContract, PosixFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(MemoryFiles, ObjectStoreContract, MemoryFilesFixture);

TEST(DirectoryObjectStore, AnObjectLiesInTheFolderOfItsFirstTwoDigits) {
  MemoryFilesFixture fixture;
  const ObjectId id = ObjectIdOf("x");
  ASSERT_TRUE(fixture.objects.Put(id, "x").has_value());
  const std::string hex = id.ToString();
  EXPECT_TRUE(fixture.fs->Stat("/objects/" + hex.substr(0, 2) + "/" + hex).has_value());
  EXPECT_TRUE(fixture.fs->List("/tmp").value().empty());
}

TEST(DirectoryObjectStore, TheLayoutHasAll256FoldersAndMayBeMadeTwice) {
  MemoryFilesFixture fixture;
  EXPECT_TRUE(DirectoryObjectStore::CreateLayout(*fixture.fs, "/").has_value());
  EXPECT_EQ(fixture.fs->List("/objects").value().size(), 256u);
}

TEST(DirectoryObjectStore, FilesThatAreNoObjectsAreNotListed) {
  MemoryFilesFixture fixture;
  const ObjectId id = ObjectIdOf("x");
  ASSERT_TRUE(fixture.objects.Put(id, "x").has_value());
  const std::string wrong_folder = id.bytes[0] == 0x3f ? "/objects/40/" : "/objects/3f/";
  for (std::string name : {std::string("README"), std::string(64, '0'), id.ToString()}) {
    ASSERT_TRUE(fixture.fs->CreateExclusive(wrong_folder + name).has_value());
  }
  std::vector<ObjectId> listed;
  ASSERT_TRUE(fixture.objects
                  .List([&](const ObjectId& found, uint64_t) {
                    listed.push_back(found);
                    return true;
                  })
                  .has_value());
  EXPECT_THAT(listed, ::testing::ElementsAre(id));
}

TEST(DirectoryObjectStore, TemporariesOfCrashedWritersCanBeRemoved) {
  MemoryFilesFixture fixture;
  ASSERT_TRUE(fixture.fs->CreateExclusive("/tmp/left").has_value());
  EXPECT_TRUE(fixture.objects.RemoveTemporaries().has_value());
  EXPECT_TRUE(fixture.fs->List("/tmp").value().empty());
}

}  // namespace
}  // namespace rhizo::object
