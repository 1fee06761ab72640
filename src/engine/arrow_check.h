// What can be known about an Arrow array without looking at its values.
#pragma once

#include <string>

#include "engine/arrow_column.h"

namespace rhizo::engine {

// Throws kInvalidArgument: the stream is not what it says it is.
[[noreturn]] void ThrowLie(const ArrowColumn& column, const std::string& what);
// Throws kSchema: a value that has no exact form here.
[[noreturn]] void ThrowInexact(const ArrowColumn& column, const std::string& what);

// Lengths, offsets, number and presence of buffers, children and dictionaries, at every level, for
// an array of which `needed` rows will be read.
void CheckArray(const ArrowColumn& column, const ArrowArray& array, uint64_t needed);

}  // namespace rhizo::engine
