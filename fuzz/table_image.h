// A small table whose every kind of object is there, as a hostile writer could change it: a row
// block under hidden rows and a patch, and a Parquet segment with its info.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/instance.h"
#include "object/memory_object_store.h"
#include "object/object_reader.h"
#include "table/column_cache.h"
#include "table/read_context.h"

namespace rhizo::fuzz {

// Never ends: an engine that a static destructor ends finds the thread's own variables gone.
engine::Instance& Engine();
duckdb::ClientContext& Client();

// Objects children first; the last is the table state. Copied, changed, and read.
class TableImage final : public object::ObjectReader {
 public:
  static TableImage Whole();

  size_t size() const { return objects_.size(); }
  const std::string& at(size_t i) const { return objects_[i].bytes; }
  ObjectId state() const { return objects_.back().id; }

  // Gives an object other bytes and a new id, and its parents the new id in place of the old one.
  // An info that can be read gets the hashes of what is in its ranges.
  void Replace(size_t i, std::string bytes);

  Result<object::ObjectBytes> Read(const ObjectId& id) override;

 private:
  struct Object {
    ObjectId id;
    std::string bytes;
  };
  void Add(std::string bytes);
  void Rename(size_t i, const ObjectId& before);
  std::string WithFittingHashes(std::string info) const;

  std::vector<Object> objects_;
};

}  // namespace rhizo::fuzz
