#include "db/file_engine.h"

#include <cstring>
#include <sstream>

#include "db/file_rows.h"
#include "engine/errors.h"
#include "engine/types.h"
#include "sql/interrupt_watch.h"
#include "sql/result_stream.h"

namespace rhizo::db {
namespace {

struct Setting {
  const char* name;
  const char* value;
};
constexpr Setting kSettings[] = {
    {"allow_community_extensions", "false"}, {"autoinstall_known_extensions", "false"},
    {"autoload_known_extensions", "false"},  {"allow_persistent_secrets", "false"},
    {"preserve_insertion_order", "true"},    {"errors_as_json", "true"},
};
constexpr const char* kExtensions[] = {"core_functions", "parquet", "json", "icu"};

std::string CsvArguments(bool sample_all, bool tabs) {
  // A quoted empty field is an empty text, an unquoted one is NULL: so does export write them.
  // Quotes are not guessed: few rows that hold quotes and commas are guessed wrong.
  std::string arguments =
      ", hive_partitioning = false, filename = false, allow_quoted_nulls = false, quote = '\"', "
      "escape = '\"'";
  if (tabs) arguments += ", delim = '\t'";
  if (sample_all) arguments += ", sample_size = -1";
  return arguments;
}

bool SameName(const std::string& a, const std::string& b) {
  return duckdb::StringUtil::CIEquals(a, b);
}

// The types of the columns that are in the file, as read_csv wants them. NULL if there are none.
duckdb::Value TypesOf(const std::vector<ColumnInfo>& hints,
                      const std::vector<std::string>& columns) {
  duckdb::child_list_t<duckdb::Value> types;
  for (const auto& column : columns) {
    for (const auto& hint : hints) {
      if (SameName(hint.name, column)) types.emplace_back(column, duckdb::Value(hint.type));
    }
  }
  return types.empty() ? duckdb::Value() : duckdb::Value::STRUCT(std::move(types));
}

Result<duckdb::unique_ptr<duckdb::SQLStatement>> Parse(duckdb::Connection& connection,
                                                       const std::string& text) {
  return engine::Guarded([&] { return std::move(connection.ExtractStatements(text).at(0)); });
}

Result<std::unique_ptr<sql::ResultStream>> Start(std::shared_ptr<duckdb::Connection> connection,
                                                 const std::string& text,
                                                 sql::BoundParameters parameters,
                                                 const Cancellation& cancellation) {
  ASSIGN_OR_RETURN(auto statement, Parse(*connection, text));
  WorkOptions work;
  work.cancellation = cancellation;
  return sql::ResultStream::Start(std::move(connection), std::move(statement),
                                  std::move(parameters), {text}, work,
                                  std::make_shared<sql::InterruptWatch>());
}

Result<model::Schema> SchemaOf(const sql::ResultStream& stream) {
  model::Schema schema;
  for (size_t i = 0; i < stream.types().size(); ++i) {
    auto type = engine::FromLogicalType(stream.types()[i]);
    if (!type) return std::move(type).error().In("column \"" + stream.names()[i] + "\"");
    model::Field field;
    field.name = stream.names()[i];
    field.type = *std::move(type);
    schema.fields.push_back(std::move(field));
  }
  return schema;
}

// Types whose values Parquet, as DuckDB writes it, would not give back.
bool ParquetChanges(const model::Type& type) {
  switch (type.kind) {
    case model::TypeKind::kInt128:
    case model::TypeKind::kUInt128:
    case model::TypeKind::kInterval:
    case model::TypeKind::kBit:
    case model::TypeKind::kTimeTz:
    case model::TypeKind::kTimeNs:
    case model::TypeKind::kUnion: return true;
    default: break;
  }
  for (const auto& child : type.children) {
    if (ParquetChanges(child.type)) return true;
  }
  return false;
}

Status CheckParquet(const model::Schema& schema) {
  for (const auto& field : schema.fields) {
    if (!ParquetChanges(field.type)) continue;
    return Unsupported("column \"" + field.name + "\" has type " +
                       engine::ToLogicalType(field.type).ToString() +
                       ", which Parquet does not hold exactly; export as arrow or csv")
        .With("column", field.name);
  }
  return {};
}

const char* CopyOptions(FileFormat format, const std::string& shown) {
  if (format == FileFormat::kParquet) return "FORMAT parquet, COMPRESSION zstd";
  return IsTabSeparated(shown) ? "FORMAT csv, HEADER true, DELIMITER '\t'"
                               : "FORMAT csv, HEADER true";
}

std::string CopyText(const std::string& target, const char* options) {
  std::ostringstream text;
  text << "COPY (FROM " << RowFeed::kFunction << "()) TO '" << target << "' (" << options
       << ", USE_TMP_FILE false)";
  return text.str();
}

std::string ReplaceAll(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

// DuckDB says the kind of the error before, and after it what to change in options that users of
// ours do not have, or where in our statement it happened.
std::string WithoutAdvice(std::string message) {
  for (const char* kind :
       {"Conversion Error: ", "Invalid Input Error: ", "IO Error: ", "Binder Error: "}) {
    if (message.starts_with(kind)) message.erase(0, std::strlen(kind));
  }
  size_t end = message.size();
  for (const char* advice : {"\nPossible ", "\n\nColumn ", "\n* ", "\n  file = ", "\nLINE "}) {
    end = std::min(end, message.find(advice));
  }
  message.resize(end);
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  return message;
}

}  // namespace

Result<FileEngine> FileEngine::Start(const FileEngineOptions& options,
                                     std::vector<NamedFile> files) {
  return engine::Guarded([&]() -> Result<FileEngine> {
    duckdb::DBConfig config;
    config.options.load_extensions = false;
    config.options.use_temporary_directory = false;
    for (const auto& setting : kSettings)
      config.SetOptionByName(setting.name, duckdb::Value(setting.value));
    if (options.memory_limit_bytes > 0) config.options.maximum_memory = options.memory_limit_bytes;
    config.SetOptionByName("threads", duckdb::Value::BIGINT(options.threads));
    auto duckdb = std::make_shared<duckdb::DuckDB>(":memory:", &config);
    for (const char* name : kExtensions) duckdb::ExtensionHelper::LoadExtension(*duckdb, name);
    duckdb->GetFileSystem().RegisterSubSystem(MakeNamedFileSystem(files));
    auto& running = duckdb::DBConfig::GetConfig(*duckdb->instance);
    running.AddAllowedDirectory(kFileScheme);
    running.SetOptionByName("TimeZone", duckdb::Value("UTC"));
    running.SetOptionByName("enable_external_access", duckdb::Value("false"));
    running.SetOptionByName("lock_configuration", duckdb::Value("true"));
    return FileEngine(std::move(duckdb), std::move(files));
  });
}

std::string FileEngine::VirtualNames() const {
  std::string names;
  for (size_t i = 0; i < files_.size(); ++i) {
    names += (i == 0 ? "['" : ", '") + VirtualName(i, files_[i]) + "'";
  }
  return names + "]";
}

Result<std::vector<std::string>> FileEngine::CsvColumns(duckdb::Connection& connection) const {
  return engine::Guarded([&]() -> Result<std::vector<std::string>> {
    auto prepared = connection.Prepare("FROM read_csv(" + VirtualNames() +
                                       CsvArguments(false, IsTabSeparated(files_[0].shown)) + ")");
    if (prepared->HasError()) return engine::TranslateError(prepared->GetErrorObject());
    return std::vector<std::string>(prepared->GetNames());
  });
}

Status FileEngine::Read(FileFormat format, const CsvHints& hints, const Cancellation& cancellation,
                        FailureSlot failure, ArrowArrayStream* out) {
  auto connection = std::make_shared<duckdb::Connection>(*duckdb_);
  std::string text =
      "FROM read_parquet(" + VirtualNames() + ", hive_partitioning = false, filename = false)";
  sql::BoundParameters parameters;
  if (format == FileFormat::kCsv) {
    text = "FROM read_csv(" + VirtualNames() +
           CsvArguments(hints.sample_all, IsTabSeparated(files_[0].shown));
    if (!hints.columns.empty()) {
      ASSIGN_OR_RETURN(auto columns, CsvColumns(*connection));
      auto types = TypesOf(hints.columns, columns);
      if (!types.IsNull()) {
        text += ", types = $1";
        parameters.emplace("1", duckdb::BoundParameterData(types));
      }
    }
    text += ")";
  }
  ASSIGN_OR_RETURN(auto stream, db::Start(connection, text, std::move(parameters), cancellation));
  ASSIGN_OR_RETURN(auto schema, SchemaOf(*stream));
  auto rows = std::make_unique<WatchedRows>(std::move(stream), std::move(failure));
  return engine::ExportArrowStream(connection->context, schema, std::move(rows), {}, out);
}

Result<uint64_t> FileEngine::Write(FileFormat format, const model::Schema& schema,
                                   std::unique_ptr<engine::ChunkSource> rows,
                                   const WorkOptions& work) {
  if (format == FileFormat::kParquet) RETURN_IF_ERROR(CheckParquet(schema));
  ASSIGN_OR_RETURN(auto feed,
                   RowFeed::Register(duckdb_.get(), schema, std::move(rows), work.progress));
  auto connection = std::make_shared<duckdb::Connection>(*duckdb_);
  std::string text = CopyText(VirtualName(0, files_[0]), CopyOptions(format, files_[0].shown));
  ASSIGN_OR_RETURN(auto stream, db::Start(connection, text, {}, work.cancellation));
  auto done = stream->RunToEnd();
  if (!done) return feed->failure() ? *feed->failure() : done.error();
  return feed->rows_done();
}

std::string FileEngine::NameIn(const std::string& message) const {
  for (size_t i = files_.size(); i-- > 0;) {
    if (message.find(VirtualName(i, files_[i])) != message.npos || files_.size() == 1)
      return files_[i].shown;
  }
  return files_.front().shown;
}

Error FileEngine::Explain(const Error& error) const {
  if (error.code() == ErrorCode::kCancelled) return error;
  std::string message = WithoutAdvice(error.message());
  for (size_t i = files_.size(); i-- > 0;)
    message = ReplaceAll(message, VirtualName(i, files_[i]), files_[i].shown);
  std::string name = NameIn(error.message());
  if (message.find(name) == message.npos) message = "\"" + name + "\": " + message;
  ErrorCode code = error.code() == ErrorCode::kSql ? ErrorCode::kInvalidArgument : error.code();
  Error explained(code, std::move(message));
  for (const auto& [field, value] : error.fields()) {
    if (field != "position") explained = std::move(explained).With(field, value);
  }
  return explained;
}

}  // namespace rhizo::db
