#include "table/cell_change.h"

#include "engine/errors.h"
#include "table/compare_vectors.h"
#include "table/old_rows.h"

namespace rhizo::table {
namespace {

// Those of `slots`, which are patched now, of which the segment holds the new value.
Result<model::PositionSet> SetBack(duckdb::ClientContext* client, const OpenTable& table,
                                   const OpenEntry& entry, size_t field,
                                   const model::PositionSet& slots,
                                   const std::vector<uint64_t>& ranks, duckdb::Vector& values) {
  const auto& of = entry.entry;
  auto bare = model::WholeSegment(of.kind, of.id, of.segment_rows, of.length_bytes,
                                  model::Gap{{}, model::FirstDigit()}.Start(BirthId()));
  ASSIGN_OR_RETURN(auto open, OpenEntryOf(table.context(), std::move(bare)));
  OldRows stored(client, table);
  RETURN_IF_ERROR(stored.Add(open));
  auto listed = slots.ToVector();
  std::vector<uint32_t> back;
  RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
    const auto& type = table.types()[field];
    duckdb::Vector held(type, listed.size());
    RETURN_IF_ERROR(
        stored.Gather(field, std::vector<uint64_t>(listed.begin(), listed.end()), &held));
    duckdb::Vector wanted(type, listed.size());
    for (size_t i = 0; i < ranks.size(); ++i) {
      duckdb::VectorOperations::Copy(values, wanted, ranks[i] + 1, ranks[i], i);
    }
    std::vector<bool> differs(listed.size());
    RETURN_IF_ERROR(CompareVectors(table.schema().fields[field].type, held, wanted, listed.size(),
                                   [&](uint64_t i) { differs[i] = true; }));
    for (size_t i = 0; i < listed.size(); ++i) {
      if (!differs[i]) back.push_back(listed[i]);
    }
    return {};
  }));
  return model::PositionSet::FromSorted(back);
}

}  // namespace

Result<uint64_t> ChangeCells(duckdb::ClientContext* client, const OpenTable& table,
                             const OpenEntry& entry, size_t field, const model::PositionSet& slots,
                             duckdb::Vector& values, EntryEditor* editor) {
  const auto& about = table.schema().fields[field];
  auto patched = Intersect(editor->Patched(about.id), slots);
  model::PositionSet back;
  if (!patched.empty()) {
    std::vector<uint64_t> ranks;
    patched.ForEach([&](uint32_t slot) { ranks.push_back(slots.Rank(slot)); });
    ASSIGN_OR_RETURN(back, SetBack(client, table, entry, field, patched, ranks, values));
  }
  return engine::Guarded([&]() -> Result<uint64_t> {
    if (back.empty()) return editor->Change(about, slots, values);
    editor->SetBack(about.id, back);
    auto rest = Subtract(slots, back);
    if (rest.empty()) return uint64_t{0};
    duckdb::Vector left(table.types()[field], rest.size());
    duckdb::idx_t at = 0;
    rest.ForEach([&](uint32_t slot) {
      auto rank = slots.Rank(slot);
      duckdb::VectorOperations::Copy(values, left, rank + 1, rank, at++);
    });
    return editor->Change(about, rest, left);
  });
}

}  // namespace rhizo::table
