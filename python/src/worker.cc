#include "worker.h"

#include <pthread.h>

#include <thread>
#include <utility>
#include <vector>

namespace rhizo::python {
namespace {

struct Idle {
  std::mutex mutex;
  std::vector<std::shared_ptr<Worker>> workers;
};

// Never destroyed: its threads wait until the process ends.
Idle* idle = new Idle();

// A forked child has none of its parent's threads.
void ForgetInChild() { idle = new Idle(); }

}  // namespace

std::shared_ptr<Worker> Worker::Take() {
  static const int registered = pthread_atfork(nullptr, nullptr, ForgetInChild);
  static_cast<void>(registered);
  {
    std::lock_guard lock(idle->mutex);
    if (!idle->workers.empty()) {
      auto worker = std::move(idle->workers.back());
      idle->workers.pop_back();
      return worker;
    }
  }
  auto worker = std::make_shared<Worker>();
  std::thread([worker] { worker->Loop(); }).detach();
  return worker;
}

void Worker::GiveBack(std::shared_ptr<Worker> worker) {
  std::lock_guard lock(idle->mutex);
  idle->workers.push_back(std::move(worker));
}

void Worker::Start(std::function<void()> work) {
  std::lock_guard lock(mutex_);
  work_ = std::move(work);
  started_.notify_one();
}

void Worker::Loop() {
  while (true) {
    std::unique_lock lock(mutex_);
    started_.wait(lock, [&] { return work_ != nullptr; });
    auto work = std::exchange(work_, nullptr);
    lock.unlock();
    work();
  }
}

}  // namespace rhizo::python
