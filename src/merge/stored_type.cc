#include "merge/stored_type.h"

#include <algorithm>

#include "model/held_type.h"
#include "table/open_table.h"
#include "tree/diff.h"

namespace rhizo::merge {

Result<bool> StoresWider(const table::ReadContext& context, const model::TableState& base,
                         const model::TableState& side, const model::Field& field) {
  bool found = false;
  auto visit = [&](const tree::DiffEntry& differs) -> Status {
    if (found || !differs.after) return {};
    ASSIGN_OR_RETURN(auto entry, model::DecodeSegmentEntry(*differs.after));
    ASSIGN_OR_RETURN(auto open, table::OpenEntryOf(context, std::move(entry)));
    const auto* stored = open.segment->Find(field.id);
    found = stored != nullptr && !model::Holds(field.type, stored->type);
    bool is_patched = std::any_of(open.entry.patches.begin(), open.entry.patches.end(),
                                  [&](const auto& patch) { return patch.field == field.id; });
    if (found || !is_patched) return {};
    ASSIGN_OR_RETURN(auto overlay, open.overlay->Get(context, open.entry));
    found = std::any_of(overlay->patches.begin(), overlay->patches.end(), [&](const auto& patch) {
      return patch.field == field.id && !model::Holds(field.type, patch.type);
    });
    return {};
  };
  RETURN_IF_ERROR(tree::Diff(tree::Tree(context.small, base.tree_root),
                             tree::Tree(context.small, side.tree_root), visit));
  return found;
}

}  // namespace rhizo::merge
