#include "table/conform.h"

#include <algorithm>

#include "engine/types.h"
#include "model/schema.h"

namespace rhizo::table {
namespace {

using duckdb::idx_t;
using duckdb::Vector;
using model::Type;
using model::TypeKind;

Vector Cast(duckdb::ClientContext* client, const Type& to, const Vector& values, idx_t count) {
  Vector source(values.GetType());
  source.Reference(values);
  Vector out(engine::ToLogicalType(to), count);
  if (client == nullptr) {
    duckdb::VectorOperations::DefaultCast(source, out, count, true);
  } else {
    duckdb::VectorOperations::Cast(*client, source, out, count, true);
  }
  out.Flatten(count);
  return out;
}

// What is shared with others must not change its form under them.
Vector OwnCopy(const Vector& values, idx_t count) {
  Vector own(values.GetType(), std::max<idx_t>(count, 1));
  duckdb::VectorOperations::Copy(values, own, count, 0, 0);
  own.Flatten(count);
  return own;
}

// The entries of a map are structs of key and value.
Type EntriesOf(const Type& map) {
  Type entries = map;
  entries.kind = TypeKind::kStruct;
  return entries;
}

Vector ConformStruct(duckdb::ClientContext* client, const Type& from, const Type& to, Vector& own,
                     idx_t count) {
  Vector out(engine::ToLogicalType(to), std::max<idx_t>(count, 1));
  auto& members = duckdb::StructVector::GetEntries(own);
  auto& wanted = duckdb::StructVector::GetEntries(out);
  for (size_t i = 0; i < to.children.size(); ++i) {
    auto known = std::find_if(from.children.begin(), from.children.end(),
                              [&](const auto& old) { return old.id == to.children[i].id; });
    if (known == from.children.end()) {
      wanted[i]->Reference(duckdb::Value(wanted[i]->GetType()));
      wanted[i]->Flatten(count);
      continue;
    }
    auto& member = *members[static_cast<size_t>(known - from.children.begin())];
    wanted[i]->Reference(Conform(client, known->type, to.children[i].type, member, count));
  }
  duckdb::FlatVector::SetValidity(out, duckdb::FlatVector::Validity(own));
  return out;
}

Vector ConformList(duckdb::ClientContext* client, const Type& from, const Type& to, Vector& own,
                   idx_t count) {
  bool is_map = to.kind == TypeKind::kMap;
  const Type old_items = is_map ? EntriesOf(from) : from.children[0].type;
  const Type items = is_map ? EntriesOf(to) : to.children[0].type;
  Vector out(engine::ToLogicalType(to), std::max<idx_t>(count, 1));
  idx_t size = duckdb::ListVector::GetListSize(own);
  auto conformed = Conform(client, old_items, items, duckdb::ListVector::GetEntry(own), size);
  auto* entries = duckdb::FlatVector::GetData<duckdb::list_entry_t>(own);
  std::copy_n(entries, count, duckdb::FlatVector::GetData<duckdb::list_entry_t>(out));
  duckdb::FlatVector::SetValidity(out, duckdb::FlatVector::Validity(own));
  duckdb::ListVector::GetEntry(out).Reference(conformed);
  duckdb::ListVector::SetListSize(out, size);
  return out;
}

Vector ConformArray(duckdb::ClientContext* client, const Type& from, const Type& to, Vector& own,
                    idx_t count) {
  Vector out(engine::ToLogicalType(to), std::max<idx_t>(count, 1));
  auto& items = duckdb::ArrayVector::GetEntry(own);
  duckdb::ArrayVector::GetEntry(out).Reference(
      Conform(client, from.children[0].type, to.children[0].type, items, count * to.array_size));
  duckdb::FlatVector::SetValidity(out, duckdb::FlatVector::Validity(own));
  return out;
}

}  // namespace

Vector Conform(duckdb::ClientContext* client, const Type& from, const Type& to,
               const Vector& values, idx_t count) {
  if (from == to) {
    Vector same(values.GetType());
    same.Reference(values);
    return same;
  }
  if (from.kind != to.kind || !to.IsNested() || to.kind == TypeKind::kUnion) {
    return Cast(client, to, values, count);
  }
  if (to.kind == TypeKind::kArray && from.array_size != to.array_size) {
    return Cast(client, to, values, count);
  }
  auto own = OwnCopy(values, count);
  switch (to.kind) {
    case TypeKind::kStruct: return ConformStruct(client, from, to, own, count);
    case TypeKind::kArray: return ConformArray(client, from, to, own, count);
    default: return ConformList(client, from, to, own, count);
  }
}

}  // namespace rhizo::table
