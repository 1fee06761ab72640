#include "engine/arrow_out.h"

#include <cerrno>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/arrow_builder.h"
#include "engine/arrow_form.h"
#include "engine/errors.h"
#include "engine/types.h"

namespace rhizo::engine {
namespace {

using duckdb::idx_t;
using duckdb::Vector;

// Chunks with more text than this are cut into single rows, so that no batch overflows.
constexpr uint64_t kLargeChunkBytes = 64u << 20;

// About the bytes of text in `count` rows of a vector.
uint64_t TextBytes(Vector& vector, idx_t count) {
  switch (vector.GetType().InternalType()) {
    case duckdb::PhysicalType::VARCHAR: {
      duckdb::UnifiedVectorFormat format;
      vector.ToUnifiedFormat(count, format);
      auto* values = duckdb::UnifiedVectorFormat::GetData<duckdb::string_t>(format);
      uint64_t bytes = 0;
      for (idx_t i = 0; i < count; ++i) {
        idx_t at = format.sel->get_index(i);
        if (format.validity.RowIsValid(at)) bytes += values[at].GetSize();
      }
      return bytes;
    }
    case duckdb::PhysicalType::LIST: {
      Vector flat(vector);
      flat.Flatten(count);
      idx_t size = duckdb::ListVector::GetListSize(flat);
      return size + TextBytes(duckdb::ListVector::GetEntry(flat), size);
    }
    case duckdb::PhysicalType::ARRAY: {
      Vector flat(vector);
      flat.Flatten(count);
      idx_t size = count * duckdb::ArrayType::GetSize(vector.GetType());
      return TextBytes(duckdb::ArrayVector::GetEntry(flat), size);
    }
    case duckdb::PhysicalType::STRUCT: {
      Vector flat(vector);
      flat.Flatten(count);
      uint64_t bytes = 0;
      for (auto& member : duckdb::StructVector::GetEntries(flat)) {
        bytes += TextBytes(*member, count);
      }
      return bytes;
    }
    default: return 0;
  }
}

// Everything an outgoing stream needs. `context` dies last: it keeps the engine alive.
class OutStream {
 public:
  OutStream(duckdb::shared_ptr<duckdb::ClientContext> context, model::Schema schema,
            std::unique_ptr<ChunkSource> source, const ArrowOutOptions& options)
      : context_(std::move(context)),
        schema_(std::move(schema)),
        types_(ToLogicalTypes(schema_)),
        options_(options),
        source_(std::move(source)) {}

  int GetSchema(ArrowSchema* out) {
    return Say(Guarded([&] { MakeArrowSchema(schema_, out); }));
  }

  int GetNext(ArrowArray* out) {
    *out = ArrowArray{};
    return Say(Guarded([&]() -> Status { return MakeBatch(out); }));
  }

  const char* last_error() const { return last_error_.empty() ? nullptr : last_error_.c_str(); }

 private:
  int Say(const Status& status) {
    if (status) return 0;
    last_error_ = status.error().message();
    switch (status.error().code()) {
      case ErrorCode::kCancelled: return ECANCELED;
      case ErrorCode::kOutOfMemory: return ENOMEM;
      case ErrorCode::kCorruption: return EBADMSG;
      case ErrorCode::kDiskFull: return ENOSPC;
      case ErrorCode::kSql:
      case ErrorCode::kInvalidArgument:
      case ErrorCode::kSchema: return EINVAL;
      default: return EIO;
    }
  }

  // True if there is a row to be taken from the chunk.
  Result<bool> HaveRow() {
    while (!at_end_ && (!chunk_ || next_row_ >= chunk_->size())) {
      if (chunk_) {
        chunk_->Reset();
      } else {
        chunk_ = std::make_unique<duckdb::DataChunk>();
        chunk_->Initialize(duckdb::Allocator::DefaultAllocator(), types_);
      }
      next_row_ = 0;
      auto more = source_->Next(chunk_.get());
      if (!more) {
        failure_ = more.error();
        return *failure_;
      }
      at_end_ = !*more;
      if (!at_end_) chunk_bytes_ = ChunkBytes();
    }
    return !at_end_;
  }

  uint64_t ChunkBytes() {
    uint64_t bytes = 0;
    for (auto& column : chunk_->data) bytes += TextBytes(column, chunk_->size());
    return bytes;
  }

  Status MakeBatch(ArrowArray* out) {
    if (failure_) return *failure_;
    ASSIGN_OR_RETURN(bool more, HaveRow());
    if (!more) return {};
    std::vector<ArrowBuilder> builders;
    for (const auto& field : schema_.fields) builders.push_back(ArrowBuilder(field));
    uint64_t rows = 0;
    uint64_t bytes = 0;
    while (rows < options_.batch_rows && bytes < options_.batch_bytes) {
      ASSIGN_OR_RETURN(more, HaveRow());
      if (!more) break;
      idx_t left = chunk_->size() - next_row_;
      idx_t take = chunk_bytes_ > kLargeChunkBytes
                       ? 1
                       : std::min<uint64_t>(left, options_.batch_rows - rows);
      bytes += chunk_bytes_ * take / chunk_->size();
      Take(take, &builders);
      rows += take;
    }
    Finish(rows, &builders, out);
    return {};
  }

  void Take(idx_t count, std::vector<ArrowBuilder>* builders) {
    std::vector<idx_t> rows(count);
    std::iota(rows.begin(), rows.end(), next_row_);
    for (size_t i = 0; i < builders->size(); ++i) {
      (*builders)[i].Append(chunk_->data[i], chunk_->size(), rows);
    }
    next_row_ += count;
  }

  // The columns as one struct without NULLs.
  static void Finish(uint64_t rows, std::vector<ArrowBuilder>* builders, ArrowArray* out) {
    struct Holder {
      std::vector<ArrowArray> columns;
      std::vector<ArrowArray*> pointers;
      const void* buffers[1] = {nullptr};
    };
    auto holder = std::make_unique<Holder>();
    holder->columns.resize(builders->size());
    for (size_t i = 0; i < builders->size(); ++i) {
      (*builders)[i].Finish(&holder->columns[i]);
      holder->pointers.push_back(&holder->columns[i]);
    }
    out->length = static_cast<int64_t>(rows);
    out->n_buffers = 1;
    out->buffers = holder->buffers;
    out->n_children = static_cast<int64_t>(holder->columns.size());
    out->children = holder->pointers.data();
    out->release = [](ArrowArray* array) {
      auto* owned = static_cast<Holder*>(array->private_data);
      for (auto& column : owned->columns) {
        if (column.release != nullptr) column.release(&column);
      }
      array->release = nullptr;
      delete owned;
    };
    out->private_data = holder.release();
  }

  const duckdb::shared_ptr<duckdb::ClientContext> context_;
  const model::Schema schema_;
  const duckdb::vector<duckdb::LogicalType> types_;
  const ArrowOutOptions options_;
  std::unique_ptr<ChunkSource> source_;
  std::unique_ptr<duckdb::DataChunk> chunk_;
  idx_t next_row_ = 0;
  uint64_t chunk_bytes_ = 0;
  bool at_end_ = false;
  std::optional<Error> failure_;
  std::string last_error_;
};

OutStream* Self(ArrowArrayStream* stream) { return static_cast<OutStream*>(stream->private_data); }

}  // namespace

Status ExportArrowStream(duckdb::shared_ptr<duckdb::ClientContext> context,
                         const model::Schema& schema, std::unique_ptr<ChunkSource> source,
                         const ArrowOutOptions& options, ArrowArrayStream* out) {
  return Guarded([&] {
    auto stream =
        std::make_unique<OutStream>(std::move(context), schema, std::move(source), options);
    out->get_schema = [](ArrowArrayStream* self, ArrowSchema* schema_out) {
      return Self(self)->GetSchema(schema_out);
    };
    out->get_next = [](ArrowArrayStream* self, ArrowArray* array) {
      return Self(self)->GetNext(array);
    };
    out->get_last_error = [](ArrowArrayStream* self) { return Self(self)->last_error(); };
    out->release = [](ArrowArrayStream* self) {
      delete Self(self);
      self->release = nullptr;
    };
    out->private_data = stream.release();
  });
}

Status ExportArrowSchema(duckdb::ClientContext&, const model::Schema& schema, ArrowSchema* out) {
  return Guarded([&] { MakeArrowSchema(schema, out); });
}

}  // namespace rhizo::engine
