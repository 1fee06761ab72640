// Reading the ids that stand inside stored objects.
#pragma once

#include "base/coding.h"
#include "base/id.h"

namespace rhizo::model {

// The raw bytes of an id; zero after a fault.
template <class IdType>
IdType ReadId(Decoder& decoder) {
  auto raw = decoder.Raw(IdType::kSize);
  return decoder.failed() ? IdType{} : IdType::FromBytes(raw);
}

// A varint that fits a field id; 0, which stands for "not assigned", is left to the caller.
inline FieldId ReadFieldId(Decoder& decoder) {
  uint64_t id = decoder.Varint();
  if (id > INT32_MAX) decoder.Fail();
  return decoder.failed() ? 0 : static_cast<FieldId>(id);
}

}  // namespace rhizo::model
