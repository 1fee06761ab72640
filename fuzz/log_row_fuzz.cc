#include "meta/log_record.h"
#include "sealed_again.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rhizo::meta;
  constexpr uint64_t kSeq = 2;
  return rhizo::fuzz::SealedAgain(
      "log", NumberKey(kSeq), data, size,
      [](std::string_view row) { return OpenRecord(kSeq, row); },
      [](const LogRecord& record) {
        // What everybody does with a record must not trust it either.
        ForEachKey(record, [](uint64_t, uint16_t) {});
        record.BodiesBytes();
        return SealRecord(kSeq, record);
      });
}
