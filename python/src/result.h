// Rows of a query for Python: a cursor over batches, and batches that any number of readers share.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <optional>
#include <vector>

#include "arrow_memory.h"
#include "rhizo/cancellation.h"
#include "rhizo/query_result.h"

namespace rhizo::python {

class Batch {
 public:
  Batch(std::shared_ptr<const OwnedSchema> schema, std::shared_ptr<const OwnedArray> array)
      : schema_(std::move(schema)), array_(std::move(array)) {}

  int64_t rows() const { return array_->get()->length; }
  const std::shared_ptr<const OwnedArray>& array() const { return array_; }
  nanobind::list Tuples(int64_t begin, int64_t end, bool lenient) const;
  nanobind::list Lists(int64_t begin, int64_t end, bool lenient) const;
  nanobind::list Column(size_t column) const;
  // Capsules of schema and array.
  nanobind::tuple ArrowArrayCapsules() const;

 private:
  std::shared_ptr<const OwnedSchema> schema_;
  std::shared_ptr<const OwnedArray> array_;
};

// One pass over a query's rows. One thread at a time.
class Cursor {
 public:
  Cursor(QueryResult result, Cancellation cancellation);
  Cursor(Cursor&&) = default;
  ~Cursor();

  nanobind::list Columns() const;
  const std::string& commit() const { return result_->commit(); }
  uint64_t version() const { return result_->version(); }
  // The next batch, or None at the end; stops at Ctrl-C.
  nanobind::object Next();
  nanobind::object ArrowSchemaCapsule();
  // Per column its Arrow format, or the extension's name and metadata, or the engine's own type.
  nanobind::list ArrowFormats();
  // A stream of the batches given and then, unless `done`, of the rows not yet pulled, which leave
  // this cursor.
  nanobind::object ArrowStreamCapsule(const std::vector<const Batch*>& batches, bool done);
  // A stream of only these columns of the batches.
  nanobind::object ColumnsCapsule(const std::vector<const Batch*>& batches,
                                  const std::vector<size_t>& columns);

 private:
  void Begin();
  const std::shared_ptr<const OwnedSchema>& Schema();

  std::unique_ptr<QueryResult> result_;
  Cancellation cancellation_;
  std::optional<OwnedStream> stream_;
  std::shared_ptr<const OwnedSchema> schema_;
};

void BindResult(nanobind::module_& module);

}  // namespace rhizo::python
