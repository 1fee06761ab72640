// One value as canonical bytes: defaults, bounds (docs/format/values.md). Fixed width types as in a
// column, strings as their bytes alone, nested ones as a column of one row without its first byte.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/type.h"

namespace rhizo::table {

// `value` has the type's engine form and is not NULL.
std::string EncodeValue(const model::Type& type, const duckdb::Value& value);
Result<duckdb::Value> DecodeValue(const model::Type& type, std::string_view bytes);
// The same for defaults, where nothing stands for NULL.
std::optional<std::string> EncodeDefault(const model::Type& type, const duckdb::Value& value);
Result<duckdb::Value> DecodeDefault(const model::Type& type,
                                    const std::optional<std::string>& bytes);

// Whether columns of this type have bounds: those whose order we and the engine agree on.
bool HasBounds(const model::Type& type);
// Order of two values of a type with bounds, as the engine sorts: negative, 0 or positive. NaN is
// the greatest float, -0.0 equals 0.0, text is compared by bytes.
int CompareValues(const model::Type& type, std::string_view a, std::string_view b);

// Bounds keep this many bytes of a string.
inline constexpr size_t kMaxBoundBytes = 64;
// The value or, if it is a longer string, a lower (upper) bound of it. An upper bound does not
// exist for a long run of FF bytes.
std::optional<std::string> LowerBound(const model::Type& type, std::string_view value, bool* exact);
std::optional<std::string> UpperBound(const model::Type& type, std::string_view value, bool* exact);

}  // namespace rhizo::table
