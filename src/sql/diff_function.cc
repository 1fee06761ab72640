#include "sql/diff_function.h"

#include <algorithm>

#include "engine/errors.h"
#include "sql/session_state.h"
#include "sql/transaction.h"
#include "table/row_diff.h"

namespace rhizo::sql {
namespace {

using duckdb::idx_t;
using duckdb::Vector;

constexpr const char* kName = "rhizo_diff";
constexpr idx_t kOwnColumns = 2;  // _change_type, _changed_fields

struct DiffBindData final : public duckdb::TableFunctionData {
  std::shared_ptr<const txn::View> view;  // keeps what the tables read from
  TablePair tables;
};

// One row of the answer: of which side, and which row there.
struct OutRow {
  const table::RowChange* change = nullptr;
  bool is_after = false;
};

struct DiffScan final : public duckdb::GlobalTableFunctionState {
  explicit DiffScan(table::RowDiff diff_in) : diff(std::move(diff_in)) {}

  idx_t MaxThreads() const override { return 1; }

  table::RowDiff diff;
  duckdb::vector<duckdb::column_t> columns;
  std::optional<table::DiffRegion> region;
  size_t next_change = 0;
  bool preimage_is_out = false;  // of the next change
};

std::shared_ptr<const txn::View> ViewOf(duckdb::ClientContext& client, DiffBindData* data) {
  auto* transaction = ViewTransaction::OfMain(client);
  if (transaction == nullptr) engine::ThrowError(Unsupported("rhizo_diff needs a session"));
  data->view = transaction->View(client);
  if (!data->view) engine::ThrowError(Unsupported("rhizo_diff needs a session"));
  return data->view;
}

std::string TextOf(const duckdb::Value& value) {
  if (value.IsNull()) engine::ThrowError(InvalidArgument("rhizo_diff takes no NULL"));
  return value.ToString();
}

duckdb::unique_ptr<duckdb::FunctionData> Bind(duckdb::ClientContext& client,
                                              duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<std::string>& names) {
  if (input.inputs.size() < 2 || input.inputs.size() > 3) {
    engine::ThrowError(InvalidArgument("rhizo_diff takes a table, from and, if wanted, to"));
  }
  auto data = duckdb::make_uniq<DiffBindData>();
  auto view = ViewOf(client, data.get());
  auto session = SessionState::Find(client);
  auto* source = engine::ValueOrThrow(session->source());
  auto name = engine::ValueOrThrow(model::QualifiedName::Parse(TextOf(input.inputs[0])));
  auto to = input.inputs.size() == 3 ? TextOf(input.inputs[2]) : std::string();
  data->tables =
      engine::ValueOrThrow(source->TablesBetween(view, name, TextOf(input.inputs[1]), to));
  data->tables.after = engine::ValueOrThrow(
      table::InTypesOfBoth(*data->tables.before, std::move(data->tables.after)));
  types = {duckdb::LogicalType::VARCHAR, duckdb::LogicalType::LIST(duckdb::LogicalType::VARCHAR)};
  names = {"_change_type", "_changed_fields"};
  const auto& after = *data->tables.after;
  for (size_t field = 0; field < after.types().size(); ++field) {
    types.push_back(after.types()[field]);
    names.push_back(after.schema().fields[field].name);
  }
  // The states are part of the plan, so a plan must not be used twice.
  if (input.binder) input.binder->SetAlwaysRequireRebind();
  return data;
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> Init(duckdb::ClientContext& client,
                                                          duckdb::TableFunctionInitInput& input) {
  const auto& data = input.bind_data->Cast<DiffBindData>();
  auto diff =
      engine::ValueOrThrow(table::RowDiff::Open(&client, data.tables.before, data.tables.after));
  auto scan = duckdb::make_uniq<DiffScan>(std::move(diff));
  scan->columns = input.column_ids;
  return scan;
}

// The next rows of the region, at most a vector's.
std::vector<OutRow> NextRows(DiffScan* scan) {
  std::vector<OutRow> rows;
  const auto& changes = scan->region->changes;
  while (rows.size() < STANDARD_VECTOR_SIZE && scan->next_change < changes.size()) {
    const auto& change = changes[scan->next_change];
    bool is_update = change.kind == table::RowChangeKind::kUpdate;
    if (is_update && !scan->preimage_is_out) {
      rows.push_back({&change, false});
      scan->preimage_is_out = true;
      continue;
    }
    rows.push_back({&change, change.kind != table::RowChangeKind::kDelete});
    scan->preimage_is_out = false;
    ++scan->next_change;
  }
  return rows;
}

const char* ChangeType(const OutRow& row) {
  switch (row.change->kind) {
    case table::RowChangeKind::kInsert: return "insert";
    case table::RowChangeKind::kDelete: return "delete";
    case table::RowChangeKind::kUpdate:
      return row.is_after ? "update_postimage" : "update_preimage";
  }
  return "";
}

duckdb::Value ChangedFields(const model::Schema& schema, const OutRow& row) {
  if (row.change->kind != table::RowChangeKind::kUpdate) {
    return duckdb::Value(duckdb::LogicalType::LIST(duckdb::LogicalType::VARCHAR));
  }
  duckdb::vector<duckdb::Value> names;
  for (uint32_t field : row.change->changed) names.emplace_back(schema.fields[field].name);
  return duckdb::Value::LIST(duckdb::LogicalType::VARCHAR, std::move(names));
}

// Values of both sides, gathered side by side, then put in the order of the rows.
void FillField(DiffScan* scan, const std::vector<OutRow>& rows, size_t field, Vector* out) {
  std::vector<uint64_t> before;
  std::vector<uint64_t> after;
  for (const auto& row : rows) {
    row.is_after ? after.push_back(row.change->after) : before.push_back(row.change->before);
  }
  Vector values(scan->diff.types()[field], rows.size());
  auto& region = *scan->region;
  engine::ThrowIfError(region.before->Gather(field, before, &values));
  engine::ThrowIfError(region.after->Gather(field, after, &values, before.size()));
  duckdb::SelectionVector order(rows.size());
  idx_t next_before = 0;
  idx_t next_after = before.size();
  for (size_t i = 0; i < rows.size(); ++i) {
    order.set_index(i, rows[i].is_after ? next_after++ : next_before++);
  }
  out->Slice(values, order, rows.size());
}

void Fill(DiffScan* scan, const std::vector<OutRow>& rows, duckdb::DataChunk* out) {
  for (idx_t column = 0; column < scan->columns.size(); ++column) {
    auto id = scan->columns[column];
    auto& values = out->data[column];
    if (id >= kOwnColumns && id < kOwnColumns + scan->diff.types().size()) {
      FillField(scan, rows, id - kOwnColumns, &values);
      continue;
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      if (id == 0) values.SetValue(i, duckdb::Value(ChangeType(rows[i])));
      if (id == 1) values.SetValue(i, ChangedFields(scan->diff.schema(), rows[i]));
    }
  }
  out->SetCardinality(rows.size());
}

void Scan(duckdb::ClientContext&, duckdb::TableFunctionInput& input, duckdb::DataChunk& out) {
  auto& scan = input.global_state->Cast<DiffScan>();
  while (!scan.region || scan.next_change == scan.region->changes.size()) {
    scan.region = engine::ValueOrThrow(scan.diff.Next());
    scan.next_change = 0;
    if (!scan.region) return;
  }
  Fill(&scan, NextRows(&scan), &out);
}

}  // namespace

Status AddDiffFunction(engine::Instance* instance) {
  duckdb::TableFunction function(kName, {}, Scan, Bind, Init);
  function.varargs = duckdb::LogicalType::ANY;
  function.projection_pushdown = true;
  return instance->AddFunction(std::move(function));
}

}  // namespace rhizo::sql
