#include "txn/own_tables.h"

#include <string>
#include <utility>
#include <vector>

#include "base/name.h"
#include "txn/staged_state.h"

namespace rhizo::txn {
namespace {

// Views of a transaction keep its objects; views outlive it in running streams.
struct KeepAlive {
  std::shared_ptr<const View> snapshot;
  std::shared_ptr<object::Staging> staging;
  std::shared_ptr<const void> hold;
};

Error NoTable(const model::QualifiedName& name, const std::vector<NamedTable>& tables) {
  std::vector<std::string> names;
  for (const auto& table : tables) names.push_back(table.name.ToString());
  std::string nearest = NearestName(name.ToString(), names);
  std::string message = "there is no table \"" + name.ToString() + "\"";
  if (!nearest.empty()) message += "; did you mean \"" + nearest + "\"?";
  return Error(ErrorCode::kTableNotFound, message).With("table", name.ToString());
}

Error NameTaken(const model::QualifiedName& name, const model::QualifiedName& by) {
  std::string message = "a table \"" + by.ToString() + "\" exists already";
  if (by != name) message += ", and \"" + name.ToString() + "\" differs from it only in case";
  return Error(ErrorCode::kAlreadyExists, message).With("table", by.ToString());
}

}  // namespace

OwnTables::OwnTables(std::shared_ptr<const View> snapshot, std::shared_ptr<object::Staging> staging,
                     std::shared_ptr<TableOpener> opener, std::shared_ptr<const void> hold,
                     std::shared_ptr<ReadSet> reads)
    : snapshot_(std::move(snapshot)),
      staging_(std::move(staging)),
      opener_(std::move(opener)),
      hold_(std::move(hold)),
      reads_(std::move(reads)),
      view_(snapshot_) {}

const TableChange* OwnTables::Find(const TableId& table) const {
  auto found = changes_.find(table);
  return found == changes_.end() ? nullptr : &found->second;
}

std::optional<OwnTables::Known> OwnTables::FindPending(const model::QualifiedName& name) {
  if (auto id = names_->Find(name)) return Known{name, &changes_.at(*id), {}};
  for (const auto& twin : names_->FindTwins(name)) {
    return Known{twin, &changes_.at(*names_->Find(twin)), {}};
  }
  return std::nullopt;
}

// The table called `name` as the transaction sees it, exactly or but for case.
Result<std::optional<OwnTables::Known>> OwnTables::Look(const model::QualifiedName& name) {
  if (auto pending = FindPending(name)) return pending;
  ASSIGN_OR_RETURN(auto found, snapshot_->FindName(name));
  if (!found) return std::optional<Known>();
  auto changed = changes_.find(found->entry.table);
  if (changed == changes_.end()) return std::optional(Known{found->name, nullptr, *found});
  if (changed->second.name != found->name) return std::optional<Known>();  // it left this name
  return std::optional(Known{found->name, &changed->second, {}});
}

Result<TableChange*> OwnTables::Adopt(const NamedTable& found) {
  ASSIGN_OR_RETURN(auto table, snapshot_->Open(found.entry.state));
  TableChange change;
  change.id = found.entry.table;
  change.before = found;
  change.old_state = table->state();
  change.name = found.name;
  change.state = table->state();
  shown_.emplace(change.id, found.name);
  return &changes_.emplace(change.id, std::move(change)).first->second;
}

Result<TableChange*> OwnTables::Own(const Known& known) {
  if (known.change != nullptr) return known.change;
  if (reads_) reads_->AddColumns(known.stored->entry.table);  // what is written goes by them
  return Adopt(*known.stored);
}

Result<TableChange*> OwnTables::FindSpelled(const model::QualifiedName& name) {
  ASSIGN_OR_RETURN(auto known, Look(name));
  if (!known) return static_cast<TableChange*>(nullptr);
  if (known->name != name) return NameTaken(name, known->name);
  return Own(*known);
}

Result<TableChange*> OwnTables::FindSpelledOrFail(const model::QualifiedName& name) {
  ASSIGN_OR_RETURN(auto* change, FindSpelled(name));
  if (change == nullptr) return NotFound(name);
  return change;
}

Result<TableChange*> OwnTables::FindOrFail(const model::QualifiedName& name) {
  ASSIGN_OR_RETURN(auto known, Look(name));
  if (!known) return NotFound(name);
  return Own(*known);
}

Error OwnTables::NotFound(const model::QualifiedName& name) {
  auto view = CurrentView();
  if (!view) return std::move(view).error();
  auto tables = (*view)->ListTables();
  return tables ? NoTable(name, *tables) : std::move(tables).error();
}

Status OwnTables::CheckNameIsFree(const model::QualifiedName& name) {
  ASSIGN_OR_RETURN(auto taken, Look(name));
  if (taken) return NameTaken(name, taken->name);
  return {};
}

TableChange* OwnTables::Add(TableChange change, const model::QualifiedName& name) {
  auto* added = &changes_.emplace(change.id, std::move(change)).first->second;
  TakeName(added, name);
  return added;
}

Status OwnTables::Rename(TableChange* change, const model::QualifiedName& name) {
  ASSIGN_OR_RETURN(auto taken, Look(name));
  if (taken && taken->change != change) return NameTaken(name, taken->name);
  TakeName(change, name);
  return {};
}

void OwnTables::Drop(TableChange* change) {
  TakeName(change, std::nullopt);
  change->appended.clear();
  if (change->before) return;
  TableId id = change->id;
  changes_.erase(id);
}

// Nothing: it is dropped.
void OwnTables::TakeName(TableChange* change, std::optional<model::QualifiedName> name) {
  if (change->name) names_->Remove(*change->name);
  change->name = std::move(name);
  bool is_own = change->name && !(change->before && change->before->name == *change->name);
  if (is_own) names_->Add(*change->name, change->id);
  NoteChange(*change);
}

ObjectId OwnTables::Stage(const TableChange& change) {
  return staging_->Add(model::Encode(change.state));
}

Result<std::shared_ptr<const table::OpenTable>> OwnTables::Open(const model::QualifiedName& name) {
  ASSIGN_OR_RETURN(auto known, Look(name));
  if (!known) return std::shared_ptr<const table::OpenTable>();
  if (known->change == nullptr) return snapshot_->Open(known->stored->entry.state);
  return Open(*known->change);
}

Result<std::shared_ptr<const table::OpenTable>> OwnTables::Open(const TableChange& change) {
  return opener_->Open(Stage(change));
}

// On the view that there is.
PlacedTable OwnTables::Place(const TableId& table) {
  PlacedTable placed{table, {}, {}, {}, {}, {}};
  if (auto shown = shown_.find(table); shown != shown_.end()) {
    placed.before = NamedTable{shown->second, {}};
  }
  const auto* change = Find(table);
  if (change != nullptr && change->name) {
    placed.name = change->name;
    placed.state_id = Stage(*change);
  }
  return placed;
}

Result<std::shared_ptr<const View>> OwnTables::CurrentView() {
  if (unseen_.empty()) return view_;
  std::vector<PlacedTable> tables;
  for (const auto& id : unseen_) tables.push_back(Place(id));
  ASSIGN_OR_RETURN(auto root, ApplyTables(staging_.get(), view_->state_root(), tables));
  for (const auto& table : tables) {
    shown_.erase(table.id);
    if (table.name) shown_.emplace(table.id, *table.name);
  }
  unseen_.clear();
  std::set<TableId> written;
  for (const auto& [id, change] : changes_) {
    if (change.ChangesAnything()) written.insert(id);
  }
  auto keep = std::make_shared<KeepAlive>(KeepAlive{snapshot_, staging_, hold_});
  view_ = root == snapshot_->state_root()
              ? snapshot_
              : std::make_shared<View>(*snapshot_, root, opener_, names_, std::move(written),
                                       std::move(keep), reads_);
  return view_;
}

}  // namespace rhizo::txn
