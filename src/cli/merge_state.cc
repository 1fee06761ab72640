#include "cli/merge_state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "cli/json_shapes.h"

namespace rhizo::cli {
namespace {

namespace fs = std::filesystem;

fs::path Folder(const Context& context) { return fs::path(context.database) / "merging"; }

// Names of branches may hold what names of files may not, and be longer than those may be: a folder
// for each hundred bytes.
std::string Stem(const Context& context) {
  constexpr size_t kMostBytes = 100;
  std::string name;
  for (size_t i = 0; i < context.branch.size(); ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    if (i > 0 && i % kMostBytes == 0) name += '/';
    auto c = static_cast<unsigned char>(context.branch[i]);
    name += kDigits[c >> 4];
    name += kDigits[c & 15];
  }
  return name;
}

fs::path FileOf(const Context& context) { return Folder(context) / (Stem(context) + ".json"); }

Error CannotWrite(const std::error_code& error) {
  return Error(ErrorCode::kIo, "the merge in progress could not be kept: " + error.message());
}

MergeState FromJson(const Json& json) {
  const auto& merging = json.at("merging");
  MergeState state{
      merging.at("source"), merging.at("ours"), merging.at("theirs"), merging.at("message"), {}};
  for (const auto& step : merging.at("steps")) {
    state.steps.push_back({step.at("table"), step.at("side"), step.at("query"), step.at("rows"),
                           step.value("table_only", false)});
  }
  return state;
}

Json ToJson(const MergeState& state) {
  Json steps = Json::array();
  for (const auto& step : state.steps) {
    steps.push_back(
        {{"table", step.table}, {"side", step.side}, {"query", step.query}, {"rows", step.rows}});
    if (step.table_only) steps.back()["table_only"] = true;
  }
  return Document("merging", {{"source", state.source},
                              {"ours", state.ours},
                              {"theirs", state.theirs},
                              {"message", state.message},
                              {"steps", std::move(steps)}});
}

}  // namespace

Result<MergeTurn> MergeTurn::Take(const Context& context) {
  std::error_code error;
  fs::create_directories(FileOf(context).parent_path(), error);
  if (error) return CannotWrite(error);
  auto path = (Folder(context) / (Stem(context) + ".lock")).string();
  int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) return CannotWrite({errno, std::generic_category()});
  MergeTurn turn(descriptor);
  while (flock(descriptor, LOCK_EX) != 0) {
    if (errno != EINTR) return CannotWrite({errno, std::generic_category()});
  }
  return turn;
}

MergeTurn::MergeTurn(MergeTurn&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

MergeTurn::~MergeTurn() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::string RowsFile(const Context& context, const std::string& name) {
  return (Folder(context) / name).string();
}

std::string NameOfRows(const Context& context, size_t step) {
  return Stem(context) + "." + std::to_string(step) + ".arrow";
}

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
  // Rows of steps that are gone are no harm.
  fs::directory_iterator files(FileOf(context).parent_path(), error);
  const auto rows = FileOf(context).stem().string() + ".";
  for (; !error && files != fs::directory_iterator(); files.increment(error)) {
    auto name = files->path().filename().string();
    if (name.starts_with(rows) && name.ends_with(".arrow")) fs::remove(files->path(), error);
  }
  return {};
}

}  // namespace rhizo::cli
