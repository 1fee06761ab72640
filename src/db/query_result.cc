#include "rhizo/query_result.h"

#include "db/query_result_impl.h"

namespace rhizo {

QueryResult::QueryResult(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
QueryResult::~QueryResult() = default;
QueryResult::QueryResult(QueryResult&&) noexcept = default;
QueryResult& QueryResult::operator=(QueryResult&&) noexcept = default;

const std::vector<ColumnInfo>& QueryResult::columns() const { return impl_->columns; }
const std::string& QueryResult::commit() const { return impl_->commit; }
uint64_t QueryResult::version() const { return impl_->version; }

Status QueryResult::Export(ArrowArrayStream* out, uint64_t batch_rows) {
  if (impl_->exported) return InvalidArgument("the rows of this result were taken already");
  if (batch_rows == 0) return InvalidArgument("batch_rows must be at least 1");
  impl_->exported = true;
  return impl_->query.export_stream(out, batch_rows);
}

namespace db {

QueryResult MakeResult(sql::RunningQuery query, std::string commit, uint64_t version) {
  auto impl = std::make_unique<QueryResult::Impl>();
  for (size_t i = 0; i < query.schema.fields.size(); ++i) {
    const auto& field = query.schema.fields[i];
    impl->columns.push_back({field.name, query.type_names[i], field.nullable});
  }
  impl->commit = std::move(commit);
  impl->version = version;
  impl->query = std::move(query);
  return QueryResult(std::move(impl));
}

}  // namespace db
}  // namespace rhizo
