#include "db/file_arrow_in.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "nanoarrow/nanoarrow_ipc.h"

namespace rhizo::db {
namespace {

constexpr char kFileMagic[] = "ARROW1";
constexpr size_t kMagicSize = 6;
constexpr long kMagicPadded = 8;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FilePtr = std::unique_ptr<std::FILE, CloseFile>;

bool SameText(const char* a, const char* b) {
  return std::strcmp(a == nullptr ? "" : a, b == nullptr ? "" : b) == 0;
}

bool SameColumns(const ArrowSchema& a, const ArrowSchema& b) {
  if (!SameText(a.format, b.format) || a.n_children != b.n_children) return false;
  if ((a.dictionary == nullptr) != (b.dictionary == nullptr)) return false;
  if (a.dictionary != nullptr && !SameColumns(*a.dictionary, *b.dictionary)) return false;
  for (int64_t i = 0; i < a.n_children; ++i) {
    if (!SameText(a.children[i]->name, b.children[i]->name) ||
        !SameColumns(*a.children[i], *b.children[i]))
      return false;
  }
  return true;
}

Error BadFile(const std::string& path, const std::string& what) {
  return InvalidArgument("\"" + path + "\" is no Arrow file that can be read: " + what)
      .With("path", path);
}

bool HasMagicAt(std::FILE* file, long offset, int whence) {
  char bytes[kMagicSize];
  return std::fseek(file, offset, whence) == 0 &&
         std::fread(bytes, 1, kMagicSize, file) == kMagicSize &&
         std::memcmp(bytes, kFileMagic, kMagicSize) == 0;
}

// Stands at the first message afterwards. A file has its magic at both ends; what lies between is a
// stream.
Status SkipMagic(std::FILE* file, const std::string& path) {
  char first[4];
  bool read = std::fread(first, 1, sizeof(first), file) == sizeof(first);
  if (read && std::memcmp(first, "FEA1", sizeof(first)) == 0) {
    return Unsupported("\"" + path +
                       "\" is a Feather file of version 1; write it again as version 2")
        .With("path", path);
  }
  bool is_file = HasMagicAt(file, 0, SEEK_SET);
  if (is_file && !HasMagicAt(file, -static_cast<long>(kMagicSize), SEEK_END)) {
    return BadFile(path, "its end is missing");
  }
  std::clearerr(file);
  if (std::fseek(file, is_file ? kMagicPadded : 0, SEEK_SET) != 0)
    return BadFile(path, std::strerror(errno));
  return {};
}

class ArrowFiles {
 public:
  ArrowFiles(std::vector<std::string> paths, FailureSlot failure)
      : paths_(std::move(paths)), failure_(std::move(failure)) {}
  ~ArrowFiles() {
    Release(&stream_);
    Release(&schema_);
  }
  ArrowFiles(const ArrowFiles&) = delete;
  ArrowFiles& operator=(const ArrowFiles&) = delete;

  Status OpenFirst() { return OpenNext(); }

  int GetSchema(ArrowSchema* out) { return ArrowSchemaDeepCopy(&schema_, out); }

  int GetNext(ArrowArray* out) {
    auto status = Pull(out);
    if (status) return 0;
    message_ = status.error().message();
    if (!*failure_) *failure_ = status.error();
    return status.error().code() == ErrorCode::kOutOfMemory ? ENOMEM : EIO;
  }

  const char* message() const { return message_.c_str(); }

 private:
  template <class Struct>
  static void Release(Struct* owned) {
    if (owned->release != nullptr) owned->release(owned);
    *owned = {};
  }

  Status OpenNext() {
    const std::string& path = paths_[next_++];
    FilePtr file(std::fopen(path.c_str(), "rbe"));
    if (!file)
      return Error(ErrorCode::kIo, "cannot read \"" + path + "\": " + std::strerror(errno))
          .With("path", path);
    RETURN_IF_ERROR(SkipMagic(file.get(), path));
    ArrowIpcInputStream input{};
    int code = ArrowIpcInputStreamInitFile(&input, file.release(), 1);
    if (code == 0) code = ArrowIpcArrayStreamReaderInit(&stream_, &input, nullptr);
    if (code != 0) return Error(ErrorCode::kOutOfMemory, "memory ran out");
    return TakeSchema();
  }

  Status TakeSchema() {
    ArrowSchema schema{};
    if (int code = stream_.get_schema(&stream_, &schema); code != 0) return Failure(code);
    if (schema_.release == nullptr) {
      schema_ = schema;
      return {};
    }
    bool same = SameColumns(schema_, schema);
    Release(&schema);
    if (same) return {};
    return Error(ErrorCode::kSchema,
                 "\"" + paths_[0] + "\" and \"" + current() + "\" have different columns");
  }

  Status Pull(ArrowArray* out) {
    *out = {};
    while (stream_.release != nullptr) {
      if (int code = stream_.get_next(&stream_, out); code != 0) return Failure(code);
      if (out->release != nullptr) return {};
      Release(&stream_);
      if (next_ < paths_.size()) RETURN_IF_ERROR(OpenNext());
    }
    return {};
  }

  const std::string& current() const { return paths_[next_ - 1]; }

  Error Failure(int code) {
    const char* text = stream_.get_last_error(&stream_);
    std::string message = text == nullptr || *text == 0 ? std::strerror(code) : text;
    if (code == ENOMEM)
      return Error(ErrorCode::kOutOfMemory, "reading \"" + current() + "\": memory ran out");
    if (code == ENOTSUP)
      return Unsupported("\"" + current() + "\": " + message).With("path", current());
    return BadFile(current(), message);
  }

  const std::vector<std::string> paths_;
  const FailureSlot failure_;
  size_t next_ = 0;
  ArrowArrayStream stream_{};
  ArrowSchema schema_{};
  std::string message_;
};

ArrowFiles* Of(ArrowArrayStream* stream) { return static_cast<ArrowFiles*>(stream->private_data); }

}  // namespace

Status OpenArrowFiles(std::vector<std::string> paths, FailureSlot failure, ArrowArrayStream* out) {
  auto files = std::make_unique<ArrowFiles>(std::move(paths), std::move(failure));
  RETURN_IF_ERROR(files->OpenFirst());
  out->get_schema = [](ArrowArrayStream* self, ArrowSchema* schema) {
    return Of(self)->GetSchema(schema);
  };
  out->get_next = [](ArrowArrayStream* self, ArrowArray* array) {
    return Of(self)->GetNext(array);
  };
  out->get_last_error = [](ArrowArrayStream* self) { return Of(self)->message(); };
  out->release = [](ArrowArrayStream* self) {
    delete Of(self);
    self->release = nullptr;
  };
  out->private_data = files.release();
  return {};
}

}  // namespace rhizo::db
