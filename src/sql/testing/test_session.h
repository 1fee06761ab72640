// A session on a FakeDatabase whose results are read as text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sql/session_engine.h"
#include "sql/testing/fake_database.h"

namespace rhizo::sql {

using TextRows = std::vector<std::vector<std::string>>;

// All rows of a running query.
Result<TextRows> ReadAll(RunningQuery running);

class TestSession {
 public:
  explicit TestSession(FakeDatabase* data);

  Result<TextRows> Query(const std::string& sql, const Parameters& parameters = {});
  SessionEngine& engine() { return *engine_; }

 private:
  std::unique_ptr<SessionEngine> engine_;
};

}  // namespace rhizo::sql
