// Walks the entries of one map in order, both ways, by key, by number and by weight. What it hands
// out is borrowed until the next move. After any error it is not Valid(). Not thread-safe.
#pragma once

#include <string_view>

#include "tree/path.h"
#include "tree/tree.h"

namespace rhizo::tree {

class Cursor {
 public:
  Cursor(object::ObjectReader* reader, const ObjectId& root) : root_(root), path_(reader) {}
  explicit Cursor(const Tree& tree) : Cursor(tree.reader(), tree.root()) {}

  bool Valid() const { return opened_ && !path_.done(); }

  // To the first entry whose key is >= `key`; not Valid() if there is none.
  Status Seek(std::string_view key);
  // To the last entry whose key is <= `key`; not Valid() if there is none.
  Status SeekAtOrBefore(std::string_view key);
  Status SeekToFirst();
  Status SeekToLast();
  // To the entry number `rank`, from 0; not Valid() if there are fewer.
  Status SeekToRank(uint64_t rank);
  // To the entry that holds unit number `unit` of the weight (row n of a table), from 0; the result
  // is the number of the unit within the entry. Not Valid() if the weight is less.
  Result<uint64_t> SeekToWeight(uint64_t unit);

  // Only when Valid(); not Valid() behind the last, before the first.
  Status Next();
  Status Prev();

  // Only when Valid().
  std::string_view key() const { return path_.item().key; }
  std::string_view value() const { return path_.item().payload; }
  uint64_t weight() const { return path_.item().weight; }
  // Entries, and weight, of the map before this one.
  uint64_t rank() const { return path_.rank(); }
  uint64_t weight_before() const { return path_.weight_before(); }

 private:
  Status Open();
  Status Settle(Status status);

  ObjectId root_;
  Path path_;
  bool opened_ = false;
};

}  // namespace rhizo::tree
