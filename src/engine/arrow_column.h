// How one column of an Arrow stream lies in its buffers, and the field it becomes. Made from an
// ArrowSchema once per stream; every format that is not listed in docs/format/types.md is refused
// here.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"

namespace rhizo::engine {

// Attributes a field or schema keeps so that arrow_out gives them back.
inline constexpr char kArrowTimeZone[] = "arrow.timezone";      // of a timestamp with time zone
inline constexpr char kArrowUnit[] = "arrow.unit";              // s, m, u or n, where not u
inline constexpr char kArrowDuration[] = "arrow.duration";      // came as a duration; its unit
inline constexpr char kArrowDictionary[] = "arrow.dictionary";  // "ordered" or "unordered"
inline constexpr char kArrowDictionaryValues[] = "arrow.dictionary_values";  // PackDictionary
inline constexpr char kArrowExtension[] = "arrow.extension";                 // ARROW:extension:name
inline constexpr char kArrowExtensionMetadata[] = "arrow.extension_metadata";
inline constexpr char kArrowNull[] = "arrow.null";  // came as a column of type null
inline constexpr char kPandas[] = "pandas";         // schema: the pandas metadata (JSON)

enum class ArrowLayout {
  kNull,
  kBoolean,      // bits
  kByteBoolean,  // bytes, not 0 is true
  kCopy,         // `width` bytes that the engine keeps the same way
  kHalf,         // IEEE half
  kScaled,       // integer of `width` bytes, times `factor`, divided by `divisor` exactly
  kDate64,       // milliseconds, whole days
  kDecimal,      // little endian integer of `width` bytes
  kUuid,         // 16 bytes, big endian
  kDuration,     // int64, scaled to microseconds
  kMonths,       // int32
  kDayTime,      // int32 days, int32 milliseconds
  kMonthDayNano,
  kBytes,  // offsets (64 bits if `wide`), then bytes
  kViews,
  kFixedBytes,  // `size` bytes each
  kList,        // offsets (64 bits if `wide`)
  kListView,
  kFixedList,  // `size` elements each
  kStruct,
  kMap,
  kSparseUnion,
  kDenseUnion,
  kRunEnds,
};

struct ArrowColumn {
  model::Field field;
  std::string path;    // for messages: "a.b"
  std::string format;  // as Arrow writes it
  ArrowLayout layout = ArrowLayout::kNull;
  size_t width = 0;
  bool wide = false;
  bool text = false;  // bytes must be UTF-8
  int64_t factor = 1;
  int64_t divisor = 1;
  int64_t limit = 0;  // kScaled: of a time of day, in its unit; 0: none
  uint64_t size = 0;
  std::array<int16_t, 128> member_of{};  // unions: type id -> member, or -1
  std::vector<ArrowColumn> children;
  std::unique_ptr<ArrowColumn> dictionary;  // then this is the index
};

// kSchema naming column and format.
Result<ArrowColumn> ReadArrowColumn(const ArrowSchema& schema);
// The columns of a stream's schema, which must be a struct; also its attributes.
Result<std::vector<ArrowColumn>> ReadArrowColumns(const ArrowSchema& schema,
                                                  model::Attributes* attributes);

// Values of a dictionary as bytes, in order: text as it is, all else as fixed width little endian.
std::string PackDictionary(const std::vector<std::string>& values);
std::vector<std::string> UnpackDictionary(std::string_view packed);

}  // namespace rhizo::engine
