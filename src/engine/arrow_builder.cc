#include "engine/arrow_builder.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "engine/arrow_column.h"
#include "engine/arrow_form.h"
#include "engine/errors.h"
#include "engine/types.h"

namespace rhizo::engine {
namespace {

using duckdb::idx_t;
using duckdb::ListVector;
using duckdb::StructVector;
using duckdb::Vector;
using model::TypeKind;
using Positions = std::vector<idx_t>;

__extension__ using Wide = __int128;

constexpr int64_t kDayMicros = 86'400'000'000;

// What an ArrowArray of ours points to.
struct ArrayHolder {
  std::vector<ArrowBuffer> owned;
  std::vector<const void*> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
  ArrowArray dictionary{};
};

void ReleaseArray(ArrowArray* array) {
  auto* holder = static_cast<ArrayHolder*>(array->private_data);
  for (auto& child : holder->children) {
    if (child.release != nullptr) child.release(&child);
  }
  if (holder->dictionary.release != nullptr) holder->dictionary.release(&holder->dictionary);
  array->release = nullptr;
  delete holder;
}

void Publish(std::unique_ptr<ArrayHolder> holder, int64_t length, int64_t null_count,
             ArrowArray* out) {
  for (auto& child : holder->children) holder->pointers.push_back(&child);
  *out = ArrowArray{};
  out->length = length;
  out->null_count = null_count;
  out->n_buffers = static_cast<int64_t>(holder->buffers.size());
  out->n_children = static_cast<int64_t>(holder->children.size());
  out->buffers = holder->buffers.data();
  out->children = holder->pointers.empty() ? nullptr : holder->pointers.data();
  out->dictionary = holder->dictionary.release == nullptr ? nullptr : &holder->dictionary;
  out->release = ReleaseArray;
  out->private_data = holder.release();
}

[[noreturn]] void CannotSend(const model::Field& field, const std::string& why) {
  ThrowError(Error(ErrorCode::kSchema, "column \"" + field.name + "\" of type " +
                                           field.type.ToString() + " cannot be given out: " + why)
                 .With("column", field.name));
}

bool IsText(TypeKind kind) {
  return kind == TypeKind::kString || kind == TypeKind::kBlob || kind == TypeKind::kJson ||
         kind == TypeKind::kBit || kind == TypeKind::kEnum;
}

bool IsList(TypeKind kind) { return kind == TypeKind::kList || kind == TypeKind::kMap; }

Wide ToWide(duckdb::hugeint_t value) {
  return static_cast<Wide>(value.upper) << 64 | static_cast<Wide>(value.lower);
}

bool Has38Digits(Wide value) {
  Wide limit = static_cast<Wide>(1'000'000'000'000'000'000) * 1'000'000'000'000'000'000 * 100;
  return value < limit && value > -limit;
}

std::array<uint64_t, 2> UuidBytes(duckdb::hugeint_t value) {
  return {__builtin_bswap64(static_cast<uint64_t>(value.upper) ^ uint64_t{1} << 63),
          __builtin_bswap64(value.lower)};
}

// Microseconds in `unit`, exactly.
int64_t FromMicros(const model::Field& field, int64_t micros, const std::string& unit) {
  int64_t result = micros;
  if (unit == "n" && __builtin_mul_overflow(micros, int64_t{1000}, &result)) {
    CannotSend(field, "a value is out of range for nanoseconds");
  }
  int64_t divisor = unit == "s" ? 1'000'000 : unit == "m" ? 1'000 : 1;
  if (micros % divisor != 0) CannotSend(field, "a value is finer than its unit " + unit);
  return unit == "n" ? result : micros / divisor;
}

int64_t DurationMicros(const model::Field& field, const duckdb::interval_t& value) {
  int64_t micros;
  if (value.months != 0) CannotSend(field, "a duration cannot have months");
  if (__builtin_add_overflow(value.days * kDayMicros, value.micros, &micros)) {
    CannotSend(field, "a duration is out of range");
  }
  return micros;
}

struct MonthDayNano {
  int32_t months;
  int32_t days;
  int64_t nanos;
};

MonthDayNano ToMonthDayNano(const model::Field& field, const duckdb::interval_t& value) {
  return {value.months, value.days, FromMicros(field, value.micros, "n")};
}

}  // namespace

void ArrowBuffer::Reserve(size_t size) {
  capacity_ = std::max({size, capacity_ * 2, size_t{64}});
  std::unique_ptr<char, Free> grown(static_cast<char*>(::operator new(capacity_, kAlignment)));
  if (size_ > 0) std::memcpy(grown.get(), bytes_.get(), size_);
  bytes_ = std::move(grown);
}

void ArrowBuffer::PutOnes(uint64_t index, uint64_t count) {
  for (; count > 0 && index % 8 != 0; --count) PutBit(index++, true);
  std::memset(Grow(count / 8), 0xff, count / 8);
  index += count / 8 * 8;
  for (count %= 8; count > 0; --count) PutBit(index++, true);
}

ArrowBuilder::ArrowBuilder(const model::Field& field) : ArrowBuilder(field, Role::kValue) {}

ArrowBuilder::ArrowBuilder(const model::Field& field, Role role)
    : field_(field), role_(role), is_dictionary_(role == Role::kValue && IsDictionary(field)) {
  bool is_map = role == Role::kValue && field.type.kind == TypeKind::kMap;
  if (is_map) {
    children_.push_back(ArrowBuilder(field, Role::kEntries));
  } else {
    for (const auto& child : field.type.children) children_.push_back(ArrowBuilder(child));
  }
  if (is_map || field.type.kind == TypeKind::kList || IsText(field.type.kind)) PutOffset(0);
  if (field.type.kind == TypeKind::kEnum) {
    dictionary_ = field.type.enum_values;
  } else if (is_dictionary_) {
    auto known = field.attributes.find(kArrowDictionaryValues);
    if (known != field.attributes.end()) dictionary_ = UnpackDictionary(known->second);
  }
  for (const auto& value : dictionary_) {
    index_of_.emplace(value, static_cast<int32_t>(index_of_.size()));
  }
}

void ArrowBuilder::PutValid(bool valid) {
  if (null_count_ == 0 && valid) {
    ++length_;
    return;
  }
  if (null_count_ == 0) validity_.PutOnes(0, static_cast<uint64_t>(length_));
  validity_.PutBit(static_cast<uint64_t>(length_), valid);
  ++length_;
  if (!valid) ++null_count_;
}

void ArrowBuilder::PutAllValid(uint64_t count) {
  if (null_count_ > 0) validity_.PutOnes(static_cast<uint64_t>(length_), count);
  length_ += static_cast<int64_t>(count);
}

void ArrowBuilder::CheckOffset(uint64_t offset) const {
  if (offset > INT32_MAX) CannotSend(field_, "a batch would hold more than 2 GiB of it");
}

void ArrowBuilder::PutOffset(uint64_t offset) {
  CheckOffset(offset);
  offsets_.Put(static_cast<int32_t>(offset));
}

template <class T, class Convert>
void ArrowBuilder::AppendEach(Vector& vector, idx_t size, const Positions& rows, Convert convert) {
  duckdb::UnifiedVectorFormat format;
  vector.ToUnifiedFormat(size, format);
  // By bytes: signed and unsigned integers go the same way.
  auto* values = reinterpret_cast<const T*>(format.data);
  using Out = decltype(convert(values[0]));
  auto* to = reinterpret_cast<Out*>(data_.Grow(rows.size() * sizeof(Out)));
  if (format.validity.AllValid()) {
    for (idx_t row : rows) *to++ = convert(values[format.sel->get_index(row)]);
    return PutAllValid(rows.size());
  }
  for (idx_t row : rows) {
    idx_t at = format.sel->get_index(row);
    bool valid = format.validity.RowIsValid(at);
    *to++ = valid ? convert(values[at]) : Out{};
    PutValid(valid);
  }
}

template <class T>
void ArrowBuilder::AppendFixed(Vector& vector, idx_t size, const Positions& rows) {
  AppendEach<T>(vector, size, rows, [](const T& value) { return value; });
}

void ArrowBuilder::AppendBytes(Vector& vector, idx_t size, const Positions& rows) {
  duckdb::UnifiedVectorFormat format;
  vector.ToUnifiedFormat(size, format);
  auto* values = duckdb::UnifiedVectorFormat::GetData<duckdb::string_t>(format);
  auto value_of = [&](idx_t row) {
    idx_t at = format.sel->get_index(row);
    return format.validity.RowIsValid(at) ? &values[at] : nullptr;
  };
  uint64_t end = data_.size();
  auto* offset = reinterpret_cast<int32_t*>(offsets_.Grow(rows.size() * sizeof(int32_t)));
  for (idx_t row : rows) {
    const auto* value = value_of(row);
    if (value != nullptr) end += value->GetSize();
    *offset++ = static_cast<int32_t>(end);
  }
  CheckOffset(end);
  char* to = data_.Grow(end - data_.size());
  for (idx_t row : rows) {
    const auto* value = value_of(row);
    if (value != nullptr) to = std::copy_n(value->GetData(), value->GetSize(), to);
  }
  if (format.validity.AllValid()) return PutAllValid(rows.size());
  for (idx_t row : rows) PutValid(value_of(row) != nullptr);
}

void ArrowBuilder::AppendDecimals(Vector& vector, idx_t size, const Positions& rows) {
  auto widen = [](auto value) { return static_cast<Wide>(value); };
  switch (vector.GetType().InternalType()) {
    case duckdb::PhysicalType::INT16: return AppendEach<int16_t>(vector, size, rows, widen);
    case duckdb::PhysicalType::INT32: return AppendEach<int32_t>(vector, size, rows, widen);
    case duckdb::PhysicalType::INT64: return AppendEach<int64_t>(vector, size, rows, widen);
    case duckdb::PhysicalType::UINT128:
      return AppendEach<duckdb::uhugeint_t>(vector, size, rows, [&](duckdb::uhugeint_t value) {
        Wide wide = ToWide({static_cast<int64_t>(value.upper), value.lower});
        if (wide < 0 || !Has38Digits(wide)) CannotSend(field_, "a value has 39 digits");
        return wide;
      });
    default:
      return AppendEach<duckdb::hugeint_t>(vector, size, rows, [&](duckdb::hugeint_t value) {
        if (!Has38Digits(ToWide(value))) CannotSend(field_, "a value has 39 digits");
        return ToWide(value);
      });
  }
}

void ArrowBuilder::AppendIntervals(Vector& vector, idx_t size, const Positions& rows) {
  auto unit = field_.attributes.find(kArrowDuration);
  if (unit == field_.attributes.end()) {
    return AppendEach<duckdb::interval_t>(
        vector, size, rows, [&](const auto& value) { return ToMonthDayNano(field_, value); });
  }
  AppendEach<duckdb::interval_t>(vector, size, rows, [&](const auto& value) {
    return FromMicros(field_, DurationMicros(field_, value), unit->second);
  });
}

void ArrowBuilder::AppendZonedTimes(Vector& vector, idx_t size, const Positions& rows) {
  auto unit = field_.attributes.find(kArrowUnit);
  if (unit == field_.attributes.end()) return AppendFixed<int64_t>(vector, size, rows);
  AppendEach<int64_t>(vector, size, rows,
                      [&](int64_t micros) { return FromMicros(field_, micros, unit->second); });
}

int32_t ArrowBuilder::IndexOf(std::string_view value) {
  auto [entry, is_new] =
      index_of_.try_emplace(std::string(value), static_cast<int32_t>(index_of_.size()));
  if (is_new) dictionary_.push_back(entry->first);
  return entry->second;
}

void ArrowBuilder::AppendIndices(Vector& vector, idx_t size, const Positions& rows) {
  if (field_.type.kind == TypeKind::kEnum) {
    auto index = [](auto value) { return static_cast<int32_t>(value); };
    switch (vector.GetType().InternalType()) {
      case duckdb::PhysicalType::UINT8: return AppendEach<uint8_t>(vector, size, rows, index);
      case duckdb::PhysicalType::UINT16: return AppendEach<uint16_t>(vector, size, rows, index);
      default: return AppendEach<uint32_t>(vector, size, rows, index);
    }
  }
  if (IsText(field_.type.kind)) {
    return AppendEach<duckdb::string_t>(vector, size, rows, [&](const duckdb::string_t& value) {
      return IndexOf({value.GetData(), value.GetSize()});
    });
  }
  auto of_bytes = [&](auto value) {
    return IndexOf({reinterpret_cast<const char*>(&value), sizeof(value)});
  };
  switch (duckdb::GetTypeIdSize(vector.GetType().InternalType())) {
    case 1: return AppendEach<uint8_t>(vector, size, rows, of_bytes);
    case 2: return AppendEach<uint16_t>(vector, size, rows, of_bytes);
    case 4: return AppendEach<uint32_t>(vector, size, rows, of_bytes);
    default: return AppendEach<uint64_t>(vector, size, rows, of_bytes);
  }
}

// Lists, and maps through their entries.
void ArrowBuilder::AppendList(Vector& flat, const Positions& rows) {
  auto& validity = duckdb::FlatVector::Validity(flat);
  auto* entries = ListVector::GetData(flat);
  Positions elements;
  auto total = static_cast<uint64_t>(children_[0].length_);
  for (idx_t row : rows) {
    bool valid = validity.RowIsValid(row);
    for (idx_t k = 0; valid && k < entries[row].length; ++k) {
      elements.push_back(entries[row].offset + k);
    }
    PutOffset(total + elements.size());
    PutValid(valid);
  }
  children_[0].Append(ListVector::GetEntry(flat), ListVector::GetListSize(flat), elements);
}

void ArrowBuilder::AppendArray(Vector& flat, idx_t size, const Positions& rows) {
  auto& validity = duckdb::FlatVector::Validity(flat);
  idx_t width = field_.type.array_size;
  Positions elements;
  for (idx_t row : rows) {
    for (idx_t k = 0; k < width; ++k) elements.push_back(row * width + k);
    PutValid(validity.RowIsValid(row));
  }
  children_[0].Append(duckdb::ArrayVector::GetEntry(flat), size * width, elements);
}

// Sparse: every member has all rows. Unions have no validity of their own: NULL is the first
// member's.
void ArrowBuilder::AppendUnion(Vector& flat, idx_t size, const Positions& rows) {
  auto& members = StructVector::GetEntries(flat);
  duckdb::UnifiedVectorFormat tags;
  members[0]->ToUnifiedFormat(size, tags);
  auto* values = duckdb::UnifiedVectorFormat::GetData<uint8_t>(tags);
  auto& validity = duckdb::FlatVector::Validity(flat);
  for (idx_t row : rows) {
    idx_t at = tags.sel->get_index(row);
    bool valid = validity.RowIsValid(row) && tags.validity.RowIsValid(at);
    data_.Put(static_cast<int8_t>(valid ? values[at] : 0));
    ++length_;
  }
  for (size_t i = 0; i < children_.size(); ++i) children_[i].Append(*members[i + 1], size, rows);
}

void ArrowBuilder::Append(Vector& vector, idx_t size, const Positions& rows) {
  if (is_dictionary_) return AppendIndices(vector, size, rows);
  if (!field_.type.IsNested()) return AppendValues(vector, size, rows);
  Vector flat(vector);
  flat.Flatten(size);
  if (role_ == Role::kValue && IsList(field_.type.kind)) return AppendList(flat, rows);
  if (field_.type.kind == TypeKind::kArray) return AppendArray(flat, size, rows);
  if (field_.type.kind == TypeKind::kUnion) return AppendUnion(flat, size, rows);
  auto& validity = duckdb::FlatVector::Validity(flat);
  for (idx_t row : rows) PutValid(validity.RowIsValid(row));
  auto& members = StructVector::GetEntries(flat);
  for (size_t i = 0; i < children_.size(); ++i) children_[i].Append(*members[i], size, rows);
}

void ArrowBuilder::AppendValues(Vector& vector, idx_t size, const Positions& rows) {
  switch (field_.type.kind) {
    case TypeKind::kBoolean: {
      duckdb::UnifiedVectorFormat format;
      vector.ToUnifiedFormat(size, format);
      auto* values = duckdb::UnifiedVectorFormat::GetData<bool>(format);
      for (idx_t row : rows) {
        idx_t at = format.sel->get_index(row);
        bool valid = format.validity.RowIsValid(at);
        data_.PutBit(static_cast<uint64_t>(length_), valid && values[at]);
        PutValid(valid);
      }
      return;
    }
    case TypeKind::kDecimal:
    case TypeKind::kInt128:
    case TypeKind::kUInt128: return AppendDecimals(vector, size, rows);
    case TypeKind::kInterval: return AppendIntervals(vector, size, rows);
    case TypeKind::kTimestampTz: return AppendZonedTimes(vector, size, rows);
    case TypeKind::kUuid: return AppendEach<duckdb::hugeint_t>(vector, size, rows, UuidBytes);
    default: break;
  }
  if (IsText(field_.type.kind)) return AppendBytes(vector, size, rows);
  switch (duckdb::GetTypeIdSize(vector.GetType().InternalType())) {
    case 1: return AppendFixed<uint8_t>(vector, size, rows);
    case 2: return AppendFixed<uint16_t>(vector, size, rows);
    case 4: return AppendFixed<uint32_t>(vector, size, rows);
    default: return AppendFixed<uint64_t>(vector, size, rows);
  }
}

void ArrowBuilder::FinishDictionary(ArrowArray* out) const {
  auto holder = std::make_unique<ArrayHolder>();
  ArrowBuffer offsets;
  ArrowBuffer data;
  offsets.Put(int32_t{0});
  for (const auto& value : dictionary_) {
    data.Append(value.data(), value.size());
    if (data.size() > INT32_MAX) CannotSend(field_, "a dictionary would be larger than 2 GiB");
    offsets.Put(static_cast<int32_t>(data.size()));
  }
  if (IsText(field_.type.kind)) holder->owned.push_back(std::move(offsets));
  holder->owned.push_back(std::move(data));
  holder->buffers.push_back(nullptr);
  for (const auto& buffer : holder->owned) holder->buffers.push_back(buffer.data());
  Publish(std::move(holder), static_cast<int64_t>(dictionary_.size()), 0, out);
}

void ArrowBuilder::Finish(ArrowArray* out) {
  auto holder = std::make_unique<ArrayHolder>();
  bool is_union = field_.type.kind == TypeKind::kUnion;
  bool has_data = is_union || is_dictionary_ || !field_.type.IsNested();
  bool has_offsets = !is_dictionary_ && role_ == Role::kValue &&
                     (IsText(field_.type.kind) || IsList(field_.type.kind));
  holder->owned.reserve(3);
  if (!is_union) {
    holder->owned.push_back(std::move(validity_));
    holder->buffers.push_back(null_count_ == 0 ? nullptr : holder->owned.back().data());
  }
  if (has_offsets) {
    holder->owned.push_back(std::move(offsets_));
    holder->buffers.push_back(holder->owned.back().data());
  }
  if (has_data) {
    holder->owned.push_back(std::move(data_));
    holder->buffers.push_back(holder->owned.back().data());
  }
  holder->children.resize(children_.size());
  for (size_t i = 0; i < children_.size(); ++i) children_[i].Finish(&holder->children[i]);
  if (is_dictionary_) FinishDictionary(&holder->dictionary);
  Publish(std::move(holder), length_, null_count_, out);
}

}  // namespace rhizo::engine
