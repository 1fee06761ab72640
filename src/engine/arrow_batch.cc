#include "engine/arrow_batch.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/arrow_check.h"
#include "engine/errors.h"
#include "engine/types.h"

namespace rhizo::engine {
namespace {

using duckdb::FlatVector;
using duckdb::idx_t;
using duckdb::ListVector;
using duckdb::string_t;
using duckdb::StructVector;
using duckdb::Vector;

// __extension__: 128-bit integers are the compiler's.
__extension__ using Wide = __int128;

constexpr uint64_t kMaxTextBytes = 0xffffffff;
constexpr size_t kMaxDictionaryBytes = 64 << 10;
constexpr int64_t kDayMillis = 86'400'000;

template <class T>
T Load(const void* buffer, uint64_t index) {
  T value;
  std::memcpy(&value, static_cast<const char*>(buffer) + index * sizeof(T), sizeof(T));
  return value;
}

bool Bit(const void* buffer, uint64_t index) {
  return (static_cast<const uint8_t*>(buffer)[index / 8] >> (index % 8) & 1) != 0;
}

bool HasValidity(ArrowLayout layout) {
  return layout != ArrowLayout::kNull && layout != ArrowLayout::kSparseUnion &&
         layout != ArrowLayout::kDenseUnion && layout != ArrowLayout::kRunEnds;
}

// Text of strings that vectors point to lives as long as the vectors.
class BatchBuffer final : public duckdb::VectorBuffer {
 public:
  explicit BatchBuffer(std::shared_ptr<const ArrowBatch> batch)
      : VectorBuffer(duckdb::VectorBufferType::OPAQUE_BUFFER), batch_(std::move(batch)) {}

 private:
  std::shared_ptr<const ArrowBatch> batch_;
};

bool IsAscii(const char* data, uint64_t size) {
  uint64_t all = 0;
  for (; size >= 8; data += 8, size -= 8) all |= Load<uint64_t>(data, 0);
  for (; size > 0; ++data, --size) all |= static_cast<uint8_t>(*data);
  return (all & 0x8080808080808080u) == 0;
}

float HalfToFloat(uint16_t half) {
  uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  uint32_t exponent = half >> 10 & 0x1f;
  uint32_t mantissa = half & 0x3ff;
  uint32_t bits;
  if (exponent == 0x1f) {
    bits = sign | 0x7f800000u | mantissa << 13;
  } else if (exponent != 0) {
    bits = sign | (exponent + 112) << 23 | mantissa << 13;
  } else {
    float value = static_cast<float>(mantissa) * 0x1p-24f;
    bits = sign | Load<uint32_t>(&value, 0);
  }
  return Load<float>(&bits, 0);
}

Wide PowerOfTen(int digits) {
  Wide power = 1;
  while (digits-- > 0) power *= 10;
  return power;
}

Wide LoadDecimal(const ArrowColumn& column, const void* buffer, uint64_t index) {
  switch (column.width) {
    case 4: return Load<int32_t>(buffer, index);
    case 8: return Load<int64_t>(buffer, index);
    case 16: return Load<Wide>(buffer, index);
    default: {
      auto low = Load<Wide>(buffer, index * 2);
      auto high = Load<Wide>(buffer, index * 2 + 1);
      if (high != (low < 0 ? -1 : 0)) ThrowLie(column, "a decimal has more digits than its type");
      return low;
    }
  }
}

void StoreDecimal(Wide value, idx_t row, Vector* out) {
  switch (out->GetType().InternalType()) {
    case duckdb::PhysicalType::INT16:
      FlatVector::GetData<int16_t>(*out)[row] = static_cast<int16_t>(value);
      break;
    case duckdb::PhysicalType::INT32:
      FlatVector::GetData<int32_t>(*out)[row] = static_cast<int32_t>(value);
      break;
    case duckdb::PhysicalType::INT64:
      FlatVector::GetData<int64_t>(*out)[row] = static_cast<int64_t>(value);
      break;
    case duckdb::PhysicalType::UINT128:
      FlatVector::GetData<duckdb::uhugeint_t>(*out)[row] =
          duckdb::uhugeint_t(static_cast<uint64_t>(value >> 64), static_cast<uint64_t>(value));
      break;
    default:
      FlatVector::GetData<duckdb::hugeint_t>(*out)[row] =
          duckdb::hugeint_t(static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value));
  }
}

int64_t Scale(const ArrowColumn& column, int64_t value) {
  if (column.limit > 0 && (value < 0 || value > column.limit)) {
    ThrowLie(column, "a time is not within a day");
  }
  if (column.divisor > 1) {
    if (value % column.divisor != 0) {
      ThrowInexact(column, "a value is finer than microseconds: " + std::to_string(value) + " " +
                               column.format);
    }
    return value / column.divisor;
  }
  int64_t scaled;
  if (__builtin_mul_overflow(value, column.factor, &scaled)) {
    ThrowInexact(column, "a value is out of range: " + std::to_string(value));
  }
  return scaled;
}

int64_t LoadInteger(const ArrowColumn& column, const void* buffer, uint64_t index) {
  return column.width == 4 ? Load<int32_t>(buffer, index) : Load<int64_t>(buffer, index);
}

duckdb::interval_t LoadInterval(const ArrowColumn& column, const void* buffer, uint64_t index) {
  switch (column.layout) {
    case ArrowLayout::kMonths: return {Load<int32_t>(buffer, index), 0, 0};
    case ArrowLayout::kDayTime:
      return {0, Load<int32_t>(buffer, index * 2),
              int64_t{Load<int32_t>(buffer, index * 2 + 1)} * 1000};
    case ArrowLayout::kDuration: return {0, 0, Scale(column, Load<int64_t>(buffer, index))};
    default: break;
  }
  auto nanos = Load<int64_t>(buffer, index * 2 + 1);
  if (nanos % 1000 != 0) ThrowInexact(column, "an interval is finer than microseconds");
  return {Load<int32_t>(buffer, index * 4), Load<int32_t>(buffer, index * 4 + 1), nanos / 1000};
}

duckdb::hugeint_t LoadUuid(const void* buffer, uint64_t index) {
  uint64_t high = __builtin_bswap64(Load<uint64_t>(buffer, index * 2));
  uint64_t low = __builtin_bswap64(Load<uint64_t>(buffer, index * 2 + 1));
  return duckdb::hugeint_t(static_cast<int64_t>(high ^ uint64_t{1} << 63), low);
}

int64_t LoadIndex(const ArrowColumn& column, const void* buffer, uint64_t index) {
  switch (column.format[0]) {
    case 'c': return Load<int8_t>(buffer, index);
    case 's': return Load<int16_t>(buffer, index);
    case 'i': return Load<int32_t>(buffer, index);
    case 'C': return Load<uint8_t>(buffer, index);
    case 'S': return Load<uint16_t>(buffer, index);
    case 'I': return Load<uint32_t>(buffer, index);
    default: return Load<int64_t>(buffer, index);  // above 2^63: negative, refused
  }
}

int64_t LoadOffset(bool wide, const void* buffer, uint64_t index) {
  return wide ? Load<int64_t>(buffer, index) : Load<int32_t>(buffer, index);
}

// Offsets `first` to `first + count`, which must not go down.
std::vector<uint64_t> LoadOffsets(const ArrowColumn& column, const ArrowArray& array,
                                  uint64_t first, idx_t count) {
  std::vector<uint64_t> offsets(count + 1);
  if (count == 0) return offsets;
  int64_t last = 0;
  for (idx_t i = 0; i <= count; ++i) {
    int64_t offset = LoadOffset(column.wide, array.buffers[1], first + i);
    if (offset < last) ThrowLie(column, "its offsets go down or are negative");
    offsets[i] = static_cast<uint64_t>(offset);
    last = offset;
  }
  return offsets;
}

// Sets `row` to NULL at every level below too, as the engine wants it.
void SetNull(Vector* out, idx_t row) { FlatVector::SetNull(*out, row, true); }

template <class Load>
void ForEachValid(Vector* out, idx_t count, Load load) {
  auto& validity = FlatVector::Validity(*out);
  for (idx_t i = 0; i < count; ++i) {
    if (validity.RowIsValid(i)) load(i);
  }
}

std::unique_ptr<Vector> NewVector(const duckdb::LogicalType& type, idx_t count) {
  return std::make_unique<Vector>(type, std::max<idx_t>(count, STANDARD_VECTOR_SIZE));
}

// Rows [start, start + count) of an array, laid behind `before` others.
struct Stretch {
  uint64_t start;
  idx_t count;
  idx_t before;
};

// What covers `positions`, in order, without the large gaps between them: what is converted follows
// the number of positions, not how far they lie apart (a dictionary may say it has 2^40 values).
std::vector<Stretch> StretchesOf(std::vector<uint64_t> positions) {
  constexpr uint64_t kGap = 64;
  std::sort(positions.begin(), positions.end());
  std::vector<Stretch> stretches;
  for (uint64_t position : positions) {
    if (stretches.empty() || position >= stretches.back().start + stretches.back().count + kGap) {
      idx_t before = stretches.empty() ? 0 : stretches.back().before + stretches.back().count;
      stretches.push_back(Stretch{position, 0, before});
    }
    stretches.back().count = position - stretches.back().start + 1;
  }
  return stretches;
}

idx_t PlaceIn(const std::vector<Stretch>& stretches, uint64_t position) {
  auto after = std::upper_bound(stretches.begin(), stretches.end(), position,
                                [](uint64_t at, const Stretch& other) { return at < other.start; });
  const Stretch& stretch = *std::prev(after);
  return stretch.before + (position - stretch.start);
}

}  // namespace

BatchConverter::BatchConverter(const std::vector<ArrowColumn>& columns,
                               std::shared_ptr<const ArrowBatch> batch)
    : columns_(columns), batch_(std::move(batch)) {
  const ArrowArray& root = batch_->array();
  ArrowColumn whole;
  whole.layout = ArrowLayout::kStruct;
  if (root.n_children != static_cast<int64_t>(columns.size()) || root.length < 0 ||
      root.offset < 0 || (root.n_children > 0 && root.children == nullptr)) {
    ThrowLie(whole, "the batch does not fit the schema");
  }
  bool may_have_nulls = root.null_count != 0 && root.n_buffers > 0 && root.buffers != nullptr &&
                        root.buffers[0] != nullptr;
  for (int64_t i = 0; may_have_nulls && i < root.length; ++i) {
    auto row = static_cast<uint64_t>(root.offset + i);
    if (!Bit(root.buffers[0], row)) ThrowLie(whole, "a whole row is NULL");
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    if (root.children[i] == nullptr) ThrowLie(columns[i], "it is missing");
    CheckArray(columns[i], *root.children[i], static_cast<uint64_t>(root.offset + root.length));
  }
}

void BatchConverter::Convert(size_t column, uint64_t start, idx_t count, Vector* out) {
  const ArrowArray& root = batch_->array();
  const ArrowColumn& layout = columns_[column];
  uint64_t from = static_cast<uint64_t>(root.offset) + start;
  Convert(Rows{layout, *root.children[column], from, count}, out);
  if (layout.field.nullable) return;
  auto& validity = FlatVector::Validity(*out);
  if (validity.CountValid(count) < count) ThrowLie(layout, "it has a NULL, but says it has none");
}

void BatchConverter::Convert(const Rows& rows, Vector* out) {
  const ArrowArray& array = rows.array;
  bool may_have_nulls = HasValidity(rows.column.layout) && array.null_count != 0 &&
                        array.n_buffers > 0 && array.buffers[0] != nullptr;
  for (idx_t i = 0; may_have_nulls && i < rows.count; ++i) {
    if (!Bit(array.buffers[0], rows.first() + i)) FlatVector::Validity(*out).SetInvalid(i);
  }
  if (rows.count == 0) return;
  rows.column.dictionary ? ConvertDictionary(rows, out) : ConvertValues(rows, out);
}

void BatchConverter::ConvertValues(const Rows& rows, Vector* out) {
  const ArrowColumn& column = rows.column;
  const void* data = rows.array.n_buffers > 1 ? rows.array.buffers[1] : nullptr;
  uint64_t first = rows.first();
  switch (column.layout) {
    case ArrowLayout::kNull:
      for (idx_t i = 0; i < rows.count; ++i) SetNull(out, i);
      return;
    case ArrowLayout::kBoolean:
      return ForEachValid(out, rows.count, [&](idx_t i) {
        FlatVector::GetData<bool>(*out)[i] = Bit(data, first + i);
      });
    case ArrowLayout::kByteBoolean:
      return ForEachValid(out, rows.count, [&](idx_t i) {
        FlatVector::GetData<bool>(*out)[i] = Load<uint8_t>(data, first + i) != 0;
      });
    case ArrowLayout::kCopy:
      std::memcpy(FlatVector::GetData(*out), static_cast<const char*>(data) + first * column.width,
                  rows.count * column.width);
      return;
    case ArrowLayout::kHalf:
      return ForEachValid(out, rows.count, [&](idx_t i) {
        FlatVector::GetData<float>(*out)[i] = HalfToFloat(Load<uint16_t>(data, first + i));
      });
    case ArrowLayout::kScaled:
      return ForEachValid(out, rows.count, [&](idx_t i) {
        FlatVector::GetData<int64_t>(*out)[i] = Scale(column, LoadInteger(column, data, first + i));
      });
    case ArrowLayout::kDate64:
      return ForEachValid(out, rows.count, [&](idx_t i) {
        auto millis = Load<int64_t>(data, first + i);
        int64_t days = millis / kDayMillis;
        if (millis % kDayMillis != 0) ThrowInexact(column, "a date is not a whole day");
        if (days != static_cast<int32_t>(days)) ThrowInexact(column, "a date is out of range");
        FlatVector::GetData<int32_t>(*out)[i] = static_cast<int32_t>(days);
      });
    case ArrowLayout::kDecimal: {
      bool whole = column.field.type.kind != model::TypeKind::kDecimal;  // a 128-bit integer
      Wide limit = PowerOfTen(whole ? 38 : column.field.type.precision);
      return ForEachValid(out, rows.count, [&](idx_t i) {
        Wide value = LoadDecimal(column, data, first + i);
        bool negative = value < 0 && column.field.type.kind == model::TypeKind::kUInt128;
        if (value >= limit || value <= -limit || negative) {
          ThrowLie(column, "a decimal has more digits than its type, or a wrong sign");
        }
        StoreDecimal(value, i, out);
      });
    }
    case ArrowLayout::kUuid:
      return ForEachValid(out, rows.count, [&](idx_t i) {
        FlatVector::GetData<duckdb::hugeint_t>(*out)[i] = LoadUuid(data, first + i);
      });
    case ArrowLayout::kDuration:
    case ArrowLayout::kMonths:
    case ArrowLayout::kDayTime:
    case ArrowLayout::kMonthDayNano:
      return ForEachValid(out, rows.count, [&](idx_t i) {
        FlatVector::GetData<duckdb::interval_t>(*out)[i] = LoadInterval(column, data, first + i);
      });
    case ArrowLayout::kBytes: return ConvertBytes(rows, out);
    case ArrowLayout::kViews: return ConvertViews(rows, out);
    case ArrowLayout::kFixedBytes: return ConvertFixedBytes(rows, out);
    case ArrowLayout::kList: return ConvertList(rows, out);
    case ArrowLayout::kListView: return ConvertListView(rows, out);
    case ArrowLayout::kFixedList: return ConvertFixedList(rows, out);
    case ArrowLayout::kStruct: return ConvertStruct(rows, out);
    case ArrowLayout::kMap: return ConvertMap(rows, out);
    case ArrowLayout::kSparseUnion: return ConvertSparseUnion(rows, out);
    case ArrowLayout::kDenseUnion: return ConvertDenseUnion(rows, out);
    case ArrowLayout::kRunEnds: return ConvertRunEnds(rows, out);
  }
}

void BatchConverter::PutText(const Rows& rows, idx_t row, const char* data, uint64_t size,
                             Vector* out) {
  const ArrowColumn& column = rows.column;
  if (size > kMaxTextBytes) ThrowInexact(column, "a value is longer than 4 GiB");
  if (size > 0 && data == nullptr) ThrowLie(column, "a buffer is missing");
  if (column.text && !IsAscii(data, size) && !duckdb::Value::StringIsValid(data, size)) {
    ThrowLie(column, "a value is not valid UTF-8");
  }
  if (column.field.type.kind == model::TypeKind::kBit && !IsBitString({data, size})) {
    ThrowLie(column, "a value is not a bit string");
  }
  FlatVector::GetData<string_t>(*out)[row] = string_t(data, static_cast<uint32_t>(size));
}

void BatchConverter::ConvertBytes(const Rows& rows, Vector* out) {
  auto offsets = LoadOffsets(rows.column, rows.array, rows.first(), rows.count);
  auto* data = static_cast<const char*>(rows.array.buffers[2]);
  duckdb::StringVector::AddBuffer(*out, duckdb::make_buffer<BatchBuffer>(batch_));
  ForEachValid(out, rows.count, [&](idx_t i) {
    uint64_t size = offsets[i + 1] - offsets[i];
    PutText(rows, i, size == 0 ? "" : data == nullptr ? nullptr : data + offsets[i], size, out);
  });
}

// A view: int32 length, then 12 bytes inline, or 4 bytes prefix, int32 buffer, int32 offset.
void BatchConverter::ConvertViews(const Rows& rows, Vector* out) {
  const ArrowArray& array = rows.array;
  auto* views = static_cast<const char*>(array.buffers[1]);
  int64_t buffers = array.n_buffers - 3;
  const void* sizes = array.buffers[array.n_buffers - 1];
  duckdb::StringVector::AddBuffer(*out, duckdb::make_buffer<BatchBuffer>(batch_));
  ForEachValid(out, rows.count, [&](idx_t i) {
    const char* view = views + (rows.first() + i) * 16;
    auto size = Load<int32_t>(view, 0);
    if (size < 0) ThrowLie(rows.column, "a value has a negative length");
    if (size <= 12) return PutText(rows, i, view + 4, static_cast<uint64_t>(size), out);
    auto buffer = Load<int32_t>(view, 2);
    auto offset = Load<int32_t>(view, 3);
    bool inside = buffer >= 0 && buffer < buffers && offset >= 0 &&
                  int64_t{offset} + size <= Load<int64_t>(sizes, static_cast<uint64_t>(buffer));
    if (!inside) ThrowLie(rows.column, "a value lies outside its buffer");
    auto* data = static_cast<const char*>(array.buffers[2 + buffer]);
    PutText(rows, i, data == nullptr ? nullptr : data + offset, static_cast<uint64_t>(size), out);
  });
}

void BatchConverter::ConvertFixedBytes(const Rows& rows, Vector* out) {
  auto* data = static_cast<const char*>(rows.array.buffers[1]);
  uint64_t size = rows.column.size;
  duckdb::StringVector::AddBuffer(*out, duckdb::make_buffer<BatchBuffer>(batch_));
  ForEachValid(out, rows.count,
               [&](idx_t i) { PutText(rows, i, data + (rows.first() + i) * size, size, out); });
}

// Elements [low, high) become the elements of the list vector `out`.
void BatchConverter::ConvertElements(const Rows& rows, uint64_t low, uint64_t high, Vector* out) {
  const ArrowArray& child = *rows.array.children[0];
  if (high > static_cast<uint64_t>(child.length)) {
    ThrowLie(rows.column, "its offsets reach beyond its elements");
  }
  ListVector::Reserve(*out, high - low);
  Convert(Rows{rows.column.children[0], child, low, high - low}, &ListVector::GetEntry(*out));
  ListVector::SetListSize(*out, high - low);
}

void BatchConverter::ConvertList(const Rows& rows, Vector* out) {
  auto offsets = LoadOffsets(rows.column, rows.array, rows.first(), rows.count);
  uint64_t low = offsets.front();
  auto& validity = FlatVector::Validity(*out);
  auto* entries = ListVector::GetData(*out);
  for (idx_t i = 0; i < rows.count; ++i) {
    entries[i] = validity.RowIsValid(i)
                     ? duckdb::list_entry_t(offsets[i] - low, offsets[i + 1] - offsets[i])
                     : duckdb::list_entry_t(0, 0);
  }
  ConvertElements(rows, low, offsets.back(), out);
}

void BatchConverter::ConvertListView(const Rows& rows, Vector* out) {
  uint64_t low = UINT64_MAX;
  uint64_t high = 0;
  auto* entries = ListVector::GetData(*out);
  std::fill(entries, entries + rows.count, duckdb::list_entry_t(0, 0));
  ForEachValid(out, rows.count, [&](idx_t i) {
    int64_t offset = LoadOffset(rows.column.wide, rows.array.buffers[1], rows.first() + i);
    int64_t size = LoadOffset(rows.column.wide, rows.array.buffers[2], rows.first() + i);
    int64_t end;
    if (offset < 0 || size < 0 || __builtin_add_overflow(offset, size, &end)) {
      ThrowLie(rows.column, "an offset or size is negative");
    }
    if (size == 0) return;
    entries[i] = duckdb::list_entry_t(static_cast<uint64_t>(offset), static_cast<uint64_t>(size));
    low = std::min(low, static_cast<uint64_t>(offset));
    high = std::max(high, static_cast<uint64_t>(end));
  });
  if (high == 0) low = 0;
  for (idx_t i = 0; i < rows.count; ++i) {
    if (entries[i].length > 0) entries[i].offset -= low;
  }
  ConvertElements(rows, low, high, out);
}

void BatchConverter::ConvertFixedList(const Rows& rows, Vector* out) {
  uint64_t size = rows.column.size;
  Convert(Rows{rows.column.children[0], *rows.array.children[0], rows.first() * size,
               rows.count * size},
          &duckdb::ArrayVector::GetEntry(*out));
  auto& validity = FlatVector::Validity(*out);
  for (idx_t i = 0; i < rows.count; ++i) {
    if (!validity.RowIsValid(i)) SetNull(out, i);
  }
}

void BatchConverter::ConvertStruct(const Rows& rows, Vector* out) {
  auto& members = StructVector::GetEntries(*out);
  for (size_t i = 0; i < members.size(); ++i) {
    Convert(Rows{rows.column.children[i], *rows.array.children[i], rows.first(), rows.count},
            members[i].get());
  }
  auto& validity = FlatVector::Validity(*out);
  for (idx_t i = 0; i < rows.count; ++i) {
    if (!validity.RowIsValid(i)) SetNull(out, i);
  }
}

void BatchConverter::ConvertMap(const Rows& rows, Vector* out) {
  ConvertList(rows, out);
  switch (duckdb::MapVector::CheckMapValidity(*out, rows.count)) {
    case duckdb::MapInvalidReason::VALID: return;
    case duckdb::MapInvalidReason::NULL_KEY: ThrowInexact(rows.column, "a key is NULL");
    case duckdb::MapInvalidReason::DUPLICATE_KEY:
      ThrowInexact(rows.column, "a map has the same key twice");
    default: ThrowInexact(rows.column, "a map is not valid");
  }
}

namespace {

// The member of each row, into the tags of the union vector `out`.
std::vector<size_t> LoadTags(const ArrowColumn& column, const ArrowArray& array, uint64_t first,
                             idx_t count, Vector* out) {
  std::vector<size_t> members(count);
  auto* tags = FlatVector::GetData<uint8_t>(*StructVector::GetEntries(*out)[0]);
  for (idx_t i = 0; i < count; ++i) {
    auto id = Load<int8_t>(array.buffers[0], first + i);
    int16_t member = id < 0 ? int16_t{-1} : column.member_of[static_cast<size_t>(id)];
    if (member < 0) ThrowLie(column, "a row has a type id that the union has not");
    members[i] = static_cast<size_t>(member);
    tags[i] = static_cast<uint8_t>(member);
  }
  return members;
}

// Members that a row does not have are NULL there; a row whose first member is NULL is NULL itself,
// as arrow_out writes it.
void SetMemberNulls(const std::vector<size_t>& tags, Vector* out) {
  auto& members = StructVector::GetEntries(*out);
  for (size_t member = 0; member + 1 < members.size(); ++member) {
    for (idx_t i = 0; i < tags.size(); ++i) {
      if (tags[i] != member) SetNull(members[member + 1].get(), i);
    }
  }
  for (idx_t i = 0; i < tags.size(); ++i) {
    if (tags[i] == 0 && FlatVector::IsNull(*members[1], i)) SetNull(out, i);
  }
}

}  // namespace

void BatchConverter::ConvertSparseUnion(const Rows& rows, Vector* out) {
  auto tags = LoadTags(rows.column, rows.array, rows.first(), rows.count, out);
  auto& members = StructVector::GetEntries(*out);
  for (size_t i = 0; i < rows.column.children.size(); ++i) {
    Convert(Rows{rows.column.children[i], *rows.array.children[i], rows.first(), rows.count},
            members[i + 1].get());
  }
  SetMemberNulls(tags, out);
}

void BatchConverter::ConvertDenseUnion(const Rows& rows, Vector* out) {
  auto tags = LoadTags(rows.column, rows.array, rows.first(), rows.count, out);
  auto& members = StructVector::GetEntries(*out);
  for (size_t member = 0; member < rows.column.children.size(); ++member) {
    const ArrowArray& child = *rows.array.children[member];
    std::vector<uint64_t> positions(rows.count, 0);
    bool used = false;
    for (idx_t i = 0; i < rows.count; ++i) {
      if (tags[i] != member) continue;
      auto offset = Load<int32_t>(rows.array.buffers[1], rows.first() + i);
      if (offset < 0 || offset >= child.length) {
        ThrowLie(rows.column, "an offset reaches beyond its member");
      }
      if (!used) std::fill(positions.begin(), positions.end(), static_cast<uint64_t>(offset));
      positions[i] = static_cast<uint64_t>(offset);
      used = true;
    }
    if (used) {
      ConvertPicked(rows.column.children[member], child, positions, members[member + 1].get());
    }
  }
  SetMemberNulls(tags, out);
}

void BatchConverter::ConvertPicked(const ArrowColumn& column, const ArrowArray& array,
                                   const std::vector<uint64_t>& positions, Vector* out) {
  auto stretches = StretchesOf(positions);
  idx_t total = 0;
  for (const auto& stretch : stretches) total += stretch.count;
  auto all = NewVector(out->GetType(), total);
  if (stretches.size() == 1) {
    Convert(Rows{column, array, stretches[0].start, total}, all.get());
  } else {
    for (const auto& stretch : stretches) {
      auto part = NewVector(out->GetType(), stretch.count);
      Convert(Rows{column, array, stretch.start, stretch.count}, part.get());
      duckdb::VectorOperations::Copy(*part, *all, stretch.count, 0, stretch.before);
    }
  }
  duckdb::SelectionVector picked(positions.size());
  for (size_t i = 0; i < positions.size(); ++i) {
    picked.set_index(i, PlaceIn(stretches, positions[i]));
  }
  duckdb::VectorOperations::Copy(*all, *out, picked, positions.size(), 0, 0);
}

// Run k covers the rows from the end of run k - 1 to its own end.
void BatchConverter::ConvertRunEnds(const Rows& rows, Vector* out) {
  const ArrowColumn& ends = rows.column.children[0];
  const ArrowArray& array = *rows.array.children[0];
  auto runs = static_cast<uint64_t>(array.length);
  auto end_of = [&](uint64_t run) {
    return LoadIndex(ends, array.buffers[1], static_cast<uint64_t>(array.offset) + run);
  };
  uint64_t run = 0;
  auto row = static_cast<int64_t>(rows.first());
  std::vector<uint64_t> positions(rows.count);
  for (idx_t i = 0; i < rows.count; ++i, ++row) {
    while (run < runs && end_of(run) <= row) ++run;
    if (run == runs) ThrowLie(rows.column, "its runs end before its rows");
    positions[i] = run;
  }
  ConvertPicked(rows.column.children[1], *rows.array.children[1], positions, out);
}

// All values of a dictionary that is not larger than its column; converted once per batch.
Vector& BatchConverter::DictionaryVector(const ArrowColumn& column, const ArrowArray& dictionary) {
  auto& cached = dictionaries_[&dictionary];
  if (!cached) {
    auto size = static_cast<idx_t>(dictionary.length);
    cached = NewVector(ToLogicalType(column.field.type), size);
    Convert(Rows{*column.dictionary, dictionary, 0, size}, cached.get());
  }
  return *cached;
}

void BatchConverter::ConvertDictionary(const Rows& rows, Vector* out) {
  const ArrowArray& dictionary = *rows.array.dictionary;
  duckdb::ValidityMask nulls = FlatVector::Validity(*out);
  std::vector<uint64_t> positions(rows.count);
  for (idx_t i = 0; i < rows.count; ++i) {
    if (!nulls.RowIsValid(i)) continue;
    int64_t index = LoadIndex(rows.column, rows.array.buffers[1], rows.first() + i);
    if (index < 0 || index >= dictionary.length) {
      ThrowLie(rows.column, "an index lies outside the dictionary");
    }
    positions[i] = static_cast<uint64_t>(index);
  }
  std::vector<bool> is_null(rows.count);
  for (idx_t i = 0; i < rows.count; ++i) is_null[i] = !nulls.RowIsValid(i);
  if (dictionary.length > std::max<int64_t>(rows.array.length, STANDARD_VECTOR_SIZE)) {
    ConvertPicked(*rows.column.dictionary, dictionary, positions, out);
  } else if (dictionary.length > 0) {
    duckdb::SelectionVector picked(rows.count);
    for (idx_t i = 0; i < rows.count; ++i) picked.set_index(i, positions[i]);
    duckdb::VectorOperations::Copy(DictionaryVector(rows.column, dictionary), *out, picked,
                                   rows.count, 0, 0);
  }
  for (idx_t i = 0; i < rows.count; ++i) {
    if (is_null[i]) SetNull(out, i);
  }
}

std::string BatchConverter::Dictionary(size_t column) const {
  const ArrowColumn* values = columns_[column].dictionary.get();
  const ArrowArray& array = *batch_->array().children[column];
  if (values == nullptr || values->field.type.IsNested()) return {};
  auto size = static_cast<idx_t>(array.dictionary->length);
  if (size > kMaxDictionaryBytes) return {};
  BatchConverter converter(columns_, batch_);
  Vector& all = converter.DictionaryVector(columns_[column], *array.dictionary);
  std::vector<std::string> packed;
  size_t bytes = 0;
  size_t width = duckdb::GetTypeIdSize(all.GetType().InternalType());
  bool is_text = all.GetType().InternalType() == duckdb::PhysicalType::VARCHAR;
  auto* data = reinterpret_cast<const char*>(FlatVector::GetData(all));
  for (idx_t i = 0; i < size; ++i) {
    if (FlatVector::IsNull(all, i)) return {};
    packed.push_back(is_text ? FlatVector::GetData<string_t>(all)[i].GetString()
                             : std::string(data + i * width, width));
    bytes += packed.back().size() + 1;
    if (bytes > kMaxDictionaryBytes) return {};
  }
  return PackDictionary(packed);
}

}  // namespace rhizo::engine
