#include "meta/row_cutter.h"

namespace rhizo::meta {

namespace {

constexpr size_t kHeadBytes = 16 * 1024;
constexpr size_t kBodiesBytes = 32 * 1024;

// Upper bounds of what an item adds to the head.
size_t HeadBytes(const RefStep& step) { return step.ref.size() + step.operation.size() + 128; }
constexpr size_t kVersionHeadBytes = 64;
constexpr size_t kObjectHeadBytes = 16;

}  // namespace

void RowCutter::Begin() {
  if (!rows_.empty()) rows_.back().record.kind = RecordKind::kPart;
  rows_.push_back({header_, {}});
  rows_.back().record.kind = RecordKind::kFinal;
  items_ = 0;
  head_bytes_ = 0;
}

void RowCutter::MakeRoom(size_t head_bytes, size_t body_bytes) {
  const std::string& bodies = rows_.back().bodies;
  bool has_room = items_ < kMaxOrdinals && head_bytes_ + head_bytes <= kHeadBytes &&
                  bodies.size() + body_bytes <= kBodiesBytes;
  if (!has_room && items_ > 0) Begin();
  ++items_;
  head_bytes_ += head_bytes;
}

void RowCutter::Add(RefStep step) {
  MakeRoom(HeadBytes(step), 0);
  rows_.back().record.steps.push_back(std::move(step));
}

void RowCutter::Add(VersionEntry version) {
  MakeRoom(kVersionHeadBytes, 0);
  rows_.back().record.versions.push_back(version);
}

void RowCutter::Add(const NewObject& object) {
  MakeRoom(kObjectHeadBytes, object.bytes.size());
  PendingRow& row = rows_.back();
  row.record.objects.push_back({ObjectKey(object.id), object.bytes.size(), row.bodies.size()});
  row.bodies.append(object.bytes);
}

std::vector<PendingRow> RowCutter::Finish() && { return std::move(rows_); }

}  // namespace rhizo::meta
