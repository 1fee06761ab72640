// Which type can stand for which where values were stored in several. Pure functions.
#pragma once

#include "model/type.h"

namespace rhizo::model {

// Whether every value of `narrow` is one of `wide`, but for dates far away: of nested types field
// by field, by id; a field that one of them does not have is no matter.
bool Holds(const Type& wide, const Type& narrow);

// Whether `wide` holds only values of `narrow` that are near enough: dates and timestamps.
bool DependsOnValues(const Type& wide, const Type& narrow);

// Whether a name inside of a nested type is another field's afterwards.
bool NamesMoved(const Type& before, const Type& after);

// The type to see values of two versions of a field in: the later one, or, where that does not hold
// what was there, the earlier, or one that holds both; of nested types field by field. Numbers that
// no type holds both of are seen rounded, as DOUBLE; of other types of which none does, the later.
Type TypeOfBoth(const Type& later, const Type& earlier);

}  // namespace rhizo::model
