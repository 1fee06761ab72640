// The tree of everything a database holds: state key (schema, kind, name) -> state entry. Names are
// attributes of the key; identity is the table id inside the value. Regular value types.
//
// Key: schema bytes, 00, u8 kind, name bytes (names hold no 00, so byte order = order of the
// parts). Value: table id (16 bytes, zero unless a table), object id (32 bytes).
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/result.h"

namespace rhizo::model {

inline constexpr std::string_view kDefaultSchema = "main";

// "t" and "main.t" are the same; "s.t" is table t of schema s.
struct QualifiedName {
  std::string schema = std::string(kDefaultSchema);
  std::string name;

  // kInvalidName unless one or two valid parts.
  static Result<QualifiedName> Parse(std::string_view text);
  // "t" in the default schema, else "s.t".
  std::string ToString() const;
  friend auto operator<=>(const QualifiedName&, const QualifiedName&) = default;
};

// The numbers are stored: append, never renumber.
enum class StateKind : uint8_t { kTable = 1, kView = 2, kMacro = 3, kComment = 4 };

struct StateKey {
  std::string schema;
  StateKind kind = StateKind::kTable;
  std::string name;

  static StateKey OfTable(const QualifiedName& name) {
    return {name.schema, StateKind::kTable, name.name};
  }
  QualifiedName qualified_name() const { return {schema, name}; }
  friend auto operator<=>(const StateKey&, const StateKey&) = default;
};

struct StateEntry {
  TableId table;   // zero unless the key's kind is kTable
  ObjectId state;  // a table state, or a blob with the text of a view, macro or comment
  friend bool operator==(const StateEntry&, const StateEntry&) = default;
};

std::string Encode(const StateKey& key);
Result<StateKey> DecodeStateKey(std::string_view bytes);
std::string Encode(const StateEntry& entry);
Result<StateEntry> DecodeStateEntry(std::string_view bytes);

}  // namespace rhizo::model
