#include "sql/session_engine.h"
#include "sql/diff_function.h"

#include <mutex>

#include "duckdb/parser/statement/list.hpp"
#include "engine/arrow_out.h"
#include "engine/errors.h"
#include "engine/statement_check.h"
#include "engine/types.h"
#include "sql/catalog.h"
#include "sql/edit_rows.h"
#include "sql/edit_statement.h"
#include "sql/interrupt_watch.h"
#include "sql/metadata_functions.h"
#include "sql/read_tracking.h"
#include "sql/refusal.h"
#include "sql/result_stream.h"
#include "sql/scan_statement.h"
#include "sql/session_state.h"
#include "sql/statement_text.h"
#include "sql/suffix_syntax.h"
#include "sql/table_rows.h"

namespace rhizo::sql {

struct SharedEngine::State {
  engine::InstanceOptions options;
  mutable std::mutex mutex;
  std::unique_ptr<engine::Instance> instance;
  std::shared_ptr<InterruptWatch> interrupts = std::make_shared<InterruptWatch>();
};

SharedEngine::SharedEngine(engine::InstanceOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
}

SharedEngine::~SharedEngine() = default;

Result<engine::Instance*> SharedEngine::Get() {
  std::lock_guard lock(state_->mutex);
  if (state_->instance) return state_->instance.get();
  auto options = state_->options;
  options.storage_extension = MakeStorageExtension();
  options.parser_extension = MakeParserExtension();
  ASSIGN_OR_RETURN(auto instance, engine::Instance::Start(options));
  RETURN_IF_ERROR(AddMetadataFunctions(instance.get()));
  RETURN_IF_ERROR(AddDiffFunction(instance.get()));
  state_->instance = std::move(instance);
  return state_->instance.get();
}

bool SharedEngine::started() const {
  std::lock_guard lock(state_->mutex);
  return state_->instance != nullptr;
}

const std::shared_ptr<InterruptWatch>& SharedEngine::interrupts() const {
  return state_->interrupts;
}

namespace {

using Statements = duckdb::vector<duckdb::unique_ptr<duckdb::SQLStatement>>;
using NamedStatements = duckdb::case_insensitive_map_t<duckdb::unique_ptr<duckdb::SQLStatement>>;

// Statements of `text`, all of them allowed, before any of them runs.
Result<Statements> Parse(duckdb::ClientContext& client, const StatementText& text) {
  try {
    // The parser would take it for the end, and run half of what was meant.
    if (auto end = text.text.find('\0'); end != text.text.npos) {
      return Error(ErrorCode::kSql, "a statement cannot hold a NUL byte (found at byte " +
                                        std::to_string(end) + ")");
    }
    duckdb::Parser parser(client.GetParserOptions());
    parser.ParseQuery(text.text);
    for (const auto& statement : parser.statements) {
      RETURN_IF_ERROR(engine::CheckStatement(*statement));
      RETURN_IF_ERROR(CheckReadsOnly(*statement));
    }
    client.PreprocessStatements(parser.statements);
    for (auto& statement : parser.statements) statement->query = text.text;
    if (parser.statements.empty()) return Error(ErrorCode::kSql, "there is no statement");
    return std::move(parser.statements);
  } catch (const std::exception& exception) {
    return text.Translate(exception);
  }
}

Result<model::Schema> SchemaOf(const ResultStream& stream) {
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

// `columns` are in the schema.
std::vector<size_t> FieldIndexes(const model::Schema& schema,
                                 const std::vector<std::string>& columns) {
  std::vector<size_t> indexes;
  for (const auto& name : columns) indexes.push_back(schema.Find(name));
  for (size_t i = 0; columns.empty() && i < schema.fields.size(); ++i) indexes.push_back(i);
  return indexes;
}

RunningQuery MakeRunning(std::unique_ptr<engine::ChunkSource> rows, model::Schema schema,
                         duckdb::shared_ptr<duckdb::ClientContext> client) {
  RunningQuery running;
  for (const auto& type : engine::ToLogicalTypes(schema)) {
    running.type_names.push_back(type.ToString());
  }
  running.schema = std::move(schema);
  running.client = client;
  // std::function copies, so the rows are shared though only one call takes them.
  auto shared = std::make_shared<std::unique_ptr<engine::ChunkSource>>(std::move(rows));
  running.export_stream = [shared, client, schema = running.schema](ArrowArrayStream* out,
                                                                    uint64_t batch_rows) -> Status {
    if (!*shared) return InvalidArgument("the rows of a query can be taken once");
    engine::ArrowOutOptions options;
    options.batch_rows = batch_rows;
    return engine::ExportArrowStream(client, schema, std::move(*shared), options, out);
  };
  running.take_rows = [shared]() -> std::unique_ptr<engine::ChunkSource> {
    return std::move(*shared);
  };
  return running;
}

}  // namespace

struct SessionEngine::State {
  std::shared_ptr<SharedEngine> engine;
  QuerySource* source = nullptr;
  std::shared_ptr<duckdb::Connection> casts;  // what client() is of
  NamedStatements prepared;                   // of PREPARE, by name

  struct Link {
    std::shared_ptr<duckdb::Connection> connection;
    duckdb::shared_ptr<SessionState> session;
  };
  Result<Link> Connect() const;
  Status Prime(const Link& link, const duckdb::SQLStatement& statement) const;
  Result<std::unique_ptr<ResultStream>> Begin(const Link& link,
                                              duckdb::unique_ptr<duckdb::SQLStatement> statement,
                                              BoundParameters parameters, const StatementText& text,
                                              const WorkOptions& work);
  Result<std::unique_ptr<ResultStream>> BeginScan(const Link& link, ScanRequest request,
                                                  const Parameters& parameters,
                                                  const WorkOptions& work);
  void Remember(const duckdb::SQLStatement& statement);
};

Result<SessionEngine::State::Link> SessionEngine::State::Connect() const {
  ASSIGN_OR_RETURN(auto* instance, engine->Get());
  ASSIGN_OR_RETURN(auto connection, instance->Connect());
  Link link{std::move(connection), duckdb::make_shared_ptr<SessionState>(source)};
  SessionState::Register(*link.connection->context, link.session);
  return link;
}

// Every query has a connection of its own, so what it executes by name is prepared there first.
Status SessionEngine::State::Prime(const Link& link, const duckdb::SQLStatement& statement) const {
  std::string name;
  if (statement.type == duckdb::StatementType::EXPLAIN_STATEMENT) {
    return Prime(link, *statement.Cast<duckdb::ExplainStatement>().stmt);
  }
  if (statement.type == duckdb::StatementType::EXECUTE_STATEMENT) {
    name = statement.Cast<duckdb::ExecuteStatement>().name;
  } else if (statement.type == duckdb::StatementType::DROP_STATEMENT) {
    name = statement.Cast<duckdb::DropStatement>().info->name;
  }
  auto found = prepared.find(name);
  if (name.empty() || found == prepared.end()) return {};
  BoundParameters none;
  StatementText text{found->second->query, 0};
  ASSIGN_OR_RETURN(auto stream, ResultStream::Start(link.connection, found->second->Copy(), none,
                                                    std::move(text), {}, engine->interrupts()));
  return stream->RunToEnd();
}

void SessionEngine::State::Remember(const duckdb::SQLStatement& statement) {
  if (statement.type == duckdb::StatementType::PREPARE_STATEMENT) {
    prepared[statement.Cast<duckdb::PrepareStatement>().name] = statement.Copy();
  } else if (statement.type == duckdb::StatementType::DROP_STATEMENT) {
    prepared.erase(statement.Cast<duckdb::DropStatement>().info->name);
  }
}

Result<std::unique_ptr<ResultStream>> SessionEngine::State::Begin(
    const Link& link, duckdb::unique_ptr<duckdb::SQLStatement> statement,
    BoundParameters parameters, const StatementText& text, const WorkOptions& work) {
  RETURN_IF_ERROR(Prime(link, *statement));
  link.session->StartStatement();
  auto copy = statement->Copy();
  ASSIGN_OR_RETURN(auto stream,
                   ResultStream::Start(link.connection, std::move(statement), std::move(parameters),
                                       text, work, engine->interrupts()));
  Remember(*copy);
  return stream;
}

Result<std::unique_ptr<ResultStream>> SessionEngine::State::BeginScan(const Link& link,
                                                                      ScanRequest request,
                                                                      const Parameters& parameters,
                                                                      const WorkOptions& work) {
  auto& client = *link.connection->context;
  request.catalog = duckdb::DatabaseManager::GetDefaultDatabase(client);
  ASSIGN_OR_RETURN(auto scan, MakeScanStatement(client.GetParserOptions(), request));
  ASSIGN_OR_RETURN(auto bound, BindParameters(client, parameters));
  return ResultStream::Start(link.connection, std::move(scan.statement), std::move(bound),
                             scan.text, work, engine->interrupts());
}

SessionEngine::SessionEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}

SessionEngine::~SessionEngine() = default;

Result<std::unique_ptr<SessionEngine>> SessionEngine::Start(std::shared_ptr<SharedEngine> engine,
                                                            QuerySource* source) {
  auto state = std::make_unique<State>();
  state->engine = std::move(engine);
  state->source = source;
  ASSIGN_OR_RETURN(auto link, state->Connect());
  state->casts = std::move(link.connection);
  return std::unique_ptr<SessionEngine>(new SessionEngine(std::move(state)));
}

duckdb::ClientContext& SessionEngine::client() { return *state_->casts->context; }

Result<RunningQuery> SessionEngine::Run(const std::string& statement, const Parameters& parameters,
                                        const WorkOptions& work) {
  ASSIGN_OR_RETURN(auto link, state_->Connect());
  StatementText text{statement, 0};
  ASSIGN_OR_RETURN(auto statements, Parse(*link.connection->context, text));
  ASSIGN_OR_RETURN(auto bound, BindParameters(*link.connection->context, parameters));
  auto last = std::move(statements.back());
  statements.pop_back();
  for (auto& earlier : statements) {
    ASSIGN_OR_RETURN(auto stream, state_->Begin(link, std::move(earlier), {}, text, work));
    RETURN_IF_ERROR(stream->RunToEnd());
  }
  ASSIGN_OR_RETURN(auto stream, state_->Begin(link, std::move(last), std::move(bound), text, work));
  RETURN_IF_ERROR(link.session->Detach());
  ASSIGN_OR_RETURN(auto schema, SchemaOf(*stream));
  return MakeRunning(std::move(stream), std::move(schema), link.connection->context);
}

Result<RunningQuery> SessionEngine::Scan(std::shared_ptr<const table::OpenTable> table,
                                         const std::string& name,
                                         const std::vector<std::string>& columns,
                                         const std::string& where, const Parameters& parameters,
                                         std::optional<uint64_t> limit, const WorkOptions& work) {
  ASSIGN_OR_RETURN(auto qualified, model::QualifiedName::Parse(name));
  ASSIGN_OR_RETURN(auto schema, ScanSchema(table->schema(), columns));
  ASSIGN_OR_RETURN(auto link, state_->Connect());
  bool is_direct = where.empty() && parameters.empty() && table->state().rows <= kMaxDirectRows;
  std::unique_ptr<engine::ChunkSource> rows;
  if (is_direct) {
    auto fields = FieldIndexes(table->schema(), columns);
    ASSIGN_OR_RETURN(auto view, link.session->View());
    if (auto look = LookAt(view.get(), qualified, *table)) {
      look->Narrow(PartOf(*table, {fields.begin(), fields.end()}, nullptr));
    }
    ASSIGN_OR_RETURN(
        rows, TableRows::Open(link.connection, qualified.ToString(), table, fields, limit, work));
  } else {
    ScanRequest request{"", qualified, &table->schema(), columns, where, limit, {}};
    link.session->Show(qualified, table);
    ASSIGN_OR_RETURN(rows, state_->BeginScan(link, std::move(request), parameters, work));
  }
  RETURN_IF_ERROR(link.session->Detach());
  return MakeRunning(std::move(rows), std::move(schema), link.connection->context);
}

Result<std::unique_ptr<table::RowSource>> SessionEngine::FindEdits(
    std::shared_ptr<const table::OpenTable> table, const model::QualifiedName& name,
    const std::vector<std::pair<std::string, std::string>>& set, const std::string& where,
    const Parameters& parameters, const WorkOptions& work, std::vector<size_t>* fields) {
  ASSIGN_OR_RETURN(auto link, state_->Connect());
  link.session->Show(name, table);
  auto& client = *link.connection->context;
  ASSIGN_OR_RETURN(auto edit, MakeEditStatement(client, {name, &table->schema(), set, where}));
  ASSIGN_OR_RETURN(auto bound, BindParameters(client, parameters));
  ASSIGN_OR_RETURN(auto found,
                   ResultStream::Start(link.connection, std::move(edit.statement), std::move(bound),
                                       edit.text, work, state_->engine->interrupts()));
  RETURN_IF_ERROR(link.session->Detach());
  *fields = edit.fields;
  ASSIGN_OR_RETURN(auto rows,
                   EditRows::Open(std::move(found), std::move(table), edit.fields, !where.empty()));
  return std::unique_ptr<table::RowSource>(std::move(rows));
}

Result<std::vector<uint64_t>> SessionEngine::FindRows(std::shared_ptr<const table::OpenTable> table,
                                                      const model::QualifiedName& name,
                                                      const std::string& where, size_t limit) {
  std::vector<size_t> fields;
  ASSIGN_OR_RETURN(auto found, FindEdits(table, name, {}, where, {}, {}, &fields));
  duckdb::DataChunk chunk;
  RETURN_IF_ERROR(engine::Guarded(
      [&] { chunk.Initialize(client(), engine::ToLogicalTypes(found->schema())); }));
  std::vector<uint64_t> rows;
  while (rows.size() < limit) {
    chunk.Reset();
    ASSIGN_OR_RETURN(bool more, found->Next(&chunk));
    if (!more) break;
    for (duckdb::idx_t i = 0; i < chunk.size() && rows.size() < limit; ++i) {
      rows.push_back(RowNumber(*table, chunk.data[0].GetValue(i).GetValue<int64_t>()));
    }
  }
  return rows;
}

Result<RunningQuery> SessionEngine::Diff(const table::OpenTable& table, const std::string& name,
                                         const DiffPoints& points,
                                         const std::vector<std::string>& columns,
                                         const std::string& where, const Parameters& parameters,
                                         std::optional<uint64_t> limit, const WorkOptions& work) {
  ASSIGN_OR_RETURN(auto qualified, model::QualifiedName::Parse(name));
  auto all = DiffSchema(table.schema());
  ASSIGN_OR_RETURN(auto schema, ScanSchema(all, columns));
  ASSIGN_OR_RETURN(auto link, state_->Connect());
  ScanRequest request{"", qualified, &all, columns, where, limit, points};
  ASSIGN_OR_RETURN(auto rows, state_->BeginScan(link, std::move(request), parameters, work));
  RETURN_IF_ERROR(link.session->Detach());
  return MakeRunning(std::move(rows), std::move(schema), link.connection->context);
}

}  // namespace rhizo::sql
