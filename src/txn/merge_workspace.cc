#include "txn/merge_workspace.h"

#include "txn/staged_state.h"

namespace rhizo::txn {

MergeWorkspace::MergeWorkspace(Repository& repository) : staging_(repository.small()) {
  means_.context.read = StagedContext(repository, &staging_);
  means_.context.staging = &staging_;
  means_.context.next_ordinal = &no_births_;
}

Status MergeWorkspace::Open(const MergeTools& tools) {
  means_.context.threads = tools.threads;
  means_.bind_checks = tools.bind_checks;
  ASSIGN_OR_RETURN(means_.context.engine, tools.engine());
  RETURN_IF_ERROR(link_.Open(means_.context.engine));
  means_.client = link_.client();
  return {};
}

}  // namespace rhizo::txn
