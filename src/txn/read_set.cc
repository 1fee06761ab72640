#include "txn/read_set.h"

#include "base/name.h"

namespace rhizo::txn {

void Look::Narrow(Part part) {
  std::lock_guard lock(mutex_);
  if (!parts_) parts_.emplace();
  if (own_rows_) part.sees = nullptr;
  parts_->push_back(std::move(part));
}

void Look::NarrowToColumns() {
  std::lock_guard lock(mutex_);
  parts_.emplace();
}

void Look::AddFields(std::span<const FieldId> fields) {
  std::lock_guard lock(mutex_);
  if (!parts_) return;
  for (auto& part : *parts_) {
    part.fields.insert(part.fields.end(), fields.begin(), fields.end());
  }
}

std::optional<std::vector<Look::Part>> Look::parts() const {
  std::lock_guard lock(mutex_);
  return parts_;
}

std::shared_ptr<Look> ReadSet::Add(const TableId& table, bool own_rows) {
  auto look = std::make_shared<Look>(table, own_rows);
  std::lock_guard lock(mutex_);
  looks_.push_back(look);
  return look;
}

void ReadSet::AddColumns(const TableId& table) { Add(table)->NarrowToColumns(); }

void ReadSet::AddName(const model::QualifiedName& name) {
  std::lock_guard lock(mutex_);
  names_.insert(FoldName(name.ToString()));
}

bool ReadSet::HasName(const model::QualifiedName& name) const {
  std::lock_guard lock(mutex_);
  return names_.contains(FoldName(name.ToString()));
}

std::vector<std::shared_ptr<const Look>> ReadSet::looks() const {
  std::lock_guard lock(mutex_);
  return {looks_.begin(), looks_.end()};
}

void ReadSet::AddFields(const TableId& table, size_t from, std::span<const FieldId> fields) {
  std::lock_guard lock(mutex_);
  for (size_t i = from; i < looks_.size(); ++i) {
    if (looks_[i]->table() == table) looks_[i]->AddFields(fields);
  }
}

}  // namespace rhizo::txn
