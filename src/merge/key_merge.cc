#include "merge/key_merge.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>

#include "engine/errors.h"
#include "merge/entry_merge.h"
#include "merge/region_walk.h"
#include "table/key_hash.h"
#include "table/key_search.h"
#include "table/key_set.h"
#include "table/single_value.h"

namespace rhizo::merge {
namespace {

struct Address {
  size_t region = 0;
  size_t entry = 0;  // of the side in the region
  uint32_t slot = 0;
  friend auto operator<=>(const Address&, const Address&) = default;
};

// What a virtual state does not know of a key, by side; null: nothing.
using NotKnown = std::array<const UndefinedKey*, kSides>;

// The rows of a key, on the sides that have it.
struct MovedKey {
  std::array<std::optional<Address>, kSides> rows;
  std::optional<NotKnown> not_known = {};
};

// Keys whose fields are encoded, as the rows of a table with such a key.
class EncodedKeys final : public table::RowBatch {
 public:
  // `fields`: of the key, in its order, in the table's schema.
  EncodedKeys(const table::OpenTable& table, const std::vector<size_t>& fields, size_t count)
      : table_(table), fields_(fields) {
    for (size_t field : fields) columns_.emplace_back(table.types()[field], count);
  }
  Status Set(size_t row, const KeyBytes& key) {
    for (size_t i = 0; i < fields_.size(); ++i) {
      const auto& type = table_.schema().fields[fields_[i]].type;
      ASSIGN_OR_RETURN(auto value, table::DecodeValue(type, key[i]));
      columns_[i].SetValue(row, value);
    }
    return {};
  }
  Status ForEach(size_t field, uint64_t begin, uint64_t count, const Visit& visit) override {
    auto at = std::find(fields_.begin(), fields_.end(), field) - fields_.begin();
    return visit(columns_[at], begin, count);
  }

 private:
  const table::OpenTable& table_;
  const std::vector<size_t>& fields_;
  std::vector<duckdb::Vector> columns_;
};

// Rows that a side inserted, and their keys by number.
struct Inserted {
  std::vector<Address> rows;
  std::unique_ptr<table::KeySet> keys;
};

class KeyMerge {
 public:
  KeyMerge(duckdb::ClientContext* client, const table::WriteContext& context,
           const TableMerge& about, const std::array<TableSide, kSides>& sides,
           const std::vector<MergeRegion>& regions, MergeCounts* counts)
      : client_(client), context_(context), about_(about), regions_(regions), counts_(counts) {
    for (size_t side = 0; side < kSides; ++side) {
      if (sides[side].undefined != nullptr) undefined_[side] = *sides[side].undefined;
    }
  }

  Result<KeyedRows> Run();

 private:
  Status FindInserted(Which side);
  Result<std::optional<Address>> Locate(Which of, const Address& row, Which side);
  Status AddKeys(Side* side, const View& view, const model::PositionSet& rows, Inserted* inserted);
  Status FindUndefined();
  bool AsksForRows() const;
  Status Match();
  void AddMoved(MovedKey key);
  // Rows of one side with one of the keys, in regions that side `by` changed (nobody: in all).
  struct Found {
    Address row;
    uint64_t number = 0;
  };
  Result<std::vector<Found>> FindKeys(Which of, std::optional<Which> by, const table::KeySet& keys);
  Status Settle(const MovedKey& key, KeyedRows* out);
  Result<RowStart> StartOf(const MovedKey& key, Side* side, const View& view) const;
  Result<Side*> Load(size_t region, Which side);
  Result<View> ViewOf(const MovedKey& key, Which side);

  duckdb::ClientContext* client_;
  const table::WriteContext& context_;
  const TableMerge& about_;
  const std::vector<MergeRegion>& regions_;
  MergeCounts* const counts_;
  std::array<Inserted, kSides> inserted_;
  std::vector<MovedKey> moved_;
  std::array<std::set<Address>, kSides> decided_;  // rows of keys of which not all is known
  std::array<Undefined, kSides> undefined_;        // also of keys, by the rows that are looked at
  std::map<std::pair<size_t, size_t>, std::unique_ptr<Side>> loaded_;
};

Result<Side*> KeyMerge::Load(size_t region, Which side) {
  auto& slot = loaded_[{region, side}];
  if (!slot) {
    ASSIGN_OR_RETURN(auto loaded, Side::Load(client_, *about_.table, regions_[region].entries[side],
                                             {}, &undefined_[side]));
    slot = std::make_unique<Side>(std::move(loaded));
  }
  return slot.get();
}

Status KeyMerge::FindInserted(Which side) {
  auto& inserted = inserted_[side];
  inserted.keys =
      std::make_unique<table::KeySet>(about_.table->schema(), about_.table->state().key);
  for (size_t region = 0; region < regions_.size(); ++region) {
    if (HasRowsOfBase(regions_[region], side)) continue;
    ASSIGN_OR_RETURN(auto* base, Load(region, kBase));
    ASSIGN_OR_RETURN(auto* own, Load(region, side));
    ASSIGN_OR_RETURN(auto nothing, Side::Load(client_, *about_.table, {}, {}, nullptr));
    RegionWalk walk({base, own, &nothing});
    while (auto interval = walk.Next()) {
      const auto& view = interval->views[1];
      auto rows = Subtract(view.rows, interval->views[0].rows);
      RETURN_IF_ERROR(AddKeys(own, view, rows, &inserted));
      rows.ForEach([&](uint32_t offset) {
        inserted.rows.push_back({region, own->NumberOf(*view.entry), view.slot + offset});
      });
    }
    loaded_.clear();
  }
  inserted.keys->Sort();
  return {};
}

// Where `side` has a row that another side has at `row`.
Result<std::optional<Address>> KeyMerge::Locate(Which of, const Address& row, Which side) {
  ASSIGN_OR_RETURN(auto* from, Load(row.region, of));
  ASSIGN_OR_RETURN(auto* in, Load(row.region, side));
  auto found = in->Find(from->PlaceOf(row.entry, row.slot));
  if (!found) return std::optional<Address>();
  return std::optional(Address{row.region, found->first, found->second});
}

Status KeyMerge::AddKeys(Side* side, const View& view, const model::PositionSet& rows,
                         Inserted* inserted) {
  if (rows.empty()) return {};
  ASSIGN_OR_RETURN(auto* all, side->rows());
  for (const auto& run : rows.runs()) {
    auto first = side->RowsOf(view, model::PositionSet::FromRange(run.begin, run.begin + 1));
    RETURN_IF_ERROR(inserted->keys->Add(*all, first.front(), run.size()));
  }
  return {};
}

Result<std::vector<KeyMerge::Found>> KeyMerge::FindKeys(Which of, std::optional<Which> by,
                                                        const table::KeySet& keys) {
  std::vector<table::OpenEntry> entries;
  std::vector<Address> addresses;
  for (size_t region = 0; region < regions_.size(); ++region) {
    if (by && regions_[region].Same(*by, kBase)) continue;
    for (size_t i = 0; i < regions_[region].entries[of].size(); ++i) {
      ASSIGN_OR_RETURN(auto open,
                       table::OpenEntryOf(context_.read, regions_[region].entries[of][i].entry));
      entries.push_back(std::move(open));
      addresses.push_back({region, i, 0});
    }
  }
  ASSIGN_OR_RETURN(auto rows, table::FindKeys(context_, *about_.table, entries, keys));
  std::vector<Found> found;
  for (const auto& row : rows) {
    auto address = addresses[row.entry];
    address.slot = row.slot;
    found.push_back({address, row.number});
  }
  return found;
}

// Keys of which some side does not know everything, whatever rows they have on each.
Status KeyMerge::FindUndefined() {
  std::map<KeyBytes, NotKnown> by_key;
  for (Which side : {kBase, kOurs, kTheirs}) {
    for (const auto& [key, what] : undefined_[side].keys()) by_key[key][side] = &what;
  }
  if (by_key.empty()) return {};
  table::KeySet keys(about_.table->schema(), about_.table->state().key);
  std::vector<MovedKey> found(by_key.size());
  RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
    EncodedKeys rows(*about_.table, keys.fields(), by_key.size());
    size_t number = 0;
    for (const auto& [key, not_known] : by_key) {
      RETURN_IF_ERROR(rows.Set(number, key));
      found[number++].not_known = not_known;
    }
    return keys.Add(rows, 0, by_key.size());
  }));
  keys.Sort();
  for (Which side : {kBase, kOurs, kTheirs}) {
    ASSIGN_OR_RETURN(auto rows, FindKeys(side, {}, keys));
    for (const auto& [row, number] : rows) {
      found[number].rows[side] = row;
      decided_[side].insert(row);
    }
  }
  for (auto& key : found) {
    if (key.rows[kOurs] || key.rows[kTheirs]) moved_.push_back(std::move(key));
  }
  return {};
}

void KeyMerge::AddMoved(MovedKey key) {
  for (Which side : {kBase, kOurs, kTheirs}) {
    if (key.rows[side] && decided_[side].contains(*key.rows[side])) return;
  }
  moved_.push_back(std::move(key));
}

// Whether it matters what the other side has of a key that it left alone.
bool KeyMerge::AsksForRows() const {
  const auto& options = *about_.options;
  return !options.owners.empty() || (options.broken != nullptr && !options.broken->empty());
}

// Keys that one side inserted and the other inserted, deleted or may have changed.
Status KeyMerge::Match() {
  std::map<uint64_t, MovedKey> by_ours;  // by number of the key that ours inserted
  std::set<Address> of_both;             // rows of theirs that are among them
  ASSIGN_OR_RETURN(auto in_theirs, FindKeys(kTheirs, kTheirs, *inserted_[kOurs].keys));
  for (const auto& [row, number] : in_theirs) {
    ASSIGN_OR_RETURN(auto before, Locate(kTheirs, row, kBase));
    if (before) continue;
    by_ours[number].rows[kTheirs] = row;
    of_both.insert(row);
  }
  // A row that moved with its key is otherwise as good as deleted and inserted.
  bool all = AsksForRows();
  auto changed_by = [&](Which side) { return all ? std::nullopt : std::optional(side); };
  ASSIGN_OR_RETURN(auto in_base, FindKeys(kBase, changed_by(kTheirs), *inserted_[kOurs].keys));
  for (const auto& [row, number] : in_base) {
    ASSIGN_OR_RETURN(auto theirs, Locate(kBase, row, kTheirs));
    auto& key = by_ours[number];
    key.rows[kBase] = row;
    if (theirs) key.rows[kTheirs] = theirs;
  }
  for (auto& [number, key] : by_ours) {
    key.rows[kOurs] = inserted_[kOurs].rows[number];
    AddMoved(key);
  }
  ASSIGN_OR_RETURN(in_base, FindKeys(kBase, changed_by(kOurs), *inserted_[kTheirs].keys));
  for (const auto& [row, number] : in_base) {
    const auto& theirs = inserted_[kTheirs].rows[number];
    if (of_both.contains(theirs)) continue;
    ASSIGN_OR_RETURN(auto ours, Locate(kBase, row, kOurs));
    AddMoved({{row, ours, theirs}});
  }
  return {};
}

Result<View> KeyMerge::ViewOf(const MovedKey& key, Which side) {
  const auto& row = key.rows[side];
  if (!row) return View{};
  ASSIGN_OR_RETURN(auto* loaded, Load(row->region, side));
  auto place = loaded->PlaceOf(row->entry, row->slot);
  return loaded->ViewOf(row->entry, row->slot, std::move(place));
}

// `view`: of the row on a side.
Result<RowStart> KeyMerge::StartOf(const MovedKey& key, Side* side, const View& view) const {
  const auto* picked = about_.options->picked;
  bool may_be =
      picked != nullptr && !picked->starts.empty() && key.rows[kOurs] && key.rows[kTheirs];
  if (!may_be) return RowStart::kAsIdsSay;
  ASSIGN_OR_RETURN(auto* rows, side->rows());
  auto row = side->RowsOf(view, model::PositionSet::FromRange(0, 1)).front();
  ASSIGN_OR_RETURN(auto hash, table::KeyHash(picked->key, about_.table->schema(), *rows, row));
  return picked->StartOf(hash);
}

Status KeyMerge::Settle(const MovedKey& key, KeyedRows* out) {
  std::array<View, kSides> views;
  RegionConflicts found{about_.table->schema(), {}, {}};
  for (Which side : {kBase, kOurs, kTheirs}) {
    size_t region = key.rows[side]    ? key.rows[side]->region
                    : key.rows[kOurs] ? key.rows[kOurs]->region
                                      : key.rows[kTheirs]->region;
    ASSIGN_OR_RETURN(found.sides[side], Load(region, side));
    ASSIGN_OR_RETURN(views[side], ViewOf(key, side));
  }
  const auto* base = key.rows[kBase] ? &views[kBase].first : nullptr;
  const auto* ours = key.rows[kOurs] ? &views[kOurs].first : nullptr;
  const auto* theirs = key.rows[kTheirs] ? &views[kTheirs].first : nullptr;
  const model::Place* place = ours != nullptr ? ours : theirs;
  Which from = ours != nullptr ? kOurs : kTheirs;
  if (ours != nullptr && theirs != nullptr && *ours != *theirs) {
    bool take_theirs = base != nullptr && *ours == *base     ? true
                       : base != nullptr && *theirs == *base ? false
                                                             : *theirs < *ours;
    if (take_theirs) place = theirs, from = kTheirs;
  }
  for (Which side : {kBase, kOurs, kTheirs}) {
    if (views[side].entry == nullptr) views[side].first = *place;
    const auto* what = key.not_known ? (*key.not_known)[side] : nullptr;
    if (what == nullptr) continue;
    undefined_[side].AddKey(views[side].first.row_id(), *what);
    undefined_[side].AddKey(place->row_id(), *what);
  }
  IntervalMerge merge(about_, found.sides, *place, 1, views, true);
  ASSIGN_OR_RETURN(auto start, StartOf(key, found.sides[from], views[from]));
  merge.SetStart(start);
  // A row that was only encoded anew was not touched: regions say the same.
  for (Which side : {kOurs, kTheirs}) {
    if (key.not_known || AsksForRows()) break;
    bool stays = base != nullptr && key.rows[side] && views[side].first == *base;
    if (!stays) continue;
    ASSIGN_OR_RETURN(bool changed, merge.IsChanged(side));
    if (!changed) return {};
  }
  ASSIGN_OR_RETURN(auto pieces, merge.Run());
  for (Which side : {kBase, kOurs, kTheirs}) {
    if (!key.rows[side]) continue;
    const auto& row = *key.rows[side];
    out->masks[side][regions_[row.region].entries[side][row.entry].key].insert(row.slot);
    out->regions.insert(row.region);
  }
  for (auto& piece : pieces) {
    out->pieces[key.rows[from]->region].push_back(std::move(piece));
  }
  merge.Count(counts_);
  found.conflicts = std::move(merge.conflicts());
  if (found.conflicts.empty() || !about_.options->on_conflicts) return {};
  return about_.options->on_conflicts(found);
}

Result<KeyedRows> KeyMerge::Run() {
  KeyedRows out;
  RETURN_IF_ERROR(FindInserted(kOurs));
  RETURN_IF_ERROR(FindInserted(kTheirs));
  RETURN_IF_ERROR(FindUndefined());
  RETURN_IF_ERROR(Match());
  // Neighbouring keys use the same regions.
  std::sort(moved_.begin(), moved_.end(),
            [](const auto& a, const auto& b) { return a.rows < b.rows; });
  for (const auto& key : moved_) {
    RETURN_IF_ERROR(Settle(key, &out));
    if (loaded_.size() > 24) loaded_.clear();
  }
  for (auto& [region, pieces] : out.pieces) {
    std::sort(pieces.begin(), pieces.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  return out;
}

}  // namespace

Result<KeyedRows> MergeMovedKeys(duckdb::ClientContext* client, const table::WriteContext& context,
                                 const TableMerge& about,
                                 const std::array<TableSide, kSides>& sides,
                                 const std::vector<MergeRegion>& regions, MergeCounts* counts) {
  return KeyMerge(client, context, about, sides, regions, counts).Run();
}

}  // namespace rhizo::merge
