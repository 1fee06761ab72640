// A database for tests of the SQL layer: tables are made with SQL on a plain engine and published
// as entries of our own, cut into segments of both kinds with hidden rows and patched cells, so
// that the plain engine knows the right answer to every query.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/instance.h"
#include "object/memory_object_store.h"
#include "object/staging.h"
#include "sql/query_source.h"
#include "sql/session_engine.h"
#include "table/column_cache.h"

namespace rhizo::sql {

// How published rows are stored.
struct Layout {
  size_t segment_rows = 700;
  bool use_parquet = false;  // else row blocks of at most 2,048 rows
  double hidden_share = 0;   // hidden rows among the slots
  double patched_share = 0;  // cells of every column that come from a patch
};

// What tables need to be read, and the engine, which outlives the cache; views keep it alive.
struct FakeStore {
  std::shared_ptr<SharedEngine> engine;
  std::shared_ptr<object::Staging> small;
  object::MemoryObjectStore large;
  table::ColumnCache cache{256u << 20};
  table::ReadContext Context() { return {small.get(), &large, &cache}; }
};

class FakeDatabase final : public QuerySource {
 public:
  explicit FakeDatabase(uint64_t seed = 1, int threads = 2);
  ~FakeDatabase() override;

  const std::shared_ptr<SharedEngine>& engine() const { return store_->engine; }
  // Runs SQL on the plain engine; fails the process if that fails.
  std::vector<std::vector<std::string>> Plain(const std::string& sql);
  // The rows of the plain table become the next version of our table of that name.
  void Publish(const std::string& name, const Layout& layout = {});
  void Drop(const std::string& name);
  // Remembers the present state under a name for `t@ref`.
  void Tag(const std::string& ref) { refs_[ref] = current_; }
  std::shared_ptr<const table::OpenTable> Open(const std::string& name);
  size_t views_asked() const { return views_asked_; }
  // Columns decoded so far that are still kept.
  void ClearCache() { store_->cache.Clear(); }
  uint64_t columns_decoded() const { return store_->cache.Statistics().columns; }
  // What Metadata answers.
  std::map<std::string, MetadataTable> metadata;

  Result<std::shared_ptr<const txn::View>> CurrentView() override;
  // Versions count from 1 per table; a time is the number of publications so far.
  Result<std::shared_ptr<const table::OpenTable>> TableAt(const txn::View& current,
                                                          const model::QualifiedName& name,
                                                          const AtPoint& point) override;
  Result<MetadataTable> Metadata(const txn::View& current, const std::string& function,
                                 const std::vector<std::string>& arguments) override;
  Result<TablePair> TablesBetween(std::shared_ptr<const txn::View> current,
                                  const model::QualifiedName& name, const std::string& from,
                                  const std::string& to) override;

 private:
  using Rows = std::vector<std::vector<duckdb::Value>>;

  // The slots of a segment.
  struct Slots {
    Rows stored;
    std::vector<uint32_t> hidden;
  };

  model::TableState MakeState(model::Schema schema, const Rows& rows, const Layout& layout);
  model::SegmentEntry MakeEntry(const model::Schema& schema, const Rows& slots,
                                const Layout& layout);
  model::PatchRef MakePatch(const model::Schema& schema, size_t field,
                            const std::vector<uint32_t>& slots, const Rows& rows);
  Slots Scatter(const Rows& rows, double hidden_share);
  std::vector<model::PatchRef> MovePatches(const model::Schema& schema, double share, Slots* slots);
  void StoreParquet(const model::Schema& schema, const Rows& rows, model::SegmentEntry* entry);
  void StoreRowBlock(const model::Schema& schema, const Rows& rows, model::SegmentEntry* entry);
  model::Run RunAtEnd(uint32_t begin, uint32_t end);
  void PutObject(const ObjectId& id, const std::string& bytes);
  void SetTable(const model::QualifiedName& name, std::optional<ObjectId> state);
  std::shared_ptr<const txn::View> MakeView(const ObjectId& root);

  std::mt19937_64 random_;
  std::shared_ptr<FakeStore> store_;
  std::unique_ptr<engine::Instance> plain_;
  std::unique_ptr<duckdb::Connection> connection_;
  uint64_t next_birth_ = 0;
  std::string last_digit_;
  size_t views_asked_ = 0;
  std::shared_ptr<const txn::View> current_;
  std::vector<std::shared_ptr<const txn::View>> history_;
  std::map<std::string, std::shared_ptr<const txn::View>> refs_;
  std::map<std::string, std::vector<ObjectId>> versions_;
};

}  // namespace rhizo::sql
