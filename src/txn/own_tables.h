// Tables as one transaction sees them: those of its snapshot, and what it did to them so far. What
// it changes it adopts first, by name; names are found exactly or but for case, and no two tables
// have such a name. One thread at a time; views that it made are used from any.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>

#include "object/staging.h"
#include "txn/own_names.h"
#include "txn/read_set.h"
#include "txn/table_change.h"
#include "txn/view.h"

namespace rhizo::txn {

class OwnTables {
 public:
  // `opener`: opens what is staged in `staging`, too. `hold`: held by views with own writes.
  // `reads`: of `snapshot`; null: nobody wants to know.
  OwnTables(std::shared_ptr<const View> snapshot, std::shared_ptr<object::Staging> staging,
            std::shared_ptr<TableOpener> opener, std::shared_ptr<const void> hold,
            std::shared_ptr<ReadSet> reads);

  using Changes = std::map<TableId, TableChange>;
  const Changes& changes() const { return changes_; }
  Changes& changes() { return changes_; }
  // Null if the table was left alone.
  const TableChange* Find(const TableId& table) const;

  // What was there and what was done since.
  Result<std::shared_ptr<const View>> CurrentView();
  // Null if there is no table of that name. Costs the same however many tables were changed.
  Result<std::shared_ptr<const table::OpenTable>> Open(const model::QualifiedName& name);
  Result<std::shared_ptr<const table::OpenTable>> Open(const TableChange& change);

  // kTableNotFound.
  Result<TableChange*> FindOrFail(const model::QualifiedName& name);
  // To write its rows: a twin in case is kAlreadyExists. Who writes "Users" may not know of a table
  // "users", whose rows would go.
  Result<TableChange*> FindSpelledOrFail(const model::QualifiedName& name);
  // The same; null if there is none.
  Result<TableChange*> FindSpelled(const model::QualifiedName& name);
  // kAlreadyExists, also for a twin in case.
  Status CheckNameIsFree(const model::QualifiedName& name);

  // One that is new, under a name that is free.
  TableChange* Add(TableChange change, const model::QualifiedName& name);
  // kAlreadyExists if another table has the name.
  Status Rename(TableChange* change, const model::QualifiedName& name);
  // One that was made here is as if it never was; `change` is gone then.
  void Drop(TableChange* change);
  // Views made so far show the table otherwise.
  void NoteChange(const TableChange& change) { unseen_.insert(change.id); }

 private:
  // A table and what it is called: changed here already, or only in the snapshot.
  struct Known {
    model::QualifiedName name;
    TableChange* change = nullptr;
    std::optional<NamedTable> stored;
  };
  std::optional<Known> FindPending(const model::QualifiedName& name);
  Result<std::optional<Known>> Look(const model::QualifiedName& name);
  Result<TableChange*> Own(const Known& known);
  Result<TableChange*> Adopt(const NamedTable& found);
  void TakeName(TableChange* change, std::optional<model::QualifiedName> name);
  Error NotFound(const model::QualifiedName& name);
  PlacedTable Place(const TableId& table);
  ObjectId Stage(const TableChange& change);

  const std::shared_ptr<const View> snapshot_;
  const std::shared_ptr<object::Staging> staging_;
  const std::shared_ptr<TableOpener> opener_;
  const std::shared_ptr<const void> hold_;
  const std::shared_ptr<ReadSet> reads_;
  Changes changes_;
  const std::shared_ptr<OwnNames> names_ = std::make_shared<OwnNames>();
  std::shared_ptr<const View> view_;
  // What view_ does not show yet, and the names under which it shows what was changed.
  std::set<TableId> unseen_;
  std::map<TableId, model::QualifiedName> shown_;
};

}  // namespace rhizo::txn
