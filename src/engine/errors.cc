#include "engine/errors.h"

#include <optional>
#include <utility>

#include "base/coding.h"
#include "base/id.h"
#include "engine/function_allow_list.h"

namespace rhizo::engine {
namespace {

using duckdb::ExceptionType;

// DuckDB wraps messages ("Failed to commit: ...", line and caret) and drops what stands beside
// them, so the error itself stands in the message: text, then kMark hex(code, message, fields)
// kMark.
constexpr char kMark = '\x1e';

std::string Pack(const Error& error) {
  Encoder encoder;
  encoder.U8(static_cast<uint8_t>(error.code()));
  encoder.String(error.message());
  encoder.Varint(error.fields().size());
  for (const auto& [name, value] : error.fields()) {
    encoder.String(name);
    encoder.String(value);
  }
  return error.message() + kMark + ToHex(encoder.bytes()) + kMark;
}

std::optional<Error> Decode(std::string_view bytes) {
  Decoder decoder(bytes);
  auto code = decoder.U8();
  Error error(static_cast<ErrorCode>(code), std::string(decoder.String()));
  for (uint64_t left = decoder.Count(2); left > 0; --left) {
    std::string name(decoder.String());
    std::string value(decoder.String());
    error = std::move(error).With(std::move(name), std::move(value));
  }
  if (!decoder.Finish("error") || code > static_cast<uint8_t>(ErrorCode::kSql)) return std::nullopt;
  return error;
}

std::optional<Error> Unpack(const std::string& message) {
  size_t start = message.find(kMark);
  if (start == std::string::npos) return std::nullopt;
  size_t end = message.find(kMark, start + 1);
  if (end == std::string::npos) return std::nullopt;
  auto bytes = FromHex(std::string_view(message).substr(start + 1, end - start - 1));
  if (!bytes) return std::nullopt;
  return Decode(*bytes);
}

// What DuckDB should think of our error: nothing that makes it give up the instance or retry.
ExceptionType TypeFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOutOfMemory: return ExceptionType::OUT_OF_MEMORY;
    case ErrorCode::kCancelled: return ExceptionType::INTERRUPT;
    default: return ExceptionType::INVALID_INPUT;
  }
}

std::string Extra(const duckdb::ErrorData& error, const char* key) {
  auto entry = error.ExtraInfo().find(key);
  return entry == error.ExtraInfo().end() ? std::string() : entry->second;
}

bool IsMissing(const duckdb::ErrorData& error, const char* what) {
  return Extra(error, "error_subtype") == "MISSING_ENTRY" &&
         duckdb::StringUtil::CIEquals(Extra(error, "type"), what);
}

ErrorCode CodeFor(const duckdb::ErrorData& error) {
  switch (error.Type()) {
    case ExceptionType::OUT_OF_MEMORY: return ErrorCode::kOutOfMemory;
    case ExceptionType::INTERRUPT: return ErrorCode::kCancelled;
    case ExceptionType::CONSTRAINT: return ErrorCode::kConstraint;
    case ExceptionType::PERMISSION:
    case ExceptionType::NOT_IMPLEMENTED:
    case ExceptionType::MISSING_EXTENSION:
    case ExceptionType::AUTOLOAD: return ErrorCode::kUnsupported;
    case ExceptionType::IO:
      return Extra(error, "errno") == "28" ? ErrorCode::kDiskFull : ErrorCode::kIo;
    case ExceptionType::CATALOG:
      return IsMissing(error, "table") ? ErrorCode::kTableNotFound : ErrorCode::kSql;
    default: return ErrorCode::kSql;
  }
}

// DuckDB says so about functions of extensions, and tells to install them.
std::string NameInMissingExtension(const std::string& message) {
  constexpr std::string_view kBefore = "with name \"";
  constexpr std::string_view kAfter = "\" is not in the catalog, but it exists in the ";
  size_t start = message.find(kBefore);
  size_t end = message.find(kAfter);
  if (start == std::string::npos || end == std::string::npos || end < start) return {};
  start += kBefore.size();
  return message.substr(start, end - start);
}

Error NotAvailable(const std::string& name) {
  const char* why = IsForbiddenFunction(name)
                        ? "statements see only this database, use import_files and export_table"
                        : "the engine runs without loadable extensions";
  return Unsupported("the function " + name + " is not available: " + why).With("function", name);
}

// Its advice is about settings that statements cannot change here.
Error OutOfMemory(const std::string& message) {
  std::string what = message.substr(0, message.find('\n'));
  return Error(ErrorCode::kOutOfMemory,
               what +
                   "\nOpen the database with a greater memory_limit, or with a temp_directory "
                   "for what does not fit.");
}

// The engine also suggests its own tables, which nobody means.
std::string WithoutForeignSuggestion(std::string message) {
  size_t begin = message.find("\nDid you mean \"");
  if (begin == std::string::npos) return message;
  std::string_view name = std::string_view(message).substr(begin + 15);
  if (name.starts_with("main.")) name.remove_prefix(5);
  bool is_foreign = name.starts_with("pg_") || name.starts_with("duckdb_") ||
                    name.starts_with("sqlite_") || name.starts_with("information_schema") ||
                    name.starts_with("pragma_") || name.starts_with("checkpoint");
  if (is_foreign) message.erase(begin, message.find('\n', begin + 1) - begin);
  return message;
}

Error FromDuckDB(const duckdb::ErrorData& error) {
  std::string name = Extra(error, "name");
  if (error.Type() == ExceptionType::CATALOG) {
    std::string elsewhere = NameInMissingExtension(error.RawMessage());
    if (!elsewhere.empty()) return NotAvailable(elsewhere);
    if (IsForbiddenFunction(name)) return NotAvailable(name);
  }
  if (error.Type() == ExceptionType::INTERNAL || error.Type() == ExceptionType::FATAL) {
    // Without the stack trace, which names paths.
    return Error(ErrorCode::kIo, "the engine failed: " + error.RawMessage());
  }
  if (error.Type() == ExceptionType::OUT_OF_MEMORY) return OutOfMemory(error.Message());
  Error translated(CodeFor(error), WithoutForeignSuggestion(error.Message()));
  if (translated.code() == ErrorCode::kTableNotFound) {
    return std::move(translated).With("table", name);
  }
  return translated;
}

Error AtPosition(Error error, const std::string& position, std::string_view query) {
  size_t offset = std::stoull(position);
  std::string message = error.message();
  if (offset < query.size()) {
    message = duckdb::QueryErrorContext::Format(std::string(query), message, offset);
  }
  Error placed(error.code(), std::move(message));
  for (const auto& [name, value] : error.fields()) placed = std::move(placed).With(name, value);
  return std::move(placed).With("position", position);
}

}  // namespace

RhizoException::RhizoException(const Error& error)
    : duckdb::Exception(TypeFor(error.code()), Pack(error)) {}

RhizoException::RhizoException(const Error& error, const duckdb::QueryErrorContext& where)
    : duckdb::Exception(Exception::InitializeExtraInfo(where.query_location), TypeFor(error.code()),
                        Pack(error)) {}

void ThrowError(const Error& error) { throw RhizoException(error); }

Error TranslateError(const duckdb::ErrorData& error, std::string_view query) {
  // Connections of an Instance report errors as JSON, which keeps the position.
  if (error.RawMessage().starts_with('{')) {
    duckdb::ErrorData parsed(error.RawMessage());
    if (!parsed.RawMessage().starts_with('{')) return TranslateError(parsed, query);
  }
  auto unpacked = Unpack(error.RawMessage());
  Error translated = unpacked ? *std::move(unpacked) : FromDuckDB(error);
  std::string position = Extra(error, "position");
  if (position.empty()) return translated;
  return AtPosition(std::move(translated), position, query);
}

}  // namespace rhizo::engine
