// The Arrow form our types go out in (docs/format/types.md): one format per type, a few bent by the
// attributes that arrow_column kept.
#pragma once

#include <string>

#include "base/result.h"
#include "model/schema.h"
#include "rhizo/arrow_c_data.h"

namespace rhizo::engine {

// Field metadata that names our type where its Arrow form is another one's too.
inline constexpr char kRhizoType[] = "rhizo:type";

// The format string; "" for an index into a dictionary is "i".
std::string ArrowFormat(const model::Field& field);
// Whether values go out as a dictionary: enums, and columns that came so.
bool IsDictionary(const model::Field& field);

// An owned ArrowSchema of a record batch with these columns.
void MakeArrowSchema(const model::Schema& schema, ArrowSchema* out);

}  // namespace rhizo::engine
