#include "tree/cursor.h"

#include <utility>

namespace rhizo::tree {

// Back to the root; opened_ stays false if a move fails half-way.
Status Cursor::Open() {
  opened_ = false;
  if (path_.root() == nullptr) return path_.Open(root_);
  path_.Top();
  return {};
}

Status Cursor::Settle(Status status) {
  opened_ = status.has_value();
  return status;
}

Status Cursor::Seek(std::string_view key) {
  RETURN_IF_ERROR(Open());
  RETURN_IF_ERROR(path_.DescendTowards(key, 0));
  size_t index = path_.node()->LowerBound(key);
  if (index < path_.node()->size() || path_.node()->empty()) {
    path_.MoveTo(index);
    return Settle({});
  }
  path_.MoveTo(index - 1);
  path_.Advance();
  return Settle(path_.done() ? Status() : path_.DescendToFirst(0));
}

Status Cursor::SeekAtOrBefore(std::string_view key) {
  RETURN_IF_ERROR(Open());
  RETURN_IF_ERROR(path_.DescendTowards(key, 0));
  size_t index = path_.node()->Covering(key);
  path_.MoveTo(index);
  // Below the first key of its node only if below all of the map.
  if (!path_.done() && path_.item().key > key) path_.Retreat();
  return Settle({});
}

Status Cursor::SeekToFirst() {
  RETURN_IF_ERROR(Open());
  return Settle(path_.DescendToFirst(0));
}

Status Cursor::SeekToLast() {
  RETURN_IF_ERROR(Open());
  if (!path_.done()) path_.MoveTo(path_.node()->size() - 1);
  return Settle(path_.DescendToLast(0));
}

Status Cursor::SeekToRank(uint64_t rank) {
  RETURN_IF_ERROR(Open());
  path_.MoveTo(path_.node()->HoldingRank(rank));
  while (!path_.done() && path_.level() > 0) {
    rank -= path_.node()->count_before(path_.index());
    ASSIGN_OR_RETURN(auto child, path_.ReadChild());
    size_t index = child->HoldingRank(rank);
    RETURN_IF_ERROR(path_.Enter(std::move(child), index));
  }
  return Settle({});
}

Result<uint64_t> Cursor::SeekToWeight(uint64_t unit) {
  RETURN_IF_ERROR(Open());
  path_.MoveTo(path_.node()->HoldingWeight(unit));
  while (!path_.done() && path_.level() > 0) {
    unit -= path_.node()->weight_before(path_.index());
    ASSIGN_OR_RETURN(auto child, path_.ReadChild());
    size_t index = child->HoldingWeight(unit);
    RETURN_IF_ERROR(path_.Enter(std::move(child), index));
  }
  RETURN_IF_ERROR(Settle({}));
  return path_.done() ? 0 : unit - path_.node()->weight_before(path_.index());
}

Status Cursor::Next() {
  CHECK(Valid());
  path_.Advance();
  return path_.done() ? Status() : Settle(path_.DescendToFirst(0));
}

Status Cursor::Prev() {
  CHECK(Valid());
  path_.Retreat();
  return path_.done() ? Status() : Settle(path_.DescendToLast(0));
}

}  // namespace rhizo::tree
