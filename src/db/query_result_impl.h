#pragma once

#include <memory>

#include "rhizo/query_result.h"
#include "sql/session_engine.h"

namespace rhizo {

class QueryResult::Impl {
 public:
  std::vector<ColumnInfo> columns;
  std::string commit;
  uint64_t version = 0;
  sql::RunningQuery query;
  std::shared_ptr<const void> keep;  // what the rows are read from
  bool exported = false;
};

namespace db {
QueryResult MakeResult(sql::RunningQuery query, std::string commit, uint64_t version);
}  // namespace db

}  // namespace rhizo
