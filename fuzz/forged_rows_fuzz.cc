// Rows of rhizo.db with any value and the right checksum, which a hostile writer can make: using
// the store may fail, not crash, hang or take memory without end.
//
// The input is rows: u8 table (mod 4: state, log, refs, buckets), varint number of the row (of
// refs: which ref), length-prefixed value.
#include "base/check.h"
#include "base/coding.h"
#include "meta/sqlite_connection.h"
#include "store_image.h"

namespace {

using rhizo::Decoder;
using rhizo::fuzz::StoreImage;
using rhizo::meta::Connection;
using rhizo::meta::NumberKey;
using rhizo::meta::SealRow;

constexpr uint64_t kNumbers = 32;  // rows of the log and buckets that are there, about

std::string NameOfRef(uint64_t number) {
  const auto& refs = StoreImage::Of(/*in_wal=*/false).model().refs;
  return std::next(refs.begin(), static_cast<ptrdiff_t>(number % refs.size()))->first;
}

void Put(rhizo::meta::Statement& write, std::string_view table, uint64_t number,
         std::string_view value) {
  const auto row = SealRow(table, NumberKey(number), std::string(value));
  static_cast<void>(write.Bind(1, static_cast<int64_t>(number)).Bind(2, row.bytes).Run("forging"));
}

void PutRef(Connection& connection, const std::string& name, std::string_view value) {
  const auto row = SealRow("refs", name, std::string(value));
  static_cast<void>(connection.write_ref.Bind(1, name).Bind(2, row.bytes).Run("forging"));
}

void PutLogRow(Connection& connection, uint64_t seq, std::string_view head) {
  CHECK(connection.Execute(("DELETE FROM log WHERE seq = " + std::to_string(seq)).c_str(), "")
            .has_value());
  const auto row = SealRow("log", NumberKey(seq), std::string(head));
  static_cast<void>(connection.append_log.Bind(1, static_cast<int64_t>(seq))
                        .Bind(2, row.bytes)
                        .Bind(3, head)
                        .Run("forging"));
}

void Forge(Connection& connection, Decoder input) {
  while (!input.empty() && !input.failed()) {
    const uint8_t table = input.U8() % 4;
    const uint64_t number = input.Varint() % kNumbers;
    const std::string_view value = input.String();
    switch (table) {
      case 0: Put(connection.write_row, "state", number % 2, value); break;
      case 1: PutLogRow(connection, number, value); break;
      case 2: PutRef(connection, NameOfRef(number), value); break;
      default: Put(connection.write_bucket, "buckets", number, value);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rhizo;  // NOLINT(build/namespaces)
  const StoreImage& image = StoreImage::Of(/*in_wal=*/false);
  meta::RecordingVfs vfs(std::make_shared<io::CrashDisk>(image.disk()));
  {
    auto connection = Connection::Open({.path = StoreImage::kDatabase, .vfs = vfs.name()}).value();
    CHECK(connection->PrepareStatements().has_value());
    CHECK(connection->begin_immediate.Run("forging").has_value());
    Forge(*connection, Decoder(std::string_view(reinterpret_cast<const char*>(data), size)));
    CHECK(connection->commit.Run("forging").has_value());
  }
  auto store = meta::SqliteMetaStore::Open("/db", image.Options(vfs));
  if (store) fuzz::UseStore(**store, image.model());
  return 0;
}
