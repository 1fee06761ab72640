#include "sql/scan_statistics.h"

#include "engine/errors.h"
#include "sql/scan.h"

namespace rhizo::sql {
namespace {

class EntryRowGroup final : public duckdb::PartitionRowGroup {
 public:
  EntryRowGroup(std::shared_ptr<const table::OpenTable> table, const table::OpenEntry* entry)
      : table_(std::move(table)), entry_(entry) {}

  duckdb::unique_ptr<duckdb::BaseStatistics> GetColumnStatistics(
      const duckdb::StorageIndex& column) override {
    if (!IsWholeColumn(column)) return nullptr;
    return table::EntryStatistics(*table_, *entry_, column.GetPrimaryIndex());
  }

  // Statistics of strings hold eight bytes only, so they are never the values themselves.
  bool MinMaxIsExact(const duckdb::BaseStatistics& statistics,
                     const duckdb::StorageIndex& column) override {
    return statistics.GetStatsType() == duckdb::StatisticsType::NUMERIC_STATS &&
           IsWholeColumn(column) &&
           table::EntryBoundsAreExact(*table_, *entry_, column.GetPrimaryIndex());
  }

 private:
  bool IsWholeColumn(const duckdb::StorageIndex& column) const {
    return !column.HasChildren() && column.GetPrimaryIndex() < table_->schema().fields.size();
  }

  const std::shared_ptr<const table::OpenTable> table_;
  const table::OpenEntry* entry_;
};

duckdb::PartitionStatistics PartitionOf(const std::shared_ptr<const table::OpenTable>& table,
                                        const table::OpenEntry& entry) {
  duckdb::PartitionStatistics partition;
  partition.row_start = entry.first_row;
  partition.count = entry.entry.visible_rows;
  partition.count_type = duckdb::CountType::COUNT_EXACT;
  partition.partition_row_group = duckdb::make_shared_ptr<EntryRowGroup>(table, &entry);
  return partition;
}

}  // namespace

duckdb::unique_ptr<duckdb::NodeStatistics> ScanCardinality(duckdb::ClientContext&,
                                                           const duckdb::FunctionData* data) {
  auto rows = data->Cast<ScanBindData>().table().state().rows;
  return duckdb::make_uniq<duckdb::NodeStatistics>(rows, rows);
}

duckdb::unique_ptr<duckdb::BaseStatistics> ScanColumnStatistics(duckdb::ClientContext& client,
                                                                const duckdb::FunctionData* data,
                                                                duckdb::column_t column) {
  const auto& scan = data->Cast<ScanBindData>();
  // The optimiser leaves out of a condition what no row there is could meet; a look at the table is
  // kept as a condition on any row (read_tracking.h).
  if (scan.look) return nullptr;
  return scan.entry->GetStatistics(client, column);
}

duckdb::vector<duckdb::PartitionStatistics> ScanPartitionStatistics(
    duckdb::ClientContext&, duckdb::GetPartitionStatsInput& input) {
  const auto& table = input.bind_data->Cast<ScanBindData>().entry->open_table();
  duckdb::vector<duckdb::PartitionStatistics> partitions;
  for (const auto& entry : engine::ValueOrThrow(table->Entries())) {
    partitions.push_back(PartitionOf(table, entry));
  }
  return partitions;
}

}  // namespace rhizo::sql
