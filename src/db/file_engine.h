// A DuckDB of its own for one import or export: it reads and writes the user's files and knows no
// table of ours. It sees exactly the files it was given, under names of our making
// ("rhizofile://0.file"), so no file name ever stands in a statement, means a pattern, or reaches
// the network; everything else outside is locked as in engine::Instance.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "db/file_failure.h"
#include "db/file_format.h"
#include "db/file_names.h"
#include "engine/arrow_out.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"
#include "rhizo/arrow_c_data.h"
#include "rhizo/cancellation.h"
#include "rhizo/types.h"

namespace rhizo::db {

struct FileEngineOptions {
  uint64_t memory_limit_bytes = 0;
  unsigned threads = 1;
};

// What CSV does not say itself: columns of these names are read as these types.
struct CsvHints {
  std::vector<ColumnInfo> columns;
  bool sample_all = false;  // guess types from all rows, not from the first 20,480
};

class FileEngine {
 public:
  static Result<FileEngine> Start(const FileEngineOptions& options, std::vector<NamedFile> files);

  // The rows of all files. The stream owns all it needs; what it ends with is in `failure`.
  Status Read(FileFormat format, const CsvHints& hints, const Cancellation& cancellation,
              FailureSlot failure, ArrowArrayStream* out);
  // Writes `rows` into the first file; returns how many. kUnsupported naming the column for types
  // that the format would change.
  Result<uint64_t> Write(FileFormat format, const model::Schema& schema,
                         std::unique_ptr<engine::ChunkSource> rows, const WorkOptions& work);
  // The same error with the user's names of the files instead of ours, and without DuckDB's advice.
  // Contents that do not fit the format are kInvalidArgument.
  Error Explain(const Error& error) const;

 private:
  FileEngine(std::shared_ptr<duckdb::DuckDB> duckdb, std::vector<NamedFile> files)
      : duckdb_(std::move(duckdb)), files_(std::move(files)) {}

  std::string VirtualNames() const;
  // The file an error is about, as far as that can be told.
  std::string NameIn(const std::string& message) const;
  Result<std::vector<std::string>> CsvColumns(duckdb::Connection& connection) const;

  std::shared_ptr<duckdb::DuckDB> duckdb_;
  std::vector<NamedFile> files_;
};

}  // namespace rhizo::db
