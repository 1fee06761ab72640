#include "object/object_error.h"

namespace rhizo::object {

Error ObjectNotFound(const ObjectId& id) {
  return Error(ErrorCode::kObjectNotFound, "there is no object " + id.Short())
      .With("object", id.ToString());
}

Error ObjectDamaged(const ObjectId& id, std::string_view why) {
  return Error(ErrorCode::kCorruption, "object " + id.Short() + " is damaged: " + std::string(why))
      .With("object", id.ToString());
}

Error ObjectTooShort(const ObjectId& id) {
  return ObjectDamaged(id, "it is shorter than it was written");
}

}  // namespace rhizo::object
