#include "sql/interrupt_watch.h"

namespace rhizo::sql {

InterruptWatch::~InterruptWatch() {
  {
    std::lock_guard lock(mutex_);
    stops_ = true;
    changed_.notify_all();
  }
  if (!thread_.joinable()) return;
  thread_.join();
}

InterruptWatch::Guard::Guard(InterruptWatch* watch, const Cancellation& cancellation,
                             duckdb::ClientContext* client)
    : watch_(watch) {
  std::lock_guard lock(watch_->mutex_);
  position_ = watch_->watched_.insert(watch_->watched_.end(), {cancellation, client});
  if (!watch_->thread_.joinable()) watch_->thread_ = std::thread([watch] { watch->Run(); });
  if (watch_->sleeps_) watch_->changed_.notify_all();
}

InterruptWatch::Guard::~Guard() {
  std::lock_guard lock(watch_->mutex_);
  watch_->watched_.erase(position_);
}

void InterruptWatch::Run() {
  std::unique_lock lock(mutex_);
  int idle = 0;
  while (!stops_) {
    for (const auto& watched : watched_) {
      if (watched.cancellation.cancelled()) watched.client->Interrupt();
    }
    idle = watched_.empty() ? idle + 1 : 0;
    sleeps_ = idle > kIdleRounds;
    if (sleeps_) {
      changed_.wait(lock, [&] { return stops_ || !watched_.empty(); });
      sleeps_ = false;
      idle = 0;
    } else {
      changed_.wait_for(lock, kInterval, [&] { return stops_; });
    }
  }
}

}  // namespace rhizo::sql
