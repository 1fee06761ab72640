// What every ObjectStore promises. Instantiate with a fixture type that has `ObjectStore& store()`,
// empty, and `void Spoil(id, bytes)`, which puts other bytes in the place of an object's:
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memory, ObjectStoreContract, MemoryFixture);
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/blake3.h"
#include "object/object_store.h"

namespace rhizo::object {

template <class Fixture>
class ObjectStoreContract : public ::testing::Test {
 protected:
  ObjectStore& store() { return fixture_.store(); }

  ObjectId Put(std::string_view bytes) {
    ObjectId id = ObjectIdOf(bytes);
    Status put = store().Put(id, bytes);
    EXPECT_TRUE(put.has_value()) << put.error().message();
    return id;
  }

  std::map<ObjectId, uint64_t> Listed() {
    std::map<ObjectId, uint64_t> listed;
    Status status = store().List([&](const ObjectId& id, uint64_t size) {
      EXPECT_TRUE(listed.emplace(id, size).second) << "listed twice";
      return true;
    });
    EXPECT_TRUE(status.has_value());
    return listed;
  }

  template <class T>
  static ErrorCode CodeOf(const Result<T>& result) {
    EXPECT_FALSE(result.has_value());
    return result.has_value() ? ErrorCode::kSql : result.error().code();
  }

  Fixture fixture_;
};

TYPED_TEST_SUITE_P(ObjectStoreContract);

TYPED_TEST_P(ObjectStoreContract, WhatWasPutComesBack) {
  const std::string bytes(200'000, 'r');
  const ObjectId id = this->Put(bytes);
  EXPECT_TRUE(this->store().SyncNames().has_value());
  EXPECT_EQ(this->store().Get(id).value(), bytes);
  EXPECT_EQ(this->store().Size(id).value(), bytes.size());
}

TYPED_TEST_P(ObjectStoreContract, AnEmptyObjectIsAnObject) {
  const ObjectId id = this->Put("");
  EXPECT_EQ(this->store().Get(id).value(), "");
  EXPECT_EQ(this->store().Size(id).value(), 0u);
}

TYPED_TEST_P(ObjectStoreContract, PuttingTheSameBytesTwiceKeepsOneObject) {
  const ObjectId id = this->Put("twice");
  EXPECT_EQ(this->Put("twice"), id);
  EXPECT_THAT(this->Listed(), ::testing::ElementsAre(::testing::Pair(id, 5)));
}

TYPED_TEST_P(ObjectStoreContract, AnAbsentObjectIsNotFound) {
  const ObjectId id = ObjectIdOf("absent");
  std::string out(1, '?');
  EXPECT_EQ(this->CodeOf(this->store().Get(id)), ErrorCode::kObjectNotFound);
  EXPECT_EQ(this->CodeOf(this->store().Size(id)), ErrorCode::kObjectNotFound);
  EXPECT_EQ(this->CodeOf(this->store().ReadAt(id, 0, out)), ErrorCode::kObjectNotFound);
  EXPECT_EQ(this->store().Get(id).error().field("object"), id.ToString());
}

TYPED_TEST_P(ObjectStoreContract, PartsAreReadAtTheirOffset) {
  const ObjectId id = this->Put("0123456789");
  std::string out(3, '?');
  EXPECT_TRUE(this->store().ReadAt(id, 7, out).has_value());
  EXPECT_EQ(out, "789");
  EXPECT_TRUE(this->store().ReadAt(id, 0, out).has_value());
  EXPECT_EQ(out, "012");
  EXPECT_TRUE(this->store().ReadAt(id, 10, {}).has_value());
}

TYPED_TEST_P(ObjectStoreContract, ReadingPastTheEndIsCorruption) {
  const ObjectId id = this->Put("0123456789");
  std::string out(3, '?');
  EXPECT_EQ(this->CodeOf(this->store().ReadAt(id, 8, out)), ErrorCode::kCorruption);
  EXPECT_EQ(this->CodeOf(this->store().ReadAt(id, 11, out)), ErrorCode::kCorruption);
  EXPECT_EQ(this->CodeOf(this->store().ReadAt(id, uint64_t{1} << 62, out)), ErrorCode::kCorruption);
}

TYPED_TEST_P(ObjectStoreContract, EveryFlippedBitOfAnObjectIsCorruptionThatNamesIt) {
  const std::string bytes = "every byte of this counts";
  const ObjectId id = this->Put(bytes);
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string spoiled = bytes;
    spoiled[i] = static_cast<char>(spoiled[i] ^ 0x10);
    this->fixture_.Spoil(id, spoiled);
    auto got = this->store().Get(id);
    ASSERT_EQ(this->CodeOf(got), ErrorCode::kCorruption);
    ASSERT_EQ(got.error().field("object"), id.ToString());
  }
}

TYPED_TEST_P(ObjectStoreContract, AShortenedObjectIsCorruption) {
  const ObjectId id = this->Put("0123456789");
  this->fixture_.Spoil(id, "01234");
  EXPECT_EQ(this->CodeOf(this->store().Get(id)), ErrorCode::kCorruption);
}

TYPED_TEST_P(ObjectStoreContract, PuttingAnObjectAgainHealsADamagedOne) {
  const ObjectId id = this->Put("0123456789");
  for (std::string damage : {"", "01234", "01234567?9", "0123456789+"}) {
    this->fixture_.Spoil(id, damage);
    EXPECT_TRUE(this->store().ReadAt(id, 0, {}).has_value());
    this->Put("0123456789");
    EXPECT_EQ(this->store().Get(id).value(), "0123456789") << "after " << damage;
    std::string out(10, '?');
    EXPECT_TRUE(this->store().ReadAt(id, 0, out).has_value());
    EXPECT_EQ(out, "0123456789") << "after " << damage;
  }
}

TYPED_TEST_P(ObjectStoreContract, ListingShowsEveryObjectWithItsSize) {
  std::map<ObjectId, uint64_t> put;
  for (size_t i = 0; i < 600; ++i) put[this->Put(std::string(i, 'x'))] = i;
  EXPECT_EQ(this->Listed(), put);
}

TYPED_TEST_P(ObjectStoreContract, ListingStopsWhenAsked) {
  for (size_t i = 0; i < 20; ++i) this->Put(std::string(i, 'x'));
  int seen = 0;
  EXPECT_TRUE(
      this->store().List([&](const ObjectId&, uint64_t) { return ++seen < 3; }).has_value());
  EXPECT_EQ(seen, 3);
}

TYPED_TEST_P(ObjectStoreContract, RemovingForgetsAnObjectAndIsNoErrorTwice) {
  const ObjectId id = this->Put("gone");
  std::string out(1, '?');
  EXPECT_TRUE(this->store().ReadAt(id, 0, out).has_value());
  EXPECT_TRUE(this->store().Remove(id).has_value());
  EXPECT_TRUE(this->store().Remove(id).has_value());
  EXPECT_EQ(this->CodeOf(this->store().Get(id)), ErrorCode::kObjectNotFound);
  EXPECT_EQ(this->CodeOf(this->store().ReadAt(id, 0, out)), ErrorCode::kObjectNotFound);
  EXPECT_TRUE(this->Listed().empty());
  this->Put("gone");
  EXPECT_EQ(this->store().Get(id).value(), "gone");
}

TYPED_TEST_P(ObjectStoreContract, ThreadsPutAndReadAtOnce) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (size_t i = 1; i < 100; ++i) {
        const std::string bytes(i, 'y');
        const ObjectId id = this->Put(bytes);
        std::string out(i, '?');
        EXPECT_TRUE(this->store().ReadAt(id, 0, out).has_value());
        EXPECT_EQ(out, bytes);
        EXPECT_TRUE(i % 10 != 0 || this->store().SyncNames().has_value());
      }
    });
  }
  threads.clear();
  EXPECT_EQ(this->Listed().size(), 99u);
}

TYPED_TEST_P(ObjectStoreContract, EverythingCanBeSyncedAtOnce) {
  const ObjectId id = this->Put("x");
  EXPECT_TRUE(this->store().SyncAll().has_value());
  EXPECT_TRUE(this->store().SyncNames().has_value());
  EXPECT_EQ(this->store().Get(id).value(), "x");
}

REGISTER_TYPED_TEST_SUITE_P(ObjectStoreContract, WhatWasPutComesBack, AnEmptyObjectIsAnObject,
                            PuttingTheSameBytesTwiceKeepsOneObject, AnAbsentObjectIsNotFound,
                            PartsAreReadAtTheirOffset, ReadingPastTheEndIsCorruption,
                            EveryFlippedBitOfAnObjectIsCorruptionThatNamesIt,
                            AShortenedObjectIsCorruption, PuttingAnObjectAgainHealsADamagedOne,
                            ListingShowsEveryObjectWithItsSize, ListingStopsWhenAsked,
                            RemovingForgetsAnObjectAndIsNoErrorTwice, ThreadsPutAndReadAtOnce,
                            EverythingCanBeSyncedAtOnce);

}  // namespace rhizo::object
