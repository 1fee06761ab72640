// One running DuckDB, locked down before anybody can reach it: external access, extension loading
// and configuration are off (read back, or Start fails), functions that reach files, settings or
// logs are gone, and our segments are readable only through `rhizoseg://` under a guard.
// Thread-safe. Whatever holds vectors made by this instance must die before it.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/duckdb_headers.h"

namespace rhizo::engine {

struct InstanceOptions {
  std::string database_name = "rhizo";  // what `rhizo:<name>` opens; the main database's name
  uint64_t memory_limit_bytes = 0;      // 0: four fifths of the machine's memory
  int threads = 0;                      // 0: all cores
  std::string temp_directory;           // "": results larger than memory fail instead of spilling

  // The catalog of type "rhizo"; without one the main database is DuckDB's own in memory (tests).
  duckdb::shared_ptr<duckdb::StorageExtension> storage_extension;
  // Its `parser_override` sees every statement; without one only DuckDB's parser does.
  duckdb::shared_ptr<duckdb::ParserExtension> parser_extension;
};

class Instance {
 public:
  static Result<std::unique_ptr<Instance>> Start(const InstanceOptions& options);

  // A connection costs microseconds; it keeps DuckDB alive, so it must not outlive what it reads.
  Result<std::unique_ptr<duckdb::Connection>> Connect();
  // Adds a further database of type "rhizo" beside the main one.
  Status Attach(const std::string& name, const std::string& path);
  Status Detach(const std::string& name);
  // Makes a function of our own visible to SQL (system catalog). Call before users connect.
  Status AddFunction(duckdb::TableFunction function);
  Status AddFunction(duckdb::ScalarFunction function);

  duckdb::DatabaseInstance& database() { return *duckdb_.instance; }

 private:
  Instance(const std::string& path, duckdb::DBConfig* config) : duckdb_(path, config) {}

  duckdb::DuckDB duckdb_;
};

}  // namespace rhizo::engine
