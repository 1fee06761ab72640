#include "cli/progress_line.h"

#include <iostream>

#include "cli/printable.h"
#include "cli/terminal.h"

namespace rhizo::cli {

ProgressLine::ProgressLine(std::string doing, std::string unit)
    : doing_(Printable(doing)), unit_(std::move(unit)), visible_(IsTerminal(Stream::kErrors)) {}

ProgressLine::~ProgressLine() {
  if (visible_) std::cerr << "\r\x1b[K" << std::flush;
}

void ProgressLine::Tell(uint64_t done) {
  if (!visible_) return;
  std::lock_guard lock(mutex_);
  auto now = std::chrono::steady_clock::now();
  if (now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  std::cerr << "\r\x1b[K" << doing_ << ": " << Grouped(done) << ' ' << unit_ << std::flush;
}

WorkOptions ProgressLine::Work(const Cancellation& cancellation) {
  WorkOptions work;
  work.cancellation = cancellation;
  work.progress = [this](uint64_t done) { Tell(done); };
  return work;
}

}  // namespace rhizo::cli
