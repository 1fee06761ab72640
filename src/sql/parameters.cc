#include "sql/parameters.h"

#include <limits>

#include "engine/errors.h"

namespace rhizo::sql {
namespace {

// The smaller type where it fits, so that a comparison does not widen the column.
duckdb::Value FromInteger(int64_t value) {
  bool fits =
      value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max();
  return fits ? duckdb::Value::INTEGER(static_cast<int32_t>(value)) : duckdb::Value::BIGINT(value);
}

// Casts may need the client's settings (time zone), and those a transaction.
duckdb::Value FromTypedText(duckdb::ClientContext& client, const TypedText& typed) {
  auto type = client.ParseLogicalType(typed.type);
  duckdb::Value value;
  client.RunFunctionInTransaction(
      [&] { value = duckdb::Value(typed.text).CastAs(client, type, /*strict=*/true); });
  return value;
}

struct ToEngineValue {
  duckdb::ClientContext& client;

  duckdb::Value operator()(std::monostate) const { return duckdb::Value(); }
  duckdb::Value operator()(bool value) const { return duckdb::Value::BOOLEAN(value); }
  duckdb::Value operator()(int64_t value) const { return FromInteger(value); }
  duckdb::Value operator()(double value) const { return duckdb::Value::DOUBLE(value); }
  duckdb::Value operator()(const std::string& value) const { return duckdb::Value(value); }
  duckdb::Value operator()(const BlobValue& value) const {
    return duckdb::Value::BLOB_RAW(value.bytes);
  }
  duckdb::Value operator()(const TypedText& value) const { return FromTypedText(client, value); }
};

Status Bind(duckdb::ClientContext& client, const std::string& name, const Value& value,
            BoundParameters* bound) {
  auto converted = engine::Guarded([&] { return std::visit(ToEngineValue{client}, value); });
  if (!converted) {
    return InvalidArgument("parameter $" + name + ": " + converted.error().message())
        .With("parameter", name);
  }
  (*bound)[name] = duckdb::BoundParameterData(*std::move(converted));
  return {};
}

}  // namespace

Result<BoundParameters> BindParameters(duckdb::ClientContext& client,
                                       const Parameters& parameters) {
  BoundParameters bound;
  for (size_t i = 0; i < parameters.positional.size(); ++i) {
    RETURN_IF_ERROR(Bind(client, std::to_string(i + 1), parameters.positional[i], &bound));
  }
  for (const auto& [name, value] : parameters.named) {
    RETURN_IF_ERROR(Bind(client, name, value, &bound));
  }
  return bound;
}

}  // namespace rhizo::sql
