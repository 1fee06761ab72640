// Interrupts queries whose work was cancelled while their caller is deep inside the engine and
// cannot look itself: one thread for all queries of a database, started by the first of them.
// Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "engine/duckdb_headers.h"
#include "rhizo/cancellation.h"

namespace rhizo::sql {

class InterruptWatch {
 public:
  InterruptWatch() = default;
  ~InterruptWatch();

 private:
  struct Watched {
    Cancellation cancellation;
    duckdb::ClientContext* client;
  };

 public:
  // Watches one client while it lives; `watch` and `client` outlive it.
  class Guard {
   public:
    Guard(InterruptWatch* watch, const Cancellation& cancellation, duckdb::ClientContext* client);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    InterruptWatch* watch_;
    std::list<Watched>::iterator position_;
  };

 private:
  // How often it looks; how many times in vain before it sleeps until somebody comes.
  static constexpr auto kInterval = std::chrono::milliseconds(20);
  static constexpr int kIdleRounds = 50;

  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Watched> watched_;
  bool sleeps_ = false;
  bool stops_ = false;
  std::thread thread_;
};

}  // namespace rhizo::sql
