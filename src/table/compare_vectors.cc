#include "table/compare_vectors.h"

#include "engine/errors.h"
#include "table/row_batch.h"

namespace rhizo::table {

Status CompareVectors(const model::Type& type, duckdb::Vector& left, duckdb::Vector& right,
                      uint64_t count, const std::function<void(uint64_t)>& visit) {
  return engine::Guarded([&]() -> Status {
    duckdb::DataChunk both;
    both.InitializeEmpty({left.GetType(), right.GetType()});
    both.data[0].Reference(left);
    both.data[1].Reference(right);
    ChunkRows rows(both);
    OneField before(rows, 0);
    OneField after(rows, 1);
    return CompareRows(type, 0, before, 0, after, 0, count, visit);
  });
}

}  // namespace rhizo::table
