// Any bytes as a name: what a validator lets through keeps its promises, in every door.
#include "base/name.h"

#include <algorithm>

#include "base/check.h"
#include "model/database_state.h"

namespace {

using rhizo::FoldName;

bool Has(std::string_view name, std::string_view part) { return name.find(part) != name.npos; }

bool HasControl(std::string_view name) {
  return std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

void CheckAllowed(std::string_view name) {
  CHECK(!name.empty() && name.size() <= 255 && !HasControl(name));
  CHECK(name.front() != '-' && name.front() != ' ' && name.back() != ' ');
  CHECK(!Has(name, "\\") && !Has(name, "..") && !Has(name, ":"));
}

void CheckTable(std::string_view name) {
  CheckAllowed(name);
  CHECK(!Has(name, "/") && !Has(name, "."));
}

void CheckRef(std::string_view name) {
  CheckAllowed(name);
  CHECK(name.front() != '/' && name.back() != '/' && !Has(name, "//") && !Has(name, "/."));
  CHECK(!Has(name, "@") && !Has(name, "~") && name.front() != '.');
  CHECK(!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; }));
}

// A name and its fold are twins.
void CheckFold(std::string_view name) {
  std::string folded = FoldName(name);
  CHECK(FoldName(folded) == folded);
}

void CheckQualified(std::string_view text) {
  auto name = rhizo::model::QualifiedName::Parse(text);
  if (!name) return;
  CheckTable(name->schema);
  CheckTable(name->name);
  CHECK(rhizo::model::QualifiedName::Parse(name->ToString()).value() == *name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string name(reinterpret_cast<const char*>(data), size);
  const bool is_column = rhizo::ValidateColumnName(name).has_value();
  const bool is_table = rhizo::ValidateTableName(name).has_value();
  const bool is_ref = rhizo::ValidateRefName(name).has_value();
  if (is_table) CheckTable(name);
  if (is_ref) CheckRef(name);
  CHECK(is_column || (!is_table && !is_ref));
  if (is_column) CheckFold(name);
  CheckQualified(name);
  rhizo::NearestName(name, std::vector<std::string>{"main", "what-if", name.substr(0, size / 2)});
  return 0;
}
