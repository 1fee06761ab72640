// Rows of a query, lazily: pulled as a stream of Arrow batches that stays valid after its session
// closes. Move-only; one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rhizo/arrow_c_data.h"
#include "rhizo/export.h"
#include "rhizo/result.h"
#include "rhizo/types.h"

namespace rhizo {

// How ExportText writes values: as SQL prints them, or each as a JSON value (numbers that JSON
// readers round, DECIMAL and 128-bit integers, and NaN and infinity as text).
enum class TextForm { kSql, kJson };

class RHIZO_EXPORT QueryResult {
 public:
  class Impl;
  explicit QueryResult(std::unique_ptr<Impl> impl);
  ~QueryResult();
  QueryResult(QueryResult&&) noexcept;
  QueryResult& operator=(QueryResult&&) noexcept;

  const std::vector<ColumnInfo>& columns() const;
  // The commit the statement read ("" inside a transaction with own writes), and for read and scan
  // the table's version (else 0).
  const std::string& commit() const;
  uint64_t version() const;
  // Moves the rows out as a C stream that the caller must release. Errors of running arrive through
  // the stream's get_last_error. kInvalidArgument the second time.
  Status Export(ArrowArrayStream* out, uint64_t batch_rows = 122'880);
  // The same with every column as text (Arrow format "u", null where the value is NULL).
  Status ExportText(ArrowArrayStream* out, TextForm form = TextForm::kSql,
                    uint64_t batch_rows = 2'048);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace rhizo
