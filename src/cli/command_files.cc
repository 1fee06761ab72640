// init, import, export.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/json_shapes.h"
#include "cli/printable.h"
#include "cli/progress_line.h"

namespace rhizo::cli {
namespace {

Status Init(const Context& context) {
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting(CreateMode::kNew));
  ASSIGN_OR_RETURN(auto head, database.Head());
  if (context.json) {
    PrintJson(Document("database", {{"branch", context.branch}, {"commit", head.id}}));
  } else {
    std::cout << "made a database in " << Printable(context.database) << '\n';
  }
  return {};
}

struct ImportOptions {
  std::string table;
  std::vector<std::string> files;
  std::string format;
  std::string schema = "keep";
  std::string message;
  bool append = false;
};

SchemaMode ModeOf(const std::string& name) {
  if (name == "evolve") return SchemaMode::kEvolve;
  return name == "replace" ? SchemaMode::kReplace : SchemaMode::kKeep;
}

void PrintWritten(const WriteResult& written) {
  std::string name = Printable(written.table);
  if (!written.changed) {
    std::cout << name << ": unchanged, version " << written.version << '\n';
    return;
  }
  if (written.rows_inserted + written.rows_deleted + written.rows_updated == 0 &&
      written.rows > 0) {
    std::cout << name << ": version " << written.version << ", other columns, the same rows\n";
    return;
  }
  std::cout << name << ": version " << written.version << ", " << Grouped(written.rows_inserted)
            << " rows in";
  if (written.rows_deleted > 0) std::cout << ", " << Grouped(written.rows_deleted) << " rows out";
  std::cout << '\n';
}

// A file that is not there must not cost a new database.
Status CheckReadable(const std::vector<std::string>& files) {
  for (const auto& file : files) {
    if (access(file.c_str(), R_OK) == 0) continue;
    ErrorCode code =
        errno == ENOENT || errno == ENOTDIR ? ErrorCode::kInvalidArgument : ErrorCode::kIo;
    std::string why = errno == ENOENT ? "there is no such file" : std::strerror(errno);
    return Error(code, "cannot read \"" + file + "\": " + why).With("path", file);
  }
  return {};
}

Status Import(const Context& context, const ImportOptions& options) {
  RETURN_IF_ERROR(CheckReadable(options.files));
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting(CreateMode::kIfMissing));
  InterruptScope interrupt;
  ProgressLine progress("importing " + options.table, "rows");
  WriteOptions write;
  write.schema = ModeOf(options.schema);
  if (!options.message.empty()) write.message = options.message;
  write.work = progress.Work(interrupt.cancellation());
  ASSIGN_OR_RETURN(auto written, database.ImportFiles(options.table, options.files, options.format,
                                                      options.append, write));
  if (context.json) {
    PrintJson(Document("write", Shape(written)));
  } else {
    PrintWritten(written);
  }
  return {};
}

struct ExportOptions {
  std::string table;
  std::string file;
  std::string format;
  std::string at;
  bool overwrite = false;
};

Status Export(const Context& context, const ExportOptions& options) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  InterruptScope interrupt;
  ProgressLine progress("exporting " + options.table, "rows");
  ASSIGN_OR_RETURN(uint64_t rows, database.ExportTable(options.table, options.file, options.format,
                                                       options.at, options.overwrite,
                                                       progress.Work(interrupt.cancellation())));
  if (context.json) {
    PrintJson(
        Document("export", {{"table", options.table}, {"file", options.file}, {"rows", rows}}));
  } else {
    std::cout << Printable(options.table) << ": " << Grouped(rows) << " rows into "
              << Printable(options.file) << '\n';
  }
  return {};
}

void AddImport(CommandLine* line) {
  auto options = Var<ImportOptions>();
  auto* verb =
      line->AddVerb("import", "make a table from CSV, Parquet or Arrow files",
                    [options](const Context& context) { return Import(context, *options); });
  verb->add_option("TABLE", options->table, "the table; made, or its rows replaced")->required();
  verb->add_option("FILE", options->files, "files of one format and shape")->required();
  verb->add_flag("--append", options->append, "put the rows behind the table's last row");
  verb->add_option("--format", options->format, "csv, parquet or arrow; else by extension")
      ->check(CLI::IsMember({"csv", "parquet", "arrow"}));
  verb->add_option("--schema", options->schema,
                   "what to do with columns that differ: keep, evolve or replace")
      ->check(CLI::IsMember({"keep", "evolve", "replace"}));
  verb->add_option("-m,--message", options->message, "recorded in the commit");
}

void AddExport(CommandLine* line) {
  auto options = Var<ExportOptions>();
  auto* verb =
      line->AddVerb("export", "write a table to a CSV, Parquet or Arrow file",
                    [options](const Context& context) { return Export(context, *options); });
  verb->add_option("TABLE", options->table)->required();
  verb->add_option("FILE", options->file, "must not exist unless --overwrite")->required();
  verb->add_option("--format", options->format, "csv, parquet or arrow; else by extension")
      ->check(CLI::IsMember({"csv", "parquet", "arrow"}));
  verb->add_option("--at", options->at, "a version, branch, tag, commit, ref~n or time");
  verb->add_flag("--overwrite", options->overwrite);
}

}  // namespace

void AddFileVerbs(CommandLine* line) {
  line->AddVerb("init", "make a new database", Init);
  AddImport(line);
  AddExport(line);
}

}  // namespace rhizo::cli
