// Casts that change no value: a cast counts only if casting back gives the value again, so nothing
// is rounded, cut or guessed. Which types may meet at all: numbers among each other (no fractions
// between DECIMAL and floats), dates and timestamps without time zone, times, text and enums, text
// that is JSON, and nested types of these with the same members.
#pragma once

#include <optional>

#include "engine/duckdb_headers.h"
#include "model/type.h"

namespace rhizo::sql {

// Whether values of `from` can have an exact counterpart in `to`; single values may still have
// none.
bool MayCastExactly(const model::Type& from, const model::Type& to);
// Whether every value of `from` has one.
bool AlwaysCastsExactly(const model::Type& from, const model::Type& to);

class ExactCast {
 public:
  // MayCastExactly(from, to) must hold.
  ExactCast(duckdb::ClientContext& client, const model::Type& from, const model::Type& to);

  // `out` becomes the first `count` values of `in`; the first row whose value has no exact
  // counterpart, or nothing. NaN becomes NULL where a float meets an integer. Throws DuckDB's
  // errors.
  std::optional<duckdb::idx_t> Run(duckdb::Vector& in, duckdb::Vector& out, duckdb::idx_t count);

 private:
  duckdb::ClientContext& client_;
  const duckdb::LogicalType from_;
  const duckdb::LogicalType to_;
  const bool is_same_;
  const bool is_always_exact_;
  const bool nan_is_null_;
};

}  // namespace rhizo::sql
