// Every column of a row block is refused, or its only encoding is what was read.
#include "table/row_block.h"

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rhizo;  // NOLINT(build/namespaces)
  auto bytes = std::make_shared<const std::string>(reinterpret_cast<const char*>(data), size);
  auto block = table::OpenRowBlock(bytes);
  if (!block) return 0;
  for (size_t i = 0; i < block->columns.size(); ++i) {
    const auto& column = block->columns[i];
    auto values = table::DecodeColumnOf(*block, i);
    if (!values) continue;
    table::ColumnEncoder encoder(column.type);
    encoder.Append(*values, {.offset = 0, .count = block->rows});
    std::string again;
    encoder.Flush(&again);
    CHECK(again == column.bytes);
  }
  return 0;
}
