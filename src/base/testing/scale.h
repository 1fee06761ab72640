// How much a test does, and with which random numbers. RHIZO_TEST_SCALE multiplies the amount (1 by
// default, 20 at night); RHIZO_TEST_SEED repeats a run.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rhizo::tests {

double Scale();
// `amount` times the scale, at least 1.
size_t Scaled(size_t amount);
// Drawn, or what RHIZO_TEST_SEED says; printed.
uint64_t DrawSeed();

}  // namespace rhizo::tests
