#include "txn/read_set.h"

namespace rhizo::txn {

void Look::Narrow(Part part) {
  std::lock_guard lock(mutex_);
  if (!parts_) parts_.emplace();
  parts_->push_back(std::move(part));
}

std::optional<std::vector<Look::Part>> Look::parts() const {
  std::lock_guard lock(mutex_);
  return parts_;
}

std::shared_ptr<Look> ReadSet::Add(const TableId& table) {
  auto look = std::make_shared<Look>(table);
  std::lock_guard lock(mutex_);
  looks_.push_back(look);
  return look;
}

std::vector<std::shared_ptr<const Look>> ReadSet::looks() const {
  std::lock_guard lock(mutex_);
  return looks_;
}

}  // namespace rhizo::txn
