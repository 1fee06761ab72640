#include "txn/view.h"

#include <atomic>

#include "base/name.h"
#include "tree/cursor.h"

namespace rhizo::txn {
namespace {

uint64_t NextViewNumber() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Result<std::shared_ptr<const table::OpenTable>> TableOpener::Open(const ObjectId& state) {
  {
    std::lock_guard lock(mutex_);
    for (auto slot = recent_.begin(); slot != recent_.end(); ++slot) {
      if (slot->first != state) continue;
      recent_.splice(recent_.begin(), recent_, slot);
      return slot->second;
    }
  }
  ASSIGN_OR_RETURN(auto bytes, context_.small->Read(state));
  ASSIGN_OR_RETURN(auto decoded, model::DecodeTableState(*bytes));
  ASSIGN_OR_RETURN(auto table,
                   table::OpenTable::Open(context_, state,
                                          std::make_shared<model::TableState>(std::move(decoded))));
  std::lock_guard lock(mutex_);
  recent_.emplace_front(state, table);
  if (recent_.size() > capacity_) recent_.pop_back();
  return table;
}

View::View(const CommitId& commit, Timestamp time, const ObjectId& state_root,
           std::shared_ptr<TableOpener> opener, std::shared_ptr<NameIndex> names,
           std::shared_ptr<const void> keep)
    : commit_(commit),
      time_(time),
      state_root_(state_root),
      published_root_(state_root),
      opener_(std::move(opener)),
      names_(std::move(names)),
      has_own_writes_(false),
      number_(NextViewNumber()),
      keep_(std::move(keep)) {}

View::View(const View& snapshot, const ObjectId& state_root, std::shared_ptr<TableOpener> opener,
           std::shared_ptr<const OwnNames> own_names, std::set<TableId> own_tables,
           std::shared_ptr<const void> keep, std::shared_ptr<ReadSet> reads)
    : commit_(snapshot.commit_),
      time_(snapshot.time_),
      state_root_(state_root),
      published_root_(snapshot.state_root_),
      own_names_(std::move(own_names)),
      own_tables_(std::move(own_tables)),
      opener_(std::move(opener)),
      names_(snapshot.names_),
      has_own_writes_(true),
      number_(NextViewNumber()),
      keep_(std::move(keep)),
      reads_(std::move(reads)) {}

View::View(const View& snapshot, std::shared_ptr<ReadSet> reads)
    : commit_(snapshot.commit_),
      time_(snapshot.time_),
      state_root_(snapshot.state_root_),
      published_root_(snapshot.published_root_),
      own_names_(snapshot.own_names_),
      own_tables_(snapshot.own_tables_),
      opener_(snapshot.opener_),
      names_(snapshot.names_),
      has_own_writes_(snapshot.has_own_writes_),
      number_(NextViewNumber()),
      keep_(snapshot.keep_),
      reads_(std::move(reads)) {}

Result<std::optional<NamedTable>> View::FindName(const model::QualifiedName& name) const {
  // No state holds a name that nobody may give.
  if (!ValidateTableName(name.schema) || !ValidateTableName(name.name))
    return std::optional<NamedTable>();
  if (reads_) reads_->AddName(name);
  auto* reader = opener_->context().small;
  ASSIGN_OR_RETURN(auto exact, FindState(reader, state_root_, name));
  if (exact) return std::optional(NamedTable{name, *exact});
  ASSIGN_OR_RETURN(auto twins, FindTwins(name));
  for (const auto& twin : twins) {
    ASSIGN_OR_RETURN(auto entry, FindState(reader, state_root_, twin));
    if (entry) return std::optional(NamedTable{twin, *entry});
  }
  return std::optional<NamedTable>();
}

// The index of names knows published states only.
Result<std::vector<model::QualifiedName>> View::FindTwins(const model::QualifiedName& name) const {
  std::vector<model::QualifiedName> twins;
  if (own_names_) twins = own_names_->FindTwins(name);
  ASSIGN_OR_RETURN(auto published,
                   names_->FindTwin(opener_->context().small, published_root_, name));
  if (published) twins.push_back(*published);
  return twins;
}

Result<std::shared_ptr<const table::OpenTable>> View::FindTable(
    const model::QualifiedName& name) const {
  ASSIGN_OR_RETURN(auto found, FindName(name));
  if (!found) return std::shared_ptr<const table::OpenTable>();
  return opener_->Open(found->entry.state);
}

Result<std::vector<NamedTable>> View::ListTables() const {
  std::vector<NamedTable> tables;
  if (state_root_.IsZero()) return tables;
  tree::Cursor cursor(opener_->context().small, state_root_);
  RETURN_IF_ERROR(cursor.SeekToFirst());
  while (cursor.Valid()) {
    ASSIGN_OR_RETURN(auto key, model::DecodeStateKey(cursor.key()));
    if (key.kind == model::StateKind::kTable) {
      ASSIGN_OR_RETURN(auto entry, model::DecodeStateEntry(cursor.value()));
      tables.push_back({key.qualified_name(), entry});
    }
    RETURN_IF_ERROR(cursor.Next());
  }
  return tables;
}

}  // namespace rhizo::txn
