#include "table/decoded_column.h"

#include <cstring>

#include "engine/types.h"
#include "table/statistics_builder.h"

namespace rhizo::table {

using duckdb::idx_t;
using duckdb::Vector;
using duckdb::VectorType;

namespace {

bool IsStringDictionary(const Vector& vector) {
  return vector.GetVectorType() == VectorType::DICTIONARY_VECTOR &&
         vector.GetType().InternalType() == duckdb::PhysicalType::VARCHAR &&
         duckdb::DictionaryVector::Child(vector).GetVectorType() == VectorType::FLAT_VECTOR;
}

// The Parquet reader writes the next vector's selection into the same buffer.
void OwnSelection(Vector* vector, idx_t count) {
  duckdb::SelectionVector own(count);
  std::memcpy(own.data(), duckdb::DictionaryVector::SelVector(*vector).data(),
              count * sizeof(duckdb::sel_t));
  auto dictionary = duckdb::shared_ptr_cast<duckdb::VectorBuffer, duckdb::VectorChildBuffer>(
      vector->GetAuxiliary());
  vector->Dictionary(dictionary, own);
}

uint64_t HeapBytes(Vector& vector, idx_t count) {
  auto* strings = duckdb::FlatVector::GetData<duckdb::string_t>(vector);
  auto& validity = duckdb::FlatVector::Validity(vector);
  uint64_t bytes = 0;
  for (idx_t i = 0; i < count; ++i) {
    if (validity.RowIsValid(i) && !strings[i].IsInlined()) bytes += strings[i].GetSize();
  }
  return bytes;
}

uint64_t FlatBytes(Vector& vector, idx_t count) {
  if (vector.GetType().InternalType() == duckdb::PhysicalType::VARCHAR) {
    return count * sizeof(duckdb::string_t) + HeapBytes(vector, count);
  }
  return vector.GetAllocationSize(count);
}

}  // namespace

DecodedColumnBuilder::DecodedColumnBuilder(const model::Type& type)
    : type_(type), column_(std::make_shared<DecodedColumn>()) {
  column_->type = engine::ToLogicalType(type);
}

void DecodedColumnBuilder::Add(Vector vector, idx_t count) {
  if (IsStringDictionary(vector)) {
    OwnSelection(&vector, count);
    column_->size_bytes += count * sizeof(duckdb::sel_t);
    auto& child = duckdb::DictionaryVector::Child(vector);
    auto size = duckdb::DictionaryVector::DictionarySize(vector);
    if (child.GetData() != last_dictionary_) {
      column_->size_bytes += FlatBytes(child, size.IsValid() ? size.GetIndex() : count);
    }
    last_dictionary_ = child.GetData();
  } else {
    vector.Flatten(count);
    column_->size_bytes += FlatBytes(vector, count);
  }
  auto bounds = BoundsOf(type_, vector, 0, count);
  column_->zones.push_back(std::move(*ToEngineStatistics(type_, column_->type, bounds, count)));
  column_->max_length = std::max(column_->max_length, bounds.max_length);
  column_->rows += count;
  column_->vectors.push_back(std::move(vector));
}

std::shared_ptr<const DecodedColumn> DecodedColumnBuilder::Finish() { return std::move(column_); }

}  // namespace rhizo::table
