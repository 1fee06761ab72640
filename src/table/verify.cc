#include <optional>
#include <unordered_set>

#include "base/blake3.h"
#include "engine/errors.h"
#include "engine/instance.h"
#include "table/entry_edits.h"
#include "table/open_table.h"
#include "table/segment_reader.h"
#include "table/statistics_builder.h"
#include "table/write.h"
#include "tree/cursor.h"
#include "tree/visit.h"

namespace rhizo::table {
namespace {

Error Bad(const ObjectId& id, const std::string& what) {
  return Corruption("object " + id.Short() + ": " + what).With("object", id.ToString());
}

// Errors that name no object happened while `id` was looked at.
Status Naming(const ObjectId& id, Status status) {
  if (status.has_value() || !status.error().field("object").empty()) return status;
  return Error(status.error()).With("object", id.ToString());
}

class Verifier {
 public:
  Verifier(const ReadContext& context, engine::Instance* engine,
           std::unordered_set<ObjectId>* verified)
      : context_{context.small, context.large, &cache_}, engine_(engine), verified_(verified) {}

  Status Table(const ObjectId& id) {
    ASSIGN_OR_RETURN(auto bytes, Read(id));
    auto state = model::DecodeTableState(*bytes);
    if (!state) return Naming(id, std::move(state).error());
    RETURN_IF_ERROR(tree::VerifyTree(tree::Tree(context_.small, state->tree_root)));
    ASSIGN_OR_RETURN(connection_, engine_->Connect());
    RETURN_IF_ERROR(engine::Guarded([&] { connection_->BeginTransaction(); }));
    return Entries(id, *state);
  }

 private:
  // What the store has, not what somebody remembers.
  Result<object::ObjectBytes> Read(const ObjectId& id) {
    ASSIGN_OR_RETURN(auto bytes, context_.small->Read(id));
    if (ObjectIdOf(*bytes) != id) return Bad(id, "its bytes are not what its id says");
    return bytes;
  }

  Status Entries(const ObjectId& id, const model::TableState& state) {
    uint64_t rows = 0;
    uint64_t bytes = 0;
    uint64_t entries = 0;
    std::string last;
    tree::Cursor cursor(context_.small, state.tree_root);
    RETURN_IF_ERROR(cursor.SeekToFirst());
    for (; cursor.Valid(); ++entries) {
      ASSIGN_OR_RETURN(auto entry, model::DecodeSegmentEntry(cursor.value()));
      RETURN_IF_ERROR(Naming(entry.id, Entry(entry, cursor.key(), cursor.weight(), &last)));
      rows += entry.visible_rows;
      bytes += entry.length_bytes;
      RETURN_IF_ERROR(cursor.Next());
    }
    if (rows == state.rows && bytes == state.bytes && entries == state.entries) return {};
    return Bad(id, "its rows, bytes or entries are not those of its tree");
  }

  // `last`: the place of the row before, as a key.
  Status Entry(const model::SegmentEntry& entry, std::string_view key, uint64_t weight,
               std::string* last) {
    if (weight != entry.visible_rows) return Bad(entry.id, "an entry is weighed wrong");
    ASSIGN_OR_RETURN(auto overlay, LoadOverlay(context_, entry));
    const auto& first_run = overlay->runs.front();
    const auto& last_run = overlay->runs.back();
    if (model::EncodePlace(first_run.first) != key) {
      return Bad(entry.id, "an entry does not lie at the place of its first row");
    }
    if (!last->empty() && key <= *last) return Bad(entry.id, "rows of two entries overlap");
    *last = model::EncodePlace(last_run.PlaceOf(last_run.end_slot() - 1));
    return Segment(entry);
  }

  Status Segment(const model::SegmentEntry& entry) {
    ASSIGN_OR_RETURN(auto segment, DescribeSegment(context_, entry));
    if (!seen_.insert(entry.id).second) return {};
    if (verified_ != nullptr && verified_->contains(entry.id)) return {};
    ASSIGN_OR_RETURN(auto bytes, Read(entry.id));
    if (segment->info) {
      RETURN_IF_ERROR(Naming(segment->id, File(*segment->info)));
    }
    std::unique_ptr<SegmentFile> file;
    for (const auto& field : segment->fields) {
      auto column = ReadColumn(connection_->context.get(), context_, *segment, field, &file);
      if (!column) return Naming(segment->id, std::move(column).error());
      if (segment->info) RETURN_IF_ERROR(Statistics(segment->id, field, **column));
    }
    if (verified_ != nullptr) verified_->insert(entry.id);
    return {};
  }

  // The whole file against its id, and what lies outside the columns against its hash.
  Status File(const model::SegmentInfo& info) {
    if (!IsLargeSegment(info)) {
      ASSIGN_OR_RETURN(auto bytes, Read(info.segment));
      static_cast<void>(bytes);
    } else {
      ASSIGN_OR_RETURN(auto bytes, context_.large->Get(info.segment));
      if (bytes.size() != info.length_bytes) return Bad(info.segment, "has another length");
    }
    return VerifiedSegment(context_, info).AddRest();
  }

  Status Statistics(const ObjectId& id, const model::FieldInfo& field,
                    const DecodedColumn& column) {
    StatisticsBuilder builder(field.type);
    uint64_t left = column.rows;
    for (const auto& vector : column.vectors) {
      auto count = std::min<uint64_t>(left, STANDARD_VECTOR_SIZE);
      builder.Append(const_cast<duckdb::Vector&>(vector), 0, count);
      left -= count;
    }
    auto found = builder.Finish();
    found.distinct_estimate = field.statistics.distinct_estimate;
    if (found == field.statistics) return {};
    bool same_values = found.content_key == field.statistics.content_key;
    return Bad(id, std::string(same_values ? "the bounds or NULLs" : "the values") + " of field " +
                       std::to_string(field.id) + " are not what its info says");
  }

  ColumnCache cache_{0};
  const ReadContext context_;
  engine::Instance* const engine_;
  std::unordered_set<ObjectId>* const verified_;
  std::unordered_set<ObjectId> seen_;
  std::unique_ptr<duckdb::Connection> connection_;
};

}  // namespace

Status VerifyTable(const ReadContext& context, engine::Instance* engine,
                   const ObjectId& table_state, std::unordered_set<ObjectId>* verified) {
  auto status =
      engine::Guarded([&] { return Verifier(context, engine, verified).Table(table_state); });
  return Naming(table_state, std::move(status));
}

}  // namespace rhizo::table
