#include "table/key_search.h"

#include "engine/errors.h"
#include "table/each_entry.h"
#include "table/order_prefix.h"

namespace rhizo::table {
namespace {

// Keys held at once where a whole table is checked.
constexpr uint64_t kKeysAtOnce = uint64_t{4} << 20;

// The key's columns in the visible rows of one vector of an entry; fields as in the schema.
class VectorKeys final : public RowBatch {
 public:
  VectorKeys(const std::vector<size_t>& fields, const OpenTable& table) : fields_(fields) {
    for (size_t field : fields) columns_.emplace_back(table.types()[field]);
  }

  Status Load(EntryReader* reader, size_t vector, const duckdb::SelectionVector& visible, bool all,
              duckdb::idx_t count) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      duckdb::Vector stored(columns_[i].GetType());
      RETURN_IF_ERROR(reader->Read(vector, i, &stored));
      RETURN_IF_ERROR(engine::Guarded([&] {
        columns_[i].Reference(stored);
        if (!all) columns_[i].Slice(visible, count);
      }));
    }
    return {};
  }

  Status ForEach(size_t field, uint64_t begin, uint64_t count, const Visit& visit) override {
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i] == field) return visit(columns_[i], begin, count);
    }
    CHECK(false);
    return {};
  }

 private:
  const std::vector<size_t>& fields_;
  std::vector<duckdb::Vector> columns_;
};

// The visible rows of one entry, vector by vector.
using VisitVector = std::function<Status(VectorKeys& rows, duckdb::idx_t count,
                                         const std::function<uint32_t(duckdb::idx_t)>& slot_of)>;
using MayHold = std::function<bool(const duckdb::BaseStatistics*)>;

Status ForEachVector(duckdb::ClientContext* client, const OpenTable& table, const OpenEntry& entry,
                     const std::vector<size_t>& fields, const MayHold& may_hold,
                     const VisitVector& visit) {
  EntryReader reader(client, table, fields);
  RETURN_IF_ERROR(reader.Start(entry));
  VectorKeys rows(fields, table);
  for (size_t vector = 0; vector < reader.vector_count(); ++vector) {
    ASSIGN_OR_RETURN(const auto* zone, reader.Zone(vector, 0));
    if (zone != nullptr && !may_hold(zone)) continue;
    duckdb::SelectionVector visible;
    bool all = true;
    ASSIGN_OR_RETURN(auto count, reader.Visible(vector, &visible, &all));
    if (count == 0) continue;
    RETURN_IF_ERROR(rows.Load(&reader, vector, visible, all, count));
    auto slot_of = [&](duckdb::idx_t row) {
      return static_cast<uint32_t>(vector * STANDARD_VECTOR_SIZE +
                                   (all ? row : visible.get_index(row)));
    };
    RETURN_IF_ERROR(visit(rows, count, slot_of));
  }
  return {};
}

Status FindIn(duckdb::ClientContext* client, const OpenTable& table, size_t number,
              const OpenEntry& entry, const KeySet& keys, std::vector<FoundKey>* found) {
  auto may_hold = [&](const duckdb::BaseStatistics* statistics) {
    return keys.MayHold(OrderPrefixRange(statistics));
  };
  auto visit = [&](VectorKeys& rows, duckdb::idx_t count,
                   const std::function<uint32_t(duckdb::idx_t)>& slot_of) {
    return keys.Find(rows, 0, count, [&](uint64_t key, uint64_t row) {
      found->push_back({static_cast<uint32_t>(number), slot_of(row), static_cast<uint32_t>(key)});
    });
  };
  return ForEachVector(client, table, entry, keys.fields(), may_hold, visit);
}

}  // namespace

Result<std::vector<FoundKey>> FindKeys(const WriteContext& context, const OpenTable& table,
                                       std::span<const OpenEntry> entries, const KeySet& keys) {
  std::vector<FoundKey> all;
  if (keys.size() == 0) return all;
  std::vector<size_t> wanted;
  for (size_t number = 0; number < entries.size(); ++number) {
    auto statistics = EntryStatistics(table, entries[number], keys.fields()[0]);
    if (keys.MayHold(OrderPrefixRange(statistics.get()))) wanted.push_back(number);
  }
  std::vector<std::vector<FoundKey>> found(wanted.size());
  auto work = [&](duckdb::ClientContext* client, size_t i) {
    return FindIn(client, table, wanted[i], entries[wanted[i]], keys, &found[i]);
  };
  RETURN_IF_ERROR(ForEachIndex(context, wanted.size(), work));
  for (auto& some : found) all.insert(all.end(), some.begin(), some.end());
  return all;
}

Result<std::vector<FoundKey>> FindKeys(const WriteContext& context, const OpenTable& table,
                                       const KeySet& keys) {
  ASSIGN_OR_RETURN(auto entries, table.Entries());
  return FindKeys(context, table, entries, keys);
}

Error KeyIsThere(const KeySet& keys, uint64_t number) {
  std::string row = std::to_string(keys.RowOf(number) + 1);
  return Error(ErrorCode::kConstraint,
               "row " + row + " has a key that the table has already: " + keys.Describe(number))
      .With("row", row)
      .With("key", keys.Describe(number));
}

Status CheckKeysAreNew(const WriteContext& context, const OpenTable& table, const KeySet& keys) {
  ASSIGN_OR_RETURN(auto found, FindKeys(context, table, keys));
  return found.empty() ? Status() : KeyIsThere(keys, found.front().number);
}

Result<bool> KeyedRows::Next(duckdb::DataChunk* chunk) {
  ASSIGN_OR_RETURN(bool more, rows_->Next(chunk));
  if (!more) return false;
  ChunkRows rows(*chunk);
  RETURN_IF_ERROR(keys_->Add(rows, 0, chunk->size()));
  return true;
}

Status CheckKeysAreUnique(const WriteContext& context, const OpenTable& table,
                          std::span<const FieldId> key) {
  Link link;
  RETURN_IF_ERROR(link.Open(context.engine));
  ASSIGN_OR_RETURN(auto entries, table.Entries());
  uint64_t parts = table.state().rows / kKeysAtOnce + 1;
  for (uint64_t part = 0; part < parts; ++part) {
    KeySet keys(table.schema(), key);
    keys.TakePart(parts, part);
    auto visit = [&](VectorKeys& rows, duckdb::idx_t count,
                     const std::function<uint32_t(duckdb::idx_t)>&) {
      return keys.Add(rows, 0, count);
    };
    for (const auto& entry : entries) {
      RETURN_IF_ERROR(ForEachVector(
          link.client(), table, entry, keys.fields(),
          [](const duckdb::BaseStatistics*) { return true; }, visit));
    }
  }
  return {};
}

}  // namespace rhizo::table
