#include "model/table_state.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "model/id_coding.h"
#include "model/schema_coding.h"
#include "object/object_kind.h"

namespace rhizo::model {
namespace {

constexpr uint8_t kVersion = 1;

enum : uint8_t { kDeleteWins = 1, kMergeRow = 2, kAllPolicies = 3 };
enum : uint8_t { kDescending = 1, kNullsFirst = 2, kAllSortFlags = 3 };

bool UsedIdsAreValid(const TableState& state) {
  std::vector<FieldId> ids;
  CollectIds(state.schema.fields, &ids);
  std::sort(ids.begin(), ids.end());
  const auto& used = state.used_field_ids;
  return (used.empty() || used.front() > 0) &&
         std::adjacent_find(used.begin(), used.end(), std::greater_equal<>()) == used.end() &&
         std::includes(used.begin(), used.end(), ids.begin(), ids.end());
}

// Distinct top-level fields of the schema.
bool AreFields(const TableState& state, const std::vector<FieldId>& fields) {
  std::set<FieldId> distinct(fields.begin(), fields.end());
  return distinct.size() == fields.size() &&
         std::all_of(fields.begin(), fields.end(),
                     [&](FieldId id) { return state.schema.FindId(id) != nullptr; });
}

bool SortOrderIsValid(const TableState& state) {
  std::vector<FieldId> fields;
  for (const auto& sort : state.sort_order) fields.push_back(sort.field);
  return AreFields(state, fields);
}

// Each entry has a row.
bool CountsAreValid(const TableState& state) {
  bool empty = state.rows == 0;
  return (state.entries == 0) == empty && state.entries <= state.rows &&
         (!empty || state.bytes == 0);
}

bool IsValid(const TableState& state) {
  return UsedIdsAreValid(state) && AreFields(state, state.key) && SortOrderIsValid(state) &&
         CountsAreValid(state);
}

// Rising numbers as differences.
void WriteUsedIds(Encoder& encoder, const std::vector<FieldId>& ids) {
  encoder.Varint(ids.size());
  FieldId last = 0;
  for (FieldId id : ids) {
    encoder.Varint(static_cast<uint64_t>(id - last));
    last = id;
  }
}

std::vector<FieldId> ReadUsedIds(Decoder& decoder) {
  std::vector<FieldId> ids;
  uint64_t count = decoder.Count();
  uint64_t last = 0;
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) {
    uint64_t difference = decoder.Varint();
    if (difference == 0 || difference > INT32_MAX - last) decoder.Fail();
    last = decoder.failed() ? 0 : last + difference;
    ids.push_back(static_cast<FieldId>(last));
  }
  return ids;
}

std::vector<FieldId> ReadFieldIds(Decoder& decoder) {
  std::vector<FieldId> ids;
  uint64_t count = decoder.Count();
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) ids.push_back(ReadFieldId(decoder));
  return ids;
}

void WriteSortOrder(Encoder& encoder, const std::vector<SortField>& order) {
  encoder.Varint(order.size());
  for (const auto& sort : order) {
    encoder.Varint(static_cast<uint64_t>(sort.field));
    encoder.U8((sort.descending ? kDescending : 0) | (sort.nulls_first ? kNullsFirst : 0));
  }
}

std::vector<SortField> ReadSortOrder(Decoder& decoder) {
  std::vector<SortField> order;
  uint64_t count = decoder.Count(2);
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) {
    FieldId field = ReadFieldId(decoder);
    uint8_t flags = decoder.U8();
    if (flags > kAllSortFlags) decoder.Fail();
    order.push_back({field, (flags & kDescending) != 0, (flags & kNullsFirst) != 0});
  }
  return order;
}

void ReadPolicies(Decoder& decoder, TableState* state) {
  uint8_t policies = decoder.U8();
  if (policies > kAllPolicies) decoder.Fail();
  state->delete_wins = policies & kDeleteWins;
  state->merge_row = policies & kMergeRow;
}

std::vector<std::string> ReadChecks(Decoder& decoder) {
  std::vector<std::string> checks;
  uint64_t count = decoder.Count();
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) checks.emplace_back(decoder.String());
  return checks;
}

}  // namespace

TableState WithRowsOf(TableState state, const TableState& rows) {
  state.tree_root = rows.tree_root;
  state.entries = rows.entries;
  state.rows = rows.rows;
  state.bytes = rows.bytes;
  return state;
}

bool SameButRows(const TableState& a, const TableState& b) { return WithRowsOf(a, b) == b; }

std::string Encode(const TableState& state) {
  CHECK(IsStorable(state.schema) && IsValid(state));
  Encoder encoder;
  object::EncodeHeader(encoder, object::ObjectKind::kTableState, kVersion);
  encoder.Raw(state.id.view());
  Write(encoder, state.schema);
  WriteUsedIds(encoder, state.used_field_ids);
  encoder.Varint(state.key.size());
  for (FieldId field : state.key) encoder.Varint(static_cast<uint64_t>(field));
  encoder.U8((state.delete_wins ? kDeleteWins : 0) | (state.merge_row ? kMergeRow : 0));
  WriteSortOrder(encoder, state.sort_order);
  encoder.Varint(state.checks.size());
  for (const auto& check : state.checks) encoder.String(check);
  encoder.Varint(state.rows);
  if (state.rows == 0) return std::move(encoder).Take();
  encoder.Raw(state.tree_root.view());
  encoder.Varint(state.entries);
  encoder.Varint(state.bytes);
  return std::move(encoder).Take();
}

Result<TableState> DecodeTableState(std::string_view bytes) {
  Decoder decoder(bytes);
  object::DecodeHeader(decoder, object::ObjectKind::kTableState, kVersion);
  TableState state;
  state.id = ReadId<TableId>(decoder);
  state.schema = ReadSchema(decoder);
  state.used_field_ids = ReadUsedIds(decoder);
  state.key = ReadFieldIds(decoder);
  ReadPolicies(decoder, &state);
  state.sort_order = ReadSortOrder(decoder);
  state.checks = ReadChecks(decoder);
  state.rows = decoder.Varint();
  if (state.rows > 0) {
    state.tree_root = ReadId<ObjectId>(decoder);
    state.entries = decoder.Varint();
    state.bytes = decoder.Varint();
  }
  if (!decoder.failed() && !IsValid(state)) decoder.Fail();
  RETURN_IF_ERROR(decoder.Finish("a table state"));
  return state;
}

}  // namespace rhizo::model
