#include "meta/publish_rules.h"

#include <algorithm>

namespace rhizo::meta {

namespace {

Error NotWhereExpected(const RefMove& move, const std::optional<CommitId>& head) {
  std::string message = "'" + move.ref + "' ";
  if (!head) {
    message += "does not exist any more";
  } else if (!move.expected) {
    message += "exists already, at commit " + head->Short();
  } else {
    message += "has moved to commit " + head->Short() + ", expected " + move.expected->Short();
  }
  return Error(ErrorCode::kConflict, std::move(message))
      .With("ref", move.ref)
      .With("head", head ? head->ToString() : "");
}

}  // namespace

Result<RefStep> StepOf(const RefMove& move, const std::optional<RefRow>& now, Timestamp time) {
  std::optional<CommitId> head = now ? now->commit : std::nullopt;
  if (head != move.expected) return NotWhereExpected(move, head);
  if (!head && !move.target) return InvalidArgument("'" + move.ref + "' does not exist");
  RefStep step{.ref = move.ref, .after = {}, .old_commit = head, .operation = move.operation};
  if (head) {
    step.after = *now;  // keeps kind, expiry and protection
  } else {
    step.after.kind = move.kind;
  }
  step.after.commit = move.target;
  step.after.moves = now ? now->moves + 1 : 1;
  step.after.moved_at = now ? std::max(time, Timestamp{now->moved_at.micros + 1}) : time;
  return step;
}

Error TransactionLanded(const TxnId& txn, const CommitId& commit) {
  return Error(ErrorCode::kAlreadyExists, "transaction " + txn.Short() + " has landed before")
      .With("txn", txn.ToString())
      .With("commit", commit.ToString());
}

Status CheckHexPrefix(std::string_view hex_prefix) {
  bool is_hex = hex_prefix.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (is_hex && hex_prefix.size() >= 7 && hex_prefix.size() <= 64) return {};
  return InvalidArgument("'" + std::string(hex_prefix) +
                         "' is not the beginning of an id: 7 to 64 hex digits");
}

Error NoSuchRef(std::string_view name) {
  return Error(ErrorCode::kBranchNotFound, "there is no branch or tag '" + std::string(name) + "'")
      .With("ref", std::string(name));
}

}  // namespace rhizo::meta
