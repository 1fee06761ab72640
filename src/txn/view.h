// One immutable state of the whole database: that of a commit, or of a transaction with its own
// writes. Tables are opened once per state id and shared (TableOpener). Holding a View keeps what
// it shows alive. Thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "model/commit.h"
#include "model/database_state.h"
#include "table/open_table.h"
#include "txn/name_index.h"
#include "txn/own_names.h"
#include "txn/read_set.h"

namespace rhizo::txn {

// Opens table states, shared by id: bounded LRU for published ones. Thread-safe.
class TableOpener {
 public:
  TableOpener(table::ReadContext context, size_t capacity)
      : context_(context), capacity_(capacity) {}
  Result<std::shared_ptr<const table::OpenTable>> Open(const ObjectId& state);
  const table::ReadContext& context() const { return context_; }

 private:
  const table::ReadContext context_;
  const size_t capacity_;
  std::mutex mutex_;
  std::list<std::pair<ObjectId, std::shared_ptr<const table::OpenTable>>> recent_;
};

struct NamedTable {
  model::QualifiedName name;
  model::StateEntry entry;
};

class View {
 public:
  // The state of a commit. `opener` and `names` live as long as the database does; `keep` is held
  // beside them (a pin).
  View(const CommitId& commit, Timestamp time, const ObjectId& state_root,
       std::shared_ptr<TableOpener> opener, std::shared_ptr<NameIndex> names,
       std::shared_ptr<const void> keep);
  // The state of a transaction that started from `snapshot` and named tables itself.
  View(const View& snapshot, const ObjectId& state_root, std::shared_ptr<TableOpener> opener,
       std::shared_ptr<const OwnNames> own_names, std::set<TableId> own_tables,
       std::shared_ptr<const void> keep, std::shared_ptr<ReadSet> reads);
  // The same as `snapshot`; statements tell `reads` what they read.
  View(const View& snapshot, std::shared_ptr<ReadSet> reads);

  const CommitId& commit() const { return commit_; }
  Timestamp time() const { return time_; }
  const ObjectId& state_root() const { return state_root_; }
  // Where the objects of its state are read: a transaction's are not published yet.
  object::ObjectReader* objects() const { return opener_->context().small; }
  bool has_own_writes() const { return has_own_writes_; }
  bool HasOwnWrites(const TableId& table) const { return own_tables_.contains(table); }
  // Where what is read is noted; null: nobody wants to know.
  ReadSet* reads() const { return reads_.get(); }
  // Differs for every View object ever made in this process: plans made for one are not used for
  // another.
  uint64_t number() const { return number_; }

  // The entry of that name: exactly, else the only one equal after case folding. Nothing if there
  // is none.
  Result<std::optional<NamedTable>> FindName(const model::QualifiedName& name) const;
  // Null if there is no table of that name.
  Result<std::shared_ptr<const table::OpenTable>> FindTable(const model::QualifiedName& name) const;
  // All tables in order of their names.
  Result<std::vector<NamedTable>> ListTables() const;
  Result<std::shared_ptr<const table::OpenTable>> Open(const ObjectId& state) const {
    return opener_->Open(state);
  }

 private:
  const CommitId commit_;
  const Timestamp time_;
  Result<std::vector<model::QualifiedName>> FindTwins(const model::QualifiedName& name) const;

  const ObjectId state_root_;
  const ObjectId published_root_;                    // of the commit
  const std::shared_ptr<const OwnNames> own_names_;  // null: of a commit
  const std::set<TableId> own_tables_;               // that the transaction wrote to
  const std::shared_ptr<TableOpener> opener_;
  const std::shared_ptr<NameIndex> names_;
  const bool has_own_writes_;
  const uint64_t number_;
  const std::shared_ptr<const void> keep_;
  const std::shared_ptr<ReadSet> reads_;
};

}  // namespace rhizo::txn
