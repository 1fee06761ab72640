// Where databases lie and who opens them: directories that are something else, belong to others,
// cannot be written, are full, were copied; processes with few descriptors, two databases, one path
// under two names, or forked. Each case runs in a process of its own.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/testing/scale.h"
#include "io/testing/child_process.h"
#include "io/testing/temporary_directory.h"
#include "rhizo/rhizo.h"

namespace rhizo::tests {
namespace {

namespace fs = std::filesystem;

std::string Text(const Error& error) {
  return std::string(ErrorCodeName(error.code())) + ": " + error.message();
}

// Writes what `query` gives.
Status Put(Session& session, const std::string& table, const std::string& query) {
  ASSIGN_OR_RETURN(auto rows, session.Sql(query));
  ArrowArrayStream stream;
  RETURN_IF_ERROR(rows.Export(&stream));
  auto written = session.Write(table, &stream);
  if (!written) return std::move(written).error();
  return {};
}

std::string Range(int count) {
  return "SELECT i AS n, 'row ' || i AS s FROM range(" + std::to_string(count) + ") r(i)";
}

// Of a query with one value.
Result<std::string> Ask(Session& session, const std::string& query) {
  ASSIGN_OR_RETURN(auto rows, session.Sql(query));
  ArrowArrayStream stream;
  RETURN_IF_ERROR(rows.ExportText(&stream));
  ArrowArray batch;
  std::string text;
  if (stream.get_next(&stream, &batch) != 0) {
    const char* why = stream.get_last_error(&stream);
    text = why == nullptr ? "failed" : why;
    stream.release(&stream);
    return Error(ErrorCode::kIo, text);
  }
  if (batch.release != nullptr) {
    const auto* column = batch.children[0];
    const auto* offsets = static_cast<const int32_t*>(column->buffers[1]);
    text.assign(static_cast<const char*>(column->buffers[2]) + offsets[0],
                static_cast<size_t>(offsets[1] - offsets[0]));
    batch.release(&batch);
  }
  stream.release(&stream);
  return text;
}

std::string Answer(Session& session, const std::string& query) {
  auto answer = Ask(session, query);
  return answer ? *answer : Text(answer.error());
}

class PlaceTest : public ::testing::Test {
 protected:
  // Runs `body` in a process of its own; its failures are this test's.
  template <class Body>
  void InChild(Body body) {
    EXPECT_TRUE(io::TrueInChild([&] {
      body();
      return !HasFailure();
    }));
  }

  static Database Open(const std::string& path, const OpenOptions& options = {}) {
    auto database = Database::Open(path, options);
    if (!database) ADD_FAILURE() << Text(database.error());
    CHECK(database.has_value());
    return std::move(*database);
  }

  void MakeDatabase(const std::string& path) {
    InChild([&] {
      auto database = Open(path);
      EXPECT_TRUE(Put(database, "t", Range(100)).has_value());
      EXPECT_TRUE(Put(database, "large", Range(200'000)).has_value());
      EXPECT_TRUE(database.Close().has_value());
    });
  }

  static ErrorCode CodeOfOpening(const std::string& path, const OpenOptions& options = {}) {
    auto database = Database::Open(path, options);
    EXPECT_FALSE(database.has_value());
    return database ? ErrorCode::kSql : database.error().code();
  }

  static std::set<std::string> NamesIn(const std::string& directory) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  io::TemporaryDirectory directory_;
  const std::string path_ = directory_.Path("db");
};

TEST_F(PlaceTest, NothingIsMadeInADirectoryThatHoldsOtherThings) {
  InChild([&] {
    fs::create_directory(path_);
    std::ofstream(path_ + "/thesis.txt") << "my only copy";
    EXPECT_EQ(CodeOfOpening(path_), ErrorCode::kInvalidArgument);
    EXPECT_EQ(NamesIn(path_), std::set<std::string>{"thesis.txt"});
    EXPECT_EQ(CodeOfOpening(path_ + "/thesis.txt"), ErrorCode::kInvalidArgument);
    OpenOptions never;
    never.create = CreateMode::kNever;
    EXPECT_EQ(CodeOfOpening(directory_.Path("absent"), never), ErrorCode::kInvalidArgument);
    EXPECT_FALSE(fs::exists(directory_.Path("absent")));
  });
}

TEST_F(PlaceTest, TwoDatabasesInOneProcessKnowNothingOfEachOther) {
  InChild([&] {
    auto one = Open(directory_.Path("one"));
    auto two = Open(directory_.Path("two"));
    ASSERT_TRUE(Put(one, "t", Range(10)).has_value());
    ASSERT_TRUE(Put(two, "t", Range(20)).has_value());
    EXPECT_EQ(Answer(one, "SELECT count(*) FROM t"), "10");
    EXPECT_EQ(Answer(two, "SELECT count(*) FROM t"), "20");
    ASSERT_TRUE(one.Close().has_value());
    EXPECT_EQ(Answer(two, "SELECT sum(n) FROM t"), "190");
  });
}

TEST_F(PlaceTest, OnePathOpenedTwiceIsOneDatabaseUnderWhateverName) {
  InChild([&] {
    auto one = Open(path_);
    fs::create_directory_symlink(path_, directory_.Path("link"));
    for (const auto& name : {path_, directory_.Path("link"), directory_.Path("./db/../db")}) {
      auto other = Open(name);
      ASSERT_TRUE(Put(one, "t", Range(7)).has_value());
      EXPECT_EQ(Answer(other, "SELECT count(*) FROM t"), "7") << name;
      ASSERT_TRUE(Put(other, "t", Range(8)).has_value());
      EXPECT_EQ(Answer(one, "SELECT count(*) FROM t"), "8") << name;
      ASSERT_TRUE(other.Close().has_value());
    }
    EXPECT_EQ(Answer(one, "SELECT count(*) FROM t"), "8");
  });
}

TEST_F(PlaceTest, AHandleCarriedThroughForkIsClosedAndTheChildMayOpenItsOwn) {
  InChild([&] {
    auto parent = Open(path_);
    ASSERT_TRUE(Put(parent, "t", Range(5)).has_value());
    EXPECT_TRUE(io::TrueInChild([&] {
      auto rows = parent.Read("t");
      auto written = Put(parent, "t", "SELECT 1 AS n, 'x' AS s");
      auto own = Open(path_);
      return !rows && rows.error().code() == ErrorCode::kClosed && !written &&
             Answer(own, "SELECT count(*) FROM t") == "5" && Put(own, "own", Range(2));
    }));
    EXPECT_EQ(Answer(parent, "SELECT count(*) FROM t"), "5");
    EXPECT_EQ(Answer(parent, "SELECT count(*) FROM own"), "2");
    ASSERT_TRUE(Put(parent, "t", Range(6)).has_value());
    EXPECT_EQ(Answer(parent, "SELECT count(*) FROM t"), "6");
  });
}

TEST_F(PlaceTest, ADatabaseCopiedWhileClosedIsTheSame) {
  MakeDatabase(path_);
  InChild([&] {
    fs::copy(path_, directory_.Path("copy"), fs::copy_options::recursive);
    auto copy = Open(directory_.Path("copy"));
    EXPECT_EQ(Answer(copy, "SELECT count(*) FROM t"), "100");
    EXPECT_EQ(Answer(copy, "SELECT sum(n) FROM large"), "19999900000");
    EXPECT_TRUE(copy.Verify().value().ok());
    ASSERT_TRUE(Put(copy, "t", Range(3)).has_value());
    auto original = Open(path_);
    EXPECT_EQ(Answer(original, "SELECT count(*) FROM t"), "100");
  });
}

TEST_F(PlaceTest, UmaskIsRespectedInEveryFile) {
  ::umask(027);
  MakeDatabase(path_);
  ::umask(022);
  for (const auto& entry : fs::recursive_directory_iterator(path_)) {
    EXPECT_EQ(entry.status().permissions() & fs::perms::others_all, fs::perms::none)
        << entry.path();
    EXPECT_NE(entry.status().permissions() & fs::perms::group_read, fs::perms::none)
        << entry.path();
  }
}

TEST_F(PlaceTest, AnotherUserReadsADirectoryThatHeMayNotWrite) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  MakeDatabase(path_);
  ::chmod(directory_.path().c_str(), 0755);
  InChild([&] {
    ASSERT_EQ(::setgid(65534), 0);
    ASSERT_EQ(::setuid(65534), 0);
    EXPECT_EQ(CodeOfOpening(path_), ErrorCode::kReadOnly);
    OpenOptions reading;
    reading.read_only = true;
    auto database = Open(path_, reading);
    EXPECT_EQ(Answer(database, "SELECT count(*) FROM t"), "100");
    EXPECT_EQ(Answer(database, "SELECT sum(n) FROM large"), "19999900000");
    EXPECT_TRUE(database.Verify().value().ok());
    auto written = Put(database, "t", Range(1));
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code(), ErrorCode::kReadOnly) << written.error().message();
    EXPECT_EQ(CodeOfOpening(directory_.Path("new")), ErrorCode::kReadOnly);
  });
}

TEST_F(PlaceTest, ThirtyTwoDescriptorsAreEnough) {
  InChild([&] {
    rlimit few{32, 32};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    auto database = Open(path_);
    for (int i = 0; i < 40; ++i) {
      auto put = Put(database, "t" + std::to_string(i), Range(20'000));
      ASSERT_TRUE(put.has_value()) << Text(put.error());
    }
    std::string all = "SELECT count(*) FROM (SELECT n FROM t0";
    for (int i = 1; i < 40; ++i) all += " UNION ALL SELECT n FROM t" + std::to_string(i);
    EXPECT_EQ(Answer(database, all + ")"), "800000");
    EXPECT_TRUE(database.Verify().value().ok());
  });
}

TEST_F(PlaceTest, ANameOfSixtyCharactersInFourScriptsIsATable) {
  InChild([&] {
    const std::string name = "измерения_погоды_天気の観測データ一覧表_بيانات_الطقس_weather_αβγδ";
    auto database = Open(path_);
    auto put = Put(database, name, Range(4));
    ASSERT_TRUE(put.has_value()) << Text(put.error());
    EXPECT_EQ(Answer(database, "SELECT count(*) FROM \"" + name + "\""), "4");
    EXPECT_EQ(database.Tables().value(), std::vector<std::string>{name});
  });
}

TEST_F(PlaceTest, ANotebookCellMayRunTwice) {
  InChild([&] {
    std::string first_commit;
    for (int run = 0; run < 2; ++run) {
      auto database = Open(path_);
      ASSERT_TRUE(Put(database, "t", Range(50)).has_value());
      EXPECT_EQ(Answer(database, "SELECT count(*) FROM t"), "50");
      auto commit = database.Head().value().id;
      if (run == 0) first_commit = commit;
      EXPECT_EQ(commit, first_commit) << "equal rows again are no commit";
    }
  });
}

// A file system of a few megabytes.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    fs::create_directory(path);
    mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=6m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  const std::string path_;
  bool mounted_ = false;
};

TEST_F(PlaceTest, AFullDiskIsSaidAndLeavesTheDatabaseAsItWas) {
  SmallDisk disk(directory_.Path("small"));
  if (!disk.mounted()) GTEST_SKIP() << "needs root to mount a small file system";
  const std::string path = directory_.Path("small/db");
  InChild([&] {
    auto database = Open(path);
    ASSERT_TRUE(Put(database, "kept", Range(1000)).has_value());
    std::string noise = "SELECT i AS n, md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS s FROM range(";
    auto before = database.Head().value().id;
    auto put = Put(database, "large", noise + "500000) r(i)");
    ASSERT_FALSE(put.has_value());
    EXPECT_EQ(put.error().code(), ErrorCode::kDiskFull) << put.error().message();
    EXPECT_EQ(database.Head().value().id, before);
    // Small commits until nothing goes any more.
    int landed = 0;
    Status small;
    for (; landed < 100'000 && small; ++landed) {
      small = Put(database, "t", noise + "300) r(i) WHERE i <> " + std::to_string(landed));
    }
    ASSERT_FALSE(small.has_value());
    EXPECT_EQ(small.error().code(), ErrorCode::kDiskFull) << small.error().message();
    EXPECT_EQ(Answer(database, "SELECT count(*) FROM kept"), "1000");
    auto report = database.Verify();
    ASSERT_TRUE(report.has_value()) << Text(report.error());
    EXPECT_TRUE(report->ok());
    ASSERT_TRUE(database.Close().has_value());
    // Another process finds it readable, and writable when there is room again.
    EXPECT_TRUE(io::TrueInChild([&] {
      OpenOptions reading;
      reading.read_only = true;
      auto again = Open(path, reading);
      EXPECT_EQ(Answer(again, "SELECT count(*) FROM kept"), "1000");
      return !HasFailure();
    }));
    ASSERT_EQ(::mount("", directory_.Path("small").c_str(), "", MS_REMOUNT, "size=60m"), 0);
    auto again = Open(path);
    EXPECT_EQ(Answer(again, "SELECT count(*) FROM kept"), "1000");
    auto now = Put(again, "large", noise + "50000) r(i)");
    EXPECT_TRUE(now.has_value()) << Text(now.error());
    EXPECT_TRUE(again.Verify().value().ok());
  });
}

}  // namespace
}  // namespace rhizo::tests
