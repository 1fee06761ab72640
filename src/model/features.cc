#include "model/features.h"

#include "base/coding.h"

namespace rhizo::model {

Result<Access> CheckFeatures(const Features& features, const Features& known) {
  if (uint64_t missing = features.required & ~known.required; missing != 0) {
    return Unsupported("opening a database that needs features this release does not have (flags " +
                       std::to_string(missing) + "): use a newer release");
  }
  return (features.read_only & ~known.read_only) != 0 ? Access::kReadOnly : Access::kReadWrite;
}

std::string Encode(const Features& features) {
  Encoder encoder;
  encoder.Varint(features.ignorable);
  encoder.Varint(features.read_only);
  encoder.Varint(features.required);
  return std::move(encoder).Take();
}

Result<Features> DecodeFeatures(std::string_view bytes) {
  Decoder decoder(bytes);
  Features features;
  features.ignorable = decoder.Varint();
  features.read_only = decoder.Varint();
  features.required = decoder.Varint();
  RETURN_IF_ERROR(decoder.Finish("feature flags"));
  return features;
}

}  // namespace rhizo::model
