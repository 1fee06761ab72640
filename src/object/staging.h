// Objects a transaction made but did not publish yet, over a reader of what is stored. Reads see
// both. Most staged objects are small (tree nodes, states); Add() keeps any size in memory, large
// segments go to the ObjectStore at once and never pass through here.
// Thread-safe.
#pragma once

#include <mutex>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "object/object_reader.h"

namespace rhizo::object {

class Staging final : public ObjectReader {
 public:
  explicit Staging(std::shared_ptr<ObjectReader> stored) : stored_(std::move(stored)) {}

  // Stages an object and returns its id. Adding the same bytes again is free.
  ObjectId Add(std::string bytes);
  Result<ObjectBytes> Read(const ObjectId& id) override;
  // The staged bytes, or null if `id` is not staged here (it is stored, or unknown).
  ObjectBytes Find(const ObjectId& id) const;
  // Forgets everything staged.
  void Clear();

 private:
  const std::shared_ptr<ObjectReader> stored_;
  mutable std::mutex mutex_;
  std::unordered_map<ObjectId, ObjectBytes> staged_;
};

}  // namespace rhizo::object
