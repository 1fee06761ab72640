// The rows of a query as text, one at a time: reads the stream of QueryResult::ExportText. Owns it.
// Not thread-safe.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "rhizo/query_result.h"

namespace rhizo::cli {

class TextRows {
 public:
  static Result<TextRows> Open(QueryResult* result, TextForm form);
  ~TextRows();
  TextRows(TextRows&& other) noexcept;
  TextRows& operator=(TextRows&&) = delete;

  // False at the end.
  Result<bool> Next();
  // Of the current row; valid until Next. Nothing for NULL.
  std::optional<std::string_view> Cell(size_t column) const;

 private:
  TextRows() = default;
  Result<bool> NextBatch();

  ArrowArrayStream stream_{};
  ArrowArray batch_{};
  int64_t row_ = -1;
};

}  // namespace rhizo::cli
