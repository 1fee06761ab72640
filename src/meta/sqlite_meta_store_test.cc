#include "meta/sqlite_meta_store.h"

#include <filesystem>

#include "io/testing/temporary_directory.h"
#include "meta/testing/meta_store_contract.h"

namespace rhizo::meta {
namespace {

// Without syncs: what is durable is proved elsewhere, by crashing.
class SqliteFixture {
 public:
  explicit SqliteFixture(size_t fold_rows = 5) {
    options_.sync = false;
    options_.fold_rows = fold_rows;
    options_.checkpoint_bytes = 100'000;
    store_ = SqliteMetaStore::Create(directory_->path(), options_).value();
  }
  MetaStore& store() { return *store_; }
  void Reopen() {
    store_.reset();
    store_ = SqliteMetaStore::Open(directory_->path(), options_).value();
  }

 private:
  std::unique_ptr<io::TemporaryDirectory> directory_ = std::make_unique<io::TemporaryDirectory>();
  SqliteMetaOptions options_;
  std::unique_ptr<SqliteMetaStore> store_;
};

class NeverFoldingFixture : public SqliteFixture {
 public:
  NeverFoldingFixture() : SqliteFixture(1'000'000) {}
};

TEST(SqliteMetaStore, AClosedDatabaseIsWholeWithoutItsLog) {
  io::TemporaryDirectory directory;
  PublicationMaker maker(1);
  auto publication = maker.DrawSmallCommit({}, "main");
  {
    auto store = SqliteMetaStore::Create(directory.path(), {}).value();
    auto session = store->BeginWrite(std::chrono::milliseconds(1000)).value();
    ASSERT_TRUE(session->Publish(publication).has_value());
    ASSERT_TRUE(session->Commit().has_value());
  }
  for (const char* ending : {"-wal", "-shm"}) {
    std::filesystem::remove(directory.path() + "/rhizo.db" + ending);
  }
  auto store = SqliteMetaStore::Open(directory.path(), {}).value();
  EXPECT_EQ(store->ReadRef("main").value()->commit, publication.commit);
  EXPECT_EQ(store->GetObject(publication.objects[0].id).value(), publication.objects[0].bytes);
}

INSTANTIATE_TYPED_TEST_SUITE_P(Folding, MetaStoreContract, SqliteFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(NeverFolding, MetaStoreContract, NeverFoldingFixture);

}  // namespace
}  // namespace rhizo::meta
