#include "table/column_decoder.h"

#include <numeric>
#include <vector>

#include "model/schema.h"
#include "table/column_encoder.h"

namespace rhizo::table {

using duckdb::FlatVector;
using duckdb::idx_t;
using duckdb::sel_t;
using duckdb::Vector;
using model::TypeKind;

namespace {

// Rows of a vector that a column's values go to.
using Targets = std::vector<sel_t>;

void Decode(const model::Type& type, Decoder* decoder, const Targets& targets, Vector* out);

Targets AllRows(uint64_t rows) {
  Targets targets(rows);
  std::iota(targets.begin(), targets.end(), 0);
  return targets;
}

// Sets the NULL rows and gives back the others.
Targets DecodeValidity(Decoder* decoder, const Targets& targets, Vector* out) {
  if (!decoder->Bool()) return targets;
  auto bitmap = decoder->Raw((targets.size() + 7) / 8);
  if (decoder->failed()) return {};
  Targets valid;
  for (size_t i = 0; i < targets.size(); ++i) {
    if ((bitmap[i / 8] >> (i % 8)) & 1) {
      valid.push_back(targets[i]);
    } else {
      FlatVector::SetNull(*out, targets[i], true);
    }
  }
  size_t tail_bits = targets.size() % 8;
  bool clean_tail = tail_bits == 0 || (static_cast<uint8_t>(bitmap.back()) >> tail_bits) == 0;
  if (!clean_tail || valid.size() == targets.size()) decoder->Fail();
  return valid;
}

bool IsDense(const Targets& targets) {
  return !targets.empty() && targets.front() == 0 && targets.back() + 1 == targets.size();
}

template <class T>
void Scatter(const char* from, const Targets& targets, char* to) {
  for (size_t i = 0; i < targets.size(); ++i) {
    __builtin_memcpy(to + targets[i] * sizeof(T), from + i * sizeof(T), sizeof(T));
  }
}

void ScatterFixed(size_t width, const char* from, const Targets& targets, char* to) {
  if (IsDense(targets)) {
    __builtin_memcpy(to, from, width * targets.size());
    return;
  }
  switch (width) {
    case 1: return Scatter<uint8_t>(from, targets, to);
    case 2: return Scatter<uint16_t>(from, targets, to);
    case 4: return Scatter<uint32_t>(from, targets, to);
    case 8: return Scatter<uint64_t>(from, targets, to);
    default: return Scatter<duckdb::hugeint_t>(from, targets, to);
  }
}

template <class T>
bool AllBelow(const char* values, size_t count, uint64_t limit) {
  for (size_t i = 0; i < count; ++i) {
    T value;
    __builtin_memcpy(&value, values + i * sizeof(T), sizeof(T));
    if (value >= limit) return false;
  }
  return true;
}

bool ValuesExist(const model::Type& type, const char* values, size_t count) {
  if (type.kind == TypeKind::kBoolean) return AllBelow<uint8_t>(values, count, 2);
  if (type.kind != TypeKind::kEnum) return true;
  uint64_t limit = type.enum_values.size();
  switch (FixedWidth(type)) {
    case 1: return AllBelow<uint8_t>(values, count, limit);
    case 2: return AllBelow<uint16_t>(values, count, limit);
    default: return AllBelow<uint32_t>(values, count, limit);
  }
}

void DecodeFixed(const model::Type& type, Decoder* decoder, const Targets& targets, Vector* out) {
  size_t width = FixedWidth(type);
  auto raw = decoder->Raw(width * targets.size());
  if (decoder->failed()) return;
  if (!ValuesExist(type, raw.data(), targets.size())) return decoder->Fail();
  ScatterFixed(width, raw.data(), targets, reinterpret_cast<char*>(FlatVector::GetData(*out)));
}

void DecodeUuids(Decoder* decoder, const Targets& targets, Vector* out) {
  auto* uuids = FlatVector::GetData<duckdb::hugeint_t>(*out);
  for (auto target : targets) {
    uint64_t upper = __builtin_bswap64(decoder->U64());
    uuids[target].upper = static_cast<int64_t>(upper ^ (uint64_t{1} << 63));
    uuids[target].lower = __builtin_bswap64(decoder->U64());
  }
}

bool IsWellFormed(TypeKind kind, std::string_view text) {
  if (kind == TypeKind::kBlob) return true;
  // The engine keeps the number of padding bits in front, and sets them.
  if (kind == TypeKind::kBit) {
    if (text.size() < 2 || static_cast<uint8_t>(text[0]) > 7) return false;
    unsigned padding = static_cast<uint8_t>(text[0]);
    return static_cast<unsigned>(static_cast<uint8_t>(text[1])) >> (8 - padding) ==
           (1u << padding) - 1;
  }
  return duckdb::Value::StringIsValid(text.data(), text.size());
}

std::vector<uint64_t> DecodeLengths(Decoder* decoder, size_t count) {
  std::vector<uint64_t> lengths;
  if (count > decoder->remaining()) {
    decoder->Fail();
    return lengths;
  }
  lengths.reserve(count);
  for (size_t i = 0; i < count; ++i) lengths.push_back(decoder->Varint());
  return lengths;
}

void DecodeStrings(TypeKind kind, Decoder* decoder, const Targets& targets, Vector* out) {
  auto lengths = DecodeLengths(decoder, targets.size());
  auto* strings = FlatVector::GetData<duckdb::string_t>(*out);
  for (size_t i = 0; i < targets.size() && !decoder->failed(); ++i) {
    auto text = decoder->Raw(lengths[i]);
    if (decoder->failed()) return;
    if (!IsWellFormed(kind, text)) return decoder->Fail();
    strings[targets[i]] = duckdb::StringVector::AddStringOrBlob(*out, text.data(), text.size());
  }
}

void DecodeLists(const model::Type& item, Decoder* decoder, const Targets& targets, Vector* out) {
  auto lengths = DecodeLengths(decoder, targets.size());
  if (decoder->failed()) return;
  auto* lists = FlatVector::GetData<duckdb::list_entry_t>(*out);
  // Every item costs at least a bit of what is left.
  uint64_t most = uint64_t{8} * decoder->remaining();
  uint64_t total = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    if (lengths[i] > most - total) return decoder->Fail();
    lists[targets[i]] = {total, lengths[i]};
    total += lengths[i];
  }
  if (ArrayItems(item, total) > kMaxArrayItems) return decoder->Fail();
  duckdb::ListVector::Reserve(*out, total);
  duckdb::ListVector::SetListSize(*out, total);
  Decode(item, decoder, AllRows(total), &duckdb::ListVector::GetEntry(*out));
}

void DecodeMaps(const model::Type& type, Decoder* decoder, const Targets& targets, Vector* out) {
  DecodeLists(MapEntryType(type), decoder, targets, out);
  if (decoder->failed()) return;
  auto total = duckdb::ListVector::GetListSize(*out);
  auto& entries = duckdb::ListVector::GetEntry(*out);
  for (idx_t i = 0; i < total; ++i) {
    if (FlatVector::IsNull(entries, i)) decoder->Fail();
  }
  auto& keys = duckdb::MapVector::GetKeys(*out);
  for (idx_t i = 0; i < total; ++i) {
    if (FlatVector::IsNull(keys, i)) decoder->Fail();
  }
}

void DecodeArrays(const model::Type& type, Decoder* decoder, const Targets& targets, Vector* out) {
  Targets items;
  uint64_t size = type.array_size;
  if (targets.size() * size / 8 > decoder->remaining()) return decoder->Fail();
  items.reserve(targets.size() * size);
  for (auto target : targets) {
    for (uint64_t i = 0; i < size; ++i) items.push_back(static_cast<sel_t>(target * size + i));
  }
  Decode(type.children[0].type, decoder, items, &duckdb::ArrayVector::GetEntry(*out));
}

void DecodeUnions(const model::Type& type, Decoder* decoder, const Targets& targets, Vector* out) {
  auto tags = decoder->Raw(targets.size());
  if (decoder->failed()) return;
  auto& members = duckdb::StructVector::GetEntries(*out);
  auto* tag_data = FlatVector::GetData<duckdb::union_tag_t>(*members[0]);
  std::vector<Targets> by_tag(type.children.size());
  for (size_t i = 0; i < targets.size(); ++i) {
    auto tag = static_cast<uint8_t>(tags[i]);
    if (tag >= by_tag.size()) return decoder->Fail();
    tag_data[targets[i]] = tag;
    by_tag[tag].push_back(targets[i]);
    for (size_t member = 0; member < by_tag.size(); ++member) {
      if (member != tag) FlatVector::SetNull(*members[member + 1], targets[i], true);
    }
  }
  for (size_t i = 0; i < by_tag.size(); ++i) {
    Decode(type.children[i].type, decoder, by_tag[i], members[i + 1].get());
  }
}

void DecodeStructs(const model::Type& type, Decoder* decoder, const Targets& targets, Vector* out) {
  auto& members = duckdb::StructVector::GetEntries(*out);
  for (size_t i = 0; i < type.children.size(); ++i) {
    Decode(type.children[i].type, decoder, targets, members[i].get());
  }
}

void Decode(const model::Type& type, Decoder* decoder, const Targets& targets, Vector* out) {
  auto valid = DecodeValidity(decoder, targets, out);
  if (decoder->failed()) return;
  if (type.kind == TypeKind::kUuid) return DecodeUuids(decoder, valid, out);
  if (FixedWidth(type) != 0) return DecodeFixed(type, decoder, valid, out);
  if (IsStringKind(type.kind)) return DecodeStrings(type.kind, decoder, valid, out);
  switch (type.kind) {
    case TypeKind::kList: return DecodeLists(type.children[0].type, decoder, valid, out);
    case TypeKind::kMap: return DecodeMaps(type, decoder, valid, out);
    case TypeKind::kArray: return DecodeArrays(type, decoder, valid, out);
    case TypeKind::kStruct: return DecodeStructs(type, decoder, valid, out);
    case TypeKind::kUnion: return DecodeUnions(type, decoder, valid, out);
    default: return decoder->Fail();
  }
}

}  // namespace

bool IsDecodable(const model::Type& type, uint64_t rows) {
  return ArrayItems(type, rows) <= kMaxArrayItems;
}

void DecodeColumn(const model::Type& type, Decoder* decoder, uint64_t rows, Vector* out) {
  Decode(type, decoder, AllRows(rows), out);
}

}  // namespace rhizo::table
