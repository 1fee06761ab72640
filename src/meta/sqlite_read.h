// The reading loop of SqliteMetaStore, shared by its source files.
#pragma once

#include "meta/sqlite_meta_store.h"

namespace rhizo::meta {

template <class F>
auto SqliteMetaStore::ReadWith(Connection& connection, F f) -> std::invoke_result_t<F, LogReader&> {
  while (true) {
    uint64_t counter = PeekCounter();
    ASSIGN_OR_RETURN(auto transaction, ReadTransaction::Begin(connection));
    ASSIGN_OR_RETURN(StoreState state, ReadState(connection));
    {
      std::shared_lock lock(cache_.mutex);
      if (cache_.state.last_seq == state.last_seq) {
        cache_counter_ = counter;
        LogReader reader(connection, state, cache_.tail);
        return f(reader);
      }
    }
    // If the cache is ahead, the next transaction sees what it saw.
    RETURN_IF_ERROR(CatchUp(connection, state));
  }
}

template <class F>
auto SqliteMetaStore::Read(F f) -> std::invoke_result_t<F, LogReader&> {
  RETURN_IF_ERROR(CheckAlive());
  ASSIGN_OR_RETURN(auto lease, pool_->Borrow());
  return ReadWith(*lease, std::move(f));
}

// Sets or clears the mark that commits were made without durability, in a transaction of its own.
Status WriteUnsyncedFlag(Connection& writer, bool has_unsynced);

}  // namespace rhizo::meta
