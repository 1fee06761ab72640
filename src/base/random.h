// Randomness as a collaborator.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>

#include "base/id.h"

namespace rhizo {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Fills `size` bytes.
  virtual void Fill(void* out, size_t size) = 0;

  template <class IdType>
  IdType DrawId() {
    IdType id;
    Fill(id.bytes.data(), id.bytes.size());
    return id;
  }
};

// The kernel's generator (getrandom); thread-safe, safe across fork.
class SystemRandom final : public RandomSource {
 public:
  void Fill(void* out, size_t size) override;
};

// Repeatable, for tests. Thread-safe.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  void Fill(void* out, size_t size) override;

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace rhizo
