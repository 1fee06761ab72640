#include "engine/storage.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <utility>

#include "engine/errors.h"
#include "engine/types.h"

namespace rhizo::engine {
namespace {

using duckdb::FlatVector;
using duckdb::idx_t;
using duckdb::ListVector;
using duckdb::LogicalType;
using duckdb::string_t;
using duckdb::StructVector;
using duckdb::Vector;
using model::Type;
using model::TypeKind;

constexpr size_t kWideBytes = 16;
constexpr uint64_t kSignBit = uint64_t{1} << 63;

[[noreturn]] void Invalid(const Type& type) {
  ThrowError(Corruption("a segment holds a value that is not a " + type.ToString()));
}

std::string MemberName(const model::Field& field) { return "value_" + field.name; }

LogicalType UnionStorage(const Type& type) {
  duckdb::child_list_t<LogicalType> members;
  members.emplace_back("tag", LogicalType::UTINYINT);
  for (const auto& field : type.children) {
    members.emplace_back(MemberName(field), StorageType(field.type));
  }
  return LogicalType::STRUCT(std::move(members));
}

LogicalType StructStorage(const Type& type) {
  duckdb::child_list_t<LogicalType> members;
  for (const auto& field : type.children) {
    members.emplace_back(field.name, StorageType(field.type));
  }
  return LogicalType::STRUCT(std::move(members));
}

LogicalType EnumStorage(const Type& type) {
  switch (ToLogicalType(type).InternalType()) {
    case duckdb::PhysicalType::UINT8: return LogicalType::UTINYINT;
    case duckdb::PhysicalType::UINT16: return LogicalType::USMALLINT;
    default: return LogicalType::UINTEGER;
  }
}

// A flat view of `vector` that leaves it as it was.
Vector Flat(Vector& vector, idx_t count) {
  Vector flat(vector);
  flat.Flatten(count);
  return flat;
}

void StoreBigEndian(uint64_t value, char* out) {
  value = __builtin_bswap64(value);
  std::memcpy(out, &value, sizeof(value));
}

uint64_t LoadBigEndian(const char* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return __builtin_bswap64(value);
}

// 128-bit integers: big endian, the sign turned around, so that bytes sort as numbers do.
void Pack(duckdb::hugeint_t value, char* out) {
  StoreBigEndian(static_cast<uint64_t>(value.upper) ^ kSignBit, out);
  StoreBigEndian(value.lower, out + 8);
}

void Unpack(const char* bytes, duckdb::hugeint_t* out) {
  out->upper = static_cast<int64_t>(LoadBigEndian(bytes) ^ kSignBit);
  out->lower = LoadBigEndian(bytes + 8);
}

void Pack(duckdb::uhugeint_t value, char* out) {
  StoreBigEndian(value.upper, out);
  StoreBigEndian(value.lower, out + 8);
}

void Unpack(const char* bytes, duckdb::uhugeint_t* out) {
  out->upper = LoadBigEndian(bytes);
  out->lower = LoadBigEndian(bytes + 8);
}

// Months, days (int32), microseconds (int64), little endian.
void Pack(duckdb::interval_t value, char* out) {
  std::memcpy(out, &value.months, 4);
  std::memcpy(out + 4, &value.days, 4);
  std::memcpy(out + 8, &value.micros, 8);
}

void Unpack(const char* bytes, duckdb::interval_t* out) {
  std::memcpy(&out->months, bytes, 4);
  std::memcpy(&out->days, bytes + 4, 4);
  std::memcpy(&out->micros, bytes + 8, 8);
}

template <class T>
void PackWide(Vector& flat, Vector& out, idx_t count) {
  auto& validity = FlatVector::Validity(flat);
  FlatVector::SetValidity(out, validity);
  auto* from = FlatVector::GetData<T>(flat);
  auto* to = FlatVector::GetData<string_t>(out);
  for (idx_t i = 0; i < count; ++i) {
    if (!validity.RowIsValid(i)) continue;
    to[i] = duckdb::StringVector::EmptyString(out, kWideBytes);
    Pack(from[i], to[i].GetDataWriteable());
    to[i].Finalize();
  }
}

template <class T>
void UnpackWide(const Type& type, Vector& flat, Vector& out, idx_t count) {
  auto& validity = FlatVector::Validity(flat);
  FlatVector::SetValidity(out, validity);
  auto* from = FlatVector::GetData<string_t>(flat);
  auto* to = FlatVector::GetData<T>(out);
  for (idx_t i = 0; i < count; ++i) {
    if (!validity.RowIsValid(i)) continue;
    if (from[i].GetSize() != kWideBytes) Invalid(type);
    Unpack(from[i].GetData(), &to[i]);
  }
}

template <class T, class Check>
void CheckRows(const Type& type, Vector& flat, idx_t count, Check check) {
  auto& validity = FlatVector::Validity(flat);
  auto* values = FlatVector::GetData<T>(flat);
  for (idx_t i = 0; i < count; ++i) {
    if (validity.RowIsValid(i) && !check(values[i])) Invalid(type);
  }
}

template <class T>
void CheckBelow(const Type& type, Vector& flat, idx_t count, uint64_t limit) {
  CheckRows<T>(type, flat, count, [limit](T value) { return value < limit; });
}

void CheckEnum(const Type& type, Vector& flat, idx_t count) {
  switch (flat.GetType().InternalType()) {
    case duckdb::PhysicalType::UINT8:
      return CheckBelow<uint8_t>(type, flat, count, type.enum_values.size());
    case duckdb::PhysicalType::UINT16:
      return CheckBelow<uint16_t>(type, flat, count, type.enum_values.size());
    default: return CheckBelow<uint32_t>(type, flat, count, type.enum_values.size());
  }
}

bool HoldsBits(const string_t& bytes) {
  return IsBitString(std::string_view(bytes.GetData(), bytes.GetSize()));
}

using Converter = void (*)(const Type&, Vector&, Vector&, idx_t);

void CopyValidity(Vector& flat, Vector& out) {
  FlatVector::SetValidity(out, FlatVector::Validity(flat));
}

// Entries of NULL rows may be anything: they become empty.
void CopyListEntries(Vector& flat, Vector& out, idx_t count) {
  auto& validity = FlatVector::Validity(flat);
  CopyValidity(flat, out);
  auto* from = ListVector::GetData(flat);
  auto* to = ListVector::GetData(out);
  for (idx_t i = 0; i < count; ++i) {
    to[i] = validity.RowIsValid(i) ? from[i] : duckdb::list_entry_t(0, 0);
  }
}

void ConvertList(const Type& element, Vector& flat, Vector& out, idx_t count, Converter convert) {
  CopyListEntries(flat, out, count);
  idx_t size = ListVector::GetListSize(flat);
  ListVector::Reserve(out, size);
  convert(element, ListVector::GetEntry(flat), ListVector::GetEntry(out), size);
  ListVector::SetListSize(out, size);
}

// `first` entries stand before those of the members (the tag of a union).
void ConvertMembers(const Type& type, Vector& flat, Vector& out, idx_t count, size_t first,
                    Converter convert) {
  CopyValidity(flat, out);
  auto& from = StructVector::GetEntries(flat);
  auto& to = StructVector::GetEntries(out);
  for (size_t i = 0; i < first; ++i) to[i]->Reference(*from[i]);
  for (size_t i = 0; i < type.children.size(); ++i) {
    convert(type.children[i].type, *from[first + i], *to[first + i], count);
  }
}

Type EntryType(const Type& map) {
  Type entry = OfKind(TypeKind::kStruct);
  entry.children = map.children;
  return entry;
}

void ArrayToList(const Type& type, Vector& flat, Vector& out, idx_t count) {
  auto& validity = FlatVector::Validity(flat);
  CopyValidity(flat, out);
  auto* entries = ListVector::GetData(out);
  idx_t size = type.array_size;
  for (idx_t i = 0; i < count; ++i) {
    entries[i] =
        validity.RowIsValid(i) ? duckdb::list_entry_t(i * size, size) : duckdb::list_entry_t(0, 0);
  }
  ListVector::Reserve(out, count * size);
  ToStorage(type.children[0].type, duckdb::ArrayVector::GetEntry(flat), ListVector::GetEntry(out),
            count * size);
  ListVector::SetListSize(out, count * size);
}

// Where each element of each array lies among the elements of the lists. NULL rows take any.
duckdb::SelectionVector ElementPositions(const Type& type, Vector& flat, idx_t count) {
  duckdb::SelectionVector positions(count * type.array_size);
  auto& validity = FlatVector::Validity(flat);
  auto* entries = ListVector::GetData(flat);
  for (idx_t i = 0; i < count; ++i) {
    bool valid = validity.RowIsValid(i);
    if (valid && entries[i].length != type.array_size) Invalid(type);
    for (idx_t k = 0; k < type.array_size; ++k) {
      positions.set_index(i * type.array_size + k, valid ? entries[i].offset + k : 0);
    }
  }
  return positions;
}

void ListToArray(const Type& type, Vector& flat, Vector& out, idx_t count) {
  const Type& element = type.children[0].type;
  idx_t stored = ListVector::GetListSize(flat);
  auto& child = duckdb::ArrayVector::GetEntry(out);
  if (stored > 0) {
    Vector elements(ToLogicalType(element), std::max<idx_t>(stored, STANDARD_VECTOR_SIZE));
    FromStorage(element, ListVector::GetEntry(flat), elements, stored);
    auto positions = ElementPositions(type, flat, count);
    duckdb::VectorOperations::Copy(elements, child, positions, count * type.array_size, 0, 0);
  } else {
    ElementPositions(type, flat, count);
  }
  auto& validity = FlatVector::Validity(flat);
  for (idx_t i = 0; i < count; ++i) {
    if (!validity.RowIsValid(i)) FlatVector::SetNull(out, i, true);
  }
}

void CheckTags(const Type& type, Vector& flat, idx_t count) {
  Vector tags = Flat(*StructVector::GetEntries(flat)[0], count);
  auto& rows = FlatVector::Validity(flat);
  auto& validity = FlatVector::Validity(tags);
  auto* values = FlatVector::GetData<uint8_t>(tags);
  for (idx_t i = 0; i < count; ++i) {
    if (!rows.RowIsValid(i)) continue;
    if (!validity.RowIsValid(i) || values[i] >= type.children.size()) Invalid(type);
  }
}

}  // namespace

bool IsNative(const Type& type) {
  switch (type.kind) {
    case TypeKind::kInt128:
    case TypeKind::kUInt128:
    case TypeKind::kBit:
    case TypeKind::kTimeTz:
    case TypeKind::kTimestampS:
    case TypeKind::kTimestampMs:
    case TypeKind::kInterval:
    case TypeKind::kEnum:
    case TypeKind::kArray:
    case TypeKind::kUnion: return false;
    default: break;
  }
  return std::all_of(type.children.begin(), type.children.end(),
                     [](const model::Field& field) { return IsNative(field.type); });
}

LogicalType StorageType(const Type& type) {
  switch (type.kind) {
    case TypeKind::kInt128:
    case TypeKind::kUInt128:
    case TypeKind::kInterval:
    case TypeKind::kBit: return LogicalType::BLOB;
    case TypeKind::kTimeTz:
    case TypeKind::kTimestampS:
    case TypeKind::kTimestampMs: return LogicalType::BIGINT;
    case TypeKind::kEnum: return EnumStorage(type);
    case TypeKind::kList:
    case TypeKind::kArray: return LogicalType::LIST(StorageType(type.children[0].type));
    case TypeKind::kMap:
      return LogicalType::MAP(StorageType(type.children[0].type),
                              StorageType(type.children[1].type));
    case TypeKind::kStruct: return StructStorage(type);
    case TypeKind::kUnion: return UnionStorage(type);
    default: return ToLogicalType(type);
  }
}

duckdb::vector<LogicalType> StorageTypes(const model::Schema& schema) {
  duckdb::vector<LogicalType> types;
  for (const auto& field : schema.fields) types.push_back(StorageType(field.type));
  return types;
}

void ToStorage(const Type& type, Vector& in, Vector& out, idx_t count) {
  if (IsNative(type)) return out.Reference(in);
  Vector flat = Flat(in, count);
  switch (type.kind) {
    case TypeKind::kInt128: return PackWide<duckdb::hugeint_t>(flat, out, count);
    case TypeKind::kUInt128: return PackWide<duckdb::uhugeint_t>(flat, out, count);
    case TypeKind::kInterval: return PackWide<duckdb::interval_t>(flat, out, count);
    case TypeKind::kList: return ConvertList(type.children[0].type, flat, out, count, ToStorage);
    case TypeKind::kMap: return ConvertList(EntryType(type), flat, out, count, ToStorage);
    case TypeKind::kStruct: return ConvertMembers(type, flat, out, count, 0, ToStorage);
    case TypeKind::kUnion: return ConvertMembers(type, flat, out, count, 1, ToStorage);
    case TypeKind::kArray: return ArrayToList(type, flat, out, count);
    default: return out.Reinterpret(flat);
  }
}

void FromStorage(const Type& type, Vector& in, Vector& out, idx_t count) {
  if (IsNative(type)) return out.Reference(in);
  Vector flat = Flat(in, count);
  switch (type.kind) {
    case TypeKind::kInt128: return UnpackWide<duckdb::hugeint_t>(type, flat, out, count);
    case TypeKind::kUInt128: return UnpackWide<duckdb::uhugeint_t>(type, flat, out, count);
    case TypeKind::kInterval: return UnpackWide<duckdb::interval_t>(type, flat, out, count);
    case TypeKind::kList: return ConvertList(type.children[0].type, flat, out, count, FromStorage);
    case TypeKind::kMap: return ConvertList(EntryType(type), flat, out, count, FromStorage);
    case TypeKind::kStruct: return ConvertMembers(type, flat, out, count, 0, FromStorage);
    case TypeKind::kUnion:
      CheckTags(type, flat, count);
      return ConvertMembers(type, flat, out, count, 1, FromStorage);
    case TypeKind::kArray: return ListToArray(type, flat, out, count);
    case TypeKind::kEnum: CheckEnum(type, flat, count); break;
    case TypeKind::kBit: CheckRows<string_t>(type, flat, count, HoldsBits); break;
    default: break;
  }
  out.Reinterpret(flat);
}

namespace {

void AddFieldIds(const Type& type, duckdb::ChildFieldIDs* out);

void AddFieldId(const std::string& name, const model::Field& field, duckdb::ChildFieldIDs* out) {
  duckdb::FieldID id(field.id);
  AddFieldIds(field.type, &id.child_field_ids);
  out->ids->emplace(name, std::move(id));
}

void AddFieldIds(const Type& type, duckdb::ChildFieldIDs* out) {
  for (const auto& field : type.children) {
    AddFieldId(type.kind == TypeKind::kUnion ? MemberName(field) : field.name, field, out);
  }
}

template <class T>
uint64_t Bits(T value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(value));
  return bits;
}

}  // namespace

duckdb::ChildFieldIDs StorageFieldIds(const model::Schema& schema) {
  duckdb::ChildFieldIDs ids;
  for (const auto& field : schema.fields) AddFieldId(field.name, field, &ids);
  return ids;
}

template <class T>
void FloatBits::AddLeaf(Vector& values, idx_t count, Seen* seen) {
  duckdb::UnifiedVectorFormat format;
  values.ToUnifiedFormat(count, format);
  auto* data = duckdb::UnifiedVectorFormat::GetData<T>(format);
  for (idx_t i = 0; i < count; ++i) {
    auto row = format.sel->get_index(i);
    if (!format.validity.RowIsValid(row)) continue;
    T value = data[row];
    if (value == 0) {
      (std::signbit(value) ? seen->minus_zero : seen->plus_zero) = true;
    } else if (value != value) {
      if (seen->nan && seen->nan_bits != Bits(value)) needs_plain_ = true;
      seen->nan = true;
      seen->nan_bits = Bits(value);
    }
  }
  if (seen->minus_zero && seen->plus_zero) needs_plain_ = true;
}

void FloatBits::AddChildren(const Type& type, Vector& values, idx_t count,
                            const std::string& path) {
  Vector flat = Flat(values, count);
  if (type.kind == TypeKind::kArray) {
    return AddAt(type.children[0].type, duckdb::ArrayVector::GetEntry(flat),
                 count * type.array_size, path + ".0");
  }
  bool is_list = type.kind == TypeKind::kList || type.kind == TypeKind::kMap;
  idx_t size = is_list ? ListVector::GetListSize(flat) : count;
  if (type.kind == TypeKind::kList) {
    return AddAt(type.children[0].type, ListVector::GetEntry(flat), size, path + ".0");
  }
  Vector& parent = is_list ? ListVector::GetEntry(flat) : flat;
  auto& entries = StructVector::GetEntries(parent);
  size_t first = type.kind == TypeKind::kUnion ? 1 : 0;
  for (size_t i = 0; i < type.children.size(); ++i) {
    AddAt(type.children[i].type, *entries[first + i], size, path + "." + std::to_string(i));
  }
}

void FloatBits::AddAt(const Type& type, Vector& values, idx_t count, const std::string& path) {
  if (needs_plain_ || count == 0) return;
  if (type.kind == TypeKind::kFloat32) return AddLeaf<float>(values, count, &leaves_[path]);
  if (type.kind == TypeKind::kFloat64) return AddLeaf<double>(values, count, &leaves_[path]);
  if (type.IsNested()) AddChildren(type, values, count, path);
}

void FloatBits::Add(const Type& type, Vector& values, idx_t count, uint64_t column) {
  AddAt(type, values, count, std::to_string(column));
}

}  // namespace rhizo::engine
