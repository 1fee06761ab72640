#include "model/database_state.h"

#include "base/check.h"
#include "base/coding.h"
#include "base/name.h"
#include "model/id_coding.h"

namespace rhizo::model {
namespace {

constexpr char kEndOfSchema = '\0';

bool IsKnown(StateKind kind) { return kind >= StateKind::kTable && kind <= StateKind::kComment; }

bool IsValid(const StateKey& key) {
  return IsKnown(key.kind) && ValidateTableName(key.schema) && ValidateTableName(key.name);
}

Error BadQualifiedName(std::string_view text) {
  return Error(ErrorCode::kInvalidName, "table name \"" + std::string(text.substr(0, 80)) +
                                            "\" has more than two parts: write table or "
                                            "schema.table")
      .With("name", std::string(text));
}

}  // namespace

Result<QualifiedName> QualifiedName::Parse(std::string_view text) {
  QualifiedName out;
  size_t dot = text.find('.');
  if (dot != std::string_view::npos) {
    out.schema = text.substr(0, dot);
    text.remove_prefix(dot + 1);
    if (text.find('.') != std::string_view::npos) {
      return BadQualifiedName(out.schema + "." + std::string(text));
    }
    RETURN_IF_ERROR(ValidateTableName(out.schema));
  }
  RETURN_IF_ERROR(ValidateTableName(text));
  out.name = text;
  return out;
}

std::string QualifiedName::ToString() const {
  return schema == kDefaultSchema ? name : schema + "." + name;
}

std::string Encode(const StateKey& key) {
  CHECK(IsValid(key));
  Encoder encoder;
  encoder.Raw(key.schema);
  encoder.U8(kEndOfSchema);
  encoder.U8(static_cast<uint8_t>(key.kind));
  encoder.Raw(key.name);
  return std::move(encoder).Take();
}

Result<StateKey> DecodeStateKey(std::string_view bytes) {
  StateKey key;
  size_t end = bytes.find(kEndOfSchema);
  if (end != std::string_view::npos && bytes.size() > end + 1) {
    key.schema = bytes.substr(0, end);
    key.kind = static_cast<StateKind>(bytes[end + 1]);
    key.name = bytes.substr(end + 2);
  }
  if (!IsValid(key)) return Corruption("decoding a state key: malformed bytes");
  return key;
}

std::string Encode(const StateEntry& entry) {
  Encoder encoder;
  encoder.Raw(entry.table.view());
  encoder.Raw(entry.state.view());
  return std::move(encoder).Take();
}

Result<StateEntry> DecodeStateEntry(std::string_view bytes) {
  Decoder decoder(bytes);
  StateEntry entry;
  entry.table = ReadId<TableId>(decoder);
  entry.state = ReadId<ObjectId>(decoder);
  RETURN_IF_ERROR(decoder.Finish("a state entry"));
  return entry;
}

}  // namespace rhizo::model
