// Work on many entries, several at a time, each thread with a connection of its own.
#pragma once

#include <functional>
#include <memory>

#include "engine/errors.h"
#include "table/write.h"

namespace rhizo::table {

// A connection of the engine with a transaction; none without an engine.
class Link {
 public:
  Status Open(engine::Instance* engine) {
    if (engine == nullptr) return {};
    ASSIGN_OR_RETURN(connection_, engine->Connect());
    return engine::Guarded([&] { connection_->BeginTransaction(); });
  }
  duckdb::ClientContext* client() { return connection_ ? connection_->context.get() : nullptr; }

 private:
  std::unique_ptr<duckdb::Connection> connection_;
};

// Calls work(client, i) for each i below `count`, in any order. The first error ends it.
using WorkOnIndex = std::function<Status(duckdb::ClientContext* client, size_t i)>;
Status ForEachIndex(const WriteContext& context, size_t count, const WorkOnIndex& work);

}  // namespace rhizo::table
