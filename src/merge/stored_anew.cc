#include "merge/stored_anew.h"

#include <algorithm>

#include "engine/types.h"
#include "table/row_diff.h"

namespace rhizo::merge {
namespace {

// Rows looked at in one go.
constexpr uint64_t kRowsAtOnce = uint64_t{4} << 20;

// A row that came, went, or has another key now.
struct KeyedRow {
  model::RowId id;
  uint64_t key = 0;   // hash of the key that was
  uint64_t rest = 0;  // of those of its columns that both sides still have
  bool is_update = false;
};

struct Moved {
  std::vector<KeyedRow> came;
  std::vector<KeyedRow> gone;
};

bool ById(const KeyedRow& a, const KeyedRow& b) { return a.id < b.id; }

std::vector<uint64_t> Sorted(const std::vector<KeyedRow>& rows, uint64_t KeyedRow::*hash) {
  std::vector<uint64_t> sorted;
  for (const auto& row : rows) sorted.push_back(row.*hash);
  std::ranges::sort(sorted);
  return sorted;
}

// Both rise.
bool HaveCommon(std::span<const uint64_t> a, std::span<const uint64_t> b) {
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j]) return true;
    a[i] < b[j] ? ++i : ++j;
  }
  return false;
}

// Keys of which a side has more rows than it started with, as often as it has more.
std::vector<uint64_t> Added(const Moved& side) {
  std::vector<uint64_t> added;
  std::ranges::set_difference(Sorted(side.came, &KeyedRow::key), Sorted(side.gone, &KeyedRow::key),
                              std::back_inserter(added));
  return added;
}

// Rows that both sides took away.
std::vector<KeyedRow> GoneOnBoth(Moved ours, Moved theirs) {
  for (auto* side : {&ours, &theirs}) {
    std::erase_if(side->gone, [](const KeyedRow& row) { return row.is_update; });
  }
  std::vector<KeyedRow> both;
  std::ranges::set_intersection(ours.gone, theirs.gone, std::back_inserter(both), ById);
  return both;
}

// What came on both sides as one row is one row.
void DropCommon(Moved* ours, Moved* theirs) {
  std::vector<KeyedRow> only;
  std::ranges::set_difference(ours->came, theirs->came, std::back_inserter(only), ById);
  std::vector<KeyedRow> only_theirs;
  std::ranges::set_difference(theirs->came, ours->came, std::back_inserter(only_theirs), ById);
  ours->came = std::move(only);
  theirs->came = std::move(only_theirs);
}

class KeysThatWere {
 public:
  KeysThatWere(const MergeMeans& means, const model::TableState& base,
               const model::TableState& ours, const model::TableState& theirs,
               const model::TableState& seen)
      : means_(means), base_(base), ours_(ours), theirs_(theirs), seen_(seen) {
    seen_.key.clear();
    seen_.checks.clear();
    seen_.schema.fields.clear();
    for (FieldId id : base.key) {
      const auto* field = seen.schema.FindId(id);
      bool is_rest = field != nullptr;
      for (const auto* state : {&ours, &theirs, &base}) {
        if (field == nullptr) field = state->schema.FindId(id);
      }
      if (is_rest) rest_.push_back(seen_.schema.fields.size());
      seen_.schema.fields.push_back(*field);
    }
    parts_ = (base.rows + ours.rows + theirs.rows) / kRowsAtOnce + 1;
  }

  Result<bool> AreAmbiguous() {
    for (uint64_t part = 0; part < parts_; ++part) {
      ASSIGN_OR_RETURN(auto ours, Collect(ours_, part));
      ASSIGN_OR_RETURN(auto theirs, Collect(theirs_, part));
      if (AreAmbiguous(std::move(ours), std::move(theirs))) return true;
    }
    return false;
  }

 private:
  static bool AreAmbiguous(Moved ours, Moved theirs) {
    auto gone = Sorted(GoneOnBoth(ours, theirs), &KeyedRow::rest);
    DropCommon(&ours, &theirs);
    // Stored anew by both, or by one where the other deleted it.
    if (HaveCommon(gone, Sorted(ours.came, &KeyedRow::rest))) return true;
    if (HaveCommon(gone, Sorted(theirs.came, &KeyedRow::rest))) return true;
    return HaveCommon(Added(ours), Added(theirs));  // both inserted a row under this key
  }

  Result<std::shared_ptr<const table::OpenTable>> OpenSeen(const model::TableState& rows) const {
    return table::OpenTable::Open(
        means_.context.read, ObjectId(),
        std::make_shared<const model::TableState>(model::WithRowsOf(seen_, rows)));
  }

  // Rows whose key falls into the part, by id.
  Result<Moved> Collect(const model::TableState& side, uint64_t part) const {
    ASSIGN_OR_RETURN(auto before, OpenSeen(base_));
    ASSIGN_OR_RETURN(auto after, OpenSeen(side));
    ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means_.client, before, after));
    Moved moved;
    while (true) {
      ASSIGN_OR_RETURN(auto region, diff.Next());
      if (!region) break;
      Numbers came;
      Numbers gone;
      for (const auto& change : region->changes) {
        bool is_update = change.kind == table::RowChangeKind::kUpdate;
        if (change.kind != table::RowChangeKind::kDelete) came.Add(change.after, is_update);
        if (change.kind != table::RowChangeKind::kInsert) gone.Add(change.before, is_update);
      }
      RETURN_IF_ERROR(Take(region->after.get(), came, part, &moved.came));
      RETURN_IF_ERROR(Take(region->before.get(), gone, part, &moved.gone));
    }
    std::ranges::sort(moved.came, ById);
    std::ranges::sort(moved.gone, ById);
    return moved;
  }

  struct Numbers {
    std::vector<uint64_t> rows;
    std::vector<bool> is_update;
    void Add(uint64_t row, bool update) {
      rows.push_back(row);
      is_update.push_back(update);
    }
  };

  Status Take(table::OldRows* from, const Numbers& numbers, uint64_t part,
              std::vector<KeyedRow>* out) const {
    const std::span<const uint64_t> rows = numbers.rows;
    for (size_t begin = 0; begin < rows.size(); begin += STANDARD_VECTOR_SIZE) {
      auto some = rows.subspan(begin, std::min<size_t>(STANDARD_VECTOR_SIZE, rows.size() - begin));
      duckdb::DataChunk keys;
      keys.Initialize(duckdb::Allocator::DefaultAllocator(), engine::ToLogicalTypes(seen_.schema));
      for (size_t field = 0; field < keys.ColumnCount(); ++field) {
        RETURN_IF_ERROR(from->Gather(field, some, &keys.data[field]));
      }
      table::ChunkRows chunk(keys);
      auto all = table::AllFields(keys.ColumnCount());
      ASSIGN_OR_RETURN(auto hashes, table::HashRows(chunk, all, 0, some.size()));
      auto rests = hashes;
      if (rest_.size() < all.size()) {
        rests.assign(some.size(), 0);
        if (!rest_.empty()) {
          ASSIGN_OR_RETURN(rests, table::HashRows(chunk, rest_, 0, some.size()));
        }
      }
      for (size_t i = 0; i < some.size(); ++i) {
        bool is_here = parts_ == 1 || (rests[i] >> 32) % parts_ == part;
        if (!is_here || HasNoKey(keys, i)) continue;
        ASSIGN_OR_RETURN(auto id, from->IdOf(some[i]));
        out->push_back({id, hashes[i], rests[i], numbers.is_update[begin + i]});
      }
    }
    return {};
  }

  // Where a column went, rows that came later have none of it.
  bool HasNoKey(duckdb::DataChunk& keys, size_t row) const {
    return std::ranges::any_of(
        rest_, [&](size_t field) { return duckdb::FlatVector::IsNull(keys.data[field], row); });
  }

  const MergeMeans& means_;
  const model::TableState& base_;
  const model::TableState& ours_;
  const model::TableState& theirs_;
  model::TableState seen_;  // the columns of the key that was, alone
  std::vector<size_t> rest_;
  uint64_t parts_ = 1;
};

}  // namespace

Result<std::string> FindStoredAnew(const MergeMeans& means, const model::TableState& base,
                                   const model::TableState& ours, const model::TableState& theirs,
                                   const model::TableState& seen) {
  if (base.key.empty()) return std::string();
  ASSIGN_OR_RETURN(bool found, KeysThatWere(means, base, ours, theirs, seen).AreAmbiguous());
  if (!found) return std::string();
  return std::string(
      "the key was changed, and a row was stored anew under the one that was where the other side "
      "did so too, or deleted it");
}

}  // namespace rhizo::merge
