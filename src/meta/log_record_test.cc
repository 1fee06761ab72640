#include "meta/log_record.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "meta/row_cutter.h"

namespace rhizo::meta {
namespace {

LogRecord Sample() {
  LogRecord record{.kind = RecordKind::kFinal, .time = {-5}, .txn = {{1}}, .commit = {{2}}};
  RefRow row{.kind = RefKind::kTag,
             .commit = CommitId{{3}},
             .moves = 300,
             .moved_at = {77},
             .expires = Timestamp{99},
             .is_protected = true};
  record.steps = {{"main", row, CommitId{{4}}, "commit"}, {"gone", RefRow{}, std::nullopt, ""}};
  record.settings = {{"x/y", row}};
  record.versions = {{TableId{{5}}, 12, ObjectId{{6}}}};
  record.objects = {{1, 100, 0}, {2, 0, 100}, {3, 65536, 100}};
  return record;
}

TEST(LogRecord, ComesBackAsItWasWritten) {
  LogRecord record = Sample();
  SealedRow sealed = SealRecord(9, record);
  Hash256 hash;
  EXPECT_EQ(OpenRecord(9, sealed.bytes, hash).value(), record);
  EXPECT_EQ(hash, sealed.hash);
  EXPECT_EQ(record.BodiesBytes(), 65636u);
}

template <class IdType>
IdType Filled(uint8_t byte) {
  IdType id;
  id.bytes.fill(byte);
  return id;
}

// The example of docs/format/rhizo-db.md.
TEST(LogRecord, IsWrittenAsTheFormatSays) {
  LogRecord record{.kind = RecordKind::kFinal,
                   .time = {1'700'000'000'000'000},
                   .txn = Filled<TxnId>(0x11),
                   .commit = Filled<CommitId>(0x22)};
  RefRow row;
  row.commit = record.commit;
  row.moves = 2;
  row.moved_at = record.time;
  record.steps = {{"main", row, Filled<CommitId>(0x33), "commit"}};
  record.versions = {{Filled<TableId>(0x44), 2, Filled<ObjectId>(0x55)}};
  record.objects = {{ObjectKey(ObjectIdOf("hello")), 5, 0}};
  auto path = std::filesystem::path(RHIZO_SOURCE_DIR) / "tests/golden/log_row/small-commit.bin";
  std::ifstream file(path, std::ios::binary);
  std::string golden(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(ToHex(SealRecord(2, record).bytes), ToHex(golden));
  EXPECT_EQ(OpenRecord(2, golden).value(), record);
}

TEST(LogRecord, IsBoundToItsNumber) {
  SealedRow sealed = SealRecord(9, Sample());
  EXPECT_EQ(OpenRecord(10, sealed.bytes).error().code(), ErrorCode::kCorruption);
}

TEST(LogRecord, EveryFlippedBitIsCorruption) {
  std::string bytes = SealRecord(9, Sample()).bytes;
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string flipped = bytes;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    ASSERT_EQ(OpenRecord(9, flipped).error().code(), ErrorCode::kCorruption) << i;
  }
}

TEST(LogRecord, HostileBytesWithARightChecksumAreDecodedOrRefused) {
  std::string value = SealRecord(9, Sample()).bytes;
  value.resize(value.size() - kChecksumBytes);
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string hostile = value.substr(0, random() % (value.size() + 1));
    for (size_t changes = random() % 4; changes > 0 && !hostile.empty(); --changes) {
      hostile[random() % hostile.size()] = static_cast<char>(random());
    }
    auto opened = OpenRecord(9, SealRow("log", NumberKey(9), hostile).bytes);
    if (!opened) {
      ASSERT_EQ(opened.error().code(), ErrorCode::kCorruption);
    }
  }
}

TEST(RowCutter, KeepsRowsSmallAndLosesNothing) {
  RowCutter cutter({.time = {1}, .txn = {{1}}, .commit = {{2}}});
  std::string bytes(1000, 'x');
  constexpr size_t kObjects = 5000, kVersions = 3000;
  for (size_t i = 0; i < kObjects; ++i) cutter.Add(NewObject{ObjectId{{1}}, bytes});
  cutter.Add(NewObject{ObjectId{{2}}, std::string(64 * 1024, 'y')});
  for (size_t i = 0; i < kVersions; ++i) cutter.Add(VersionEntry{TableId{{1}}, i, ObjectId{}});
  cutter.Add(RefStep{"main", {}, {}, "commit"});
  size_t objects = 0, versions = 0, final_rows = 0;
  auto rows = std::move(cutter).Finish();
  for (const PendingRow& row : rows) {
    objects += row.record.objects.size();
    versions += row.record.versions.size();
    final_rows += row.record.kind == RecordKind::kFinal ? 1 : 0;
    EXPECT_EQ(row.bodies.size(), row.record.BodiesBytes());
    EXPECT_LE(row.bodies.size(), 64u * 1024);
    EXPECT_LE(SealRecord(1, row.record).bytes.size(), 17u * 1024);
  }
  EXPECT_EQ(objects, kObjects + 1);
  EXPECT_EQ(versions, kVersions);
  EXPECT_EQ(final_rows, 1u);
  EXPECT_EQ(rows.back().record.kind, RecordKind::kFinal);
}

}  // namespace
}  // namespace rhizo::meta
