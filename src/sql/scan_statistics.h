// What the optimiser is told about a table before anything is read: its exact number of rows,
// bounds of columns, and per entry what answers count(*), min and max without a scan. Only what is
// certain: bounds are never narrower than the values, and exact only where the table says so.
#pragma once

#include "engine/duckdb_headers.h"

namespace rhizo::sql {

duckdb::unique_ptr<duckdb::NodeStatistics> ScanCardinality(duckdb::ClientContext& client,
                                                           const duckdb::FunctionData* data);
// Null for virtual columns and where nothing is known.
duckdb::unique_ptr<duckdb::BaseStatistics> ScanColumnStatistics(duckdb::ClientContext& client,
                                                                const duckdb::FunctionData* data,
                                                                duckdb::column_t column);
duckdb::vector<duckdb::PartitionStatistics> ScanPartitionStatistics(
    duckdb::ClientContext& client, duckdb::GetPartitionStatsInput& input);

}  // namespace rhizo::sql
