#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "cli/exit_code.h"
#include "rhizo/check.h"

namespace rhizo::cli {
namespace {

std::atomic<const Cancellation*> current = nullptr;
static_assert(std::atomic<bool>::is_always_lock_free);

void OnSignal(int) {
  const Cancellation* running = current.load(std::memory_order_relaxed);
  if (running == nullptr || running->cancelled()) _exit(kInterrupted);
  running->Cancel();
}

void Handle(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  for (int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

}  // namespace

InterruptScope::InterruptScope() {
  CHECK(current.exchange(&cancellation_) == nullptr);
  Handle(OnSignal);
}

InterruptScope::~InterruptScope() {
  Handle(SIG_DFL);
  current = nullptr;
}

}  // namespace rhizo::cli
