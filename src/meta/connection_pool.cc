#include "meta/connection_pool.h"

namespace rhizo::meta {

Result<ConnectionPool::Lease> ConnectionPool::Borrow() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [&] { return !idle_.empty() || open_ < limit_; });
  if (idle_.empty()) {
    ++open_;
    lock.unlock();
    return OpenOne();
  }
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return Lease(this, std::move(connection));
}

Result<ConnectionPool::Lease> ConnectionPool::OpenOne() {
  auto connection = Connection::Open(options_);
  Status ready = connection ? (*connection)->PrepareStatements() : Status(connection.error());
  if (ready) return Lease(this, std::move(connection).value());
  std::lock_guard lock(mutex_);
  --open_;
  returned_.notify_one();
  return std::move(ready).error();
}

void ConnectionPool::Add(std::unique_ptr<Connection> connection) {
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
  ++open_;
}

void ConnectionPool::Return(std::unique_ptr<Connection> connection) {
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
  returned_.notify_one();
}

void ConnectionPool::Abandon() {
  for (auto& connection : idle_) {
    connection->Abandon();
    connection.release();
  }
  idle_.clear();
}

}  // namespace rhizo::meta
