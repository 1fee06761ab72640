// How a database is opened.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace rhizo {

enum class CreateMode {
  kIfMissing,  // open it, or make it in an empty or absent directory
  kNever,      // fail if it is not there
  kNew,        // fail if it is there
};

enum class Durability {
  kFull,  // what commit() acknowledged survives a power cut
  kNone,  // a power cut may lose or spoil what was written since the last full commit or flush
};

struct OpenOptions {
  std::string branch = "main";
  CreateMode create = CreateMode::kIfMissing;
  bool read_only = false;
  Durability durability = Durability::kFull;
  uint64_t memory_limit_bytes = 0;  // of the engine; 0: 80 % of the machine's memory
  unsigned threads = 0;             // 0: all cores
  std::string temp_directory;       // where large queries spill; "": they don't
  std::chrono::milliseconds busy_timeout{10'000};
  std::string author;            // recorded in commits; "": the user's login name
  bool verify_integrity = true;  // check the hash of every chunk when it is first read
};

}  // namespace rhizo
