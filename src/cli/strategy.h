// The option --strategy of verbs that merge.
#pragma once

#include <string>

#include "cli/command_line.h"

namespace rhizo::cli {

CLI::Option* AddStrategyOption(CLI::App* verb, std::string* strategy);
MergeStrategy StrategyOf(const std::string& name);

}  // namespace rhizo::cli
