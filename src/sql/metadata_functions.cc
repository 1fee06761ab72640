#include "sql/metadata_functions.h"

#include <algorithm>
#include <array>

#include "engine/errors.h"
#include "sql/session_state.h"
#include "sql/transaction.h"

namespace rhizo::sql {
namespace {

constexpr std::string_view kPrefix = "rhizo_";
constexpr std::array<const char*, 7> kNames = {"rhizo_log",      "rhizo_branches", "rhizo_tags",
                                               "rhizo_history",  "rhizo_segments", "rhizo_tables",
                                               "rhizo_conflicts"};

struct MetadataBindData final : public duckdb::TableFunctionData {
  MetadataTable table;
};

struct MetadataScan final : public duckdb::GlobalTableFunctionState {
  size_t next_row = 0;
  duckdb::ColumnDataScanState many;
};

std::vector<std::string> TextArguments(const std::string& function,
                                       const duckdb::vector<duckdb::Value>& inputs) {
  std::vector<std::string> arguments;
  for (const auto& input : inputs) {
    if (input.IsNull()) engine::ThrowError(InvalidArgument(function + " takes no NULL"));
    arguments.push_back(input.ToString());
  }
  return arguments;
}

MetadataTable Ask(duckdb::ClientContext& client, const std::string& function,
                  const std::vector<std::string>& arguments) {
  auto session = SessionState::Find(client);
  auto* transaction = ViewTransaction::OfMain(client);
  if (!session || transaction == nullptr) {
    engine::ThrowError(Unsupported(function + " needs a session"));
  }
  auto view = transaction->View(client);
  auto* source = engine::ValueOrThrow(session->source());
  return engine::ValueOrThrow(source->Metadata(*view, function.substr(kPrefix.size()), arguments));
}

duckdb::unique_ptr<duckdb::FunctionData> Bind(duckdb::ClientContext& client,
                                              duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<std::string>& names) {
  const auto& function = input.table_function.name;
  auto data = duckdb::make_uniq<MetadataBindData>();
  data->table = Ask(client, function, TextArguments(function, input.inputs));
  types.assign(data->table.types.begin(), data->table.types.end());
  names.assign(data->table.names.begin(), data->table.names.end());
  // The rows are part of the plan, so a plan must not be used twice.
  if (input.binder) input.binder->SetAlwaysRequireRebind();
  return data;
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> Init(duckdb::ClientContext&,
                                                          duckdb::TableFunctionInitInput& input) {
  auto scan = duckdb::make_uniq<MetadataScan>();
  const auto& many = input.bind_data->Cast<MetadataBindData>().table.many;
  if (many) many->InitializeScan(scan->many);
  return scan;
}

void Scan(duckdb::ClientContext&, duckdb::TableFunctionInput& input, duckdb::DataChunk& out) {
  const auto& table = input.bind_data->Cast<MetadataBindData>().table;
  auto& scan = input.global_state->Cast<MetadataScan>();
  if (table.many) {
    table.many->Scan(scan.many, out);
    return;
  }
  const auto& rows = table.rows;
  size_t count = std::min<size_t>(STANDARD_VECTOR_SIZE, rows.size() - scan.next_row);
  for (size_t row = 0; row < count; ++row) {
    const auto& values = rows[scan.next_row + row];
    CHECK(values.size() == out.ColumnCount());
    for (size_t column = 0; column < values.size(); ++column) {
      out.SetValue(column, row, values[column]);
    }
  }
  scan.next_row += count;
  out.SetCardinality(count);
}

duckdb::unique_ptr<duckdb::NodeStatistics> Cardinality(duckdb::ClientContext&,
                                                       const duckdb::FunctionData* data) {
  const auto& table = data->Cast<MetadataBindData>().table;
  auto rows = table.many ? table.many->Count() : table.rows.size();
  return duckdb::make_uniq<duckdb::NodeStatistics>(rows, rows);
}

}  // namespace

Status AddMetadataFunctions(engine::Instance* instance) {
  for (const char* name : kNames) {
    duckdb::TableFunction function(name, {}, Scan, Bind, Init);
    function.varargs = duckdb::LogicalType::VARCHAR;
    function.cardinality = Cardinality;
    RETURN_IF_ERROR(instance->AddFunction(std::move(function)));
  }
  return {};
}

}  // namespace rhizo::sql
