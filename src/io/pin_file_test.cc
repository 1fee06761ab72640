#include "io/pin_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "io/testing/child_process.h"
#include "io/testing/temporary_directory.h"

namespace rhizo::io {
namespace {

class PinFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<PinFile> Create(std::string_view content) {
    return PinFile::Create(directory_.path(), content, random_).value();
  }
  std::vector<Pin> List() { return ListPins(directory_.path()).value(); }

  TemporaryDirectory directory_;
  SystemRandom random_;
};

TEST_F(PinFileTest, AHeldPinIsListedAliveWithItsContent) {
  auto pin = Create("commit abc");
  auto pins = List();
  ASSERT_EQ(pins.size(), 1u);
  EXPECT_TRUE(pins[0].alive);
  EXPECT_EQ(pins[0].content, "commit abc");
}

TEST_F(PinFileTest, TheLastContentCounts) {
  auto pin = Create("first");
  ASSERT_TRUE(pin->Replace("second").has_value());
  ASSERT_TRUE(pin->Replace("").has_value());
  EXPECT_EQ(List()[0].content, "");
  ASSERT_TRUE(pin->Replace("third with spaces").has_value());
  EXPECT_EQ(List()[0].content, "third with spaces");
}

TEST_F(PinFileTest, APinIsGoneWithItsObject) {
  Create("x");
  EXPECT_TRUE(List().empty());
}

TEST_F(PinFileTest, APinOfADeadProcessIsListedDeadAndCanBeRemoved) {
  WaitingChild child([&] { Create("theirs").release(); });
  EXPECT_TRUE(List().at(0).alive);
  child.Kill();
  auto pins = List();
  ASSERT_EQ(pins.size(), 1u);
  EXPECT_FALSE(pins[0].alive);
  EXPECT_EQ(pins[0].content, "theirs");
  EXPECT_TRUE(RemoveDeadPin(directory_.path(), pins[0].name).has_value());
  EXPECT_TRUE(RemoveDeadPin(directory_.path(), pins[0].name).has_value());
  EXPECT_TRUE(List().empty());
}

TEST_F(PinFileTest, ALivePinIsNotRemoved) {
  auto pin = Create("x");
  EXPECT_TRUE(RemoveDeadPin(directory_.path(), List()[0].name).has_value());
  EXPECT_EQ(List().size(), 1u);
}

TEST_F(PinFileTest, AForkedChildNeitherKeepsNorRemovesItsParentsPin) {
  auto pin = Create("x");
  EXPECT_TRUE(TrueInChild([&] {
    auto replaced = pin->Replace("y");
    bool closed = !replaced.has_value() && replaced.error().code() == ErrorCode::kClosed;
    pin.reset();
    return closed;
  }));
  ASSERT_EQ(List().size(), 1u);
  EXPECT_TRUE(List()[0].alive);
  EXPECT_EQ(List()[0].content, "x");
  const std::string copy = directory_.Path("kept");
  std::filesystem::create_hard_link(directory_.Path(List()[0].name), copy);
  WaitingChild child([] {});
  pin.reset();
  ASSERT_EQ(List().size(), 1u);
  EXPECT_FALSE(List()[0].alive) << "the child holds it";
}

TEST_F(PinFileTest, AFileThatIsReplacedForHoursStaysSmall) {
  auto pin = Create("0");
  const std::string filler(200, 'x');
  for (int i = 1; i <= 5000; ++i) {
    ASSERT_TRUE(pin->Replace(std::to_string(i) + filler).has_value());
  }
  auto pins = List();
  ASSERT_EQ(pins.size(), 1u);
  EXPECT_EQ(pins[0].content, "5000" + filler);
  EXPECT_LE(std::filesystem::file_size(directory_.Path(pins[0].name)),
            PinFile::kFoldAboveBytes + 1000);
}

TEST_F(PinFileTest, FoldingLeavesNoHole) {
  auto pin = Create("0");
  const std::string path = directory_.Path(List()[0].name);
  const std::string content(10'000, 'x');
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(pin->Replace(content).has_value());
    std::ifstream file(path);
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    ASSERT_EQ(text.find('\0'), std::string::npos);
  }
}

TEST_F(PinFileTest, ContentLargerThanTheFoldingLimitWorks) {
  auto pin = Create("small");
  for (char c : {'a', 'b', 'c'}) {
    ASSERT_TRUE(pin->Replace(std::string(100'000, c)).has_value());
    EXPECT_EQ(List()[0].content, std::string(100'000, c));
  }
  ASSERT_TRUE(pin->Replace("small").has_value());
  EXPECT_EQ(List()[0].content, "small");
}

TEST_F(PinFileTest, AReaderNeverSeesContentOlderThanWhatCountedWhenItLooked) {
  auto pin = Create("0");
  std::atomic<int> counted = 0;
  std::atomic<bool> stop = false;
  std::jthread writer([&] {
    for (int i = 1; !stop; ++i) {
      ASSERT_TRUE(pin->Replace(std::to_string(i) + std::string(3000, ' ')).has_value());
      counted = i;
    }
  });
  for (int look = 0; look < 3000; ++look) {
    int floor = counted;
    auto pins = List();
    ASSERT_EQ(pins.size(), 1u);
    ASSERT_TRUE(pins[0].alive);
    ASSERT_TRUE(pins[0].content.has_value());
    ASSERT_GE(std::stoi(*pins[0].content), floor);
  }
  stop = true;
}

TEST_F(PinFileTest, AHalfWrittenLineDoesNotCount) {
  std::ofstream(directory_.Path("a")) << "1 whole\n2 ha";
  std::ofstream(directory_.Path("b")) << "1 ha";
  std::ofstream(directory_.Path("c")) << "";
  for (const Pin& pin : List()) {
    EXPECT_FALSE(pin.alive);
    if (pin.name == "a") {
      EXPECT_EQ(pin.content, "whole");
    } else {
      EXPECT_EQ(pin.content, std::nullopt);
    }
  }
}

// Whether `old` still counts after a write of `longer` stopped early, and can be replaced. In
// a child, because the limit is the process's.
bool KeepsContentWhenAWriteStops(const std::string& directory, const std::string& old,
                                 const std::string& longer) {
  SystemRandom random;
  auto pin = PinFile::Create(directory, "first", random).value();
  auto content = [&] { return ListPins(directory).value().at(0).content; };
  std::signal(SIGXFSZ, SIG_IGN);
  if (!pin->Replace(old)) return false;
  rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
  const rlimit small{std::min<rlim_t>(20, old.size() + 10), limit.rlim_max};
  if (setrlimit(RLIMIT_FSIZE, &small) != 0) return false;
  if (pin->Replace(longer) || content() != old) return false;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
  return pin->Replace("new").has_value() && content() == "new";
}

TEST_F(PinFileTest, AWriteThatStopsHalfWayLeavesTheOldContent) {
  for (size_t length : {3u, 100'000u}) {
    EXPECT_TRUE(TrueInChild([&] {
      return KeepsContentWhenAWriteStops(directory_.path(), std::string(length, 'a'),
                                         std::string(90'000, 'b'));
    }));
  }
}

TEST_F(PinFileTest, WhoCleansUpWhilePinsAreMadeRemovesNoLivingOne) {
  std::atomic<bool> stop = false;
  std::jthread cleaner([&] {
    while (!stop) {
      for (const Pin& pin : List()) {
        ASSERT_TRUE(RemoveDeadPin(directory_.path(), pin.name).has_value());
      }
    }
  });
  for (int i = 0; i < 5000; ++i) {
    auto pin = Create("x");
    auto pins = List();
    ASSERT_EQ(pins.size(), 1u);
    ASSERT_TRUE(pins[0].alive);
  }
  stop = true;
}

TEST_F(PinFileTest, WithoutTheRightToWriteThereIsNoPin) {
  auto pin = PinFile::Create(directory_.Path("missing"), "x", random_);
  ASSERT_FALSE(pin.has_value());
  EXPECT_EQ(pin.error().code(), ErrorCode::kObjectNotFound);
}

}  // namespace
}  // namespace rhizo::io
