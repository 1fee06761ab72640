// Merging: conflicts that are settled one after the other before a merge is committed.
#include "db/file_arrow_in.h"
#include "db/file_arrow_out.h"
#include "db/file_target.h"
#include "db/merging_impl.h"
#include "db/query_result_impl.h"
#include "db/stream_guard.h"
#include "txn/move_head.h"

namespace rhizo {
namespace {

// A query over what is not settled yet.
Result<sql::RunningQuery> Ask(MergingImpl& merging, const std::string& query,
                              const std::string& table) {
  ASSIGN_OR_RETURN(auto conflicts, merging.Unsettled(table));
  return merging.session().AskConflicts(query, std::move(conflicts).Take());
}

Result<uint64_t> SettleFile(MergingImpl& merging, const std::string& table,
                            const std::string& path) {
  ArrowArrayStream rows{};
  db::ReleaseGuard guard(&rows);
  auto failure = std::make_shared<std::optional<Error>>();
  RETURN_IF_ERROR(db::OpenArrowFiles({path}, failure, &rows));
  auto settled = merging.SettleRows(table, &rows);
  if (!settled && *failure) return **failure;
  return settled;
}

}  // namespace

Merging::Merging(std::unique_ptr<MergingImpl> impl) : impl_(std::move(impl)) {}
Merging::~Merging() = default;
Merging::Merging(Merging&&) noexcept = default;
Merging& Merging::operator=(Merging&&) noexcept = default;

Result<Merging> Session::StartMerge(const std::string& source, const MergeOptions& options) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckIdle("merging"));
  RETURN_IF_ERROR(impl_->CheckWritable());
  ASSIGN_OR_RETURN(auto theirs, impl_->ResolvePoint(source));
  auto branch = options.into.empty() ? impl_->branch() : options.into;
  ASSIGN_OR_RETURN(auto head, txn::ReadBranch(impl_->repository(), branch));
  const auto& ours = head.commit;
  ASSIGN_OR_RETURN(auto internal, db::MergeOptionsOf(*impl_, options, ours, theirs));
  return Merging(
      std::make_unique<MergingImpl>(impl_, source, branch, ours, theirs, std::move(internal)));
}

Result<MergeResult> Merging::State() {
  std::lock_guard lock(impl_->session().mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto merged, impl_->Try());
  return db::Describe(merged);
}

Result<QueryResult> Merging::Conflicts(const std::string& table) {
  std::lock_guard lock(impl_->session().mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto rows, Ask(*impl_, "SELECT * FROM conflicts", table));
  return db::MakeResult(std::move(rows), "", 0);
}

Status Merging::Resolve(const std::string& table, MergeStrategy side, bool rows) {
  std::lock_guard lock(impl_->session().mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  return impl_->Settle(table, side, rows);
}

Result<uint64_t> Merging::Resolve(const std::string& table, ArrowArrayStream* rows) {
  db::ReleaseGuard guard(rows);
  if (rows == nullptr || rows->release == nullptr)
    return InvalidArgument("resolve: the Arrow stream was released already");
  std::lock_guard lock(impl_->session().mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  return impl_->SettleRows(table, rows);
}

Result<uint64_t> Merging::ResolveSql(const std::string& table, const std::string& query,
                                     const std::string& copy) {
  std::lock_guard lock(impl_->session().mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto rows, Ask(*impl_, query, table));
  ArrowArrayStream stream{};
  db::ReleaseGuard guard(&stream);
  RETURN_IF_ERROR(db::ExportPlain(&rows, &stream));
  if (copy.empty()) return impl_->SettleRows(table, &stream);
  ASSIGN_OR_RETURN(auto file, db::FileTarget::Create(copy, true, ""));
  ASSIGN_OR_RETURN(auto written, db::WriteArrowFile(&stream, file.temporary_path(),
                                                    db::ArrowFileKind::kFile, {}));
  static_cast<void>(written);
  RETURN_IF_ERROR(file.Publish());
  return SettleFile(*impl_, table, copy);
}

Result<uint64_t> Merging::ResolveFile(const std::string& table, const std::string& path) {
  std::lock_guard lock(impl_->session().mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  return SettleFile(*impl_, table, path);
}

Result<MergeResult> Merging::Commit(const std::string& message) {
  std::lock_guard lock(impl_->session().mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto merged, impl_->Commit(message));
  if (!merged.conflicts.empty()) return db::ConflictsOf(merged, impl_->source());
  impl_->End();
  return db::Describe(merged);
}

}  // namespace rhizo
