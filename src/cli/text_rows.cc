#include "cli/text_rows.h"

#include <utility>

namespace rhizo::cli {
namespace {

// The stream's message may carry the code of the error in front: "kind: message".
Error StreamError(ArrowArrayStream* stream) {
  const char* message = stream->get_last_error(stream);
  return Error(ErrorCode::kSql, message == nullptr ? "the query failed" : message);
}

}  // namespace

Result<TextRows> TextRows::Open(QueryResult* result, TextForm form) {
  TextRows rows;
  RETURN_IF_ERROR(result->ExportText(&rows.stream_, form));
  return rows;
}

TextRows::TextRows(TextRows&& other) noexcept
    : stream_(std::exchange(other.stream_, {})),
      batch_(std::exchange(other.batch_, {})),
      row_(other.row_) {}

TextRows::~TextRows() {
  if (batch_.release != nullptr) batch_.release(&batch_);
  if (stream_.release != nullptr) stream_.release(&stream_);
}

Result<bool> TextRows::NextBatch() {
  if (batch_.release != nullptr) batch_.release(&batch_);
  batch_ = {};
  if (stream_.get_next(&stream_, &batch_) != 0) return StreamError(&stream_);
  row_ = 0;
  return batch_.release != nullptr;
}

Result<bool> TextRows::Next() {
  if (batch_.release != nullptr && row_ + 1 < batch_.length) return ++row_, true;
  do {
    ASSIGN_OR_RETURN(bool more, NextBatch());
    if (!more) return false;
  } while (batch_.length == 0);
  return true;
}

std::optional<std::string_view> TextRows::Cell(size_t column) const {
  const ArrowArray& values = *batch_.children[column];
  auto place = static_cast<size_t>(row_ + batch_.offset + values.offset);
  const auto* valid = static_cast<const uint8_t*>(values.buffers[0]);
  if (values.null_count != 0 && valid != nullptr && (valid[place / 8] >> (place % 8) & 1) == 0)
    return std::nullopt;
  const auto* offsets = static_cast<const int32_t*>(values.buffers[1]);
  const auto* bytes = static_cast<const char*>(values.buffers[2]);
  return std::string_view(bytes + offsets[place],
                          static_cast<size_t>(offsets[place + 1] - offsets[place]));
}

}  // namespace rhizo::cli
