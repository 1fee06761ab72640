#include "model/table_state.h"
#include "table/segment_reader.h"
#include "table/write.h"
#include "tree/visit.h"

namespace rhizo::table {
namespace {

// `visit`, whose errors end a walk that only understands false.
class Visitor {
 public:
  explicit Visitor(const VisitObject& visit) : visit_(visit) {}

  Result<bool> Small(const ObjectId& id) { return visit_(id, false); }
  Status SmallLeaf(const std::optional<ObjectId>& id) {
    if (!id) return {};
    ASSIGN_OR_RETURN(bool ignored, visit_(*id, false));
    static_cast<void>(ignored);
    return {};
  }
  Status Segment(const model::SegmentInfo& info) {
    ASSIGN_OR_RETURN(bool ignored, visit_(info.segment, IsLargeSegment(info)));
    static_cast<void>(ignored);
    return {};
  }
  bool Node(const ObjectId& id) {
    if (!error_.has_value()) return false;
    auto descend = Small(id);
    if (descend) return *descend;
    error_ = std::move(descend).error();
    return false;
  }
  const Status& error() const { return error_; }

 private:
  const VisitObject& visit_;
  Status error_;
};

Status VisitEntry(const ReadContext& context, const model::SegmentEntry& entry, Visitor* visitor) {
  ASSIGN_OR_RETURN(bool descend, visitor->Small(entry.id));
  if (descend && entry.kind == model::SegmentKind::kParquet) {
    ASSIGN_OR_RETURN(auto bytes, context.small->Read(entry.id));
    ASSIGN_OR_RETURN(auto info, model::DecodeSegmentInfo(*bytes));
    RETURN_IF_ERROR(visitor->Segment(info));
  }
  RETURN_IF_ERROR(visitor->SmallLeaf(entry.hidden.object));
  RETURN_IF_ERROR(visitor->SmallLeaf(entry.runs.object));
  for (const auto& patch : entry.patches) {
    RETURN_IF_ERROR(visitor->SmallLeaf(patch.patch));
    RETURN_IF_ERROR(visitor->SmallLeaf(patch.dead.object));
  }
  return {};
}

}  // namespace

Status ForEachObject(const ReadContext& context, const ObjectId& table_state,
                     const VisitObject& visit) {
  Visitor visitor(visit);
  ASSIGN_OR_RETURN(bool descend, visitor.Small(table_state));
  if (!descend) return {};
  ASSIGN_OR_RETURN(auto bytes, context.small->Read(table_state));
  ASSIGN_OR_RETURN(auto state, model::DecodeTableState(*bytes));
  RETURN_IF_ERROR(tree::ForEachNode(
      tree::Tree(context.small, state.tree_root),
      [&](const ObjectId& id) { return visitor.Node(id); },
      [&](const tree::Item& item) -> Status {
        ASSIGN_OR_RETURN(auto entry, model::DecodeSegmentEntry(item.payload));
        return VisitEntry(context, entry, &visitor);
      }));
  return visitor.error();
}

}  // namespace rhizo::table
