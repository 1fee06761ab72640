// The rules of a publication that every MetaStore keeps the same way.
#pragma once

#include <optional>

#include "meta/log_record.h"

namespace rhizo::meta {

// The step that `move` makes from `now` (nothing: there never was such a ref). kConflict if the ref
// is not where it was expected.
Result<RefStep> StepOf(const RefMove& move, const std::optional<RefRow>& now, Timestamp time);

Error TransactionLanded(const TxnId& txn, const CommitId& commit);
// kInvalidArgument unless 7 to 64 lower-case hex digits.
Status CheckHexPrefix(std::string_view hex_prefix);
Error NoSuchRef(std::string_view name);

}  // namespace rhizo::meta
