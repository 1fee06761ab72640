// Names that users choose (reliability rule 8), at every door of the database: hostile ones are
// refused and leave nothing, twins of existing ones too; what is allowed works.
#include <gtest/gtest.h>

#include "io/testing/temporary_directory.h"
#include "rhizo/rhizo.h"
#include "support/tables.h"
#include "txn/branches.h"

namespace rhizo::tests {
namespace {

const std::vector<std::string> kNoNames = {
    "",
    " leading",
    "trailing ",
    "-flag",
    "line\nbreak",
    std::string("zero\0byte", 9),
    "bell\a",
    "\x7f",
    "bad\xff utf8",
    "half\xc3",
    "overlong\xc0\xaf",
    "e\xcc\x81 not composed",
    "para\xe2\x80\xa9graph",
    std::string(256, 'x'),
    "back\\slash",
    "a:b",
    "star*",
    "what?",
    "quo\"te",
    "<",
    ">",
    "pipe|",
};
const std::vector<std::string> kNoTableNames = {"..", ".hidden", "a/b", "../escape", "C:\\x"};
const std::vector<std::string> kNoRefNames = {
    "..", "a..b",  ".hidden", "a/.b",   "a/-b", "/a",    "a/",      "a//b", "a~1",
    "a^", "a@{1}", "[a]",     "x.lock", "a b",  "12345", "abcdef0", "x.",   "@",
};

class NameTest : public ::testing::Test {
 protected:
  NameTest() {
    CHECK(txn::testing::CommitRows(repository_, "table", Numbered(0, 1), false).has_value());
    head_ = ViewOfBranch(*repository_).value()->commit();
    CHECK(txn::CreateBranch(*repository_, "branch", head_, {}).has_value());
  }

  std::unique_ptr<txn::Transaction> Begin() {
    return txn::Transaction::Begin(repository_, txn::kMainBranch).value();
  }

  static model::QualifiedName Raw(const std::string& name) { return {"main", name}; }

  void ExpectNoTable(const std::string& name) {
    SCOPED_TRACE("table \"" + name + "\"");
    auto transaction = Begin();
    auto created = transaction->CreateTable(Raw(name), txn::testing::TwoColumns());
    ASSERT_FALSE(created.has_value());
    EXPECT_EQ(created.error().code(), ErrorCode::kInvalidName) << created.error().message();
    txn::testing::VectorRows rows(Numbered(0, 1));
    EXPECT_FALSE(transaction->Write(Raw(name), txn::testing::TwoColumns(), &rows, {}).has_value());
    EXPECT_FALSE(transaction->RenameTable(Raw("table"), Raw(name)).has_value());
    model::QualifiedName in_schema{name, "t"};
    EXPECT_FALSE(transaction->CreateTable(in_schema, txn::testing::TwoColumns()).has_value());
    EXPECT_FALSE(transaction->has_changes() &&
                 transaction->CurrentView().value()->ListTables().value().size() != 1);
  }

  void ExpectNoRef(const std::string& name) {
    SCOPED_TRACE("ref \"" + name + "\"");
    auto branch = txn::CreateBranch(*repository_, name, head_, {});
    ASSERT_FALSE(branch.has_value());
    EXPECT_EQ(branch.error().code(), ErrorCode::kInvalidName) << branch.error().message();
    EXPECT_FALSE(txn::CreateTag(*repository_, name, head_).has_value());
    EXPECT_FALSE(txn::RenameBranch(*repository_, "branch", name).has_value());
    EXPECT_EQ(repository_->meta().ListRefs().value().size(), 2u);
  }

  std::shared_ptr<txn::Repository> repository_ = txn::Repository::OpenInMemory().value();
  CommitId head_;
};

TEST_F(NameTest, NoTableHasAHostileName) {
  for (const auto& name : kNoNames) ExpectNoTable(name);
  for (const auto& name : kNoTableNames) ExpectNoTable(name);
}

TEST_F(NameTest, NoBranchOrTagHasAHostileName) {
  for (const auto& name : kNoNames) ExpectNoRef(name);
  for (const auto& name : kNoRefNames) ExpectNoRef(name);
}

TEST_F(NameTest, TwinsInCaseOrNormalisationAreRefused) {
  for (std::string name : {"TABLE", "Table", "tabl\xc4\x93"}) {
    auto created = Begin()->CreateTable(Raw(name), txn::testing::TwoColumns());
    EXPECT_EQ(created.has_value(), name == "tabl\xc4\x93") << name;
  }
  EXPECT_FALSE(txn::CreateBranch(*repository_, "BRANCH", head_, {}).has_value());
  EXPECT_FALSE(txn::CreateBranch(*repository_, "Main", head_, {}).has_value());
  EXPECT_FALSE(txn::CreateTag(*repository_, "branch", head_).has_value());
  ASSERT_TRUE(txn::CreateTag(*repository_, "Release", head_).has_value());
  EXPECT_FALSE(txn::CreateBranch(*repository_, "release", head_, {}).has_value());
}

TEST_F(NameTest, TwoColumnsOfOneNameAreRefusedAlsoUpToCase) {
  for (const char* twin : {"n", "N"}) {
    auto schema = txn::testing::TwoColumns();
    schema.fields[1].name = twin;
    auto created = Begin()->CreateTable(Raw("new"), schema);
    ASSERT_FALSE(created.has_value()) << twin;
    EXPECT_EQ(created.error().code(), ErrorCode::kSchema) << created.error().message();
  }
}

TEST_F(NameTest, WhatIsNotForbiddenWorks) {
  for (std::string name :
       {"x", "with space", "Ünïcödé", "日本語", "a'b", "100%", "semi;colon", "drop table", "имя"}) {
    SCOPED_TRACE(name);
    auto transaction = Begin();
    auto created = transaction->CreateTable(Raw(name), txn::testing::TwoColumns());
    EXPECT_TRUE(created.has_value()) << created.error().message();
    EXPECT_TRUE(repository_->committer().Commit(*transaction, {}).has_value());
  }
  for (std::string name : {"feature/x", "v1.0", "Ünïcödé", "日本語", "release-2026"}) {
    auto branch = txn::CreateBranch(*repository_, name, head_, {});
    EXPECT_TRUE(branch.has_value()) << name << ": " << branch.error().message();
  }
}

// The doors that users knock at answer with an error, whatever they are told.
class DoorTest : public ::testing::Test {
 protected:
  DoorTest() {
    CHECK(Put("t", "SELECT 1 AS n").has_value());
    before_ = database_->Head().value().id;
  }

  Status Put(const std::string& table, const std::string& query) {
    ASSIGN_OR_RETURN(auto rows, database_->Sql(query));
    ArrowArrayStream stream;
    RETURN_IF_ERROR(rows.Export(&stream));
    RETURN_IF_ERROR(database_->Write(table, &stream));
    return {};
  }

  template <class ResultType>
  void ExpectRefused(const ResultType& result, const char* door) {
    EXPECT_FALSE(result.has_value()) << door;
    if (!result) {
      EXPECT_FALSE(result.error().message().empty()) << door;
    }
  }

  io::TemporaryDirectory directory_;
  std::optional<Database> database_ = Database::Open(directory_.Path("db")).value();
  std::string before_;
};

TEST_F(DoorTest, HostileNamesOfTablesAreRefusedAtEveryDoor) {
  auto names = kNoNames;
  names.insert(names.end(), kNoTableNames.begin(), kNoTableNames.end());
  for (const auto& name : names) {
    SCOPED_TRACE("\"" + name + "\"");
    ExpectRefused(Put(name, "SELECT 1 AS n"), "write");
    ExpectRefused(database_->DropTable(name), "drop");
    ExpectRefused(database_->RenameTable("t", name), "rename to");
    ExpectRefused(database_->RenameTable(name, "u"), "rename");
    ExpectRefused(database_->Read(name), "read");
    ExpectRefused(database_->Scan(name, {}), "scan");
    ExpectRefused(database_->Info(name), "info");
    ExpectRefused(database_->Versions(name), "versions");
    std::string quoted = name;
    for (size_t at = 0; (at = quoted.find('"', at)) != quoted.npos; at += 2)
      quoted.insert(at, 1, '"');
    ExpectRefused(database_->Sql("SELECT * FROM \"" + quoted + "\""), "sql");
    ExpectRefused(database_->Sql("SELECT * FROM \"" + quoted + "\".t"), "sql schema");
  }
  EXPECT_EQ(database_->Head().value().id, before_);
}

TEST_F(DoorTest, HostileNamesOfRefsAreRefusedAtEveryDoor) {
  auto names = kNoNames;
  names.insert(names.end(), kNoRefNames.begin(), kNoRefNames.end());
  for (const auto& name : names) {
    if (name.empty()) continue;  // means "here"
    SCOPED_TRACE("\"" + name + "\"");
    ExpectRefused(database_->CreateBranch(name), "branch");
    ExpectRefused(database_->CreateTag(name), "tag");
    ExpectRefused(database_->RenameBranch("main", name), "rename");
    ExpectRefused(database_->DeleteBranch(name), "delete");
    ExpectRefused(database_->UndeleteBranch(name), "undelete");
    ExpectRefused(database_->Checkout(name), "checkout");
    ExpectRefused(database_->Checkout(name, true), "checkout new");
    ExpectRefused(database_->On(name), "on");
    ExpectRefused(database_->At(name), "at");
    ExpectRefused(database_->Show(name), "show");
    ExpectRefused(database_->Merge(name), "merge");
    ExpectRefused(database_->Resolve(name), "resolve");
    CommitOptions options;
    options.txn_id = name;
    ExpectRefused(database_->Begin(options), "begin");
  }
  EXPECT_EQ(database_->Branches().value().size(), 1u);
}

}  // namespace
}  // namespace rhizo::tests
