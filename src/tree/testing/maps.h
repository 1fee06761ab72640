// Maps for tests: plain ones of several key distributions, stored ones that count reads, and both
// ways between them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "object/staging.h"
#include "tree/apply.h"
#include "tree/testing/object_map.h"
#include "tree/tree.h"

namespace rhizo::tree {

// key -> (value, weight)
using PlainMap = std::map<std::string, std::pair<std::string, uint64_t>>;

struct KeyDistribution {
  std::string name;
  std::function<std::string(std::mt19937_64&)> draw;
};
// Sequential, random, long shared prefixes, long keys, tiny keys; and keys chosen so that none, or
// all, are borders of the lowest level.
const std::vector<KeyDistribution>& KeyDistributions();

// 100-700 bytes mostly, now and then empty, just at, or over the limit of large values.
std::string DrawValue(std::mt19937_64& random);
PlainMap DrawMap(std::mt19937_64& random, const KeyDistribution& keys, size_t entries);

// Objects in memory under a Staging.
struct Store {
  std::shared_ptr<ObjectMap> objects = std::make_shared<ObjectMap>();
  object::Staging staging{objects};

  // Moves what `root` reaches from the staging into the objects, where reads are counted.
  void Publish(const Root& root);
};

Root BuildFrom(object::Staging* out, const PlainMap& map);
PlainMap ReadAll(object::ObjectReader* reader, const ObjectId& root);
// All values as they are after `edits`.
void ApplyPlainly(PlainMap* map, const std::vector<Edit>& edits);
// Random puts, changes and erases of keys of `map` and of new ones, in the order of Apply.
std::vector<Edit> DrawEdits(std::mt19937_64& random, const KeyDistribution& keys,
                            const PlainMap& map, size_t edits);

}  // namespace rhizo::tree
