#include "db/file_engine.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "engine/errors.h"
#include "io/testing/temporary_directory.h"

namespace rhizo::db {
namespace {

namespace fs = std::filesystem;

class FileEngineTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }

  // Rows in all files, or the error.
  Result<int64_t> CountRows(const std::string& path, const CsvHints& hints = {}) {
    ASSIGN_OR_RETURN(auto engine, FileEngine::Start({}, {{path, path}}));
    ArrowArrayStream rows{};
    auto failure = std::make_shared<std::optional<Error>>();
    auto read = engine.Read(FileFormat::kCsv, hints, {}, failure, &rows);
    if (!read) return engine.Explain(read.error());
    int64_t count = 0;
    while (true) {
      ArrowArray batch{};
      int code = rows.get_next(&rows, &batch);
      if (code != 0 || batch.release == nullptr) break;
      count += batch.length;
      batch.release(&batch);
    }
    rows.release(&rows);
    if (*failure) return engine.Explain(**failure);
    return count;
  }

  const io::TemporaryDirectory temporary_;
  const fs::path directory_ = temporary_.path();
};

TEST_F(FileEngineTest, ReadsTheFileItWasGivenWhateverItsName) {
  for (const char* name : {"plain.csv", "*.csv", "a'b.csv", "[x].csv", "https:.csv"}) {
    auto rows = CountRows(Write(name, "a,b\n1,2\n3,4\n"));
    ASSERT_TRUE(rows.has_value()) << rows.error().message();
    EXPECT_EQ(*rows, 2) << name;
  }
}

TEST_F(FileEngineTest, TypesOfTheTableHoldForColumnsThatAreThere) {
  std::string path = Write("a.csv", "a,b\n007,x\n");
  CsvHints hints;
  hints.columns = {{"A", "BIGINT", true}, {"missing", "DATE", true}};
  EXPECT_TRUE(CountRows(path, hints).has_value());
  hints.columns = {{"b", "BIGINT", true}};
  auto refused = CountRows(path, hints);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(refused.error().message().find("a.csv"), std::string::npos);
  EXPECT_EQ(refused.error().message().find("rhizofile"), std::string::npos);
}

TEST_F(FileEngineTest, OtherFilesCannotBeReached) {
  std::string other = Write("other.csv", "a\n1\n");
  NamedFile mine{Write("mine.csv", "a\n1\n"), "mine.csv"};
  auto files = MakeNamedFileSystem({mine});
  EXPECT_TRUE(files->CanHandleFile(VirtualName(0, mine)));
  EXPECT_FALSE(files->CanHandleFile(other));
  for (const std::string& path : {std::string("rhizofile://1.file"), std::string("rhizofile://"),
                                  "rhizofile://" + other, std::string("rhizofile://-1.file")}) {
    EXPECT_THROW(files->OpenFile(path, duckdb::FileFlags::FILE_FLAGS_READ), duckdb::Exception)
        << path;
  }
}

TEST_F(FileEngineTest, CompressionIsReadOffTheUsersName) {
  EXPECT_EQ(VirtualName(3, {"/x/.rhizo-1.tmp", "out.csv.gz"}), "rhizofile://3.file.gz");
  EXPECT_EQ(VirtualName(0, {"a.csv", "a.csv"}), "rhizofile://0.file");
}

}  // namespace
}  // namespace rhizo::db
