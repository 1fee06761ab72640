// Any bytes as a pin that a dead process left: listing gives a line of it or nothing.
#include <cstdio>

#include "base/check.h"
#include "io/pin_file.h"
#include "scratch_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const rhizo::fuzz::ScratchFiles& pins = rhizo::fuzz::ScratchFiles::OfProcess();
  constexpr char kName[] = "0123456789abcdef0123456789abcdef";
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  pins.Write(kName, bytes);
  auto listed = rhizo::io::ListPins(pins.directory()).value();
  CHECK(listed.size() == 1 && listed[0].name == kName && !listed[0].alive);
  const auto& content = listed[0].content;
  CHECK(!content || content->find('\n') == std::string::npos);
  CHECK(!content || bytes.find(*content + "\n") != std::string::npos);
  CHECK(rhizo::io::RemoveDeadPin(pins.directory(), kName).has_value());
  CHECK(rhizo::io::ListPins(pins.directory()).value().empty());
  return 0;
}
