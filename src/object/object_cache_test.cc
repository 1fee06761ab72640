#include "object/object_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/blake3.h"

namespace rhizo::object {
namespace {

// Objects "0", "1", ... each padded to a length, and a loader over them that counts.
struct Objects {
  explicit Objects(size_t count, size_t length = 100) {
    for (size_t i = 0; i < count; ++i) {
      std::string bytes = std::to_string(i);
      bytes.resize(length, '.');
      ids.push_back(ObjectIdOf(bytes));
      by_id.emplace(ids.back(), std::move(bytes));
    }
  }

  ObjectCache::Loader Loader() {
    return [this](const ObjectId& id) -> Result<std::string> {
      ++loads;
      auto found = by_id.find(id);
      if (found == by_id.end()) return Error(ErrorCode::kObjectNotFound, "none");
      return found->second;
    };
  }

  std::vector<ObjectId> ids;
  std::unordered_map<ObjectId, std::string> by_id;
  std::atomic<int> loads = 0;
};

TEST(ObjectCache, ReadingTwiceLoadsOnce) {
  Objects objects(1);
  ObjectCache cache(objects.Loader(), 1 << 20);
  EXPECT_EQ(*cache.Read(objects.ids[0]).value(), objects.by_id[objects.ids[0]]);
  EXPECT_EQ(*cache.Read(objects.ids[0]).value(), objects.by_id[objects.ids[0]]);
  EXPECT_EQ(objects.loads, 1);
}

TEST(ObjectCache, BytesThatAreNotThoseOfTheIdAreCorruptionAndNotKept) {
  Objects objects(1);
  objects.by_id[objects.ids[0]][0] ^= 1;
  ObjectCache cache(objects.Loader(), 1 << 20);
  auto read = cache.Read(objects.ids[0]);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(read.error().field("object"), objects.ids[0].ToString());
  EXPECT_EQ(cache.size_bytes(), 0u);
}

TEST(ObjectCache, AMissingObjectIsCorruption) {
  Objects objects(0);
  ObjectCache cache(objects.Loader(), 1 << 20);
  auto read = cache.Read(ObjectIdOf("absent"));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code(), ErrorCode::kCorruption);
}

TEST(ObjectCache, OtherErrorsOfTheLoaderPass) {
  ObjectCache cache([](const ObjectId&) { return Error(ErrorCode::kIo, "the disk is gone"); },
                    1000);
  auto read = cache.Read(ObjectIdOf("x"));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code(), ErrorCode::kIo);
}

TEST(ObjectCache, ItNeverHoldsMoreThanItsCapacity) {
  Objects objects(2000, 1000);
  constexpr size_t kCapacity = 256 * 1024;
  ObjectCache cache(objects.Loader(), kCapacity);
  for (const auto& id : objects.ids) {
    ASSERT_TRUE(cache.Read(id).has_value());
    ASSERT_LE(cache.size_bytes(), kCapacity);
  }
  EXPECT_GT(cache.size_bytes(), kCapacity / 2);
}

TEST(ObjectCache, WhatIsUsedAgainAndAgainStays) {
  Objects objects(2000, 1000);
  ObjectCache cache(objects.Loader(), 256 * 1024);
  const ObjectId& hot = objects.ids[0];
  for (const auto& id : objects.ids) {
    ASSERT_TRUE(cache.Read(id).has_value());
    ASSERT_TRUE(cache.Read(hot).has_value());
  }
  EXPECT_EQ(objects.loads, 2000);
}

TEST(ObjectCache, AnObjectLargerThanTheCacheIsReadButNotKept) {
  Objects objects(1, 100'000);
  ObjectCache cache(objects.Loader(), 50'000);
  EXPECT_EQ(cache.Read(objects.ids[0]).value()->size(), 100'000u);
  EXPECT_EQ(cache.size_bytes(), 0u);
}

TEST(ObjectCache, WhatWasInsertedIsNotLoaded) {
  Objects objects(0);
  ObjectCache cache(objects.Loader(), 1 << 20);
  const ObjectId id = ObjectIdOf("made here");
  cache.Insert(id, std::make_shared<const std::string>("made here"));
  EXPECT_EQ(*cache.Read(id).value(), "made here");
  EXPECT_EQ(objects.loads, 0);
  cache.Clear();
  EXPECT_EQ(cache.size_bytes(), 0u);
  EXPECT_FALSE(cache.Read(id).has_value());
}

TEST(ObjectCache, ThreadsReadTheSameObjects) {
  Objects objects(200, 1000);
  ObjectCache cache(objects.Loader(), 64 * 1024);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 2000; ++i) {
        const ObjectId& id = objects.ids[(i * 7 + static_cast<size_t>(t)) % objects.ids.size()];
        EXPECT_EQ(*cache.Read(id).value(), objects.by_id.at(id));
      }
    });
  }
}

}  // namespace
}  // namespace rhizo::object
