#include "db/file_arrow_out.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "db/expression_rows.h"
#include "db/stream_guard.h"
#include "engine/arrow_column.h"
#include "engine/errors.h"
#include "engine/types.h"
#include "nanoarrow/nanoarrow_ipc.h"

namespace rhizo::db {
namespace {

// Without what the Arrow file writer lacks: dictionaries become the values they stand for.
void WithoutDictionaries(model::Field* field) {
  if (field->type.kind == model::TypeKind::kEnum)
    field->type = engine::OfKind(model::TypeKind::kString);
  field->attributes.erase(engine::kArrowDictionary);
  field->attributes.erase(engine::kArrowDictionaryValues);
  for (auto& child : field->type.children) WithoutDictionaries(&child);
}

Error Failed(int code, const std::string& message) {
  std::string text = "writing the Arrow file: " + (message.empty() ? std::strerror(code) : message);
  if (code == ENOSPC || code == EDQUOT)
    return Error(ErrorCode::kDiskFull, "writing the Arrow file: the disk is full");
  if (code == ENOMEM) return Error(ErrorCode::kOutOfMemory, text);
  return Error(code == ENOTSUP ? ErrorCode::kUnsupported : ErrorCode::kIo, text);
}

// The output of the writer. Remembers the code of a write that failed, which the library only calls
// an I/O error.
struct Sink {
  std::FILE* file;
  int failed = 0;
};

ArrowErrorCode WriteTo(ArrowIpcOutputStream* stream, const void* bytes, int64_t size,
                       int64_t* written, ArrowError*) {
  auto* sink = static_cast<Sink*>(stream->private_data);
  *written = static_cast<int64_t>(std::fwrite(bytes, 1, static_cast<size_t>(size), sink->file));
  if (*written == size) return NANOARROW_OK;
  sink->failed = errno;
  return sink->failed;
}

class ArrowFileWriter {
 public:
  explicit ArrowFileWriter(std::FILE* file) : sink_{file} {
    ArrowArrayViewInitFromType(&view_, NANOARROW_TYPE_UNINITIALIZED);
  }
  ~ArrowFileWriter() {
    ArrowArrayViewReset(&view_);
    if (open_) ArrowIpcWriterReset(&writer_);
  }
  ArrowFileWriter(const ArrowFileWriter&) = delete;
  ArrowFileWriter& operator=(const ArrowFileWriter&) = delete;

  Status Start(const ArrowSchema& schema, ArrowFileKind kind) {
    kind_ = kind;
    ArrowIpcOutputStream output{};
    output.write = WriteTo;
    output.release = [](ArrowIpcOutputStream* stream) { stream->release = nullptr; };
    output.private_data = &sink_;
    RETURN_IF_ERROR(Check(ArrowIpcWriterInit(&writer_, &output)));
    open_ = true;
    if (kind == ArrowFileKind::kFile)
      RETURN_IF_ERROR(Check(ArrowIpcWriterStartFile(&writer_, &error_)));
    RETURN_IF_ERROR(Check(ArrowIpcWriterWriteSchema(&writer_, &schema, &error_)));
    return Check(ArrowArrayViewInitFromSchema(&view_, &schema, &error_));
  }

  Status Write(const ArrowArray& batch) {
    RETURN_IF_ERROR(Check(ArrowArrayViewSetArray(&view_, &batch, &error_)));
    return Check(ArrowIpcWriterWriteArrayView(&writer_, &view_, &error_));
  }

  Status Finish() {
    RETURN_IF_ERROR(Check(ArrowIpcWriterWriteArrayView(&writer_, nullptr, &error_)));
    if (kind_ == ArrowFileKind::kFile)
      RETURN_IF_ERROR(Check(ArrowIpcWriterFinalizeFile(&writer_, &error_)));
    return std::fflush(sink_.file) == 0 ? Status() : Failed(errno, "");
  }

 private:
  Status Check(int code) {
    if (code == NANOARROW_OK) return {};
    if (sink_.failed != 0) return Failed(sink_.failed, "");
    return Failed(code, error_.message);
  }

  Sink sink_;
  ArrowFileKind kind_ = ArrowFileKind::kFile;
  ArrowIpcWriter writer_{};
  ArrowArrayView view_;
  ArrowError error_{};
  bool open_ = false;
};

Error StreamFailed(ArrowArrayStream* rows) {
  const char* message = rows->get_last_error(rows);
  return Error(ErrorCode::kIo, message == nullptr ? "reading the table failed" : message);
}

Result<uint64_t> WriteAll(ArrowArrayStream* rows, ArrowFileWriter* writer,
                          const WorkOptions& work) {
  uint64_t done = 0;
  while (true) {
    if (work.cancellation.cancelled())
      return Error(ErrorCode::kCancelled, "the export was cancelled");
    ArrowArray batch{};
    if (rows->get_next(rows, &batch) != 0) return StreamFailed(rows);
    if (batch.release == nullptr) return done;
    ReleaseGuard guard(&batch);
    RETURN_IF_ERROR(writer->Write(batch));
    done += static_cast<uint64_t>(batch.length);
    if (work.progress) work.progress(done);
  }
}

}  // namespace

Result<uint64_t> WriteArrowFile(ArrowArrayStream* rows, const std::string& path, ArrowFileKind kind,
                                const WorkOptions& work) {
  ReleaseGuard rows_guard(rows);
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "wbe"));
  if (!file) return Failed(errno, "");
  ArrowSchema schema{};
  if (rows->get_schema(rows, &schema) != 0) return StreamFailed(rows);
  ReleaseGuard schema_guard(&schema);
  ArrowFileWriter writer(file.get());
  RETURN_IF_ERROR(writer.Start(schema, kind));
  ASSIGN_OR_RETURN(uint64_t done, WriteAll(rows, &writer, work));
  RETURN_IF_ERROR(writer.Finish());
  return done;
}

Status ExportPlain(sql::RunningQuery* query, ArrowArrayStream* out) {
  model::Schema plain = query->schema;
  for (auto& field : plain.fields) WithoutDictionaries(&field);
  auto client = query->client;
  auto rows = query->take_rows();
  auto from = engine::ToLogicalTypes(query->schema);
  auto to = engine::ToLogicalTypes(plain);
  return engine::Guarded([&]() -> Status {
    if (from != to) {
      size_t next = 0;
      auto cast = [&](ExpressionPtr value) {
        return duckdb::BoundCastExpression::AddCastToType(*client, std::move(value), to[next++]);
      };
      rows = std::make_unique<ExpressionRows>(client, std::move(rows), from, cast);
    }
    return engine::ExportArrowStream(client, plain, std::move(rows), {}, out);
  });
}

}  // namespace rhizo::db
