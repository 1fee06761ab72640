// Connections for reading: at most a few, opened when needed and kept, so that a process with few
// descriptors can hold a database. Thread-safe.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "meta/sqlite_connection.h"

namespace rhizo::meta {

class ConnectionPool final {
 public:
  // A connection on loan.
  class Lease final {
   public:
    Lease(ConnectionPool* pool, std::unique_ptr<Connection> connection)
        : pool_(pool), connection_(std::move(connection)) {}
    ~Lease() {
      if (connection_ != nullptr) pool_->Return(std::move(connection_));
    }
    Lease(Lease&&) noexcept = default;
    Connection& operator*() const { return *connection_; }

   private:
    ConnectionPool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  ConnectionPool(ConnectionOptions options, size_t limit)
      : options_(std::move(options)), limit_(limit) {}

  // Waits while all are lent.
  Result<Lease> Borrow();
  // Makes an opened connection the first of the pool.
  void Add(std::unique_ptr<Connection> connection);
  // In a forked child: what the parent has open is left alone.
  void Abandon();

 private:
  void Return(std::unique_ptr<Connection> connection);
  Result<Lease> OpenOne();

  const ConnectionOptions options_;
  const size_t limit_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  size_t open_ = 0;
};

}  // namespace rhizo::meta
