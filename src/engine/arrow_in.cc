#include "engine/arrow_in.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine/errors.h"
#include "engine/types.h"

namespace rhizo::engine {

ArrowReader::~ArrowReader() {
  batch_.reset();
  if (stream_.release != nullptr) stream_.release(&stream_);
}

Result<std::unique_ptr<ArrowReader>> ArrowReader::Open(
    duckdb::shared_ptr<duckdb::ClientContext> context, ArrowArrayStream* stream) {
  if (stream == nullptr || stream->release == nullptr) {
    return InvalidArgument("the Arrow stream was released, or read, before");
  }
  std::unique_ptr<ArrowReader> reader(new ArrowReader(*stream));
  stream->release = nullptr;
  RETURN_IF_ERROR(reader->ReadSchema());
  auto first = Guarded([&] { return reader->NextBatch(); });
  if (!first) return std::move(first).error();
  RETURN_IF_ERROR(Guarded([&] { return reader->KeepDictionaries(); }));
  return reader;
}

// What the stream says went wrong; out of memory is told apart.
Error ArrowReader::StreamError(int code, const char* doing) {
  const char* message =
      stream_.get_last_error == nullptr ? nullptr : stream_.get_last_error(&stream_);
  std::string text = message == nullptr ? "error " + std::to_string(code) : message;
  auto kind = code == ENOMEM ? ErrorCode::kOutOfMemory : ErrorCode::kInvalidArgument;
  return Error(kind, std::string("the Arrow stream failed ") + doing + ": " + text)
      .With("errno", std::to_string(code));
}

Status ArrowReader::ReadSchema() {
  ArrowSchema schema{};
  if (int code = stream_.get_schema(&stream_, &schema); code != 0) {
    return StreamError(code, "to give its schema");
  }
  if (schema.release == nullptr) return InvalidArgument("the Arrow stream gave no schema");
  auto columns = ReadArrowColumns(schema, &schema_.attributes);
  schema.release(&schema);
  if (!columns) return std::move(columns).error();
  columns_ = std::move(columns).value();
  for (const auto& column : columns_) schema_.fields.push_back(column.field);
  RETURN_IF_ERROR(model::ValidateSchema(schema_));
  types_ = ToLogicalTypes(schema_);
  return {};
}

Status ArrowReader::KeepDictionaries() {
  if (!batch_) return {};
  for (size_t i = 0; i < columns_.size(); ++i) {
    std::string values = columns_[i].dictionary ? batch_->Dictionary(i) : "";
    if (values.empty()) continue;
    schema_.fields[i].attributes[kArrowDictionaryValues] = values;
  }
  return {};
}

Result<bool> ArrowReader::NextBatch() {
  batch_.reset();
  next_row_ = 0;
  ArrowArray array{};
  if (int code = stream_.get_next(&stream_, &array); code != 0) {
    return StreamError(code, "half-way");
  }
  if (array.release == nullptr) {
    at_end_ = true;
    return false;
  }
  auto batch = std::make_shared<const ArrowBatch>(array);
  batch_ = std::make_unique<BatchConverter>(columns_, std::move(batch));
  return true;
}

Result<bool> ArrowReader::Fill(duckdb::DataChunk* out) {
  while (!at_end_ && (!batch_ || next_row_ >= batch_->rows())) {
    ASSIGN_OR_RETURN(bool more, NextBatch());
    if (!more) break;
  }
  // A fresh chunk: vectors of the last one may still be in use.
  out->Destroy();
  out->Initialize(duckdb::Allocator::DefaultAllocator(), types_);
  if (at_end_) return false;
  auto count = std::min<uint64_t>(batch_->rows() - next_row_, STANDARD_VECTOR_SIZE);
  for (size_t i = 0; i < columns_.size(); ++i) {
    batch_->Convert(i, next_row_, count, &out->data[i]);
  }
  out->SetCardinality(count);
  next_row_ += count;
  return true;
}

Result<bool> ArrowReader::Next(duckdb::DataChunk* out) {
  if (failure_) return *failure_;
  auto outcome = Guarded([&] { return Fill(out); });
  if (!outcome) failure_ = outcome.error();
  return outcome;
}

}  // namespace rhizo::engine
