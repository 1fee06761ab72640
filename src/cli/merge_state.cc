#include "cli/merge_state.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/json_shapes.h"

namespace rhizo::cli {
namespace {

namespace fs = std::filesystem;

fs::path Folder(const Context& context) { return fs::path(context.database) / "merging"; }

// Names of branches may hold what names of files may not.
fs::path FileOf(const Context& context) {
  std::string name;
  for (unsigned char c : context.branch) {
    constexpr char kDigits[] = "0123456789abcdef";
    name += kDigits[c >> 4];
    name += kDigits[c & 15];
  }
  return Folder(context) / (name + ".json");
}

Error CannotWrite(const std::error_code& error) {
  return Error(ErrorCode::kIo, "the merge in progress could not be kept: " + error.message());
}

MergeState FromJson(const Json& json) {
  const auto& merging = json.at("merging");
  MergeState state{merging.at("source"), merging.at("ours"), merging.at("theirs"), {}};
  for (const auto& step : merging.at("steps")) {
    state.steps.push_back({step.at("table"), step.at("side"), step.at("query")});
  }
  return state;
}

Json ToJson(const MergeState& state) {
  Json steps = Json::array();
  for (const auto& step : state.steps) {
    steps.push_back({{"table", step.table}, {"side", step.side}, {"query", step.query}});
  }
  return Document("merging", {{"source", state.source},
                              {"ours", state.ours},
                              {"theirs", state.theirs},
                              {"steps", std::move(steps)}});
}

}  // namespace

Result<std::optional<MergeState>> LoadMerge(const Context& context) {
  std::ifstream file(FileOf(context));
  if (!file) return std::optional<MergeState>();
  std::stringstream text;
  text << file.rdbuf();
  try {
    return std::optional(FromJson(Json::parse(text.str())));
  } catch (const nlohmann::json::exception&) {
    return Corruption("the merge in progress on branch \"" + context.branch +
                      "\" cannot be read; rhizo merge --abort forgets it");
  }
}

Status SaveMerge(const Context& context, const MergeState& state) {
  std::error_code error;
  fs::create_directory(Folder(context), error);
  if (error) return CannotWrite(error);
  auto draft = FileOf(context);
  draft += ".new";
  {
    std::ofstream file(draft, std::ios::trunc);
    file << ToJson(state).dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
    file.close();
    if (!file) return CannotWrite(std::make_error_code(std::errc::io_error));
  }
  fs::rename(draft, FileOf(context), error);
  if (error) return CannotWrite(error);
  return {};
}

Status ForgetMerge(const Context& context) {
  std::error_code error;
  fs::remove(FileOf(context), error);
  if (error) return CannotWrite(error);
  return {};
}

}  // namespace rhizo::cli
