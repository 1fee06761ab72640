// The few object files that were read last, kept open. At most `capacity` stay open, however many
// objects there are; a file in use by a reader is closed when that reader is done. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "base/id.h"
#include "io/file_system.h"

namespace rhizo::object {

class DescriptorCache {
 public:
  explicit DescriptorCache(size_t capacity) : capacity_(capacity) {}

  // Null if the object is not open.
  std::shared_ptr<io::File> Find(const ObjectId& id);
  void Insert(const ObjectId& id, std::shared_ptr<io::File> file);
  void Erase(const ObjectId& id);
  void Clear();

 private:
  struct Entry {
    ObjectId id;
    std::shared_ptr<io::File> file;
  };

  const size_t capacity_;
  std::mutex mutex_;
  std::vector<Entry> entries_;  // last used at the back
};

}  // namespace rhizo::object
