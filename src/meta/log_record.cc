#include "meta/log_record.h"

#include <cstring>

#include "object/object_store.h"

namespace rhizo::meta {

namespace {

constexpr std::string_view kTable = "log";

enum RefFlags : uint8_t { kHasCommit = 1, kHasExpiry = 2, kProtected = 4 };

void EncodeTime(Encoder& out, Timestamp time) { out.U64(static_cast<uint64_t>(time.micros)); }

Timestamp DecodeTime(Decoder& in) { return Timestamp{static_cast<int64_t>(in.U64())}; }

template <class IdType>
IdType DecodeId(Decoder& in) {
  std::string_view raw = in.Raw(IdType::kSize);
  return raw.size() == IdType::kSize ? IdType::FromBytes(raw) : IdType{};
}

RefStep DecodeStep(Decoder& in) {
  RefStep step;
  step.ref = in.String();
  step.after = RefRow::DecodeFrom(in);
  step.operation = in.String();
  if (in.Bool()) step.old_commit = DecodeId<CommitId>(in);
  return step;
}

RefSetting DecodeSetting(Decoder& in) {
  RefSetting setting;
  setting.ref = in.String();
  setting.after = RefRow::DecodeFrom(in);
  return setting;
}

VersionEntry DecodeVersion(Decoder& in) {
  VersionEntry version;
  version.table = DecodeId<TableId>(in);
  version.number = in.Varint();
  version.state = DecodeId<ObjectId>(in);
  return version;
}

StoredObject DecodeObject(Decoder& in) {
  StoredObject object;
  object.key = __builtin_bswap64(in.U64());
  object.length = in.Varint();
  return object;
}

template <class Item>
std::vector<Item> DecodeAll(Decoder& in, Item (*decode)(Decoder&)) {
  uint64_t count = in.Count();
  if (count > kMaxOrdinals) in.Fail();
  std::vector<Item> items;
  for (uint64_t i = 0; i < count && !in.failed(); ++i) items.push_back(decode(in));
  return items;
}

void SetOffsets(std::vector<StoredObject>& objects, Decoder& in) {
  uint64_t offset = 0;
  for (StoredObject& object : objects) {
    if (object.length > object::kSmallObjectBytes) in.Fail();
    object.offset = offset;
    offset += object.length;
  }
}

std::string EncodeHead(const LogRecord& record) {
  Encoder out;
  out.U8(static_cast<uint8_t>(record.kind));
  EncodeTime(out, record.time);
  out.Raw(record.txn.view());
  out.Raw(record.commit.view());
  out.Varint(record.steps.size());
  for (const RefStep& step : record.steps) {
    out.String(step.ref);
    step.after.EncodeTo(out);
    out.String(step.operation);
    out.Bool(step.old_commit.has_value());
    if (step.old_commit) out.Raw(step.old_commit->view());
  }
  out.Varint(record.settings.size());
  for (const RefSetting& setting : record.settings) {
    out.String(setting.ref);
    setting.after.EncodeTo(out);
  }
  out.Varint(record.versions.size());
  for (const VersionEntry& version : record.versions) {
    out.Raw(version.table.view());
    out.Varint(version.number);
    out.Raw(version.state.view());
  }
  out.Varint(record.objects.size());
  for (const StoredObject& object : record.objects) {
    out.U64(__builtin_bswap64(object.key));
    out.Varint(object.length);
  }
  return std::move(out).Take();
}

uint64_t FirstEight(std::string_view bytes) {
  uint64_t value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return __builtin_bswap64(value);
}

uint64_t HashedKey(const Encoder& input) { return FirstEight(Blake3(input.bytes()).view()); }

}  // namespace

void RefRow::EncodeTo(Encoder& out) const {
  out.U8((commit ? kHasCommit : 0) | (expires ? kHasExpiry : 0) | (is_protected ? kProtected : 0));
  out.U8(static_cast<uint8_t>(kind));
  out.Varint(moves);
  EncodeTime(out, moved_at);
  if (commit) out.Raw(commit->view());
  if (expires) EncodeTime(out, *expires);
}

RefRow RefRow::DecodeFrom(Decoder& in) {
  RefRow row;
  uint8_t flags = in.U8();
  uint8_t kind = in.U8();
  if (flags > 7 || kind < 1 || kind > 4) in.Fail();
  row.kind = static_cast<RefKind>(kind);
  row.is_protected = (flags & kProtected) != 0;
  row.moves = in.Varint();
  row.moved_at = DecodeTime(in);
  if (flags & kHasCommit) row.commit = DecodeId<CommitId>(in);
  if (flags & kHasExpiry) row.expires = DecodeTime(in);
  return row;
}

std::optional<Ref> RefOf(std::string_view name, const RefRow& row) {
  if (!row.commit) return std::nullopt;
  return Ref{std::string(name), row.kind, *row.commit, row.moves, row.expires, row.is_protected};
}

uint64_t LogRecord::BodiesBytes() const {
  return objects.empty() ? 0 : objects.back().offset + objects.back().length;
}

RefLogEntry LogRecord::StepAt(size_t ordinal) const {
  const RefStep& step = steps[ordinal];
  return {step.ref,
          step.after.moves,
          step.old_commit,
          step.after.commit,
          step.after.moved_at,
          step.operation,
          txn};
}

TableVersion LogRecord::VersionAt(size_t ordinal) const {
  const VersionEntry& version = versions[ordinal];
  return {version.table, version.number, commit, version.state};
}

SealedRow SealRecord(uint64_t seq, const LogRecord& record) {
  return SealRow(kTable, NumberKey(seq), EncodeHead(record));
}

Result<LogRecord> OpenRecord(uint64_t seq, std::string_view head, Hash256& hash) {
  ASSIGN_OR_RETURN(OpenedRow opened, OpenRow(kTable, NumberKey(seq), head));
  hash = opened.hash;
  Decoder in(opened.value);
  LogRecord record;
  uint8_t kind = in.U8();
  if (kind < 1 || kind > 3) in.Fail();
  record.kind = static_cast<RecordKind>(kind);
  record.time = DecodeTime(in);
  record.txn = DecodeId<TxnId>(in);
  record.commit = DecodeId<CommitId>(in);
  record.steps = DecodeAll(in, DecodeStep);
  record.settings = DecodeAll(in, DecodeSetting);
  record.versions = DecodeAll(in, DecodeVersion);
  record.objects = DecodeAll(in, DecodeObject);
  SetOffsets(record.objects, in);
  RETURN_IF_ERROR(in.Finish("rhizo.db: a row of 'log'"));
  return record;
}

Result<LogRecord> OpenRecord(uint64_t seq, std::string_view head) {
  Hash256 hash;
  return OpenRecord(seq, head, hash);
}

uint64_t ObjectKey(const ObjectId& id) { return FirstEight(id.view()); }

uint64_t TxnKey(const TxnId& txn) {
  Encoder input;
  input.U8('t');
  input.Raw(txn.view());
  return HashedKey(input);
}

uint64_t StepKey(std::string_view ref, uint64_t number) {
  Encoder input;
  input.U8('r');
  input.U64(number);
  input.Raw(ref);
  return HashedKey(input);
}

uint64_t VersionKey(const TableId& table, uint64_t number) {
  Encoder input;
  input.U8('v');
  input.U64(number);
  input.Raw(table.view());
  return HashedKey(input);
}

}  // namespace rhizo::meta
