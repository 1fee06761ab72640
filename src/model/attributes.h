// What a table's state says besides its rows, without the attributes that come with every frame.
#pragma once

#include "model/table_state.h"

namespace rhizo::model {

// Whether two states of a table differ in nothing but rows and attributes.
bool SameButRowsAndAttributes(TableState a, TableState b);

}  // namespace rhizo::model
