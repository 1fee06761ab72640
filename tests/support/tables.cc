#include "support/tables.h"

#include "table/change_rows.h"
#include "table/open_table.h"

namespace rhizo::tests {
namespace {

duckdb::ClientContext& Client() {
  static thread_local auto* connection = Engine().Connect().value().release();
  return *connection->context;
}

Status ReadEntry(table::EntryReader& reader, const table::OpenEntry& entry, Rows* rows) {
  RETURN_IF_ERROR(reader.Start(entry));
  for (size_t vector = 0; vector < reader.vector_count(); ++vector) {
    duckdb::SelectionVector selection(STANDARD_VECTOR_SIZE);
    bool all = false;
    ASSIGN_OR_RETURN(auto count, reader.Visible(vector, &selection, &all));
    duckdb::Vector numbers(duckdb::LogicalType::BIGINT);
    duckdb::Vector texts(duckdb::LogicalType::VARCHAR);
    RETURN_IF_ERROR(reader.Read(vector, 0, &numbers));
    RETURN_IF_ERROR(reader.Read(vector, 1, &texts));
    for (duckdb::idx_t i = 0; i < count; ++i) {
      auto slot = all ? i : selection.get_index(i);
      rows->emplace_back(numbers.GetValue(slot).GetValue<int64_t>(),
                         texts.GetValue(slot).ToString());
    }
  }
  return {};
}

Result<model::Schema> SchemaFor(txn::Transaction& transaction, const model::QualifiedName& name) {
  ASSIGN_OR_RETURN(auto view, transaction.CurrentView());
  ASSIGN_OR_RETURN(auto existing, view->FindTable(name));
  return existing ? existing->schema() : txn::testing::TwoColumns();
}

// What scans call a table's rows.
Result<std::vector<int64_t>> AddressesOf(const table::OpenTable& table) {
  std::vector<int64_t> addresses;
  ASSIGN_OR_RETURN(auto entries, table.Entries());
  for (size_t i = 0; i < entries.size(); ++i) {
    ASSIGN_OR_RETURN(auto overlay, entries[i].overlay->Get(table.context(), entries[i].entry));
    overlay->visible.ForEach(
        [&](uint32_t slot) { addresses.push_back(static_cast<int64_t>(i) << 32 | slot); });
  }
  return addresses;
}

// Addresses of rows that change, with their new texts, or of rows that go.
class AddressRows final : public table::RowSource {
 public:
  AddressRows(const std::vector<int64_t>& addresses, const std::map<size_t, std::string>& updates) {
    schema_ = txn::testing::TwoColumns();
    for (const auto& [row, text] : updates) rows_.emplace_back(addresses[row], text);
  }
  AddressRows(const std::vector<int64_t>& addresses, const std::set<size_t>& deletes) {
    schema_ = txn::testing::TwoColumns();
    schema_.fields.pop_back();
    for (size_t row : deletes) rows_.emplace_back(addresses[row], "");
  }

  const model::Schema& schema() const override { return schema_; }
  Result<bool> Next(duckdb::DataChunk* chunk) override {
    if (done_) return false;
    for (size_t i = 0; i < rows_.size(); ++i) {
      chunk->SetValue(0, i, duckdb::Value::BIGINT(rows_[i].first));
      if (chunk->ColumnCount() > 1) chunk->SetValue(1, i, duckdb::Value(rows_[i].second));
    }
    chunk->SetCardinality(rows_.size());
    done_ = true;
    return !rows_.empty();
  }

 private:
  model::Schema schema_;
  std::vector<std::pair<int64_t, std::string>> rows_;
  bool done_ = false;
};

txn::Transaction::Means Means() {
  txn::Transaction::Means means;
  means.engine = &Engine();
  return means;
}

}  // namespace

engine::Instance& Engine() {
  static auto* engine = [] {
    engine::InstanceOptions options;
    options.threads = 1;
    options.memory_limit_bytes = 512 << 20;
    return engine::Instance::Start(options).value().release();
  }();
  return *engine;
}

std::string RandomText(size_t length, std::mt19937_64& random) {
  static constexpr char kDigits[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  std::string text(length, ' ');
  for (char& c : text) c = kDigits[random() % 64];
  return text;
}

Rows LargeRows(int64_t first, std::mt19937_64& random) {
  Rows rows;
  for (int64_t n = first; n < first + 300; ++n) rows.emplace_back(n, RandomText(400, random));
  return rows;
}

model::QualifiedName Name(const std::string& text) {
  return model::QualifiedName::Parse(text).value();
}

Result<txn::Change> Write(txn::Transaction& transaction, const std::string& table, Rows rows) {
  ASSIGN_OR_RETURN(auto schema, SchemaFor(transaction, Name(table)));
  txn::testing::VectorRows source(std::move(rows));
  return transaction.Write(Name(table), std::move(schema), &source, Means());
}

Result<txn::Change> Append(txn::Transaction& transaction, const std::string& table, Rows rows) {
  ASSIGN_OR_RETURN(auto schema, SchemaFor(transaction, Name(table)));
  txn::testing::VectorRows source(std::move(rows));
  return transaction.Append(Name(table), std::move(schema), &source, Means());
}

Result<txn::Change> Change(txn::Transaction& transaction, const std::string& table,
                           const RowChanges& changes) {
  auto change = [&](const table::WriteContext& context,
                    std::shared_ptr<const table::OpenTable> open) -> Result<table::Written> {
    ASSIGN_OR_RETURN(auto addresses, AddressesOf(*open));
    if (changes.updates.empty()) {
      AddressRows gone(addresses, changes.deletes);
      return table::DeleteRows(context, open, &gone);
    }
    AddressRows updated(addresses, changes.updates);
    return table::UpdateRows(context, open, std::vector<size_t>{1}, &updated);
  };
  return transaction.ChangeRows(Name(table), change, Means());
}

Result<Rows> Read(const txn::View& view, const std::string& table) {
  ASSIGN_OR_RETURN(auto open, view.FindTable(Name(table)));
  if (!open) return Error(ErrorCode::kTableNotFound, "there is no table \"" + table + "\"");
  ASSIGN_OR_RETURN(auto entries, open->Entries());
  Rows rows;
  table::EntryReader reader(&Client(), *open, {0, 1});
  for (const auto& entry : entries) RETURN_IF_ERROR(ReadEntry(reader, entry, &rows));
  return rows;
}

Result<std::shared_ptr<const txn::View>> ViewOfBranch(txn::Repository& repository,
                                                      const std::string& branch) {
  ASSIGN_OR_RETURN(auto ref, repository.meta().ReadRef(branch));
  if (!ref) return Error(ErrorCode::kBranchNotFound, "there is no branch \"" + branch + "\"");
  return repository.ViewOf(ref->commit);
}

Result<Rows> ReadHead(txn::Repository& repository, const std::string& table) {
  ASSIGN_OR_RETURN(auto view, ViewOfBranch(repository));
  return Read(*view, table);
}

}  // namespace rhizo::tests
