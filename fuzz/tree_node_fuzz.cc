#include <memory>
#include <string>

#include "decoded_again.h"
#include "tree/node.h"
#include "tree/node_writer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rhizo::tree;
  return rhizo::fuzz::DecodedAgain(
      data, size,
      [](std::string_view bytes) {
        return Node::Decode(std::make_shared<const std::string>(bytes));
      },
      [](const NodePtr& node) {
        NodeWriter writer(node->level());
        for (size_t i = 0; i < node->size(); ++i) writer.Add(node->item(i));
        return writer.Take().bytes;
      });
}
