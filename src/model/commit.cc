#include "model/commit.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "base/blake3.h"
#include "base/check.h"
#include "base/coding.h"
#include "model/id_coding.h"
#include "object/object_kind.h"

namespace rhizo::model {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kMinTableBytes = TableId::kSize + 6;

enum : uint8_t { kReplacement = 1, kSettled = 2, kAllTableFlags = 3 };

constexpr std::array<std::string_view, 9> kChangeNames = {
    "create", "write", "append", "update", "drop", "rename", "schema", "compact", "merge"};

bool IsKnown(ChangeKind kind) { return kind >= ChangeKind::kCreate && kind <= ChangeKind::kMerge; }

bool ParentsAreValid(const Commit& commit) {
  std::unordered_set<CommitId> distinct(commit.parents.begin(), commit.parents.end());
  return distinct.size() == commit.parents.size() &&
         commit.parents.empty() == (commit.generation == 0);
}

bool TablesAreValid(const Commit& commit) {
  auto unordered = [](const TableSummary& a, const TableSummary& b) { return a.table >= b.table; };
  return std::adjacent_find(commit.tables.begin(), commit.tables.end(), unordered) ==
             commit.tables.end() &&
         std::all_of(commit.tables.begin(), commit.tables.end(),
                     [](const TableSummary& table) { return IsKnown(table.kind); });
}

bool IsValid(const Commit& commit) { return ParentsAreValid(commit) && TablesAreValid(commit); }

void Write(Encoder& encoder, const TableSummary& table) {
  encoder.Raw(table.table.view());
  encoder.String(table.name);
  encoder.U8(static_cast<uint8_t>(table.kind));
  encoder.U8((table.replacement ? kReplacement : 0) | (table.replacement_settled ? kSettled : 0));
  encoder.Varint(table.rows_added);
  encoder.Varint(table.rows_removed);
  encoder.Varint(table.rows_updated);
}

TableSummary ReadTable(Decoder& decoder) {
  TableSummary table;
  table.table = ReadId<TableId>(decoder);
  table.name = decoder.String();
  table.kind = static_cast<ChangeKind>(decoder.U8());
  uint8_t flags = decoder.U8();
  if (flags > kAllTableFlags) decoder.Fail();
  table.replacement = flags & kReplacement;
  table.replacement_settled = flags & kSettled;
  table.rows_added = decoder.Varint();
  table.rows_removed = decoder.Varint();
  table.rows_updated = decoder.Varint();
  return table;
}

// The law's number plus 1; 0 is no automatic merge.
void WriteLawNumber(Encoder& encoder, const std::optional<uint32_t>& law_number) {
  encoder.Varint(law_number ? uint64_t{*law_number} + 1 : 0);
}

std::optional<uint32_t> ReadLawNumber(Decoder& decoder) {
  uint64_t number = decoder.Varint();
  if (number > uint64_t{UINT32_MAX} + 1) decoder.Fail();
  if (number == 0 || decoder.failed()) return std::nullopt;
  return static_cast<uint32_t>(number - 1);
}

void WriteMetadata(Encoder& encoder, const std::map<std::string, std::string>& metadata) {
  encoder.Varint(metadata.size());
  for (const auto& [key, value] : metadata) {
    encoder.String(key);
    encoder.String(value);
  }
}

// A key that has to be greater than all before.
template <class Map>
std::string ReadNextKey(Decoder& decoder, const Map& map) {
  std::string key(decoder.String());
  if (!map.empty() && key <= map.rbegin()->first) decoder.Fail();
  return key;
}

std::map<std::string, std::string> ReadMetadata(Decoder& decoder) {
  std::map<std::string, std::string> metadata;
  uint64_t count = decoder.Count(2);
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) {
    std::string key = ReadNextKey(decoder, metadata);
    metadata[std::move(key)] = decoder.String();
  }
  return metadata;
}

void WriteExtensions(Encoder& encoder, const std::map<std::string, Extension>& extensions) {
  encoder.Varint(extensions.size());
  for (const auto& [name, extension] : extensions) {
    encoder.String(name);
    encoder.Bool(extension.critical);
    encoder.String(extension.value);
  }
}

std::map<std::string, Extension> ReadExtensions(Decoder& decoder) {
  std::map<std::string, Extension> extensions;
  uint64_t count = decoder.Count(3);
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) {
    std::string name = ReadNextKey(decoder, extensions);
    Extension extension;
    extension.critical = decoder.Bool();
    extension.value = decoder.String();
    extensions[std::move(name)] = std::move(extension);
  }
  return extensions;
}

std::vector<CommitId> ReadParents(Decoder& decoder) {
  std::vector<CommitId> parents;
  uint64_t count = decoder.Count(CommitId::kSize);
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) {
    parents.push_back(ReadId<CommitId>(decoder));
  }
  return parents;
}

std::vector<TableSummary> ReadTables(Decoder& decoder) {
  std::vector<TableSummary> tables;
  uint64_t count = decoder.Count(kMinTableBytes);
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) tables.push_back(ReadTable(decoder));
  return tables;
}

// Everything behind the format number.
Commit ReadBody(Decoder& decoder) {
  Commit commit;
  commit.database = ReadId<DatabaseId>(decoder);
  commit.parents = ReadParents(decoder);
  commit.generation = decoder.Varint();
  commit.state_root = ReadId<ObjectId>(decoder);
  commit.txn = ReadId<TxnId>(decoder);
  commit.time.micros = decoder.SignedVarint();
  commit.author = decoder.String();
  commit.message = decoder.String();
  commit.metadata = ReadMetadata(decoder);
  commit.tables = ReadTables(decoder);
  commit.law_number = ReadLawNumber(decoder);
  commit.extensions = ReadExtensions(decoder);
  if (!IsValid(commit)) decoder.Fail();
  return commit;
}

// No extension is known yet.
Status CheckExtensions(const Commit& commit) {
  for (const auto& [name, extension] : commit.extensions) {
    if (extension.critical) {
      return Unsupported("reading a commit that needs \"" + name.substr(0, 80) +
                         "\", which this release does not know: use a newer release");
    }
  }
  return {};
}

}  // namespace

std::string_view ChangeKindName(ChangeKind kind) {
  CHECK(IsKnown(kind));
  return kChangeNames[static_cast<size_t>(kind) - 1];
}

std::string Encode(const Commit& commit) {
  CHECK(IsValid(commit));
  Encoder encoder;
  object::EncodeHeader(encoder, object::ObjectKind::kCommit, kVersion);
  encoder.Varint(commit.format);
  encoder.Raw(commit.database.view());
  encoder.Varint(commit.parents.size());
  for (const auto& parent : commit.parents) encoder.Raw(parent.view());
  encoder.Varint(commit.generation);
  encoder.Raw(commit.state_root.view());
  encoder.Raw(commit.txn.view());
  encoder.SignedVarint(commit.time.micros);
  encoder.String(commit.author);
  encoder.String(commit.message);
  WriteMetadata(encoder, commit.metadata);
  encoder.Varint(commit.tables.size());
  for (const auto& table : commit.tables) Write(encoder, table);
  WriteLawNumber(encoder, commit.law_number);
  WriteExtensions(encoder, commit.extensions);
  return std::move(encoder).Take();
}

Result<Commit> DecodeCommit(std::string_view bytes) {
  Decoder decoder(bytes);
  object::DecodeHeader(decoder, object::ObjectKind::kCommit, kVersion);
  uint64_t format = decoder.Varint();
  if (!decoder.failed() && format > kFormat) {
    return Unsupported("reading a commit of format " + std::to_string(format) +
                       "; this release knows formats up to " + std::to_string(kFormat));
  }
  Commit commit = ReadBody(decoder);
  commit.format = static_cast<uint32_t>(format);
  RETURN_IF_ERROR(decoder.Finish("a commit"));
  RETURN_IF_ERROR(CheckExtensions(commit));
  return commit;
}

CommitId CommitIdOf(std::string_view encoded) {
  return CommitId::FromBytes(ObjectIdOf(encoded).view());
}

Commit RootCommit(const DatabaseId& database, Timestamp time) {
  Commit commit;
  commit.database = database;
  commit.time = time;
  return commit;
}

}  // namespace rhizo::model
