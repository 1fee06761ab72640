#include "txn/name_index.h"

#include <gtest/gtest.h>

#include "object/staging.h"
#include "tree/apply.h"
#include "tree/testing/object_map.h"

namespace rhizo::txn {
namespace {

using model::QualifiedName;

// A state with tables of these names.
ObjectId StateOf(object::Staging* staging, const std::vector<std::string>& names) {
  std::vector<tree::Edit> edits;
  for (const auto& name : names) {
    edits.push_back({model::Encode(model::StateKey::OfTable({"main", name})),
                     model::Encode(model::StateEntry{}), 1});
  }
  auto root = tree::Apply(staging, ObjectId(), std::move(edits));
  CHECK(root.has_value());
  return root->id;
}

TEST(NameIndex, FindsATwinAndFollowsToTheNextState) {
  object::Staging staging(std::make_shared<tree::ObjectMap>());
  ObjectId first = StateOf(&staging, {"Flights", "weather"});
  ObjectId second = StateOf(&staging, {"WEATHER", "planes"});
  NameIndex index;
  EXPECT_EQ(index.FindTwin(&staging, first, {"main", "FLIGHTS"}).value(),
            (QualifiedName{"main", "Flights"}));
  EXPECT_EQ(index.FindTwin(&staging, first, {"main", "Flights"}).value(), std::nullopt);
  EXPECT_EQ(index.FindTwin(&staging, second, {"main", "flights"}).value(), std::nullopt);
  EXPECT_EQ(index.FindTwin(&staging, second, {"main", "weather"}).value(),
            (QualifiedName{"main", "WEATHER"}));
}

// As when a group of commits failed after its states were looked at.
TEST(NameIndex, AStateThatIsGoneDoesNotStandInTheWayOfTheNext) {
  object::Staging gone(std::make_shared<tree::ObjectMap>());
  object::Staging staging(std::make_shared<tree::ObjectMap>());
  ObjectId first = StateOf(&gone, {"Flights"});
  ObjectId second = StateOf(&staging, {"planes"});
  NameIndex index;
  ASSERT_TRUE(index.FindTwin(&gone, first, {"main", "flights"}).has_value());
  auto twin = index.FindTwin(&staging, second, {"main", "PLANES"});
  ASSERT_TRUE(twin.has_value()) << twin.error().message();
  EXPECT_EQ(*twin, (QualifiedName{"main", "planes"}));
  EXPECT_EQ(index.FindTwin(&staging, second, {"main", "flights"}).value(), std::nullopt);
}

}  // namespace
}  // namespace rhizo::txn
