// Wrong bits and lost files anywhere in a database: whatever is read is right, or refused as
// corruption; verify finds every fault that a reader could meet and names the object and the tables
// that need it.
#include <gtest/gtest.h>

#include <cstdio>

#include "base/blake3.h"
#include "base/testing/scale.h"
#include "support/crash_database.h"
#include "support/database_model.h"
#include "support/workload.h"
#include "txn/branches.h"
#include "txn/verify.h"

namespace rhizo::tests {
namespace {

using io::CrashDisk;
using io::DiskImage;
using Kind = Workload::Kind;

class BitRotTest : public ::testing::Test {
 protected:
  struct Reopened {
    std::unique_ptr<CrashDatabase> database;
    std::shared_ptr<txn::Repository> repository;
  };

  void Build(bool checkpoint) {
    auto disk = place_.NewDisk();
    CrashDatabase database(place_, disk);
    database.meta_options.page_bytes = 1024;
    database.meta_options.checkpoint_bytes = checkpoint ? 1 : uint64_t{1} << 40;
    auto repository = database.Open().value();
    model_ = ModelOfNew(*repository).value();
    for (Kind kind : {Kind::kManyTables, Kind::kLargeWrite, Kind::kChangeRows, Kind::kAppend,
                      Kind::kLargeMessage, Kind::kSmallWrite, Kind::kChangeRows, Kind::kAppend}) {
      Step step = workload_.TryCommit(repository, model_, kind, txn::kMainBranch);
      ASSERT_TRUE(step.outcome.has_value()) << step.outcome.error().message();
      before_last_ = std::move(model_);
      model_ = std::move(step.after);
      if (kind != Kind::kLargeMessage) continue;
      CommitId at = model_.refs.at(txn::kMainBranch).commit;
      ASSERT_TRUE(txn::CreateBranch(*repository, "side", at, {}).has_value());
      ASSERT_TRUE(txn::CreateTag(*repository, "tag", at).has_value());
      model_.refs["side"] = {meta::RefKind::kBranch, at};
      model_.refs["tag"] = {meta::RefKind::kTag, at};
    }
    if (checkpoint) repository.reset();  // closing empties the log
    image_ = disk->Image();
    repository.reset();
    for (const auto& [path, bytes] : image_.files) {
      if (path.find("/objects/") != std::string::npos) objects_.push_back(path);
    }
    ASSERT_GE(objects_.size(), 2u);
  }

  Result<Reopened> Open(const DiskImage& image) {
    Reopened reopened;
    reopened.database = std::make_unique<CrashDatabase>(place_, std::make_shared<CrashDisk>(image));
    ASSIGN_OR_RETURN(reopened.repository, reopened.database->Open());
    return reopened;
  }

  DiskImage With(const std::string& path, std::string bytes) const {
    DiskImage image = image_;
    image.files[path] = std::make_shared<const std::string>(std::move(bytes));
    return image;
  }

  DiskImage Flipped(const std::string& path, size_t offset) {
    std::string bytes = *image_.files.at(path);
    bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << (workload_.random()() % 8)));
    return With(path, std::move(bytes));
  }

  // About `count` offsets, other ones every time.
  std::vector<size_t> Offsets(size_t size, size_t count) {
    size_t step = std::max<size_t>(1, size / Scaled(count));
    std::vector<size_t> offsets;
    for (size_t offset = workload_.random()() % step; offset < size; offset += step) {
      offsets.push_back(offset);
    }
    return offsets;
  }

  // Right answers or corruption; and if anything was refused, verify finds something.
  void CheckReadsAndVerify(const DiskImage& image) {
    auto reopened = Open(image);
    if (!reopened) {
      ASSERT_TRUE(reopened.error().code() == ErrorCode::kCorruption ||
                  reopened.error().code() == ErrorCode::kUnsupported)
          << ErrorCodeName(reopened.error().code()) << ": " << reopened.error().message();
      ++found_;
      return;
    }
    auto& repository = *reopened->repository;
    ASSERT_EQ(DifferenceFrom(model_, repository, {.all_commits = true, .errors_are_fine = true}),
              "");
    bool is_whole = DifferenceFrom(model_, repository, {.all_commits = true}).empty();
    ASSERT_TRUE(is_whole || Faults(repository) != "") << "verify sees nothing";
    ++(is_whole ? harmless_ : found_);
  }

  // Of a damaged object: verify names it and, if tables need it, those; what is read is right or
  // corruption.
  void CheckObjectDamage(const DiskImage& image, const std::string& path) {
    const std::string id = path.substr(path.rfind('/') + 1);
    auto reopened = Open(image);
    ASSERT_TRUE(reopened.has_value()) << reopened.error().message();
    auto report = txn::VerifyRepository(*reopened->repository, &Engine(), {});
    ASSERT_TRUE(report.has_value()) << report.error().message();
    const Finding* finding = nullptr;
    for (const auto& each : report->findings) {
      if (each.object == id) finding = &each;
    }
    ASSERT_NE(finding, nullptr) << "verify does not name " << id << "; it names "
                                << (report->findings.empty() ? "nothing"
                                                             : report->findings[0].object);
    bool is_segment = image_.files.at(path)->starts_with("PAR1");
    ASSERT_EQ(finding->tables.empty(), !is_segment) << "the tables that need it";
    ASSERT_EQ(DifferenceFrom(model_, *reopened->repository,
                             {.all_commits = true, .errors_are_fine = true}),
              "");
    ++found_;
  }

  void Report(const char* what) const {
    std::printf("%s: %d found, %d harmless, wrong %d\n", what, found_, harmless_, HasFailure());
  }

  Workload workload_{DrawSeed()};
  CrashPlace place_;
  DiskImage image_;
  DatabaseModel model_, before_last_;
  std::vector<std::string> objects_;
  int found_ = 0, harmless_ = 0;
};

TEST_F(BitRotTest, AWrongBitInTheDatabaseFileIsNeverAnotherAnswer) {
  Build(/*checkpoint=*/true);
  const std::string path = place_.Path("rhizo.db");
  image_.files.erase(path + "-wal");  // all of it is in the file
  for (size_t offset : Offsets(image_.files.at(path)->size(), 1500)) {
    SCOPED_TRACE("byte " + std::to_string(offset));
    CheckReadsAndVerify(Flipped(path, offset));
    if (HasFailure()) break;
  }
  EXPECT_GT(found_, harmless_);
  Report("rhizo.db");
}

TEST_F(BitRotTest, AWrongBitInTheWriteAheadLogIsNeverAnotherAnswer) {
  Build(/*checkpoint=*/false);
  const std::string path = place_.Path("rhizo.db-wal");
  int without_last = 0;
  for (size_t offset : Offsets(image_.files.at(path)->size(), 800)) {
    SCOPED_TRACE("byte " + std::to_string(offset));
    auto image = Flipped(path, offset);
    auto reopened = Open(image);
    if (reopened && DifferenceFrom(before_last_, *reopened->repository).empty()) {
      ++without_last;  // a torn end cannot be told from a commit that never was
      continue;
    }
    CheckReadsAndVerify(image);
    if (HasFailure()) break;
  }
  EXPECT_GT(found_ + harmless_ + without_last, 100) << "there was hardly a log to spoil";
  Report("write-ahead log");
  std::printf("%d without the last commit\n", without_last);
}

TEST_F(BitRotTest, AWrongBitInAnObjectIsFoundAndNamed) {
  Build(true);
  for (const auto& path : objects_) {
    for (size_t offset : Offsets(image_.files.at(path)->size(), 60)) {
      SCOPED_TRACE(path + " byte " + std::to_string(offset));
      CheckObjectDamage(Flipped(path, offset), path);
      if (HasFailure()) return;
    }
  }
  Report("objects");
}

TEST_F(BitRotTest, AMissingObjectIsFoundAndNamed) {
  Build(true);
  for (const auto& path : objects_) {
    SCOPED_TRACE(path);
    DiskImage image = image_;
    image.files.erase(path);
    CheckObjectDamage(image, path);
  }
  Report("missing objects");
}

TEST_F(BitRotTest, AnObjectOfTheWrongLengthIsFoundAndNamed) {
  Build(true);
  for (const auto& path : objects_) {
    const std::string whole = *image_.files.at(path);
    for (size_t size : {size_t{0}, size_t{1}, whole.size() / 2, whole.size() - 1}) {
      SCOPED_TRACE(path + " cut to " + std::to_string(size));
      CheckObjectDamage(With(path, whole.substr(0, size)), path);
    }
    SCOPED_TRACE(path + " grown");
    CheckObjectDamage(With(path, whole + "x"), path);
  }
  Report("cut and grown objects");
}

TEST_F(BitRotTest, AnObjectInTheNameOfAnotherIsFoundAndNamed) {
  Build(true);
  CheckObjectDamage(With(objects_[0], *image_.files.at(objects_[1])), objects_[0]);
  CheckObjectDamage(With(objects_[1], *image_.files.at(objects_[0])), objects_[1]);
  Report("changed objects");
}

// A damaged file that the same bytes are written over is whole again.
TEST_F(BitRotTest, WritingTheSameRowsAgainMendsADamagedObject) {
  Build(true);
  for (const auto& path : objects_) {
    if (!image_.files.at(path)->starts_with("PAR1")) continue;
    SCOPED_TRACE(path);
    auto reopened = Open(Flipped(path, image_.files.at(path)->size() / 2));
    ASSERT_TRUE(reopened.has_value());
    for (const auto& [name, rows] : model_.TablesOf(txn::kMainBranch)) {
      if (rows->size() < 300) continue;
      auto transaction = txn::Transaction::Begin(reopened->repository, txn::kMainBranch).value();
      ASSERT_TRUE(Write(*transaction, "copy-of-" + name, *rows).has_value());
      auto committed = reopened->repository->committer().Commit(*transaction, {});
      ASSERT_TRUE(committed.has_value()) << committed.error().message();
      EXPECT_EQ(ReadHead(*reopened->repository, "copy-of-" + name).value(), *rows);
    }
  }
}

// Whatever became of rhizo.db, no new database is made in its place.
TEST_F(BitRotTest, ADatabaseOfZerosOrNoiseIsRefused) {
  Build(true);
  const std::string path = place_.Path("rhizo.db");
  const size_t size = image_.files.at(path)->size();
  for (std::string bytes : {std::string(size, '\0'), RandomText(size, workload_.random()),
                            image_.files.at(path)->substr(0, 1024 * 3), std::string()}) {
    auto reopened = Open(With(path, bytes));
    ASSERT_FALSE(reopened.has_value());
    EXPECT_EQ(reopened.error().code(), ErrorCode::kCorruption) << reopened.error().message();
  }
}

TEST_F(BitRotTest, ADatabaseThatLostItsFileIsRefused) {
  Build(true);
  DiskImage image = image_;
  for (const char* ending : {"", "-wal"}) image.files.erase(place_.Path("rhizo.db") + ending);
  auto reopened = Open(image);
  ASSERT_FALSE(reopened.has_value());
  EXPECT_EQ(reopened.error().code(), ErrorCode::kCorruption) << reopened.error().message();
}

}  // namespace
}  // namespace rhizo::tests
