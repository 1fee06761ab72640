// Session: verification, statistics, closing.
#include "db/session_impl.h"
#include "txn/verify.h"

namespace rhizo {

Result<VerifyReport> Session::Verify(const WorkOptions& work) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto* engine, impl_->core().engine()->Get());
  return txn::VerifyRepository(impl_->repository(), engine, work);
}

Result<DatabaseStats> Session::Stats() {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  auto& repository = impl_->repository();
  DatabaseStats stats;
  ASSIGN_OR_RETURN(auto view, impl_->CurrentView());
  ASSIGN_OR_RETURN(auto tables, view->ListTables());
  for (const auto& named : tables) {
    ASSIGN_OR_RETURN(auto table, view->Open(named.entry.state));
    ++stats.tables;
    stats.rows += table->state().rows;
    stats.table_bytes += table->state().bytes;
  }
  ASSIGN_OR_RETURN(auto refs, repository.meta().ListRefs());
  for (const auto& ref : refs) {
    if (ref.kind == meta::RefKind::kBranch) ++stats.branches;
    if (ref.kind == meta::RefKind::kTag) ++stats.tags;
  }
  RETURN_IF_ERROR(repository.large().List([&](const ObjectId&, uint64_t size_bytes) {
    ++stats.objects;
    stats.object_bytes += size_bytes;
    return true;
  }));
  ASSIGN_OR_RETURN(stats.metadata_bytes, repository.meta().SizeBytes());
  auto cache = repository.columns().Statistics();
  stats.cache_bytes = cache.used_bytes;
  stats.cache_hits = cache.hits;
  stats.cache_misses = cache.misses;
  return stats;
}

Status Session::Flush() {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  return impl_->repository().Flush();
}

Status Session::Close() {
  std::lock_guard lock(impl_->mutex());
  return impl_->Close();
}

bool Session::closed() const { return impl_->closed(); }

std::string Session::path() const { return impl_->core().path(); }

}  // namespace rhizo
