// Reads small objects (tree nodes, states, infos, row blocks, patches, commits) wherever they lie.
// What it hands out is immutable, verified against its id, and may be shared by caches.
#pragma once

#include <memory>
#include <string>

#include "base/id.h"
#include "base/result.h"

namespace rhizo::object {

using ObjectBytes = std::shared_ptr<const std::string>;

class ObjectReader {
 public:
  virtual ~ObjectReader() = default;
  // Thread-safe. kCorruption naming the object if it is missing or is not what its id says: ids
  // come from objects we hold, so absence is damage.
  virtual Result<ObjectBytes> Read(const ObjectId& id) = 0;
};

}  // namespace rhizo::object
