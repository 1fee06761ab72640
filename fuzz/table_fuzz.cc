// A table of hostile objects that fit together by their ids: reading, verifying, asking for
// statistics, writing most of its rows back and asking what then differs, changing and deleting
// some may fail, never crash.
//
// The input edits the objects of a small table (table_image.h): u8 which, u16 offset, u8 bytes to
// take out (mod 16), u8 bytes to put in (mod 16), those bytes. The Parquet file stays as it is:
// what DuckDB's reader makes of hostile ones is not ours to promise.
#include "base/check.h"
#include "base/coding.h"
#include "object/staging.h"
#include "table/change_rows.h"
#include "table/fingerprint.h"
#include "table/key_search.h"
#include "table/open_table.h"
#include "table/row_diff.h"
#include "table/write.h"
#include "table_image.h"

namespace {

using namespace rhizo;  // NOLINT(build/namespaces)
using fuzz::TableImage;

void Edit(TableImage& image, Decoder edits) {
  while (!edits.empty() && !edits.failed()) {
    const size_t which = 1 + edits.U8() % (image.size() - 1);
    std::string bytes = image.at(which);
    const size_t offset = edits.U16() % (bytes.size() + 1);
    const size_t out = edits.U8() % 16;
    bytes.replace(offset, out, edits.Raw(edits.U8() % 16));
    image.Replace(which, std::move(bytes));
  }
}

Status ReadVector(table::EntryReader& reader, const table::OpenTable& table, size_t vector) {
  duckdb::SelectionVector selection;
  bool all = false;
  ASSIGN_OR_RETURN(auto count, reader.Visible(vector, &selection, &all));
  ASSIGN_OR_RETURN(auto before, reader.FirstVisible(vector));
  static_cast<void>(before);
  for (size_t field = 0; field < table.types().size(); ++field) {
    ASSIGN_OR_RETURN(auto zone, reader.Zone(vector, field));
    static_cast<void>(zone);
    duckdb::Vector values(table.types()[field]);
    RETURN_IF_ERROR(reader.Read(vector, field, &values));
    for (duckdb::idx_t i = 0; i < count; ++i) values.GetValue(all ? i : selection.get_index(i));
  }
  return {};
}

Status ReadAll(const table::OpenTable& table) {
  ASSIGN_OR_RETURN(auto entries, table.Entries());
  std::vector<size_t> fields(table.types().size());
  for (size_t i = 0; i < fields.size(); ++i) fields[i] = i;
  for (const auto& entry : entries) {
    table::EntryReader reader(&fuzz::Client(), table, fields);
    RETURN_IF_ERROR(reader.Start(entry));
    for (size_t vector = 0; vector < reader.vector_count(); ++vector) {
      RETURN_IF_ERROR(ReadVector(reader, table, vector));
    }
  }
  return {};
}

// All rows but some, the first cell of every fifth a NULL.
class MostRows final : public table::RowSource {
 public:
  explicit MostRows(const table::OpenTable& table)
      : schema_(table.schema()), rows_(&Client(), table) {}

  Status Add(std::span<const table::OpenEntry> entries) {
    for (const auto& entry : entries) RETURN_IF_ERROR(rows_.Add(entry));
    return {};
  }
  const model::Schema& schema() const override { return schema_; }
  Result<bool> Next(duckdb::DataChunk* chunk) override {
    std::vector<uint64_t> chosen;
    for (; next_ < rows_.rows() && chosen.size() < STANDARD_VECTOR_SIZE; ++next_) {
      if (next_ % 7 != 3) chosen.push_back(next_);
    }
    for (size_t field = 0; field < chunk->ColumnCount(); ++field) {
      RETURN_IF_ERROR(rows_.Gather(field, chosen, &chunk->data[field]));
    }
    for (size_t row = 0; row < chosen.size(); row += 5) {
      duckdb::FlatVector::SetNull(chunk->data[0], row, true);
    }
    chunk->SetCardinality(chosen.size());
    return !chosen.empty();
  }

 private:
  static duckdb::ClientContext& Client() { return fuzz::Client(); }

  const model::Schema schema_;
  table::OldRows rows_;
  uint64_t next_ = 0;
};

// Addresses of every third row and, for an update, the first field of the row before it.
class SomeRows final : public table::RowSource {
 public:
  SomeRows(const table::OpenTable& table, bool is_update)
      : rows_(&fuzz::Client(), table), is_update_(is_update) {
    model::Field address;
    address.name = "row";
    schema_.fields = {address};
    if (is_update) schema_.fields.push_back(table.schema().fields[0]);
    if (is_update) schema_.fields[1].nullable = true;
  }

  Status Add(const table::OpenTable& table) {
    ASSIGN_OR_RETURN(auto entries, table.Entries());
    for (size_t i = 0; i < entries.size(); ++i) {
      RETURN_IF_ERROR(rows_.Add(entries[i]));
      ASSIGN_OR_RETURN(auto overlay, entries[i].overlay->Get(table.context(), entries[i].entry));
      overlay->visible.ForEach(
          [&](uint32_t slot) { addresses_.push_back(static_cast<int64_t>(i) << 32 | slot); });
    }
    return {};
  }
  const model::Schema& schema() const override { return schema_; }
  Result<bool> Next(duckdb::DataChunk* chunk) override {
    std::vector<uint64_t> from;
    for (; next_ < addresses_.size() && from.size() < STANDARD_VECTOR_SIZE; next_ += 3) {
      chunk->SetValue(0, from.size(), duckdb::Value::BIGINT(addresses_[next_]));
      from.push_back(next_ - 1);
    }
    if (is_update_ && !from.empty()) {
      RETURN_IF_ERROR(rows_.Gather(0, from, &chunk->data[1]));
    }
    chunk->SetCardinality(from.size());
    return !from.empty();
  }

 private:
  model::Schema schema_;
  table::OldRows rows_;
  std::vector<int64_t> addresses_;
  const bool is_update_;
  size_t next_ = 1;
};

// What statements that write work with, over a table's image.
struct Writing {
  Writing(const table::OpenTable& table, std::shared_ptr<TableImage> image)
      : staging(std::move(image)) {
    context.engine = &fuzz::Engine();
    context.read = {&staging, table.context().large, table.context().cache};
    context.staging = &staging;
    context.next_ordinal = &ordinal;
  }
  object::Staging staging;
  uint64_t ordinal = 0;
  table::WriteContext context;
};

Status ChangeRows(std::shared_ptr<const table::OpenTable> table, std::shared_ptr<TableImage> image,
                  bool is_update) {
  Writing writing(*table, std::move(image));
  SomeRows rows(*table, is_update);
  RETURN_IF_ERROR(rows.Add(*table));
  const size_t fields[] = {0};
  ASSIGN_OR_RETURN(auto written, is_update
                                     ? table::UpdateRows(writing.context, table, fields, &rows)
                                     : table::DeleteRows(writing.context, table, &rows));
  auto state = std::make_shared<const model::TableState>(written.state);
  ASSIGN_OR_RETURN(auto later, table::OpenTable::Open(writing.context.read, ObjectId(), state));
  ASSIGN_OR_RETURN(auto sum, table::Fingerprint(writing.context, *later));
  static_cast<void>(sum);
  const FieldId key[] = {table->schema().fields[0].id};
  bool may_be_key = table::CheckKeyFields(table->schema(), key).has_value();
  if (may_be_key) {  // its values need not be
    static_cast<void>(table::CheckKeysAreUnique(writing.context, *later, key).has_value());
  }
  return {};
}

Status WriteBack(std::shared_ptr<const table::OpenTable> table, std::shared_ptr<TableImage> image) {
  ASSIGN_OR_RETURN(auto entries, table->Entries());
  MostRows rows(*table);
  RETURN_IF_ERROR(rows.Add(entries));
  Writing writing(*table, std::move(image));
  auto& context = writing.context;
  ASSIGN_OR_RETURN(auto written, table::WriteRows(context, table->state(), &rows));
  auto state = std::make_shared<const model::TableState>(written.state);
  ASSIGN_OR_RETURN(auto later, table::OpenTable::Open(context.read, ObjectId(), state));
  ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(&fuzz::Client(), table, later));
  while (true) {
    ASSIGN_OR_RETURN(auto region, diff.Next());
    if (!region) return {};
  }
}

void AskForStatistics(const table::OpenTable& table) {
  auto entries = table.Entries();
  if (!entries) return;
  for (size_t field = 0; field < table.types().size(); ++field) {
    static_cast<void>(table.Statistics(field));
    for (const auto& entry : *entries) {
      static_cast<void>(table::EntryStatistics(table, entry, field));
      static_cast<void>(table::EntryBoundsAreExact(table, entry, field));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TableImage whole = TableImage::Whole();
  auto shared = std::make_shared<TableImage>(whole);
  TableImage& image = *shared;
  Edit(image, Decoder(std::string_view(reinterpret_cast<const char*>(data), size)));
  object::MemoryObjectStore large;
  table::ColumnCache cache(uint64_t{64} << 20);
  const table::ReadContext context{&image, &large, &cache};
  auto state = model::DecodeTableState(image.at(image.size() - 1));
  if (!state) return 0;
  auto opened = table::OpenTable::Open(context, image.state(),
                                       std::make_shared<const model::TableState>(*state));
  if (!opened) return 0;
  AskForStatistics(**opened);
  const bool read = ReadAll(**opened).has_value();
  const bool verified = table::VerifyTable(context, &fuzz::Engine(), image.state()).has_value();
  const bool written = WriteBack(*opened, shared).has_value();
  const bool updated = ChangeRows(*opened, shared, true).has_value();
  const bool deleted = ChangeRows(*opened, shared, false).has_value();
  static_cast<void>(updated);
  CHECK(size != 0 || (read && verified && written && deleted));
  return 0;
}
