#include "txn/pure_merge.h"

#include "base/blake3.h"
#include "base/coding.h"

namespace rhizo::txn {

TxnId PureMergeTxn(bool is_fold, const std::vector<CommitId>& parents) {
  Encoder encoder;
  encoder.Raw(is_fold ? "merge" : "merge of heads");
  encoder.U32(kMergeLaw);
  for (const auto& id : parents) encoder.Raw(id.view());
  auto hash = Blake3(std::move(encoder).Take());
  return TxnId::FromBytes(hash.view().substr(0, 16));
}

bool IsPureMerge(const model::Commit& commit) {
  return commit.law_number ||
         (commit.parents.size() == 2 && commit.txn == PureMergeTxn(false, commit.parents));
}

}  // namespace rhizo::txn
