#include "table/each_entry.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <vector>

namespace rhizo::table {

Status ForEachIndex(const WriteContext& context, size_t count, const WorkOnIndex& work) {
  if (count == 0) return {};
  std::atomic<size_t> next = 0;
  auto run = [&]() -> Status {
    Link link;
    RETURN_IF_ERROR(link.Open(context.engine));
    for (size_t i = next++; i < count; i = next++) {
      auto done = engine::Guarded([&] { return work(link.client(), i); });
      if (!done) {
        next = count;
        return done;
      }
    }
    return {};
  };
  std::vector<std::future<Status>> others;
  for (size_t i = 1; i < std::min<size_t>(context.threads, count); ++i) {
    others.push_back(std::async(std::launch::async, run));
  }
  Status status = run();
  for (auto& other : others) {
    auto also = other.get();
    if (status) status = std::move(also);
  }
  return status;
}

}  // namespace rhizo::table
