#include "base/testing/scale.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace rhizo::tests {

double Scale() {
  const char* given = std::getenv("RHIZO_TEST_SCALE");
  double scale = given == nullptr ? 1.0 : std::strtod(given, nullptr);
  return scale > 0 ? scale : 1.0;
}

size_t Scaled(size_t amount) {
  return std::max<size_t>(1, static_cast<size_t>(static_cast<double>(amount) * Scale()));
}

uint64_t DrawSeed() {
  const char* given = std::getenv("RHIZO_TEST_SEED");
  uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  std::printf("RHIZO_TEST_SEED=%lu\n", static_cast<unsigned long>(seed));
  return seed;
}

}  // namespace rhizo::tests
