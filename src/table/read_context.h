// Where table code reads. All outlive what is opened with them.
#pragma once

#include "object/object_reader.h"
#include "object/object_store.h"

namespace rhizo::table {

class ColumnCache;

struct ReadContext {
  object::ObjectReader* small = nullptr;  // tree nodes, infos, row blocks, patches, position sets
  object::ObjectStore* large = nullptr;   // Parquet segments
  ColumnCache* cache = nullptr;
};

}  // namespace rhizo::table
