// QueryResult: rows as text.
#include "db/expression_rows.h"
#include "db/query_result_impl.h"
#include "duckdb/function/function_binder.hpp"
#include "engine/arrow_out.h"
#include "engine/errors.h"
#include "engine/types.h"

namespace rhizo {
namespace {

using db::ExpressionPtr;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;

bool IsFloat(const LogicalType& type) {
  return type.id() == LogicalTypeId::FLOAT || type.id() == LogicalTypeId::DOUBLE;
}

// Their text is a JSON value as it stands (of floats: if they are finite).
bool IsJsonAlready(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::BOOLEAN:
    case LogicalTypeId::TINYINT:
    case LogicalTypeId::SMALLINT:
    case LogicalTypeId::INTEGER:
    case LogicalTypeId::BIGINT:
    case LogicalTypeId::UTINYINT:
    case LogicalTypeId::USMALLINT:
    case LogicalTypeId::UINTEGER:
    case LogicalTypeId::UBIGINT:
    case LogicalTypeId::FLOAT:
    case LogicalTypeId::DOUBLE: return true;
    default: return type.IsJSONType();
  }
}

ExpressionPtr ToText(duckdb::ClientContext& client, ExpressionPtr value) {
  return duckdb::BoundCastExpression::AddCastToType(client, std::move(value), LogicalType::VARCHAR);
}

ExpressionPtr ToJson(duckdb::ClientContext& client, ExpressionPtr value) {
  const LogicalType type = value->return_type;
  if (IsJsonAlready(type)) return ToText(client, std::move(value));
  if (!type.IsNested()) value = ToText(client, std::move(value));
  duckdb::vector<ExpressionPtr> arguments;
  arguments.push_back(std::move(value));
  duckdb::ErrorData error;
  duckdb::FunctionBinder binder(client);
  auto call = binder.BindScalarFunction(DEFAULT_SCHEMA, "to_json", std::move(arguments), error);
  if (!call) error.Throw();
  return ToText(client, std::move(call));
}

void QuoteNonFinite(duckdb::Vector* column, duckdb::idx_t rows) {
  column->Flatten(rows);
  auto* texts = duckdb::FlatVector::GetData<duckdb::string_t>(*column);
  for (duckdb::idx_t row = 0; row < rows; ++row) {
    if (!duckdb::FlatVector::Validity(*column).RowIsValid(row)) continue;
    std::string text = texts[row].GetString();
    if (text.find_first_of("ni") == text.npos) continue;
    texts[row] = duckdb::StringVector::AddString(*column, "\"" + text + "\"");
  }
}

// "nan" and "inf" are no JSON: of floating-point columns they are put in quotes.
class FiniteRows final : public engine::ChunkSource {
 public:
  FiniteRows(std::unique_ptr<engine::ChunkSource> rows, duckdb::vector<LogicalType> types)
      : rows_(std::move(rows)), types_(std::move(types)) {}

  Result<bool> Next(duckdb::DataChunk* out) override {
    ASSIGN_OR_RETURN(bool more, rows_->Next(out));
    for (size_t i = 0; more && i < types_.size(); ++i) {
      if (IsFloat(types_[i])) QuoteNonFinite(&out->data[i], out->size());
    }
    return more;
  }

 private:
  std::unique_ptr<engine::ChunkSource> rows_;
  const duckdb::vector<LogicalType> types_;
};

std::unique_ptr<engine::ChunkSource> AsText(duckdb::shared_ptr<duckdb::ClientContext> client,
                                            std::unique_ptr<engine::ChunkSource> rows,
                                            const duckdb::vector<LogicalType>& types,
                                            TextForm form) {
  auto make = [&](ExpressionPtr value) {
    return form == TextForm::kJson ? ToJson(*client, std::move(value))
                                   : ToText(*client, std::move(value));
  };
  std::unique_ptr<engine::ChunkSource> text =
      std::make_unique<db::ExpressionRows>(client, std::move(rows), types, make);
  if (form == TextForm::kJson) text = std::make_unique<FiniteRows>(std::move(text), types);
  return text;
}

model::Schema AllText(const model::Schema& schema) {
  model::Schema text;
  for (const auto& field : schema.fields) {
    model::Field column;
    column.name = field.name;
    column.type = engine::OfKind(model::TypeKind::kString);
    text.fields.push_back(std::move(column));
  }
  return text;
}

}  // namespace

Status QueryResult::ExportText(ArrowArrayStream* out, TextForm form, uint64_t batch_rows) {
  if (impl_->exported) return InvalidArgument("the rows of this result were taken already");
  if (batch_rows == 0) return InvalidArgument("batch_rows must be at least 1");
  impl_->exported = true;
  auto client = impl_->query.client;
  auto types = engine::ToLogicalTypes(impl_->query.schema);
  return engine::Guarded([&]() -> Status {
    engine::ArrowOutOptions options;
    options.batch_rows = batch_rows;
    auto text = AsText(client, impl_->query.take_rows(), types, form);
    return engine::ExportArrowStream(client, AllText(impl_->query.schema), std::move(text), options,
                                     out);
  });
}

}  // namespace rhizo
