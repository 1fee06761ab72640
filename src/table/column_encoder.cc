#include "table/column_encoder.h"

#include <algorithm>

#include "model/schema.h"

namespace rhizo::table {

using duckdb::idx_t;
using duckdb::sel_t;
using duckdb::Vector;
using model::TypeKind;

namespace {

size_t DecimalWidth(uint8_t precision) {
  return precision <= 4 ? 2 : precision <= 9 ? 4 : precision <= 18 ? 8 : 16;
}

size_t EnumWidth(size_t values) { return values <= 0xff ? 1 : values <= 0xffff ? 2 : 4; }

void AppendVarint(std::string* out, uint64_t value) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

template <class T>
void Gather(std::string* out, const char* data, const RowRange& rows) {
  size_t at = out->size();
  out->resize(at + rows.count * sizeof(T));
  auto* to = out->data() + at;
  for (idx_t i = 0; i < rows.count; ++i) {
    __builtin_memcpy(to + i * sizeof(T), data + rows.At(i) * sizeof(T), sizeof(T));
  }
}

void GatherFixed(std::string* out, size_t width, const char* data, const RowRange& rows) {
  switch (width) {
    case 1: return Gather<uint8_t>(out, data, rows);
    case 2: return Gather<uint16_t>(out, data, rows);
    case 4: return Gather<uint32_t>(out, data, rows);
    case 8: return Gather<uint64_t>(out, data, rows);
    default: return Gather<duckdb::hugeint_t>(out, data, rows);
  }
}

// Calls visit(bits, is_zero) for zeros and NaNs.
template <class Word, class Visit>
void ForEachSpecial(std::string_view values, Word infinity, Visit&& visit) {
  for (size_t at = 0; at < values.size(); at += sizeof(Word)) {
    Word word;
    __builtin_memcpy(&word, values.data() + at, sizeof(Word));
    Word without_sign = static_cast<Word>(word << 1);
    bool is_special = static_cast<Word>(without_sign - 1) >= static_cast<Word>(infinity << 1);
    if (is_special) visit(word, without_sign == 0);
  }
}

std::vector<const model::Type*> ChildTypes(const model::Type& type) {
  std::vector<const model::Type*> types;
  for (const auto& child : type.children) types.push_back(&child.type);
  return types;
}

}  // namespace

idx_t RowRange::End() const {
  if (!listed) return offset + count;
  return count == 0 ? 0 : *std::max_element(listed, listed + count) + 1;
}

bool IsStringKind(TypeKind kind) {
  return kind == TypeKind::kString || kind == TypeKind::kBlob || kind == TypeKind::kBit ||
         kind == TypeKind::kJson;
}

size_t FixedWidth(const model::Type& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
    case TypeKind::kInt8:
    case TypeKind::kUInt8: return 1;
    case TypeKind::kInt16:
    case TypeKind::kUInt16: return 2;
    case TypeKind::kInt32:
    case TypeKind::kUInt32:
    case TypeKind::kFloat32:
    case TypeKind::kDate: return 4;
    case TypeKind::kInt64:
    case TypeKind::kUInt64:
    case TypeKind::kFloat64:
    case TypeKind::kTime:
    case TypeKind::kTimeNs:
    case TypeKind::kTimeTz:
    case TypeKind::kTimestampS:
    case TypeKind::kTimestampMs:
    case TypeKind::kTimestampUs:
    case TypeKind::kTimestampNs:
    case TypeKind::kTimestampTz: return 8;
    case TypeKind::kInt128:
    case TypeKind::kUInt128:
    case TypeKind::kUuid:
    case TypeKind::kInterval: return 16;
    case TypeKind::kDecimal: return DecimalWidth(type.precision);
    case TypeKind::kEnum: return EnumWidth(type.enum_values.size());
    default: return 0;
  }
}

model::Type MapEntryType(const model::Type& map) {
  model::Type entry;
  entry.kind = TypeKind::kStruct;
  entry.children = map.children;
  return entry;
}

uint64_t ArrayItems(const model::Type& type, uint64_t rows) {
  // A list's items begin with room for one vector, whatever their number.
  if (type.kind == TypeKind::kList || type.kind == TypeKind::kMap) {
    rows = STANDARD_VECTOR_SIZE;
  }
  uint64_t items = 0;
  if (type.kind == TypeKind::kArray) {
    rows = rows > kMaxArrayItems ? rows : rows * type.array_size;
    items = rows;
  }
  for (const auto& child : type.children) items = std::max(items, ArrayItems(child.type, rows));
  return items;
}

ColumnEncoder::ColumnEncoder(const model::Type& type)
    : type_(type), kind_(type.kind), width_(FixedWidth(type)), array_size_(type.array_size) {
  if (kind_ == TypeKind::kMap) {
    children_.push_back(std::make_unique<ColumnEncoder>(MapEntryType(type)));
    return;
  }
  for (const auto* child : ChildTypes(type)) {
    children_.push_back(std::make_unique<ColumnEncoder>(*child));
  }
}

void ColumnEncoder::AddValidRows(uint64_t count) {
  if (!has_null_) {
    rows_ += count;
    return;
  }
  for (uint64_t i = 0; i < count; ++i) AddValidity(true);
}

void ColumnEncoder::AddValidity(bool valid) {
  if (!valid && !has_null_) {
    has_null_ = true;
    bitmap_.assign(rows_ / 8, '\xff');
    if (rows_ % 8 != 0) bitmap_.push_back(static_cast<char>((1u << (rows_ % 8)) - 1));
  }
  if (has_null_) {
    if (rows_ % 8 == 0) bitmap_.push_back('\0');
    if (valid) bitmap_.back() = static_cast<char>(bitmap_.back() | (1u << (rows_ % 8)));
  }
  ++rows_;
}

void ColumnEncoder::Append(Vector& vector, const RowRange& rows) {
  if (rows.count == 0) return;
  duckdb::UnifiedVectorFormat format;
  vector.ToUnifiedFormat(rows.End(), format);
  const auto* data = reinterpret_cast<const char*>(format.data);
  bool direct = !format.sel->IsSet();
  if (direct && format.validity.AllValid()) {
    AddValidRows(rows.count);
    return rows.listed ? AppendListed(vector, data, rows) : AppendContiguous(vector, data, rows);
  }
  // Slicing a struct slices its members, so they go by row; all else lies at its place in the data.
  bool by_row = kind_ == TypeKind::kStruct || kind_ == TypeKind::kUnion;
  valid_.clear();
  for (idx_t i = 0; i < rows.count; ++i) {
    auto row = rows.At(i);
    auto position = format.sel->get_index(row);
    bool valid = format.validity.RowIsValid(position);
    AddValidity(valid);
    if (valid) valid_.push_back(static_cast<sel_t>(by_row ? row : position));
  }
  AppendListed(vector, data, {.count = valid_.size(), .listed = valid_.data()});
}

void ColumnEncoder::AppendContiguous(Vector& vector, const char* data, const RowRange& rows) {
  if (width_ == 0 || kind_ == TypeKind::kUuid) return AppendListed(vector, data, rows);
  size_t begin = values_.size();
  values_.append(data + rows.offset * width_, rows.count * width_);
  NoteTwins(begin);
}

void ColumnEncoder::AppendListed(Vector& vector, const char* data, const RowRange& rows) {
  if (rows.count == 0) return;
  if (kind_ == TypeKind::kUuid) return AppendUuids(data, rows);
  if (width_ != 0) {
    size_t begin = values_.size();
    GatherFixed(&values_, width_, data, rows);
    return NoteTwins(begin);
  }
  if (IsStringKind(kind_)) return AppendStrings(data, rows);
  AppendNested(vector, data, rows);
}

void ColumnEncoder::NoteTwins(size_t begin) {
  std::string_view appended = std::string_view(values_).substr(begin);
  auto note = [&](uint64_t bits, bool is_zero) {
    auto& first = is_zero ? zero_bits_ : nan_bits_;
    if (!first) first = bits;
    has_twins_ = has_twins_ || *first != bits;
  };
  if (kind_ == TypeKind::kFloat32) ForEachSpecial(appended, uint32_t{0x7f80'0000}, note);
  if (kind_ == TypeKind::kFloat64) ForEachSpecial(appended, uint64_t{0x7ff} << 52, note);
}

bool ColumnEncoder::HasTwins() const {
  return has_twins_ || std::any_of(children_.begin(), children_.end(),
                                   [](const auto& child) { return child->HasTwins(); });
}

void ColumnEncoder::AppendStrings(const char* data, const RowRange& rows) {
  const auto* strings = reinterpret_cast<const duckdb::string_t*>(data);
  for (idx_t i = 0; i < rows.count; ++i) {
    const auto& text = strings[rows.At(i)];
    AppendVarint(&lengths_, text.GetSize());
    values_.append(text.GetData(), text.GetSize());
  }
}

void ColumnEncoder::AppendUuids(const char* data, const RowRange& rows) {
  const auto* uuids = reinterpret_cast<const duckdb::hugeint_t*>(data);
  for (idx_t i = 0; i < rows.count; ++i) {
    const auto& uuid = uuids[rows.At(i)];
    uint64_t halves[2] = {
        __builtin_bswap64(static_cast<uint64_t>(uuid.upper) ^ (uint64_t{1} << 63)),
        __builtin_bswap64(uuid.lower)};
    values_.append(reinterpret_cast<const char*>(halves), sizeof(halves));
  }
}

void ColumnEncoder::AppendNested(Vector& vector, const char* data, const RowRange& rows) {
  switch (kind_) {
    case TypeKind::kList:
    case TypeKind::kMap: return AppendLists(vector, data, rows);
    case TypeKind::kArray: return AppendArrays(vector, rows);
    case TypeKind::kStruct: return AppendStructs(vector, rows);
    case TypeKind::kUnion: return AppendUnions(vector, rows);
    default: CHECK(false);
  }
}

void ColumnEncoder::AppendLists(Vector& vector, const char* data, const RowRange& rows) {
  const auto* lists = reinterpret_cast<const duckdb::list_entry_t*>(data);
  idx_t first = 0;
  idx_t total = 0;
  bool contiguous = true;
  for (idx_t i = 0; i < rows.count; ++i) {
    const auto& list = lists[rows.At(i)];
    AppendVarint(&lengths_, list.length);
    if (list.length == 0) continue;
    if (total == 0) first = list.offset;
    contiguous = contiguous && list.offset == first + total;
    total += list.length;
  }
  auto& child = duckdb::ListVector::GetEntry(vector);
  if (contiguous) return children_[0]->Append(child, {.offset = first, .count = total});
  items_.clear();
  for (idx_t i = 0; i < rows.count; ++i) {
    const auto& list = lists[rows.At(i)];
    for (idx_t j = 0; j < list.length; ++j) items_.push_back(static_cast<sel_t>(list.offset + j));
  }
  children_[0]->Append(child, {.count = items_.size(), .listed = items_.data()});
}

void ColumnEncoder::AppendArrays(Vector& vector, const RowRange& rows) {
  auto& child = duckdb::ArrayVector::GetEntry(vector);
  if (!rows.listed) {
    return children_[0]->Append(
        child, {.offset = rows.offset * array_size_, .count = rows.count * array_size_});
  }
  items_.clear();
  for (idx_t i = 0; i < rows.count; ++i) {
    idx_t first = rows.At(i) * array_size_;
    for (idx_t j = 0; j < array_size_; ++j) items_.push_back(static_cast<sel_t>(first + j));
  }
  children_[0]->Append(child, {.count = items_.size(), .listed = items_.data()});
}

void ColumnEncoder::AppendStructs(Vector& vector, const RowRange& rows) {
  auto& members = duckdb::StructVector::GetEntries(vector);
  for (size_t i = 0; i < children_.size(); ++i) {
    auto* member = members[i].get();
    children_[i]->Append(*member, rows);
  }
}

void ColumnEncoder::AppendUnions(Vector& vector, const RowRange& rows) {
  auto& members = duckdb::StructVector::GetEntries(vector);
  duckdb::UnifiedVectorFormat tags;
  members[0]->ToUnifiedFormat(rows.End(), tags);
  std::vector<std::vector<sel_t>> by_tag(children_.size());
  for (idx_t i = 0; i < rows.count; ++i) {
    auto row = rows.At(i);
    auto tag = tags.data[tags.sel->get_index(row)];
    CHECK(tag < children_.size());
    lengths_.push_back(static_cast<char>(tag));
    by_tag[tag].push_back(static_cast<sel_t>(row));
  }
  for (size_t i = 0; i < children_.size(); ++i) {
    auto* member = members[i + 1].get();
    children_[i]->Append(*member, {.count = by_tag[i].size(), .listed = by_tag[i].data()});
  }
}

size_t ColumnEncoder::size_bytes() const {
  size_t size = 1 + bitmap_.size() + lengths_.size() + values_.size();
  for (const auto& child : children_) size += child->size_bytes();
  return size;
}

uint64_t ColumnEncoder::array_items() const {
  uint64_t items = ArrayItems(type_, rows_);
  for (const auto& child : children_) items = std::max(items, child->array_items());
  return items;
}

void ColumnEncoder::Flush(std::string* out) {
  out->push_back(has_null_ ? '\1' : '\0');
  out->append(bitmap_);
  out->append(lengths_);
  out->append(values_);
  for (auto& child : children_) child->Flush(out);
  bitmap_.clear();
  lengths_.clear();
  values_.clear();
  has_null_ = false;
  rows_ = 0;
}

}  // namespace rhizo::table
