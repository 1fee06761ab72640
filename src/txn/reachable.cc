#include "txn/reachable.h"

#include "model/database_state.h"
#include "tree/visit.h"

namespace rhizo::txn {

Status ForEachObjectOfState(const table::ReadContext& context, const ObjectId& state_root,
                            const table::VisitObject& visit) {
  Status failed;
  auto enter = [&](const ObjectId& node) {
    auto go_on = visit(node, false);
    if (!go_on) {
      if (failed) failed = std::move(go_on).error();
      return false;
    }
    return *go_on;
  };
  auto entry = [&](const tree::Item& item) -> Status {
    ASSIGN_OR_RETURN(auto key, model::DecodeStateKey(item.key));
    ASSIGN_OR_RETURN(auto state, model::DecodeStateEntry(item.payload));
    if (key.kind == model::StateKind::kTable)
      return table::ForEachObject(context, state.state, visit);
    ASSIGN_OR_RETURN(bool ignored, visit(state.state, false));
    static_cast<void>(ignored);
    return {};
  };
  RETURN_IF_ERROR(tree::ForEachNode(tree::Tree(context.small, state_root), enter, entry));
  return failed;
}

}  // namespace rhizo::txn
