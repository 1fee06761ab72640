#include "base/random.h"

#include <sys/random.h>

#include <cerrno>

namespace rhizo {

void SystemRandom::Fill(void* out, size_t size) {
  auto* cursor = static_cast<char*>(out);
  while (size > 0) {
    ssize_t got = getrandom(cursor, size, 0);
    if (got < 0) {
      CHECK(errno == EINTR);
      continue;
    }
    cursor += got;
    size -= static_cast<size_t>(got);
  }
}

void SeededRandom::Fill(void* out, size_t size) {
  std::lock_guard lock(mutex_);
  auto* cursor = static_cast<uint8_t*>(out);
  for (size_t i = 0; i < size; ++i) cursor[i] = static_cast<uint8_t>(engine_());
}

}  // namespace rhizo
