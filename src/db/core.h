// One open database of this process, shared by every handle on its directory: repository, engine,
// defaults. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "db/retry_gate.h"
#include "rhizo/options.h"
#include "sql/session_engine.h"
#include "txn/repository.h"

namespace rhizo::db {

class Core {
 public:
  // The shared one if this process has the directory open already (kInvalidArgument if with other
  // options).
  static Result<std::shared_ptr<Core>> Open(const std::string& path, const OpenOptions& options);

  txn::Repository& repository() { return *repository_; }
  const std::shared_ptr<txn::Repository>& shared_repository() { return repository_; }
  const std::shared_ptr<sql::SharedEngine>& engine() { return engine_; }
  const OpenOptions& options() const { return options_; }
  const std::string& path() const { return path_; }
  RetryGate& retry_gate() { return *retry_gate_; }
  unsigned threads() const;

 private:
  Core(std::string path, OpenOptions options, std::shared_ptr<txn::Repository> repository);

  const std::string path_;
  const OpenOptions options_;
  const std::shared_ptr<RetryGate> retry_gate_;
  std::shared_ptr<sql::SharedEngine> engine_;  // outlives what the repository caches
  std::shared_ptr<txn::Repository> repository_;
};

}  // namespace rhizo::db
