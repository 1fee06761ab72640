#include "sql/at_point.h"

#include "sql/suffix_syntax.h"

namespace rhizo::sql {
namespace {

Result<AtPoint> AtTime(const duckdb::Value& value) {
  auto micros = value;
  auto type = value.type().id() == duckdb::LogicalTypeId::TIMESTAMP_TZ
                  ? duckdb::LogicalType::TIMESTAMP_TZ
                  : duckdb::LogicalType::TIMESTAMP;
  bool is_time = value.type().IsTemporal() || value.type().id() == duckdb::LogicalTypeId::VARCHAR;
  if (!is_time || value.IsNull() || !micros.DefaultTryCastAs(type) || micros.IsNull()) {
    return InvalidArgument("AT (TIMESTAMP => ...) needs a date or timestamp, not " +
                           value.ToSQLString());
  }
  auto timestamp = micros.GetValueUnsafe<duckdb::timestamp_t>();
  AtPoint point;
  if (!duckdb::Timestamp::IsFinite(timestamp)) {
    return InvalidArgument("AT (TIMESTAMP => ...) needs a finite time");
  }
  point.time = Timestamp{timestamp.value};
  return point;
}

Result<AtPoint> AtVersion(const duckdb::Value& value) {
  ASSIGN_OR_RETURN(auto spec, ParseVersionValue(value));
  AtPoint point;
  point.ref = spec.ref;
  if (spec.version) point.version = static_cast<uint64_t>(*spec.version);
  return point;
}

}  // namespace

Result<AtPoint> PointOf(const duckdb::BoundAtClause& clause) {
  if (duckdb::StringUtil::CIEquals(clause.Unit(), "timestamp")) return AtTime(clause.GetValue());
  if (duckdb::StringUtil::CIEquals(clause.Unit(), "version")) return AtVersion(clause.GetValue());
  return InvalidArgument("AT takes VERSION or TIMESTAMP, not " + clause.Unit());
}

}  // namespace rhizo::sql
