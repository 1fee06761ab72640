// Options of merges as Python gives them.
#pragma once

#include <string>

#include "rhizo/types.h"

namespace rhizo::python {

// "ours", "theirs", "fail".
inline MergeStrategy StrategyOf(const std::string& text) {
  if (text == "ours") return MergeStrategy::kOurs;
  return text == "theirs" ? MergeStrategy::kTheirs : MergeStrategy::kFail;
}

}  // namespace rhizo::python
