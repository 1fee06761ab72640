#include "engine/arrow_check.h"

#include "engine/errors.h"

namespace rhizo::engine {
namespace {

// Nobody has more rows; sums and products below stay in range.
constexpr int64_t kMaxRows = int64_t{1} << 46;

// How many buffers a layout has; -1: at least three.
int64_t BufferCount(ArrowLayout layout) {
  switch (layout) {
    case ArrowLayout::kNull:
    case ArrowLayout::kRunEnds: return 0;
    case ArrowLayout::kFixedList:
    case ArrowLayout::kStruct:
    case ArrowLayout::kSparseUnion: return 1;
    case ArrowLayout::kBytes:
    case ArrowLayout::kListView: return 3;
    case ArrowLayout::kViews: return -1;
    default: return 2;
  }
}

// The last of the buffers that must be there if there are rows; the bytes of kBytes may be missing.
int64_t LastNeededBuffer(ArrowLayout layout) {
  switch (layout) {
    case ArrowLayout::kNull:
    case ArrowLayout::kRunEnds:
    case ArrowLayout::kStruct:
    case ArrowLayout::kFixedList: return -1;
    case ArrowLayout::kSparseUnion: return 0;
    case ArrowLayout::kListView: return 2;
    default: return 1;
  }
}

void CheckBuffers(const ArrowColumn& column, const ArrowArray& array) {
  if (column.layout == ArrowLayout::kNull) return;
  int64_t count = BufferCount(column.layout);
  bool right = count < 0 ? array.n_buffers >= 3 : array.n_buffers == count;
  if (!right || (array.n_buffers > 0 && array.buffers == nullptr)) {
    ThrowLie(column, "it has " + std::to_string(array.n_buffers) + " buffers");
  }
  if (array.length + array.offset == 0) return;
  int64_t first = LastNeededBuffer(column.layout) == 0 ? 0 : 1;
  for (int64_t i = first; i <= LastNeededBuffer(column.layout); ++i) {
    if (array.buffers[i] == nullptr) ThrowLie(column, "a buffer is missing");
  }
  if (column.layout == ArrowLayout::kViews && array.n_buffers > 3 &&
      array.buffers[array.n_buffers - 1] == nullptr) {
    ThrowLie(column, "the buffer of buffer sizes is missing");
  }
}

// Rows of child `index` that a parent with `rows` rows (with its offset) reaches by position.
uint64_t NeededOfChild(const ArrowColumn& column, uint64_t rows) {
  switch (column.layout) {
    case ArrowLayout::kStruct:
    case ArrowLayout::kSparseUnion: return rows;
    case ArrowLayout::kFixedList: return rows * column.size;
    default: return 0;  // by offsets, checked as they are read
  }
}

void CheckRunEnds(const ArrowColumn& column, const ArrowArray& array) {
  if (array.children[0]->length != array.children[1]->length) {
    ThrowLie(column, "run ends and values differ in number");
  }
  if (array.children[0]->null_count > 0) ThrowLie(column, "a run end is NULL");
}

void CheckChildren(const ArrowColumn& column, const ArrowArray& array) {
  auto expected = static_cast<int64_t>(column.children.size());
  if (array.n_children != expected || (expected > 0 && array.children == nullptr)) {
    ThrowLie(column, "it has " + std::to_string(array.n_children) + " children");
  }
  auto rows = static_cast<uint64_t>(array.offset + array.length);
  for (int64_t i = 0; i < expected; ++i) {
    if (array.children[i] == nullptr) ThrowLie(column, "a child is missing");
    CheckArray(column.children[static_cast<size_t>(i)], *array.children[i],
               NeededOfChild(column, rows));
  }
  if (column.layout == ArrowLayout::kRunEnds) CheckRunEnds(column, array);
}

Error About(ErrorCode code, const ArrowColumn& column, const std::string& what) {
  return Error(code, "Arrow stream, column \"" + column.path + "\": " + what)
      .With("column", column.path)
      .With("format", column.format);
}

}  // namespace

void ThrowLie(const ArrowColumn& column, const std::string& what) {
  ThrowError(About(ErrorCode::kInvalidArgument, column, what));
}

void ThrowInexact(const ArrowColumn& column, const std::string& what) {
  ThrowError(About(ErrorCode::kSchema, column, what));
}

void CheckArray(const ArrowColumn& column, const ArrowArray& array, uint64_t needed) {
  bool in_range = array.length >= 0 && array.offset >= 0 && array.length <= kMaxRows &&
                  array.offset <= kMaxRows && array.null_count >= -1;
  if (!in_range) ThrowLie(column, "its length, offset or null count is out of range");
  if (needed > static_cast<uint64_t>(array.length)) {
    ThrowLie(column, "it has " + std::to_string(array.length) + " rows where " +
                         std::to_string(needed) + " are needed");
  }
  CheckBuffers(column, array);
  if ((column.dictionary == nullptr) != (array.dictionary == nullptr)) {
    ThrowLie(column, "its dictionary is missing, or was not announced");
  }
  if (column.dictionary) CheckArray(*column.dictionary, *array.dictionary, 0);
  CheckChildren(column, array);
}

}  // namespace rhizo::engine
