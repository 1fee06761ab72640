// Names that one transaction gave to tables, found exactly or whatever their case. Shared by the
// views of the transaction: one made earlier may see names given later, and asks its own state
// whether they are there. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "model/database_state.h"

namespace rhizo::txn {

class OwnNames {
 public:
  void Add(const model::QualifiedName& name, const TableId& table);
  void Remove(const model::QualifiedName& name);
  std::optional<TableId> Find(const model::QualifiedName& name) const;
  // All that equal `name` after case folding.
  std::vector<model::QualifiedName> FindTwins(const model::QualifiedName& name) const;

 private:
  mutable std::mutex mutex_;
  std::map<model::QualifiedName, TableId> tables_;
  std::multimap<std::string, model::QualifiedName> folded_;
};

}  // namespace rhizo::txn
