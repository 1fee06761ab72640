#include "tree/testing/maps.h"

#include <gtest/gtest.h>

#include "base/blake3.h"
#include "tree/border.h"
#include "tree/builder.h"
#include "tree/cursor.h"
#include "tree/visit.h"

namespace rhizo::tree {
namespace {

std::string BigEndian(uint64_t value, size_t bytes = 8) {
  std::string out;
  for (size_t i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}

std::string RandomBytes(std::mt19937_64& random, size_t size) {
  std::string out;
  while (out.size() < size) out += BigEndian(random());
  return out.substr(0, size);
}

// Draws until byte 0 of the hash says `border`.
std::string ChosenKey(std::mt19937_64& random, bool border) {
  while (true) {
    std::string key = BigEndian(random());
    if ((Blake3(key).bytes[0] < kLeafLimits.chance) == border) return key;
  }
}

}  // namespace

const std::vector<KeyDistribution>& KeyDistributions() {
  using Random = std::mt19937_64;
  static const std::vector<KeyDistribution> all = {
      {"sequential", [](Random& random) { return BigEndian(random() % 20000, 4); }},
      {"random", [](Random& random) { return RandomBytes(random, 8 + random() % 20); }},
      {"long shared prefixes",
       [](Random& random) {
         return std::string(200 + random() % 3, 'p') + BigEndian(random() % 5000, 2);
       }},
      {"long keys",
       [](Random& random) { return BigEndian(random(), 2) + std::string(random() % 4094, 'k'); }},
      {"tiny keys", [](Random& random) { return RandomBytes(random, random() % 3); }},
      {"no borders", [](Random& random) { return ChosenKey(random, false); }},
      {"all borders", [](Random& random) { return ChosenKey(random, true); }},
  };
  return all;
}

std::string DrawValue(std::mt19937_64& random) {
  switch (random() % 40) {
    case 0: return "";
    case 1: return RandomBytes(random, kLargeValueBytes);
    case 2: return RandomBytes(random, kLargeValueBytes + 1);
    case 3: return RandomBytes(random, 5000);
    default: return RandomBytes(random, 100 + random() % 600);
  }
}

PlainMap DrawMap(std::mt19937_64& random, const KeyDistribution& keys, size_t entries) {
  PlainMap map;
  for (size_t i = 0; i < entries; ++i) {
    map[keys.draw(random)] = {DrawValue(random), random() % 1000};
  }
  return map;
}

void Store::Publish(const Root& root) {
  Status status = ForEachNode(
      Tree(&staging, root.id),
      [&](const ObjectId& id) {
        auto bytes = staging.Find(id);
        if (bytes) objects->Add(*bytes);
        return bytes != nullptr;
      },
      [](const Item&) { return Status(); });
  ASSERT_TRUE(status.has_value()) << status.error().message();
  staging.Clear();
}

Root BuildFrom(object::Staging* out, const PlainMap& map) {
  Builder builder(out);
  for (const auto& [key, entry] : map) {
    Status added = builder.Add(key, entry.first, entry.second);
    EXPECT_TRUE(added.has_value()) << added.error().message();
  }
  return builder.Finish().value();
}

PlainMap ReadAll(object::ObjectReader* reader, const ObjectId& root) {
  PlainMap map;
  Cursor cursor(reader, root);
  Status status = cursor.SeekToFirst();
  while (status && cursor.Valid()) {
    map[std::string(cursor.key())] = {std::string(cursor.value()), cursor.weight()};
    status = cursor.Next();
  }
  EXPECT_TRUE(status.has_value()) << status.error().message();
  return map;
}

void ApplyPlainly(PlainMap* map, const std::vector<Edit>& edits) {
  for (const Edit& edit : edits) {
    if (edit.value) {
      (*map)[edit.key] = {*edit.value, edit.weight};
    } else {
      map->erase(edit.key);
    }
  }
}

std::vector<Edit> DrawEdits(std::mt19937_64& random, const KeyDistribution& keys,
                            const PlainMap& map, size_t edits) {
  std::map<std::string, Edit> drawn;
  for (size_t i = 0; i < edits; ++i) {
    std::string key = keys.draw(random);
    bool old_key = random() % 4 > 0;
    if (auto near = map.lower_bound(key); old_key && near != map.end()) key = near->first;
    Edit edit = {.key = key, .value = std::nullopt, .weight = 0};
    if (random() % 2) edit = {.key = key, .value = DrawValue(random), .weight = random() % 1000};
    drawn[key] = std::move(edit);
  }
  std::vector<Edit> sorted;
  for (auto& [key, edit] : drawn) sorted.push_back(std::move(edit));
  return sorted;
}

}  // namespace rhizo::tree
