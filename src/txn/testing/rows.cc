#include "txn/testing/rows.h"

#include <algorithm>

#include "engine/types.h"
#include "txn/committer.h"

namespace rhizo::txn::testing {

model::Schema TwoColumns() {
  model::Schema schema;
  model::Field number;
  number.name = "n";
  number.type.kind = model::TypeKind::kInt64;
  model::Field text;
  text.name = "s";
  text.type.kind = model::TypeKind::kString;
  schema.fields = {number, text};
  return schema;
}

Result<bool> VectorRows::Next(duckdb::DataChunk* chunk) {
  size_t count = std::min<size_t>(rows_.size() - next_, STANDARD_VECTOR_SIZE);
  if (count == 0) return false;
  chunk->Reset();
  for (size_t i = 0; i < count; ++i) {
    chunk->SetValue(0, i, duckdb::Value::BIGINT(rows_[next_ + i].first));
    chunk->SetValue(1, i, duckdb::Value(rows_[next_ + i].second));
  }
  chunk->SetCardinality(count);
  next_ += count;
  return true;
}

Rows Numbered(int64_t first, int64_t count) {
  Rows rows;
  for (int64_t n = first; n < first + count; ++n) rows.emplace_back(n, "r" + std::to_string(n));
  return rows;
}

Result<Change> WriteTo(Transaction& transaction, const std::string& table, Rows rows) {
  ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(table));
  ASSIGN_OR_RETURN(auto view, transaction.CurrentView());
  ASSIGN_OR_RETURN(auto existing, view->FindTable(name));
  VectorRows source(std::move(rows));
  return transaction.Write(name, existing ? existing->schema() : TwoColumns(), &source, {});
}

Result<Change> AppendTo(Transaction& transaction, const std::string& table, Rows rows) {
  ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(table));
  ASSIGN_OR_RETURN(auto view, transaction.CurrentView());
  ASSIGN_OR_RETURN(auto existing, view->FindTable(name));
  VectorRows source(std::move(rows));
  return transaction.Append(name, existing ? existing->schema() : TwoColumns(), &source, {});
}

Rows ReadAll(const View& view, const std::string& table) {
  auto name = model::QualifiedName::Parse(table);
  auto open = view.FindTable(*name);
  CHECK(open.has_value() && *open != nullptr);
  auto entries = (*open)->Entries();
  CHECK(entries.has_value());
  static auto* engine = new duckdb::DuckDB(nullptr);
  duckdb::Connection connection(*engine);
  Rows rows;
  table::EntryReader reader(connection.context.get(), **open, {0, 1});
  for (const auto& entry : *entries) {
    CHECK(reader.Start(entry).has_value());
    for (size_t vector = 0; vector < reader.vector_count(); ++vector) {
      duckdb::SelectionVector selection(STANDARD_VECTOR_SIZE);
      bool all = false;
      auto count = reader.Visible(vector, &selection, &all);
      CHECK(count.has_value());
      duckdb::Vector numbers(duckdb::LogicalType::BIGINT);
      duckdb::Vector texts(duckdb::LogicalType::VARCHAR);
      CHECK(reader.Read(vector, 0, &numbers).has_value() &&
            reader.Read(vector, 1, &texts).has_value());
      for (duckdb::idx_t i = 0; i < *count; ++i) {
        auto slot = all ? i : selection.get_index(i);
        rows.emplace_back(numbers.GetValue(slot).GetValue<int64_t>(),
                          texts.GetValue(slot).ToString());
      }
    }
  }
  return rows;
}

Result<Committed> CommitRows(const std::shared_ptr<Repository>& repository,
                             const std::string& table, Rows rows, bool append,
                             const std::string& branch) {
  ASSIGN_OR_RETURN(auto transaction, Transaction::Begin(repository, branch));
  RETURN_IF_ERROR(append ? AppendTo(*transaction, table, std::move(rows))
                         : WriteTo(*transaction, table, std::move(rows)));
  return repository->committer().Commit(*transaction, {"tester", "", {}});
}

}  // namespace rhizo::txn::testing
