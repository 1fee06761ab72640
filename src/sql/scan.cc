#include "sql/scan.h"

#include <atomic>

#include "engine/errors.h"
#include "sql/read_tracking.h"
#include "sql/scan_plan.h"
#include "sql/scan_reader.h"
#include "sql/scan_statistics.h"

namespace rhizo::sql {
namespace {

struct ScanGlobal final : public duckdb::GlobalTableFunctionState {
  explicit ScanGlobal(ScanPlan plan_in) : plan(std::move(plan_in)) {}

  duckdb::idx_t MaxThreads() const override { return std::max<size_t>(1, plan.morsels.size()); }

  const ScanPlan plan;
  std::atomic<size_t> next_morsel = 0;
  std::atomic<size_t> started_morsels = 0;
};

struct ScanLocal final : public duckdb::LocalTableFunctionState {
  ScanLocal(duckdb::ClientContext& client, const ScanPlan& plan,
            const duckdb::TableFilterSet* filters)
      : reader(client, plan, filters) {}

  ScanReader reader;
  size_t morsel = 0;
};

const ScanBindData& BindData(const duckdb::FunctionData* data) {
  return data->Cast<ScanBindData>();
}

// Without what joins found out while the statement ran: other rows would have let other rows pass.
const duckdb::TableFilterSet* FiltersOfPlan(const duckdb::TableFunctionInitInput& input) {
  if (!input.op || input.op->type != duckdb::PhysicalOperatorType::TABLE_SCAN) return nullptr;
  return input.op->Cast<duckdb::PhysicalTableScan>().table_filters.get();
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> InitGlobal(
    duckdb::ClientContext&, duckdb::TableFunctionInitInput& input) {
  const auto& data = BindData(input.bind_data.get());
  if (data.look) {
    data.look->Narrow(PartOf(data.table(), input.column_ids, FiltersOfPlan(input)));
  }
  return duckdb::make_uniq<ScanGlobal>(
      MakeScanPlan(data.entry->name, data.table(), input.column_ids, input.projection_ids));
}

duckdb::unique_ptr<duckdb::LocalTableFunctionState> InitLocal(
    duckdb::ExecutionContext& context, duckdb::TableFunctionInitInput& input,
    duckdb::GlobalTableFunctionState* global) {
  return duckdb::make_uniq<ScanLocal>(context.client, global->Cast<ScanGlobal>().plan,
                                      input.filters.get());
}

bool StartNextMorsel(ScanGlobal& global, ScanLocal& local) {
  size_t morsel = global.next_morsel.fetch_add(1);
  if (morsel >= global.plan.morsels.size()) return false;
  global.started_morsels.fetch_add(1);
  local.morsel = morsel;
  local.reader.Start(global.plan.morsels[morsel]);
  return true;
}

void Scan(duckdb::ClientContext&, duckdb::TableFunctionInput& input, duckdb::DataChunk& out) {
  auto& global = input.global_state->Cast<ScanGlobal>();
  auto& local = input.local_state->Cast<ScanLocal>();
  while (!local.reader.Next(&out)) {
    if (!StartNextMorsel(global, local)) return;
  }
}

duckdb::OperatorPartitionData BatchIndex(duckdb::ClientContext&,
                                         duckdb::TableFunctionGetPartitionInput& input) {
  if (input.partition_info.RequiresPartitionColumns()) {
    throw duckdb::InternalException("tables are not partitioned by columns");
  }
  return duckdb::OperatorPartitionData(input.local_state->Cast<ScanLocal>().morsel);
}

double Progress(duckdb::ClientContext&, const duckdb::FunctionData*,
                const duckdb::GlobalTableFunctionState* state) {
  const auto& global = state->Cast<ScanGlobal>();
  size_t morsels = global.plan.morsels.size();
  return morsels == 0 ? 100.0 : 100.0 * global.started_morsels / morsels;
}

duckdb::BindInfo DescribeBinding(const duckdb::optional_ptr<duckdb::FunctionData> data) {
  return duckdb::BindInfo(*BindData(data.get()).entry);
}

duckdb::virtual_column_map_t VirtualColumns(duckdb::ClientContext&,
                                            duckdb::optional_ptr<duckdb::FunctionData> data) {
  return BindData(data.get()).entry->GetVirtualColumns();
}

duckdb::vector<duckdb::column_t> RowIdColumns(duckdb::ClientContext&,
                                              duckdb::optional_ptr<duckdb::FunctionData>) {
  return {duckdb::COLUMN_IDENTIFIER_ROW_ID};
}

duckdb::InsertionOrderPreservingMap<std::string> Describe(
    duckdb::TableFunctionToStringInput& input) {
  const auto& data = BindData(input.bind_data.get());
  duckdb::InsertionOrderPreservingMap<std::string> lines;
  lines["Table"] = data.entry->name;
  lines["Segments"] = std::to_string(data.table().state().entries);
  return lines;
}

// Whatever the executor can evaluate on one column arrives as an ExpressionFilter.
bool AcceptsExpression(duckdb::ClientContext&, const duckdb::LogicalGet&, duckdb::Expression&) {
  return true;
}

// The optimizer takes scans for the same subplan if they serialize alike (COMMON_SUBPLAN): without
// this, two versions of one table in one statement would both be read as the first.
void SerializeIdentity(duckdb::Serializer& serializer,
                       const duckdb::optional_ptr<duckdb::FunctionData> data,
                       const duckdb::TableFunction&) {
  serializer.WriteProperty(100, "state", BindData(data.get()).table().state_id().ToString());
}

duckdb::unique_ptr<duckdb::FunctionData> RefuseToDeserialize(duckdb::Deserializer&,
                                                             duckdb::TableFunction&) {
  throw duckdb::NotImplementedException("plans over tables cannot be loaded from their text");
}

}  // namespace

ScanBindData::ScanBindData(std::shared_ptr<TableEntry> entry_in,
                           std::shared_ptr<const txn::View> view_in)
    : entry(std::move(entry_in)),
      view(std::move(view_in)),
      look(LookAt(view.get(), {entry->schema.name, entry->name}, table())) {}

duckdb::unique_ptr<duckdb::FunctionData> ScanBindData::Copy() const {
  return duckdb::make_uniq<ScanBindData>(entry, view);
}

bool ScanBindData::Equals(const duckdb::FunctionData& other) const {
  return other.Cast<ScanBindData>().entry == entry;
}

duckdb::TableFunction MakeScanFunction() {
  duckdb::TableFunction function("rhizo_scan", {}, Scan, nullptr, InitGlobal, InitLocal);
  function.projection_pushdown = true;
  function.filter_pushdown = true;
  function.filter_prune = true;
  function.late_materialization = true;
  function.pushdown_expression = AcceptsExpression;
  function.cardinality = ScanCardinality;
  function.statistics = ScanColumnStatistics;
  function.get_partition_stats = ScanPartitionStatistics;
  function.get_partition_data = BatchIndex;
  function.get_bind_info = DescribeBinding;
  function.get_virtual_columns = VirtualColumns;
  function.get_row_id_columns = RowIdColumns;
  function.table_scan_progress = Progress;
  function.to_string = Describe;
  function.serialize = SerializeIdentity;
  function.deserialize = RefuseToDeserialize;
  return function;
}

}  // namespace rhizo::sql
