#include "model/table_state.h"

#include <gtest/gtest.h>

#include <functional>

#include "model/testing/canonical.h"
#include "model/testing/samples.h"

namespace rhizo::model {
namespace {

TableState Full() { return testing::TableStateSamples()[1].second; }

TEST(TableState, OnlyItsOwnEncodingIsTaken) {
  for (const auto& [name, state] : testing::TableStateSamples()) {
    SCOPED_TRACE(name);
    testing::ExpectCanonical(state, DecodeTableState);
  }
}

TEST(TableState, EmptyTablesAreEqualWhateverTheirTreeIsCalled) {
  TableState a = testing::TableStateSamples()[0].second;
  TableState b = a;
  b.tree_root = testing::FilledId<ObjectId>(1);
  EXPECT_EQ(Encode(a), Encode(b));
}

TEST(TableState, WhatTheFormatForbidsIsNeverWritten) {
  const std::function<void(TableState*)> kCases[] = {
      [](auto* s) {
        s->used_field_ids = {7, 9};
      },  // 11 is in the schema
      [](auto* s) {
        s->used_field_ids = {7, 5, 9, 11};
      },                              // not sorted
      [](auto* s) { s->key = {5}; },  // no field of the schema
      [](auto* s) {
        s->key = {7, 7};
      },  // twice
      [](auto* s) {
        s->sort_order = {{11, false, false}};
      },  // nested
      [](auto* s) { s->schema.fields[0].name = ""; },
      [](auto* s) { s->schema.fields[0].id = 9; },  // twice
      [](auto* s) { s->rows = 0; },                 // but entries
      [](auto* s) { s->entries = 301; },            // more than rows
  };
  for (const auto& spoil : kCases) {
    TableState state = Full();
    spoil(&state);
    EXPECT_DEATH(Encode(state), "IsValid");
  }
}

TEST(TableState, ThousandColumnsComeBack) {
  TableState state = testing::TableStateSamples()[0].second;
  state.schema.fields.clear();
  state.used_field_ids.clear();
  for (int i = 1; i <= 1000; ++i) {
    state.schema.fields.push_back(
        testing::FieldOf(i, "column_" + std::to_string(i), testing::TypeOf(TypeKind::kFloat64)));
    state.used_field_ids.push_back(i);
  }
  EXPECT_EQ(*DecodeTableState(Encode(state)), state);
}

}  // namespace
}  // namespace rhizo::model
