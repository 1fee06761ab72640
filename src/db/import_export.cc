// Session: files in and out.
#include <sys/stat.h>

#include "db/file_arrow_in.h"
#include "db/file_arrow_out.h"
#include "db/file_engine.h"
#include "db/file_format.h"
#include "db/file_target.h"
#include "db/session_impl.h"
#include "engine/errors.h"
#include "engine/types.h"

namespace rhizo {
namespace {

using db::FileFormat;

// A quarter of what the database may use, at most 4 GiB; files are streamed.
db::FileEngineOptions OptionsFor(db::Core& core) {
  constexpr uint64_t kMost = 4ull << 30;
  constexpr uint64_t kLeast = 64ull << 20;
  uint64_t limit = core.options().memory_limit_bytes;
  db::FileEngineOptions options;
  options.memory_limit_bytes = limit == 0 ? kMost : std::min(kMost, std::max(limit / 4, kLeast));
  options.threads = core.threads();
  return options;
}

std::string ImportMessage(const std::vector<std::string>& paths) {
  std::string first = paths[0].substr(paths[0].find_last_of('/') + 1);
  if (paths.size() == 1) return "import " + first;
  return "import " + first + " and " + std::to_string(paths.size() - 1) + " more";
}

// A CSV file at least names its columns.
Status CheckNotEmpty(const std::string& path) {
  struct stat info {};
  bool is_empty = stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_size == 0;
  if (!is_empty) return {};
  return InvalidArgument("\"" + path + "\" is empty: it has neither columns nor rows")
      .With("path", path);
}

// CSV has text only: what the table has as text stays text ("007"), and with "keep" its other types
// hold as well.
Result<db::CsvHints> HintsFor(Session* session, const std::string& name, SchemaMode mode) {
  db::CsvHints hints;
  if (mode == SchemaMode::kReplace) return hints;
  auto info = session->Info(name);
  if (!info && info.error().code() == ErrorCode::kTableNotFound) return hints;
  if (!info) return std::move(info).error();
  for (auto& column : info->columns) {
    if (mode == SchemaMode::kKeep || column.type == "VARCHAR")
      hints.columns.push_back(std::move(column));
  }
  return hints;
}

// A value did not fit the type that was guessed from the first rows: all rows must be looked at.
bool WasGuessedWrong(const Error& error) {
  return error.message().find("CSV Error") != std::string::npos &&
         error.message().find("converting column") != std::string::npos;
}

class Importer {
 public:
  Importer(Session* session, const std::string& name, bool append, const WriteOptions& options)
      : session_(session), name_(name), append_(append), options_(options) {}

  Result<WriteResult> FromArrow(const std::vector<std::string>& paths) {
    ArrowArrayStream rows{};
    auto failure = std::make_shared<std::optional<Error>>();
    RETURN_IF_ERROR(db::OpenArrowFiles(paths, failure, &rows));
    auto written = Put(&rows);
    if (!written && *failure) return **failure;
    return written;
  }

  Result<WriteResult> FromTextOrParquet(db::Core& core, const std::vector<std::string>& paths,
                                        FileFormat format) {
    std::vector<db::NamedFile> files;
    for (const auto& path : paths) files.push_back({path, path});
    ASSIGN_OR_RETURN(auto engine, db::FileEngine::Start(OptionsFor(core), files));
    db::CsvHints hints;
    if (format == FileFormat::kCsv) {
      ASSIGN_OR_RETURN(hints, HintsFor(session_, name_, options_.schema));
    }
    auto written = Read(engine, format, hints);
    if (!written && format == FileFormat::kCsv && WasGuessedWrong(written.error())) {
      hints.sample_all = true;
      written = Read(engine, format, hints);
    }
    return written;
  }

 private:
  Result<WriteResult> Read(db::FileEngine& engine, FileFormat format, const db::CsvHints& hints) {
    ArrowArrayStream rows{};
    auto failure = std::make_shared<std::optional<Error>>();
    auto started = engine.Read(format, hints, options_.work.cancellation, failure, &rows);
    if (!started) return engine.Explain(started.error());
    auto written = Put(&rows);
    if (!written && *failure) return engine.Explain(**failure);
    return written;
  }

  Result<WriteResult> Put(ArrowArrayStream* rows) {
    return append_ ? session_->Append(name_, rows, options_)
                   : session_->Write(name_, rows, options_);
  }

  Session* const session_;
  const std::string& name_;
  const bool append_;
  const WriteOptions& options_;
};

Result<uint64_t> WriteArrow(sql::RunningQuery* query, const std::string& temporary,
                            const std::string& path, const WorkOptions& work) {
  ArrowArrayStream rows{};
  RETURN_IF_ERROR(db::ExportPlain(query, &rows));
  auto kind = db::IsArrowStream(path) ? db::ArrowFileKind::kStream : db::ArrowFileKind::kFile;
  return db::WriteArrowFile(&rows, temporary, kind, work);
}

Result<uint64_t> WriteTextOrParquet(db::Core& core, sql::RunningQuery* query,
                                    const db::NamedFile& file, FileFormat format,
                                    const WorkOptions& work) {
  ASSIGN_OR_RETURN(auto engine, db::FileEngine::Start(OptionsFor(core), {file}));
  auto rows = engine.Write(format, query->schema, query->take_rows(), work);
  if (!rows) return engine.Explain(rows.error());
  return rows;
}

}  // namespace

Result<WriteResult> Session::ImportFiles(const std::string& name,
                                         const std::vector<std::string>& paths,
                                         const std::string& format, bool append,
                                         const WriteOptions& options) {
  ASSIGN_OR_RETURN(auto file_format, db::FormatOf(paths, format));
  for (const auto& path : paths) {
    RETURN_IF_ERROR(db::CheckReadable(path));
    RETURN_IF_ERROR(CheckNotEmpty(path));
  }
  {
    std::lock_guard lock(impl_->mutex());
    RETURN_IF_ERROR(impl_->CheckWritable());
  }
  WriteOptions write = options;
  if (!write.message) write.message = ImportMessage(paths);
  Importer importer(this, name, append, write);
  if (file_format == FileFormat::kArrow) return importer.FromArrow(paths);
  return importer.FromTextOrParquet(impl_->core(), paths, file_format);
}

Result<uint64_t> Session::ExportTable(const std::string& name, const std::string& path,
                                      const std::string& format, const std::string& at,
                                      bool overwrite, const WorkOptions& work) {
  ASSIGN_OR_RETURN(auto file_format, db::FormatOf(path, format));
  sql::RunningQuery query;
  {
    std::lock_guard lock(impl_->mutex());
    RETURN_IF_ERROR(impl_->CheckOpen());
    ASSIGN_OR_RETURN(auto found, impl_->FindTable(name, at));
    ASSIGN_OR_RETURN(auto* engine, impl_->Engine());
    WorkOptions scan;
    scan.cancellation = work.cancellation;
    ASSIGN_OR_RETURN(
        query, engine->Scan(found.table, found.name.ToString(), {}, "", {}, std::nullopt, scan));
  }
  ASSIGN_OR_RETURN(auto target, db::FileTarget::Create(path, overwrite, impl_->core().path()));
  Result<uint64_t> rows =
      file_format == FileFormat::kArrow
          ? WriteArrow(&query, target.temporary_path(), path, work)
          : WriteTextOrParquet(impl_->core(), &query, {target.temporary_path(), path}, file_format,
                               work);
  if (!rows) return rows;
  RETURN_IF_ERROR(target.Publish());
  return rows;
}

}  // namespace rhizo
