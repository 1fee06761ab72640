// BLAKE3-256 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn: "BLAKE3, one function, fast everywhere").
#pragma once

#include <memory>
#include <string_view>

#include "base/id.h"

namespace rhizo {

using Hash256 = Id<struct HashTag, 32>;

Hash256 Blake3(std::string_view bytes);
ObjectId ObjectIdOf(std::string_view bytes);

// Incremental form. Not thread-safe.
class Blake3Hasher {
 public:
  Blake3Hasher();
  ~Blake3Hasher();
  Blake3Hasher(Blake3Hasher&&) noexcept;
  Blake3Hasher& operator=(Blake3Hasher&&) noexcept;

  void Update(std::string_view bytes);
  Hash256 Finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rhizo
