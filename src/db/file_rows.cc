#include "db/file_rows.h"

#include "engine/errors.h"
#include "engine/types.h"

namespace rhizo::db {
namespace {

struct FeedBinding final : duckdb::TableFunctionData {
  explicit FeedBinding(RowFeed* feed) : feed(feed) {}
  RowFeed* feed;
};

duckdb::unique_ptr<duckdb::FunctionData> Bind(duckdb::ClientContext&,
                                              duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<duckdb::string>& names) {
  auto& feed = input.info->Cast<RowFeed>();
  types = engine::ToLogicalTypes(feed.schema());
  names = engine::ColumnNames(feed.schema());
  return duckdb::make_uniq<FeedBinding>(&feed);
}

void Run(duckdb::ClientContext&, duckdb::TableFunctionInput& input, duckdb::DataChunk& out) {
  input.bind_data->Cast<FeedBinding>().feed->Pull(&out);
}

}  // namespace

Result<duckdb::shared_ptr<RowFeed>> RowFeed::Register(duckdb::DuckDB* duckdb,
                                                      const model::Schema& schema,
                                                      std::unique_ptr<engine::ChunkSource> rows,
                                                      std::function<void(uint64_t)> progress) {
  return engine::Guarded([&] {
    auto feed = duckdb::make_shared_ptr<RowFeed>(schema, std::move(rows), std::move(progress));
    duckdb::TableFunction function(kFunction, {}, Run, Bind);
    function.function_info = feed;
    duckdb::ExtensionLoader loader(*duckdb->instance, "rhizo_files");
    loader.RegisterFunction(std::move(function));
    return feed;
  });
}

void RowFeed::Pull(duckdb::DataChunk* out) {
  auto more = rows_->Next(out);
  if (!more) {
    failure_ = more.error();
    engine::ThrowError(more.error());
  }
  if (!*more) {
    out->SetCardinality(0);
    return;
  }
  rows_done_ += out->size();
  if (progress_) progress_(rows_done_);
}

Result<bool> WatchedRows::Next(duckdb::DataChunk* out) {
  auto more = rows_->Next(out);
  if (!more) *failure_ = more.error();
  return more;
}

}  // namespace rhizo::db
