#include "table/row_batch.h"

#include <cstring>
#include <numeric>
#include <string>

#include "engine/errors.h"
#include "table/column_encoder.h"

namespace rhizo::table {

using duckdb::idx_t;
using duckdb::Vector;

namespace {

// A stretch of rows of one vector.
struct Stretch {
  Vector* values = nullptr;
  idx_t offset = 0;
  idx_t count = 0;
};

Result<std::vector<Stretch>> StretchesOf(RowBatch& batch, size_t field, uint64_t begin,
                                         uint64_t count) {
  std::vector<Stretch> stretches;
  RETURN_IF_ERROR(
      batch.ForEach(field, begin, count, [&](Vector& values, idx_t offset, idx_t rows) -> Status {
        stretches.push_back({&values, offset, rows});
        return {};
      }));
  return stretches;
}

template <class Equal>
void VisitUnequal(const duckdb::UnifiedVectorFormat& left, idx_t left_offset,
                  const duckdb::UnifiedVectorFormat& right, idx_t right_offset, idx_t count,
                  const Equal& equal, const std::function<void(idx_t)>& visit) {
  for (idx_t i = 0; i < count; ++i) {
    auto a = left.sel->get_index(left_offset + i);
    auto b = right.sel->get_index(right_offset + i);
    bool a_valid = left.validity.RowIsValid(a);
    if (a_valid != right.validity.RowIsValid(b) || (a_valid && !equal(a, b))) visit(i);
  }
}

template <size_t kWidth>
void CompareFixed(const duckdb::UnifiedVectorFormat& left, idx_t left_offset,
                  const duckdb::UnifiedVectorFormat& right, idx_t right_offset, idx_t count,
                  const std::function<void(idx_t)>& visit) {
  auto equal = [&](idx_t a, idx_t b) {
    return std::memcmp(left.data + a * kWidth, right.data + b * kWidth, kWidth) == 0;
  };
  VisitUnequal(left, left_offset, right, right_offset, count, equal, visit);
}

void CompareStrings(const duckdb::UnifiedVectorFormat& left, idx_t left_offset,
                    const duckdb::UnifiedVectorFormat& right, idx_t right_offset, idx_t count,
                    const std::function<void(idx_t)>& visit) {
  const auto* a_values = reinterpret_cast<const duckdb::string_t*>(left.data);
  const auto* b_values = reinterpret_cast<const duckdb::string_t*>(right.data);
  auto equal = [&](idx_t a, idx_t b) { return a_values[a] == b_values[b]; };
  VisitUnequal(left, left_offset, right, right_offset, count, equal, visit);
}

std::string Canonical(ColumnEncoder* encoder, Vector& values, idx_t offset, idx_t count) {
  std::string bytes;
  encoder->Append(values, {.offset = offset, .count = count});
  encoder->Flush(&bytes);
  return bytes;
}

// Halves until the rows that differ are found.
void CompareNested(ColumnEncoder* encoder, Vector& left, idx_t left_offset, Vector& right,
                   idx_t right_offset, idx_t begin, idx_t count,
                   const std::function<void(idx_t)>& visit) {
  if (count == 0 || Canonical(encoder, left, left_offset + begin, count) ==
                        Canonical(encoder, right, right_offset + begin, count)) {
    return;
  }
  if (count == 1) return visit(begin);
  idx_t half = count / 2;
  CompareNested(encoder, left, left_offset, right, right_offset, begin, half, visit);
  CompareNested(encoder, left, left_offset, right, right_offset, begin + half, count - half, visit);
}

void CompareStretch(const model::Type& type, const Stretch& left, const Stretch& right, idx_t count,
                    const std::function<void(idx_t)>& visit) {
  bool is_string = left.values->GetType().InternalType() == duckdb::PhysicalType::VARCHAR;
  if (!is_string && !duckdb::TypeIsConstantSize(left.values->GetType().InternalType())) {
    ColumnEncoder encoder(type);
    return CompareNested(&encoder, *left.values, left.offset, *right.values, right.offset, 0, count,
                         visit);
  }
  duckdb::UnifiedVectorFormat a;
  duckdb::UnifiedVectorFormat b;
  left.values->ToUnifiedFormat(left.offset + count, a);
  right.values->ToUnifiedFormat(right.offset + count, b);
  if (is_string) return CompareStrings(a, left.offset, b, right.offset, count, visit);
  switch (duckdb::GetTypeIdSize(left.values->GetType().InternalType())) {
    case 1: return CompareFixed<1>(a, left.offset, b, right.offset, count, visit);
    case 2: return CompareFixed<2>(a, left.offset, b, right.offset, count, visit);
    case 4: return CompareFixed<4>(a, left.offset, b, right.offset, count, visit);
    case 8: return CompareFixed<8>(a, left.offset, b, right.offset, count, visit);
    default: return CompareFixed<16>(a, left.offset, b, right.offset, count, visit);
  }
}

}  // namespace

Status RowBatch::Gather(size_t field, std::span<const uint64_t> rows, Vector* out,
                        idx_t out_begin) {
  for (size_t done = 0; done < rows.size();) {
    size_t end = done + 1;
    while (end < rows.size() && rows[end] == rows[done] + (end - done)) ++end;
    auto copy = [&](Vector& values, idx_t offset, idx_t count) {
      return engine::Guarded([&] {
        duckdb::VectorOperations::Copy(values, *out, offset + count, offset, out_begin);
        out_begin += count;
      });
    };
    RETURN_IF_ERROR(ForEach(field, rows[done], end - done, copy));
    done = end;
  }
  return {};
}

std::vector<size_t> AllFields(size_t count) {
  std::vector<size_t> fields(count);
  std::iota(fields.begin(), fields.end(), size_t{0});
  return fields;
}

Result<std::vector<uint64_t>> HashRows(RowBatch& batch, std::span<const size_t> fields,
                                       uint64_t begin, uint64_t count) {
  std::vector<uint64_t> hashes(count);
  bool first = true;
  for (size_t field : fields) {
    uint64_t done = 0;
    auto add = [&](Vector& values, idx_t offset, idx_t rows) {
      return engine::Guarded([&] {
        Vector slice(values, offset, offset + rows);
        Vector found(duckdb::LogicalType::HASH,
                     reinterpret_cast<duckdb::data_ptr_t>(hashes.data() + done));
        first ? duckdb::VectorOperations::Hash(slice, found, rows)
              : duckdb::VectorOperations::CombineHash(found, slice, rows);
        found.Flatten(rows);
        auto* data = duckdb::FlatVector::GetData<uint64_t>(found);
        if (data != hashes.data() + done) std::copy_n(data, rows, hashes.data() + done);
        done += rows;
      });
    };
    RETURN_IF_ERROR(batch.ForEach(field, begin, count, add));
    CHECK(done == count);
    first = false;
  }
  return hashes;
}

Status CompareRows(const model::Type& type, size_t field, RowBatch& left, uint64_t left_begin,
                   RowBatch& right, uint64_t right_begin, uint64_t count,
                   const std::function<void(uint64_t)>& visit) {
  ASSIGN_OR_RETURN(auto lefts, StretchesOf(left, field, left_begin, count));
  ASSIGN_OR_RETURN(auto rights, StretchesOf(right, field, right_begin, count));
  return engine::Guarded([&] {
    uint64_t done = 0;
    for (size_t i = 0, j = 0; i < lefts.size() && j < rights.size();) {
      idx_t rows = std::min(lefts[i].count, rights[j].count);
      CompareStretch(type, lefts[i], rights[j], rows, [&](idx_t row) { visit(done + row); });
      done += rows;
      for (auto* stretch : {&lefts[i], &rights[j]}) {
        stretch->offset += rows;
        stretch->count -= rows;
      }
      i += lefts[i].count == 0;
      j += rights[j].count == 0;
    }
    CHECK(done == count);
  });
}

}  // namespace rhizo::table
