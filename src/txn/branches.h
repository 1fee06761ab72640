// Branches and tags: moving refs without making a commit. Every move is in the ref log; a deleted
// branch can be brought back from it.
#pragma once

#include <optional>
#include <string>

#include "txn/repository.h"

namespace rhizo::txn {

struct RefOptions {
  std::optional<Timestamp> expires;
  std::optional<bool> is_protected;
};

// kAlreadyExists (also for a twin in case), kInvalidName.
Result<meta::Ref> CreateBranch(Repository& repository, const std::string& name, const CommitId& at,
                               const RefOptions& options);
Result<meta::Ref> CreateTag(Repository& repository, const std::string& name, const CommitId& at);
// A branch without a name of the user's choice: "scratch/<hex>", hidden from lists.
Result<meta::Ref> CreateScratch(Repository& repository, const CommitId& at);
// kBranchNotFound; kInvalidArgument for the main or a protected branch.
Status DeleteRef(Repository& repository, const std::string& name, meta::RefKind kind);
Result<meta::Ref> RenameBranch(Repository& repository, const std::string& name,
                               const std::string& new_name);
Result<meta::Ref> UndeleteBranch(Repository& repository, const std::string& name);
Result<meta::Ref> SetBranch(Repository& repository, const std::string& name,
                            const RefOptions& options);

}  // namespace rhizo::txn
