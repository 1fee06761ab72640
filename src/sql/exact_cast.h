// Casts that change no value: a cast counts only if casting back gives the value again, so nothing
// is rounded, cut or guessed. Which types may meet at all: model/exact_type.h.
#pragma once

#include <optional>

#include "engine/duckdb_headers.h"
#include "model/exact_type.h"

namespace rhizo::sql {

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
  const std::optional<duckdb::LogicalType> between_;  // where there is no direct cast
  const bool is_same_;
  const bool is_always_exact_;
  const bool nan_is_null_;
};

}  // namespace rhizo::sql
