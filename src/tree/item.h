// The words every file of this folder shares: what a map holds, what a node holds, and the limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/id.h"

namespace rhizo::tree {

inline constexpr size_t kMaxKeyBytes = 4096;
inline constexpr size_t kMaxValueBytes = 64 * 1024;
// A larger value is a leaf of its own, so that one entry never makes its neighbours dear.
inline constexpr size_t kLargeValueBytes = 2048;
inline constexpr uint8_t kMaxLevel = 40;
inline constexpr uint64_t kMaxEntries = uint64_t{1} << 48;

// A whole map. Equal maps have equal roots, whatever edits led there.
struct Root {
  ObjectId id;
  uint64_t count = 0;   // entries
  uint64_t weight = 0;  // sum of the weights of all entries

  friend bool operator==(const Root&, const Root&) = default;
};

// One entry of a map.
struct Entry {
  std::string key;
  std::string value;
  uint64_t weight = 0;

  friend bool operator==(const Entry&, const Entry&) = default;
};

// One item of a node: at level 0 an entry, above a child. Borrows from the node.
struct Item {
  std::string_view key;      // of the entry, or of the first entry below
  std::string_view payload;  // the value, or the child's id
  uint64_t count = 1;        // entries: 1, or all below
  uint64_t weight = 0;       // of the entry, or of all below

  ObjectId child() const { return ObjectId::FromBytes(payload); }
  friend bool operator==(const Item&, const Item&) = default;
};

}  // namespace rhizo::tree
