// Finds tables of published states whose names differ only in case or normalisation, without
// reading every name each time: remembers the folded names of the last state asked about and
// follows to the next one by the difference of their trees. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "model/database_state.h"
#include "object/object_reader.h"

namespace rhizo::txn {

// The entry of exactly this table name in the state tree `root` (zero: empty).
Result<std::optional<model::StateEntry>> FindState(object::ObjectReader* reader,
                                                   const ObjectId& root,
                                                   const model::QualifiedName& name);

class NameIndex {
 public:
  // The only table of state `root` whose folded name equals that of `name`; nothing if there is
  // none or only `name` itself.
  Result<std::optional<model::QualifiedName>> FindTwin(object::ObjectReader* reader,
                                                       const ObjectId& root,
                                                       const model::QualifiedName& name);

 private:
  Status MoveTo(object::ObjectReader* reader, const ObjectId& root);

  std::mutex mutex_;
  ObjectId root_;
  std::multimap<std::string, model::QualifiedName> folded_;
};

}  // namespace rhizo::txn
