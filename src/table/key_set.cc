#include "table/key_set.h"

#include <algorithm>
#include <cmath>

#include "engine/errors.h"
#include "engine/types.h"
#include "table/order_prefix.h"

namespace rhizo::table {

using duckdb::idx_t;

namespace {

constexpr uint64_t kMaxKeys = UINT32_MAX - 1;

bool MayBeKey(const model::Type& type) {
  switch (type.kind) {
    case model::TypeKind::kBit:
    case model::TypeKind::kTimeTz:
    case model::TypeKind::kInterval:
    case model::TypeKind::kJson: return false;
    default: return !type.IsNested();
  }
}

template <class Float>
void NormaliseFloats(duckdb::Vector& values, idx_t count) {
  auto* data = duckdb::FlatVector::GetData<Float>(values);
  for (idx_t i = 0; i < count; ++i) {
    if (data[i] == 0) data[i] = 0;
  }
}

template <class Float>
bool IsNan(duckdb::Vector& values, idx_t row) {
  return std::isnan(duckdb::FlatVector::GetData<Float>(values)[row]);
}

bool IsNanAt(duckdb::Vector& values, idx_t row) {
  switch (values.GetType().InternalType()) {
    case duckdb::PhysicalType::FLOAT: return IsNan<float>(values, row);
    case duckdb::PhysicalType::DOUBLE: return IsNan<double>(values, row);
    default: return false;
  }
}

}  // namespace

void NormaliseKey(duckdb::Vector* values, idx_t count) {
  switch (values->GetType().InternalType()) {
    case duckdb::PhysicalType::FLOAT: return NormaliseFloats<float>(*values, count);
    case duckdb::PhysicalType::DOUBLE: return NormaliseFloats<double>(*values, count);
    default: return;
  }
}

Status CheckKeyFields(const model::Schema& schema, std::span<const FieldId> key) {
  for (size_t i = 0; i < key.size(); ++i) {
    const auto* field = schema.FindId(key[i]);
    CHECK(field != nullptr);
    if (std::find(key.begin(), key.begin() + i, key[i]) != key.begin() + i) {
      return Error(ErrorCode::kSchema, "column \"" + field->name + "\" is twice in the key")
          .With("column", field->name);
    }
    if (!MayBeKey(field->type)) {
      return Error(ErrorCode::kSchema, "column \"" + field->name + "\" is " +
                                           field->type.ToString() +
                                           ", which cannot be part of a key")
          .With("column", field->name);
    }
  }
  return {};
}

KeySet::KeySet(const model::Schema& schema, std::span<const FieldId> key) : schema_(schema) {
  for (FieldId id : key) {
    const auto* field = schema.FindId(id);
    CHECK(field != nullptr);
    fields_.push_back(static_cast<size_t>(field - schema.fields.data()));
    types_.push_back(engine::ToLogicalType(field->type));
  }
  kept_ = std::make_unique<HeldRows>(types_);
}

void KeySet::TakePart(uint64_t parts, uint64_t part) {
  parts_ = parts;
  part_ = part;
}

std::string KeySet::Describe(uint64_t number) const {
  std::string text;
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (i > 0) text += ", ";
    text += schema_.fields[fields_[i]].name + " " + kept_->ValueOf(i, number).ToSQLString();
  }
  return text;
}

// Copies of up to STANDARD_VECTOR_SIZE keys.
Result<std::unique_ptr<duckdb::DataChunk>> KeySet::Load(RowBatch& rows, uint64_t begin,
                                                        uint64_t count) const {
  auto keys = std::make_unique<duckdb::DataChunk>();
  keys->Initialize(duckdb::Allocator::DefaultAllocator(),
                   duckdb::vector<duckdb::LogicalType>(types_.begin(), types_.end()));
  for (size_t i = 0; i < fields_.size(); ++i) {
    idx_t at = 0;
    auto copy = [&](duckdb::Vector& values, idx_t offset, idx_t part) {
      duckdb::VectorOperations::Copy(values, keys->data[i], offset + part, offset, at);
      at += part;
      return Status();
    };
    RETURN_IF_ERROR(rows.ForEach(fields_[i], begin, count, copy));
    NormaliseKey(&keys->data[i], count);
  }
  keys->SetCardinality(count);
  return keys;
}

Status KeySet::CheckNoneMissing(duckdb::DataChunk& keys, uint64_t count) const {
  for (size_t i = 0; i < fields_.size(); ++i) {
    auto& values = keys.data[i];
    for (idx_t row = 0; row < count; ++row) {
      bool is_null = duckdb::FlatVector::IsNull(values, row);
      if (!is_null && !IsNanAt(values, row)) continue;
      const auto& name = schema_.fields[fields_[i]].name;
      std::string number = std::to_string(seen_ + row + 1);
      return Error(ErrorCode::kConstraint, "column \"" + name + "\" is part of the key, row " +
                                               number + " has " +
                                               (is_null ? "no value for it" : "NaN in it"))
          .With("column", name)
          .With("row", number);
    }
  }
  return {};
}

void KeySet::Insert(uint64_t hash, uint64_t number) {
  if (slots_.size() < 2 * (number + 1)) {
    std::vector<uint32_t> wider(std::max<size_t>(64, slots_.size() * 2));
    slots_.swap(wider);
    for (uint64_t i = 0; i < number; ++i) Insert(hashes_[i], i);
  }
  uint64_t mask = slots_.size() - 1;
  uint64_t at = hash & mask;
  while (slots_[at] != 0) at = (at + 1) & mask;
  slots_[at] = static_cast<uint32_t>(number + 1);
}

template <class Found>
void KeySet::Probe(uint64_t hash, Found&& found) const {
  if (slots_.empty()) return;
  uint64_t mask = slots_.size() - 1;
  for (uint64_t at = hash & mask; slots_[at] != 0; at = (at + 1) & mask) {
    uint64_t number = slots_[at] - 1;
    if (hashes_[number] == hash) found(number);
  }
}

// Keeps the candidates whose key is that of row `row` of `keys`.
Status KeySet::OnlyEqual(duckdb::DataChunk& keys, std::vector<Candidate>* candidates) const {
  if (candidates->empty()) return {};
  const size_t count = candidates->size();
  std::vector<uint64_t> numbers;
  std::vector<uint64_t> rows;
  for (const auto& candidate : *candidates) {
    numbers.push_back(candidate.number);
    rows.push_back(candidate.row);
  }
  std::vector<bool> differs(count);
  ChunkRows own(keys);
  for (size_t i = 0; i < fields_.size(); ++i) {
    duckdb::DataChunk pair;
    pair.Initialize(duckdb::Allocator::DefaultAllocator(),
                    duckdb::vector<duckdb::LogicalType>{types_[i], types_[i]}, count);
    RETURN_IF_ERROR(kept_->Gather(i, numbers, &pair.data[0]));
    RETURN_IF_ERROR(own.Gather(i, rows, &pair.data[1]));
    ChunkRows both(pair);
    OneField left(both, 0);
    OneField right(both, 1);
    RETURN_IF_ERROR(CompareRows(schema_.fields[fields_[i]].type, 0, left, 0, right, 0, count,
                                [&](uint64_t at) { differs[at] = true; }));
  }
  size_t kept = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!differs[i]) (*candidates)[kept++] = (*candidates)[i];
  }
  candidates->resize(kept);
  return {};
}

Error KeySet::Twice(const Candidate& candidate, uint64_t first_row) const {
  std::string first = std::to_string(rows_[candidate.number] + 1);
  std::string second = std::to_string(first_row + candidate.row + 1);
  return Error(ErrorCode::kConstraint, "rows " + first + " and " + second +
                                           " have the same key: " + Describe(candidate.number))
      .With("rows", first + ", " + second)
      .With("key", Describe(candidate.number));
}

Status KeySet::Add(RowBatch& rows, uint64_t begin, uint64_t count) {
  return engine::Guarded([&]() -> Status {
    for (uint64_t done = 0; done < count;) {
      uint64_t part = std::min<uint64_t>(count - done, STANDARD_VECTOR_SIZE);
      ASSIGN_OR_RETURN(auto keys, Load(rows, begin + done, part));
      RETURN_IF_ERROR(CheckNoneMissing(*keys, part));
      ChunkRows own(*keys);
      ASSIGN_OR_RETURN(auto hashes, HashRows(own, AllFields(fields_.size()), 0, part));
      std::vector<Candidate> candidates;
      std::vector<idx_t> kept_rows;
      for (idx_t row = 0; row < part; ++row) {
        if (parts_ > 1 && (hashes[row] >> 32) % parts_ != part_) continue;
        if (rows_.size() == kMaxKeys) return Unsupported("more than 4,294,967,294 keys at once");
        Probe(hashes[row], [&](uint64_t number) { candidates.push_back({number, row}); });
        hashes_.push_back(hashes[row]);
        rows_.push_back(seen_ + row);
        Insert(hashes[row], rows_.size() - 1);
        kept_rows.push_back(row);
      }
      for (size_t i = 0; i < kept_rows.size();) {
        size_t end = i + 1;
        while (end < kept_rows.size() && kept_rows[end] == kept_rows[i] + (end - i)) ++end;
        kept_->Append(*keys, kept_rows[i], end - i);
        i = end;
      }
      AppendOrderPrefixes(keys->data[0], part, &prefixes_);
      RETURN_IF_ERROR(OnlyEqual(*keys, &candidates));
      if (!candidates.empty()) return Twice(candidates.front(), seen_);
      seen_ += part;
      done += part;
    }
    return {};
  });
}

Status KeySet::Find(RowBatch& rows, uint64_t begin, uint64_t count, const Visit& visit) const {
  if (rows_.empty()) return {};
  return engine::Guarded([&]() -> Status {
    for (uint64_t done = 0; done < count;) {
      uint64_t part = std::min<uint64_t>(count - done, STANDARD_VECTOR_SIZE);
      ASSIGN_OR_RETURN(auto keys, Load(rows, begin + done, part));
      ChunkRows own(*keys);
      ASSIGN_OR_RETURN(auto hashes, HashRows(own, AllFields(fields_.size()), 0, part));
      std::vector<Candidate> candidates;
      for (idx_t row = 0; row < part; ++row) {
        Probe(hashes[row], [&](uint64_t number) { candidates.push_back({number, row}); });
      }
      RETURN_IF_ERROR(OnlyEqual(*keys, &candidates));
      for (const auto& candidate : candidates)
        visit(candidate.number, begin + done + candidate.row);
      done += part;
    }
    return {};
  });
}

void KeySet::Sort() {
  if (!std::is_sorted(prefixes_.begin(), prefixes_.end())) {
    std::sort(prefixes_.begin(), prefixes_.end());
  }
}

bool KeySet::MayHold(std::pair<uint64_t, uint64_t> prefixes) const {
  auto first = std::lower_bound(prefixes_.begin(), prefixes_.end(), prefixes.first);
  return first != prefixes_.end() && *first <= prefixes.second;
}

}  // namespace rhizo::table
