// Wrong bytes anywhere in rhizo.db or its write-ahead log: never a crash, never another answer.
//
// The input edits the files of a small store: u8 file (even: rhizo.db, odd: the log), then edits:
// u16 offset, u8 count, count % 16 bytes; an edit without bytes cuts the file there.
#include "base/check.h"
#include "base/coding.h"
#include "store_image.h"

namespace {

using rhizo::Decoder;
using rhizo::fuzz::StoreImage;
using rhizo::meta::SqliteMetaStore;

std::string Edited(std::string bytes, Decoder edits) {
  while (!edits.empty() && !edits.failed()) {
    const size_t offset = edits.U16() % (bytes.size() + 1);
    const auto put = edits.Raw(edits.U8() % 16);
    if (put.empty()) return bytes.substr(0, offset);
    bytes.replace(offset, std::min(put.size(), bytes.size() - offset), put);
  }
  return bytes;
}

// A torn log loses what came last; the file alone loses nothing.
void CheckAnswers(SqliteMetaStore& store, const StoreImage& image, bool in_wal) {
  if (!in_wal) {
    CHECK(rhizo::meta::DifferenceFrom(image.model(), store, /*errors_are_fine=*/true).empty());
    return;
  }
  bool known = false;
  for (const auto& state : image.states()) {
    known = known || rhizo::meta::DifferenceFrom(state, store, /*errors_are_fine=*/true).empty();
  }
  CHECK(known);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rhizo;  // NOLINT(build/namespaces)
  Decoder input(std::string_view(reinterpret_cast<const char*>(data), size));
  const bool in_wal = input.U8() % 2 == 1;
  const StoreImage& image = StoreImage::Of(in_wal);
  io::DiskImage disk = image.disk();
  auto& file = disk.files.at(in_wal ? StoreImage::kWal : StoreImage::kDatabase);
  file = std::make_shared<const std::string>(Edited(*file, input));
  meta::RecordingVfs vfs(std::make_shared<io::CrashDisk>(disk));
  auto store = SqliteMetaStore::Open("/db", image.Options(vfs));
  if (!store) return 0;
  CheckAnswers(**store, image, in_wal);
  fuzz::UseStore(**store, image.model());
  return 0;
}
