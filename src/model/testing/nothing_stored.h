// A store without objects, below a Staging or where nothing must be fetched.
#pragma once

#include "object/object_reader.h"

namespace rhizo::model::testing {

class NothingStored final : public object::ObjectReader {
 public:
  Result<object::ObjectBytes> Read(const ObjectId& id) override {
    return Corruption("object " + id.Short() + " is missing");
  }
};

}  // namespace rhizo::model::testing
