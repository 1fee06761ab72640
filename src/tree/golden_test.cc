// The worked example of docs/format/tree.md, block by block, is what the code writes; so are the
// golden files that the blocks name. RHIZO_WRITE_GOLDEN=1 writes the files anew (while the format
// is 0).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tree/builder.h"
#include "tree/node.h"
#include "tree/testing/maps.h"

namespace rhizo::tree {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = RHIZO_SOURCE_DIR;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

// name -> bytes of the blocks ```hex tree_node/<name>; a line's comment begins with ';'.
std::map<std::string, std::string> Blocks() {
  const std::string fence = "```hex tree_node/";
  std::map<std::string, std::string> blocks;
  std::istringstream lines(ReadFile(kSource / "docs/format/tree.md"));
  std::string name;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      name = line.starts_with(fence) ? line.substr(fence.size()) : "";
    } else if (!name.empty()) {
      std::string hex = line.substr(0, line.find(';'));
      std::erase(hex, ' ');
      blocks[name] += FromHex(hex).value();
    }
  }
  return blocks;
}

struct Example {
  Example() {
    uint64_t number = 0;
    for (std::string key : {"amsterdam", "antwerpen", "athen", "barcelona", "basel", "bergen",
                            "berlin", "bern", "bologna", "bonn", "bordeaux", "bremen"}) {
      map[key] = {std::string(1, static_cast<char>('A' + number)), number + 1};
      ++number;
    }
    root = BuildFrom(&store.staging, map);
    nodes["root"] = *store.staging.Find(root.id);
    NodePtr top = Node::Decode(store.staging.Find(root.id)).value();
    nodes["leaf"] = *store.staging.Find(top->item(0).child());
    nodes["empty"] = Node::Empty()->bytes();
  }

  Store store;
  PlainMap map;
  Root root;
  std::map<std::string, std::string> nodes;
};

TEST(TreeDocument, TheExampleIsWhatTheCodeWrites) {
  Example example;
  auto blocks = Blocks();
  ASSERT_EQ(blocks.size(), example.nodes.size());
  for (const auto& [name, bytes] : example.nodes) {
    EXPECT_EQ(ToHex(blocks[name]), ToHex(bytes)) << name;
  }
}

TEST(TreeDocument, GoldenFilesAreTheExample) {
  for (const auto& [name, bytes] : Example().nodes) {
    fs::path path = kSource / "tests/golden/tree_node" / (name + ".bin");
    if (std::getenv("RHIZO_WRITE_GOLDEN") != nullptr) {
      fs::create_directories(path.parent_path());
      std::ofstream(path, std::ios::binary) << bytes;
    }
    EXPECT_EQ(ToHex(ReadFile(path)), ToHex(bytes)) << path;
  }
}

}  // namespace
}  // namespace rhizo::tree
