// What every FileSystem promises. Instantiate with a fixture type that has `FileSystem& fs()` and
// `std::string Path(name)` for names in an empty directory:
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memory, FileSystemContract, MemoryFixture);
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "io/file_system.h"

namespace rhizo::io {

template <class Fixture>
class FileSystemContract : public ::testing::Test {
 protected:
  FileSystem& fs() { return fixture_.fs(); }
  std::string Path(const std::string& name) { return fixture_.Path(name); }

  void Write(const std::string& name, std::string_view bytes) {
    auto file = fs().CreateExclusive(Path(name));
    ASSERT_TRUE(file.has_value()) << file.error().message();
    ASSERT_TRUE((*file)->Append(bytes).has_value());
    ASSERT_TRUE((*file)->Sync().has_value());
    ASSERT_TRUE((*file)->Close().has_value());
  }

  // The content, or the name of the error.
  std::string Read(const std::string& name) {
    auto file = fs().OpenForReading(Path(name));
    if (!file) return std::string(ErrorCodeName(file.error().code()));
    std::string bytes((*file)->Size().value(), '\0');
    EXPECT_EQ((*file)->ReadAt(0, bytes).value(), bytes.size());
    return bytes;
  }

  Fixture fixture_;
};

template <class T>
::testing::AssertionResult FailedWith(ErrorCode code, const Result<T>& result) {
  if (result.has_value()) return ::testing::AssertionFailure() << "succeeded";
  if (result.error().code() == code) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << ErrorCodeName(result.error().code()) << ": " << result.error().message();
}

TYPED_TEST_SUITE_P(FileSystemContract);

TYPED_TEST_P(FileSystemContract, AFileHoldsWhatWasAppendedInOrder) {
  auto file = this->fs().CreateExclusive(this->Path("a")).value();
  ASSERT_TRUE(file->Append("one").has_value());
  ASSERT_TRUE(file->Append("").has_value());
  ASSERT_TRUE(file->Append(std::string(100'000, 'x')).has_value());
  ASSERT_TRUE(file->Sync().has_value());
  EXPECT_EQ(file->Size().value(), 100'003u);
  EXPECT_EQ(this->Read("a"), "one" + std::string(100'000, 'x'));
}

TYPED_TEST_P(FileSystemContract, ReadingStopsAtTheEndOfTheFile) {
  this->Write("a", "0123456789");
  auto file = this->fs().OpenForReading(this->Path("a")).value();
  std::string out(4, '?');
  EXPECT_EQ(file->ReadAt(8, out).value(), 2u);
  EXPECT_EQ(out, "89??");
  EXPECT_EQ(file->ReadAt(10, out).value(), 0u);
  EXPECT_EQ(file->ReadAt(1000, out).value(), 0u);
}

TYPED_TEST_P(FileSystemContract, AFileOpenForReadingCanBeSyncedButNotWritten) {
  this->Write("a", "x");
  auto file = this->fs().OpenForReading(this->Path("a")).value();
  EXPECT_TRUE(file->Sync().has_value());
  EXPECT_FALSE(file->Append("y").has_value());
  EXPECT_EQ(this->Read("a"), "x");
}

TYPED_TEST_P(FileSystemContract, AClosedFileAnswersClosed) {
  this->Write("a", "x");
  auto file = this->fs().OpenForReading(this->Path("a")).value();
  ASSERT_TRUE(file->Close().has_value());
  EXPECT_TRUE(file->Close().has_value());
  std::string out(1, '?');
  EXPECT_TRUE(FailedWith(ErrorCode::kClosed, file->ReadAt(0, out)));
  EXPECT_TRUE(FailedWith(ErrorCode::kClosed, file->Sync()));
  EXPECT_TRUE(FailedWith(ErrorCode::kClosed, file->Append("z")));
  EXPECT_TRUE(FailedWith(ErrorCode::kClosed, file->Size()));
}

TYPED_TEST_P(FileSystemContract, CreatingNeverOpensWhatIsThere) {
  this->Write("a", "old");
  EXPECT_TRUE(FailedWith(ErrorCode::kAlreadyExists, this->fs().CreateExclusive(this->Path("a"))));
  ASSERT_TRUE(this->fs().CreateDirectory(this->Path("d")).has_value());
  EXPECT_TRUE(FailedWith(ErrorCode::kAlreadyExists, this->fs().CreateExclusive(this->Path("d"))));
  EXPECT_TRUE(FailedWith(ErrorCode::kAlreadyExists, this->fs().CreateDirectory(this->Path("d"))));
  EXPECT_EQ(this->Read("a"), "old");
}

TYPED_TEST_P(FileSystemContract, WhatIsMissingIsNotFound) {
  auto& fs = this->fs();
  EXPECT_TRUE(FailedWith(ErrorCode::kObjectNotFound, fs.OpenForReading(this->Path("x"))));
  EXPECT_TRUE(FailedWith(ErrorCode::kObjectNotFound, fs.CreateExclusive(this->Path("x/y"))));
  EXPECT_TRUE(FailedWith(ErrorCode::kObjectNotFound, fs.CreateDirectory(this->Path("x/y"))));
  EXPECT_TRUE(FailedWith(ErrorCode::kObjectNotFound, fs.Remove(this->Path("x"))));
  EXPECT_TRUE(FailedWith(ErrorCode::kObjectNotFound, fs.Stat(this->Path("x"))));
  EXPECT_TRUE(FailedWith(ErrorCode::kObjectNotFound, fs.List(this->Path("x"))));
  EXPECT_TRUE(FailedWith(ErrorCode::kObjectNotFound, fs.SyncDirectory(this->Path("x"))));
  EXPECT_TRUE(FailedWith(ErrorCode::kObjectNotFound,
                         fs.RenameWithoutReplacing(this->Path("x"), this->Path("y"))));
  EXPECT_TRUE(
      FailedWith(ErrorCode::kObjectNotFound, fs.RenameReplacing(this->Path("x"), this->Path("y"))));
}

TYPED_TEST_P(FileSystemContract, RenamingMovesTheContent) {
  ASSERT_TRUE(this->fs().CreateDirectory(this->Path("d")).has_value());
  this->Write("a", "x");
  ASSERT_TRUE(this->fs().RenameWithoutReplacing(this->Path("a"), this->Path("d/b")).has_value());
  EXPECT_EQ(this->Read("d/b"), "x");
  EXPECT_TRUE(FailedWith(ErrorCode::kObjectNotFound, this->fs().Stat(this->Path("a"))));
}

TYPED_TEST_P(FileSystemContract, RenamingDoesNotReplaceUnlessAsked) {
  this->Write("a", "new");
  this->Write("b", "old");
  EXPECT_TRUE(FailedWith(ErrorCode::kAlreadyExists,
                         this->fs().RenameWithoutReplacing(this->Path("a"), this->Path("b"))));
  EXPECT_EQ(this->Read("b"), "old");
  EXPECT_EQ(this->Read("a"), "new");
  ASSERT_TRUE(this->fs().RenameReplacing(this->Path("a"), this->Path("b")).has_value());
  EXPECT_EQ(this->Read("b"), "new");
}

TYPED_TEST_P(FileSystemContract, AnOpenFileSurvivesRemovalAndReplacement) {
  this->Write("a", "first");
  auto file = this->fs().OpenForReading(this->Path("a")).value();
  this->Write("b", "second");
  ASSERT_TRUE(this->fs().RenameReplacing(this->Path("b"), this->Path("a")).has_value());
  std::string out(5, '?');
  EXPECT_EQ(file->ReadAt(0, out).value(), 5u);
  EXPECT_EQ(out, "first");
  auto second = this->fs().OpenForReading(this->Path("a")).value();
  ASSERT_TRUE(this->fs().Remove(this->Path("a")).has_value());
  EXPECT_EQ(second->ReadAt(0, out).value(), 5u);
  EXPECT_EQ(out, "secon");
}

TYPED_TEST_P(FileSystemContract, ListingShowsFilesAndFoldersOfOneFolder) {
  auto& fs = this->fs();
  ASSERT_TRUE(fs.CreateDirectory(this->Path("d")).has_value());
  ASSERT_TRUE(fs.CreateDirectory(this->Path("d/e")).has_value());
  this->Write("d/f", "x");
  this->Write("d/e/g", "x");
  EXPECT_THAT(fs.List(this->Path("d")).value(), ::testing::UnorderedElementsAre("e", "f"));
}

TYPED_TEST_P(FileSystemContract, StatTellsFilesFromFolders) {
  ASSERT_TRUE(this->fs().CreateDirectory(this->Path("d")).has_value());
  this->Write("f", "12345");
  EXPECT_TRUE(this->fs().Stat(this->Path("d")).value().is_directory);
  EXPECT_FALSE(this->fs().Stat(this->Path("f")).value().is_directory);
  EXPECT_EQ(this->fs().Stat(this->Path("f")).value().size_bytes, 5u);
}

TYPED_TEST_P(FileSystemContract, RemovingTakesFilesOnly) {
  ASSERT_TRUE(this->fs().CreateDirectory(this->Path("d")).has_value());
  this->Write("f", "x");
  EXPECT_TRUE(this->fs().Remove(this->Path("f")).has_value());
  EXPECT_FALSE(this->fs().Remove(this->Path("d")).has_value());
  EXPECT_TRUE(this->fs().Stat(this->Path("d")).has_value());
}

TYPED_TEST_P(FileSystemContract, FoldersCanBeSynced) {
  ASSERT_TRUE(this->fs().CreateDirectory(this->Path("d")).has_value());
  EXPECT_TRUE(this->fs().SyncDirectory(this->Path("d")).has_value());
  EXPECT_TRUE(this->fs().SyncAll(this->Path("d")).has_value());
}

TYPED_TEST_P(FileSystemContract, MessagesDoNotShowWhereTheFolderLies) {
  auto failed = this->fs().OpenForReading(this->Path("d/missing"));
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().message(), ::testing::HasSubstr("d/missing"));
  EXPECT_THAT(failed.error().message(), ::testing::Not(::testing::HasSubstr(this->Path("d"))));
}

REGISTER_TYPED_TEST_SUITE_P(FileSystemContract, AFileHoldsWhatWasAppendedInOrder,
                            ReadingStopsAtTheEndOfTheFile,
                            AFileOpenForReadingCanBeSyncedButNotWritten, AClosedFileAnswersClosed,
                            CreatingNeverOpensWhatIsThere, WhatIsMissingIsNotFound,
                            RenamingMovesTheContent, RenamingDoesNotReplaceUnlessAsked,
                            AnOpenFileSurvivesRemovalAndReplacement,
                            ListingShowsFilesAndFoldersOfOneFolder, StatTellsFilesFromFolders,
                            RemovingTakesFilesOnly, FoldersCanBeSynced,
                            MessagesDoNotShowWhereTheFolderLies);

}  // namespace rhizo::io
