// Objects in memory that count how often they are read, for tests.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/blake3.h"
#include "object/object_reader.h"

namespace rhizo::tree {

class ObjectMap final : public object::ObjectReader {
 public:
  ObjectId Add(std::string bytes) {
    ObjectId id = ObjectIdOf(bytes);
    objects_[id] = std::make_shared<const std::string>(std::move(bytes));
    return id;
  }
  Result<object::ObjectBytes> Read(const ObjectId& id) override {
    ++reads_;
    read_.insert(id);
    auto found = objects_.find(id);
    if (found == objects_.end()) return Corruption("object " + id.Short() + " is missing");
    return found->second;
  }
  void Remove(const ObjectId& id) { objects_.erase(id); }

  size_t size() const { return objects_.size(); }
  const std::unordered_map<ObjectId, object::ObjectBytes>& objects() const { return objects_; }

  size_t reads() const { return reads_; }
  const std::unordered_set<ObjectId>& read() const { return read_; }
  void ForgetReads() {
    reads_ = 0;
    read_.clear();
  }

 private:
  std::unordered_map<ObjectId, object::ObjectBytes> objects_;
  std::unordered_set<ObjectId> read_;
  size_t reads_ = 0;
};

}  // namespace rhizo::tree
