#include "cli/strategy.h"

namespace rhizo::cli {

CLI::Option* AddStrategyOption(CLI::App* verb, std::string* strategy) {
  return verb->add_option("--strategy", *strategy, "who is right about conflicts")
      ->check(CLI::IsMember({"fail", "ours", "theirs"}));
}

MergeStrategy StrategyOf(const std::string& name) {
  if (name == "ours") return MergeStrategy::kOurs;
  return name == "theirs" ? MergeStrategy::kTheirs : MergeStrategy::kFail;
}

}  // namespace rhizo::cli
