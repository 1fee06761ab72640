// Which types hold the values of which: no value is rounded, cut or guessed. Numbers among each
// other (no fractions between DECIMAL and floats), dates and timestamps without time zone, times,
// text and enums, text that is JSON, and nested types of these with the same members. Pure
// functions.
#pragma once

#include "model/type.h"

namespace rhizo::model {

bool IsInteger(TypeKind kind);
bool IsFloat(TypeKind kind);

// Decimal digits that values of an integer or DECIMAL have before the point, at most.
int WholeDigits(const Type& type);

// Whether values of `from` can have an exact counterpart in `to`; single values may still have
// none.
bool MayCastExactly(const Type& from, const Type& to);
// Whether every value of `from` has one.
bool AlwaysCastsExactly(const Type& from, const Type& to);

}  // namespace rhizo::model
