#include "sql/testing/test_session.h"

#include <stdexcept>

#include "engine/arrow_out.h"
#include "engine/types.h"

namespace rhizo::sql {

Result<TextRows> ReadAll(RunningQuery running) {
  auto rows = running.take_rows();
  duckdb::DataChunk chunk;
  chunk.Initialize(duckdb::Allocator::DefaultAllocator(), engine::ToLogicalTypes(running.schema));
  TextRows texts;
  while (true) {
    chunk.Reset();
    ASSIGN_OR_RETURN(bool more, rows->Next(&chunk));
    if (!more) return texts;
    for (size_t row = 0; row < chunk.size(); ++row) {
      auto& text = texts.emplace_back();
      for (auto& column : chunk.data) text.push_back(column.GetValue(row).ToString());
    }
  }
}

TestSession::TestSession(FakeDatabase* data) {
  auto started = SessionEngine::Start(data->engine(), data);
  if (!started) throw std::runtime_error(started.error().message());
  engine_ = std::move(started).value();
}

Result<TextRows> TestSession::Query(const std::string& sql, const Parameters& parameters) {
  ASSIGN_OR_RETURN(auto running, engine_->Run(sql, parameters, {}));
  return ReadAll(std::move(running));
}

}  // namespace rhizo::sql
