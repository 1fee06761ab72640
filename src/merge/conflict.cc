#include "merge/conflict.h"

namespace rhizo::merge {

std::string_view ReasonName(ConflictReason reason) {
  switch (reason) {
    case ConflictReason::kCell: return "cell";
    case ConflictReason::kDeleteUpdate: return "delete/update";
    case ConflictReason::kDelete: return "delete";
    case ConflictReason::kRow: return "row";
    case ConflictReason::kConstraint: return "constraint";
  }
  return "cell";
}

}  // namespace rhizo::merge
