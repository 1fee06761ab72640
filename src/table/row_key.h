// Names for what follows from an entry's visible rows alone, wherever they stand: equal names,
// equal rows, in the segment's types.
#pragma once

#include <optional>
#include <string_view>

#include "model/entry.h"

namespace rhizo::table {

// `purpose` keeps what is named for one thing from being taken for another; `more`: what else it
// depends on. `field`: only that field's patches count.
ObjectId RowKey(const model::SegmentEntry& entry, std::string_view purpose,
                std::optional<FieldId> field, std::string_view more = {});

}  // namespace rhizo::table
