#include "model/type.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "model/schema.h"

namespace rhizo::model {
namespace {

// In the order of TypeKind, from kBoolean; nested kinds are spelled by their children.
constexpr std::array<std::string_view, 35> kNames = {"BOOLEAN",
                                                     "TINYINT",
                                                     "SMALLINT",
                                                     "INTEGER",
                                                     "BIGINT",
                                                     "HUGEINT",
                                                     "UTINYINT",
                                                     "USMALLINT",
                                                     "UINTEGER",
                                                     "UBIGINT",
                                                     "UHUGEINT",
                                                     "FLOAT",
                                                     "DOUBLE",
                                                     "DECIMAL",
                                                     "VARCHAR",
                                                     "BLOB",
                                                     "BIT",
                                                     "UUID",
                                                     "DATE",
                                                     "TIME",
                                                     "TIME_NS",
                                                     "TIME WITH TIME ZONE",
                                                     "TIMESTAMP_S",
                                                     "TIMESTAMP_MS",
                                                     "TIMESTAMP",
                                                     "TIMESTAMP_NS",
                                                     "TIMESTAMP WITH TIME ZONE",
                                                     "INTERVAL",
                                                     "ENUM",
                                                     "LIST",
                                                     "ARRAY",
                                                     "STRUCT",
                                                     "MAP",
                                                     "UNION",
                                                     "JSON"};

bool IsPlainIdentifier(std::string_view name) {
  auto plain = [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '_'; };
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), plain);
}

std::string Quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (char c : text) {
    if (c == quote) out.push_back(quote);
    out.push_back(c);
  }
  out.push_back(quote);
  return out;
}

std::string MemberText(const Field& field) {
  std::string name = IsPlainIdentifier(field.name) ? field.name : Quoted(field.name, '"');
  return name + " " + field.type.ToString();
}

template <class Items, class Text>
std::string Joined(const Items& items, Text text) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + text(item);
  return "(" + out + ")";
}

}  // namespace

bool IsKnown(TypeKind kind) { return kind >= TypeKind::kBoolean && kind <= TypeKind::kJson; }

std::string Type::ToString() const {
  if (!IsKnown(kind)) return "UNKNOWN";
  std::string name(kNames[static_cast<size_t>(kind) - 1]);
  switch (kind) {
    case TypeKind::kDecimal:
      return name + "(" + std::to_string(precision) + "," + std::to_string(scale) + ")";
    case TypeKind::kEnum:
      return name + Joined(enum_values, [](const auto& value) { return Quoted(value, '\''); });
    case TypeKind::kList:
      if (!children.empty()) return children[0].type.ToString() + "[]";
      return name;
    case TypeKind::kArray:
      if (children.empty()) return name;
      return children[0].type.ToString() + "[" + std::to_string(array_size) + "]";
    case TypeKind::kMap:
      return name + Joined(children, [](const Field& child) { return child.type.ToString(); });
    case TypeKind::kStruct:
    case TypeKind::kUnion: return name + Joined(children, MemberText);
    default: return name;
  }
}

bool operator==(const Type& a, const Type& b) {
  return a.kind == b.kind && a.precision == b.precision && a.scale == b.scale &&
         a.array_size == b.array_size && a.enum_values == b.enum_values && a.children == b.children;
}

}  // namespace rhizo::model
