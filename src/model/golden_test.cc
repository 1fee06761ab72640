// Files of each released format stay readable, and documents show real bytes: a golden file is the
// encoding of a sample, an example in docs/format/ is a golden file. RHIZO_WRITE_GOLDEN=1 writes
// the files anew (while the format is 0).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "model/schema_coding.h"
#include "model/testing/canonical.h"
#include "model/testing/samples.h"

namespace rhizo::model {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(RHIZO_SOURCE_DIR) / "tests/golden";
const fs::path kDocuments = fs::path(RHIZO_SOURCE_DIR) / "docs/format";

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteFile(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

template <class X, class Decode>
void ExpectGolden(const std::string& object, const testing::Samples<X>& samples, Decode decode) {
  using testing::Encode;
  for (const auto& [name, value] : samples) {
    fs::path path = kGolden / object / (name + ".bin");
    if (std::getenv("RHIZO_WRITE_GOLDEN") != nullptr) WriteFile(path, Encode(value));
    std::string bytes = ReadFile(path);
    EXPECT_EQ(ToHex(bytes), ToHex(Encode(value))) << path;
    auto decoded = decode(bytes);
    ASSERT_TRUE(decoded) << path << decoded.error().message();
    EXPECT_EQ(*decoded, value) << path;
  }
}

TEST(GoldenFiles, OfPlaces) { ExpectGolden("place", testing::PlaceSamples(), DecodePlace); }
TEST(GoldenFiles, OfPositionSets) {
  ExpectGolden("position_set", testing::PositionSetSamples(), DecodePositionSet);
}
TEST(GoldenFiles, OfRunLists) {
  ExpectGolden("run_list", testing::RunListSamples(), DecodeRunList);
}
TEST(GoldenFiles, OfSchemas) { ExpectGolden("schema", testing::SchemaSamples(), DecodeSchema); }
TEST(GoldenFiles, OfSegmentInfos) {
  ExpectGolden("segment_info", testing::SegmentInfoSamples(), DecodeSegmentInfo);
}
TEST(GoldenFiles, OfSegmentEntries) {
  ExpectGolden("segment_entry", testing::SegmentEntrySamples(), DecodeSegmentEntry);
}
TEST(GoldenFiles, OfTableStates) {
  ExpectGolden("table_state", testing::TableStateSamples(), DecodeTableState);
}
TEST(GoldenFiles, OfStateKeys) {
  ExpectGolden("state_key", testing::StateKeySamples(), DecodeStateKey);
}
TEST(GoldenFiles, OfStateEntries) {
  ExpectGolden("state_entry", testing::StateEntrySamples(), DecodeStateEntry);
}
TEST(GoldenFiles, OfCommits) { ExpectGolden("commit", testing::CommitSamples(), DecodeCommit); }
TEST(GoldenFiles, OfFeatures) {
  ExpectGolden("features", testing::FeaturesSamples(), DecodeFeatures);
}

// ---- worked examples: ```hex object/name, then lines of hex digits, each with a comment after ';'

struct Example {
  std::string name;
  std::string hex;
};

std::string HexOfLine(const std::string& line) {
  std::string hex = line.substr(0, line.find(';'));
  std::erase(hex, ' ');
  return hex;
}

std::vector<Example> ExamplesOf(const fs::path& document) {
  const std::string kFence = "```hex ";
  std::vector<Example> examples;
  std::istringstream lines(ReadFile(document));
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kFence)) {
      examples.push_back({line.substr(kFence.size()), ""});
      inside = true;
    } else if (line.starts_with("```")) {
      inside = false;
    } else if (inside) {
      examples.back().hex += HexOfLine(line);
    }
  }
  return examples;
}

TEST(FormatDocuments, EveryExampleIsTheGoldenFileItNames) {
  size_t count = 0;
  for (const auto& document : fs::directory_iterator(kDocuments)) {
    if (document.path().extension() != ".md") continue;
    for (const auto& example : ExamplesOf(document.path())) {
      std::string bytes = ReadFile(kGolden / (example.name + ".bin"));
      EXPECT_EQ(example.hex, ToHex(bytes)) << document.path() << " " << example.name;
      ++count;
    }
  }
  EXPECT_GE(count, 11u);
}

}  // namespace
}  // namespace rhizo::model
