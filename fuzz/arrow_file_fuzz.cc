// Any bytes as an Arrow file: refused, or rows of the types it says.
#include <string>

#include "db/file_arrow_in.h"
#include "engine/arrow_in.h"
#include "engine/errors.h"
#include "scratch_files.h"

namespace {

constexpr int kMaxChunks = 64;  // run-end encoding makes many rows of few bytes

void ReadRows(rhizo::engine::ArrowReader& reader) {
  for (int i = 0; i < kMaxChunks; ++i) {
    duckdb::DataChunk chunk;
    auto more = reader.Next(&chunk);
    if (!more || !*more) return;
    chunk.Verify();
    // Seconds beyond what microseconds reach are values that the engine refuses to print.
    static_cast<void>(rhizo::engine::Guarded([&] { static_cast<void>(chunk.ToString()); }));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const rhizo::fuzz::ScratchFiles& files = rhizo::fuzz::ScratchFiles::OfProcess();
  files.Write("hostile.arrow", std::string_view(reinterpret_cast<const char*>(data), size));
  ArrowArrayStream stream{};
  auto failure = std::make_shared<std::optional<rhizo::Error>>();
  auto opened = rhizo::db::OpenArrowFiles({files.Path("hostile.arrow")}, failure, &stream);
  if (!opened) return 0;
  auto reader = rhizo::engine::ArrowReader::Open(nullptr, &stream);
  if (reader) ReadRows(**reader);
  return 0;
}
