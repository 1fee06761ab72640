#include "table/testing/tables.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/types.h"
#include "model/schema_coding.h"
#include "table/single_value.h"

namespace rhizo::table::testing {

namespace {

void AssignIds(std::vector<model::Field>* fields, FieldId* next) {
  for (auto& field : *fields) {
    field.id = (*next)++;
    AssignIds(&field.type.children, next);
  }
}

// Ends before the process does: an engine that a static destructor ends would find the thread's own
// variables gone, some of which it needs.
struct Shared {
  std::unique_ptr<engine::Instance> engine;
  std::unique_ptr<duckdb::Connection> connection;
} shared;

class EndEngine final : public ::testing::Environment {
 public:
  void TearDown() override {
    shared.connection.reset();
    shared.engine.reset();
  }
};
const auto* const kEndEngine = ::testing::AddGlobalTestEnvironment(new EndEngine);

}  // namespace

engine::Instance& Engine() {
  if (!shared.engine) {
    engine::InstanceOptions options;
    options.threads = 2;
    shared.engine = engine::Instance::Start(options).value();
  }
  return *shared.engine;
}

duckdb::ClientContext& Client() {
  if (!shared.connection) {
    shared.connection = Engine().Connect().value();
    shared.connection->BeginTransaction();
  }
  return *shared.connection->context;
}

Result<bool> ValueRows::Next(duckdb::DataChunk* chunk) {
  size_t count = std::min(chunk_rows_, rows_.size() - next_);
  if (count == 0) return false;
  for (size_t i = 0; i < count; ++i) {
    for (size_t column = 0; column < schema_.fields.size(); ++column) {
      chunk->SetValue(column, i, rows_[next_ + i][column]);
    }
  }
  chunk->SetCardinality(count);
  next_ += count;
  return true;
}

Store::Store() : staging_(std::make_shared<NoObjects>()), cache_(uint64_t{256} << 20) {}

WriteContext Store::Context() {
  WriteContext context;
  context.engine = &Engine();
  context.read = Reading();
  context.staging = &staging_;
  context.txn = TxnId::FromBytes("0123456789abcdef");
  context.next_ordinal = &next_ordinal_;
  context.threads = threads;
  return context;
}

model::TableState Store::NewTable(const model::Schema& schema) {
  model::TableState state;
  state.id = TableId::FromBytes("fedcba9876543210");
  state.schema = schema;
  model::CollectIds(schema.fields, &state.used_field_ids);
  std::sort(state.used_field_ids.begin(), state.used_field_ids.end());
  return state;
}

model::TableState Store::Write(const model::TableState& state, const TableRows& rows,
                               WriteCounts* counts) {
  auto context = Context();
  ValueRows source(state.schema, rows);
  auto written = WriteRows(context, state, &source);
  if (!written) throw std::runtime_error(written.error().message());
  if (counts != nullptr) *counts = written->counts;
  return written->state;
}

model::TableState Store::Append(const model::TableState& state, const TableRows& rows) {
  auto context = Context();
  ValueRows source(state.schema, rows);
  auto encoded = EncodeRows(context, state.schema, &source);
  if (!encoded) throw std::runtime_error(encoded.error().message());
  return PlaceAtEnd(context, state, *encoded).value();
}

std::shared_ptr<const OpenTable> Store::Open(const model::TableState& state) {
  return OpenTable::Open(Reading(), ObjectId(), std::make_shared<const model::TableState>(state))
      .value();
}

Result<TableRows> Store::TryReadAll(const model::TableState& state) {
  auto table = Open(state);
  ASSIGN_OR_RETURN(auto entries, table->Entries());
  std::vector<size_t> fields(state.schema.fields.size());
  for (size_t i = 0; i < fields.size(); ++i) fields[i] = i;
  EntryReader reader(&Client(), *table, fields);
  TableRows rows;
  for (const auto& entry : entries) {
    RETURN_IF_ERROR(reader.Start(entry));
    for (size_t vector = 0; vector < reader.vector_count(); ++vector) {
      duckdb::SelectionVector selection;
      bool all = false;
      ASSIGN_OR_RETURN(auto count, reader.Visible(vector, &selection, &all));
      size_t first = rows.size();
      rows.resize(first + count);
      for (size_t column = 0; column < fields.size(); ++column) {
        duckdb::Vector values(table->types()[column]);
        RETURN_IF_ERROR(reader.Read(vector, column, &values));
        for (duckdb::idx_t i = 0; i < count; ++i) {
          rows[first + i].push_back(values.GetValue(all ? i : selection.get_index(i)));
        }
      }
    }
  }
  return rows;
}

TableRows Store::ReadAll(const model::TableState& state) {
  auto rows = TryReadAll(state);
  if (!rows) throw std::runtime_error(rows.error().message());
  return *std::move(rows);
}

std::vector<model::RowId> RowIds(Store& store, const model::TableState& state) {
  std::vector<model::RowId> ids;
  auto table = store.Open(state);
  auto entries = table->Entries();
  for (const auto& open : *entries) {
    auto rows = model::LoadRows(store.staging(), open.entry).value();
    rows.Visible(open.entry).ForEach([&](uint32_t slot) {
      ids.push_back(model::PlaceOf(rows.runs, slot)->row_id());
    });
  }
  return ids;
}

static void ExpectCanonical(Store& store, const model::TableState& state) {
  auto table = store.Open(state);
  const OpenEntry* before = nullptr;
  auto entries = table->Entries();
  for (const auto& open : *entries) {
    if (before != nullptr && before->entry.id == open.entry.id) {
      ASSERT_GT(before->entry.slice_end, open.entry.slice_begin) << "two entries where one belongs";
    }
    before = &open;
  }
}

void ExpectSound(Store& store, const model::TableState& state, const TableRows& rows) {
  ASSERT_EQ(state.rows, rows.size());
  ASSERT_EQ(Bits(state.schema, store.ReadAll(state)), Bits(state.schema, rows));
  auto verified =
      VerifyTable(store.Reading(), &testing::Engine(), store.staging().Add(model::Encode(state)));
  ASSERT_TRUE(verified.has_value()) << verified.error().message();
  ExpectCanonical(store, state);
  auto ids = RowIds(store, state);
  ASSERT_EQ(std::set<model::RowId>(ids.begin(), ids.end()).size(), ids.size()) << "an id twice";
}

std::vector<std::vector<std::optional<std::string>>> Bits(const model::Schema& schema,
                                                          const TableRows& rows) {
  std::vector<std::vector<std::optional<std::string>>> bits;
  for (const auto& row : rows) {
    auto& out = bits.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      out.push_back(EncodeDefault(schema.fields[i].type, row[i]));
    }
  }
  return bits;
}

TableRows RandomRows(engine::Generator& random, const model::Schema& schema, size_t count) {
  TableRows rows(count);
  for (auto& row : rows) {
    for (const auto& field : schema.fields) row.push_back(engine::RandomValue(&random, field.type));
  }
  return rows;
}

model::Type Of(model::TypeKind kind) {
  model::Type type;
  type.kind = kind;
  return type;
}

model::Schema SchemaOf(std::vector<model::Type> types) {
  model::Schema schema;
  for (auto& type : types) {
    auto& field = schema.fields.emplace_back();
    field.name = "c" + std::to_string(schema.fields.size() - 1);
    field.type = std::move(type);
  }
  FieldId next = 1;
  AssignIds(&schema.fields, &next);
  return schema;
}

}  // namespace rhizo::table::testing
