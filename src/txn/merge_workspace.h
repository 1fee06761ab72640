// Where a merge puts together what it makes, before anything is published. Not thread-safe.
#pragma once

#include <functional>

#include "engine/instance.h"
#include "merge/table_merge.h"
#include "object/staging.h"
#include "table/each_entry.h"
#include "txn/repository.h"

namespace rhizo::txn {

struct MergeTools {
  std::function<Result<engine::Instance*>()> engine;  // asked for where something is to be merged
  unsigned threads = 1;
  merge::BindChecks bind_checks;
};

class MergeWorkspace {
 public:
  // `repository` outlives it.
  explicit MergeWorkspace(Repository& repository);

  Status Open(const MergeTools& tools);
  object::Staging& staging() { return staging_; }
  const merge::MergeMeans& means() const { return means_; }

 private:
  object::Staging staging_;
  uint64_t no_births_ = 0;
  table::Link link_;
  merge::MergeMeans means_;
};

}  // namespace rhizo::txn
