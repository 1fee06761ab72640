#include "cli/strategy.h"

namespace rhizo::cli {

void AddStrategyOption(CLI::App* verb, std::string* strategy) {
  verb->add_option("--strategy", *strategy, "who is right about conflicts")
      ->check(CLI::IsMember({"fail", "ours", "theirs"}));
}

MergeStrategy StrategyOf(const std::string& name) {
  if (name == "ours") return MergeStrategy::kOurs;
  return name == "theirs" ? MergeStrategy::kTheirs : MergeStrategy::kFail;
}

}  // namespace rhizo::cli
