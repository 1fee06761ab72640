#include "base/blake3.h"

#include <blake3.h>

namespace rhizo {

struct Blake3Hasher::State {
  blake3_hasher hasher;
};

Blake3Hasher::Blake3Hasher() : state_(std::make_unique<State>()) {
  blake3_hasher_init(&state_->hasher);
}
Blake3Hasher::~Blake3Hasher() = default;
Blake3Hasher::Blake3Hasher(Blake3Hasher&&) noexcept = default;
Blake3Hasher& Blake3Hasher::operator=(Blake3Hasher&&) noexcept = default;

void Blake3Hasher::Update(std::string_view bytes) {
  blake3_hasher_update(&state_->hasher, bytes.data(), bytes.size());
}

Hash256 Blake3Hasher::Finish() const {
  Hash256 out;
  blake3_hasher_finalize(&state_->hasher, out.bytes.data(), out.bytes.size());
  return out;
}

Hash256 Blake3(std::string_view bytes) {
  blake3_hasher hasher;
  blake3_hasher_init(&hasher);
  blake3_hasher_update(&hasher, bytes.data(), bytes.size());
  Hash256 out;
  blake3_hasher_finalize(&hasher, out.bytes.data(), out.bytes.size());
  return out;
}

ObjectId ObjectIdOf(std::string_view bytes) { return ObjectId::FromBytes(Blake3(bytes).view()); }

}  // namespace rhizo
