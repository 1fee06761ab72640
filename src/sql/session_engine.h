// Runs a session's statements on the engine: one connection whose catalog shows the session's
// tables. The engine of a database is started by the first session that needs it (SharedEngine).
// One statement at a time per object; results stay valid after it is gone (they hold what they
// need).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/arrow_out.h"
#include "engine/instance.h"
#include "model/schema.h"
#include "rhizo/arrow_c_data.h"
#include "rhizo/cancellation.h"
#include "rhizo/value.h"
#include "sql/query_source.h"
#include "sql/scan_statement.h"
#include "table/row_source.h"

namespace rhizo::sql {

class InterruptWatch;

// The engine of one open database, with our catalog as its main database, locked down.
// Starts once, on first use; thread-safe.
class SharedEngine {
 public:
  explicit SharedEngine(engine::InstanceOptions options);
  ~SharedEngine();
  Result<engine::Instance*> Get();
  bool started() const;
  const std::shared_ptr<InterruptWatch>& interrupts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A running query. `stream` owns all it needs. Errors of running come through the stream.
struct RunningQuery {
  model::Schema schema;
  std::vector<std::string> type_names;  // the engine's spelling, parallel to schema.fields
  duckdb::shared_ptr<duckdb::ClientContext> client;  // of the connection it runs on
  // Pulls rows as Arrow batches of about `batch_rows`. This or take_rows may be called once.
  std::function<Status(ArrowArrayStream* out, uint64_t batch_rows)> export_stream;
  // The rows as the engine's chunks; null the second time.
  std::function<std::unique_ptr<engine::ChunkSource>()> take_rows;
};

class SessionEngine {
 public:
  // `source` outlives this object.
  static Result<std::unique_ptr<SessionEngine>> Start(std::shared_ptr<SharedEngine> engine,
                                                      QuerySource* source);
  ~SessionEngine();

  // One or more statements; the rows are those of the last one. Reading statements only (SELECT,
  // FROM, VALUES, EXPLAIN, DESCRIBE, SUMMARIZE, SHOW, PREPARE/EXECUTE/DEALLOCATE): others are
  // kUnsupported. kSql with position in the user's own text; unknown names suggest the nearest.
  Result<RunningQuery> Run(const std::string& statement, const Parameters& parameters,
                           const WorkOptions& work);
  // Rows of one open table in order, with projection, an optional SQL condition, and limit.
  Result<RunningQuery> Scan(std::shared_ptr<const table::OpenTable> table, const std::string& name,
                            const std::vector<std::string>& columns, const std::string& where,
                            const Parameters& parameters, std::optional<uint64_t> limit,
                            const WorkOptions& work = {});
  // What differs in a table between two points (rhizo_diff): its columns, a condition over them, a
  // limit. `table`: as it is at `to`.
  Result<RunningQuery> Diff(const table::OpenTable& table, const std::string& name,
                            const DiffPoints& points, const std::vector<std::string>& columns,
                            const std::string& where, const Parameters& parameters,
                            std::optional<uint64_t> limit, const WorkOptions& work = {});
  // What an update (`set`: column and SQL expression) or delete (no `set`) does to a table: the
  // rows that `where` (SQL; "": all) finds, and what they become. `fields` becomes what the rows
  // are made of: their addresses, then these fields.
  Result<std::unique_ptr<table::RowSource>> FindEdits(
      std::shared_ptr<const table::OpenTable> table, const model::QualifiedName& name,
      const std::vector<std::pair<std::string, std::string>>& set, const std::string& where,
      const Parameters& parameters, const WorkOptions& work, std::vector<size_t>* fields);
  // The first rows (from 0) of a table that a condition finds, at most `limit`.
  Result<std::vector<uint64_t>> FindRows(std::shared_ptr<const table::OpenTable> table,
                                         const model::QualifiedName& name, const std::string& where,
                                         size_t limit);
  // The rows of a user's stream as chunks of the table's schema: matched by name, cast where exact,
  // missing columns filled with defaults (schema contract of docs/python.md). The stream is
  // released in every case. Here and not in `engine` because casts run on a connection.
  duckdb::ClientContext& client();

 private:
  struct State;
  explicit SessionEngine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rhizo::sql
