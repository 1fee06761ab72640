#include "meta/store_state.h"

#include <algorithm>

#include "meta/key_index.h"

namespace rhizo::meta {

namespace {

constexpr int64_t kFormatRow = 0;
constexpr int64_t kStateRow = 1;
constexpr std::string_view kTable = "state";
constexpr std::string_view kMagic = "rhizo.db";
constexpr uint64_t kUnsyncedFlag = 1;

// Buckets grow with what is in them, so that a hostile count of them is no work.
bool CountsFit(const StoreState& state) {
  return state.folded_seq <= state.last_seq && state.buckets >= 1 &&
         state.buckets - 1 <= state.entries / kEntriesPerBucket;
}

// Features this program knows. None yet: format 0 has no options.
constexpr std::string_view kKnownFeatures[] = {""};

void EncodeNames(Encoder& out, const std::vector<std::string>& names) {
  out.Varint(names.size());
  for (const std::string& name : names) out.String(name);
}

std::vector<std::string> DecodeNames(Decoder& in) {
  std::vector<std::string> names(in.Count());
  for (std::string& name : names) name = in.String();
  if (!std::is_sorted(names.begin(), names.end())) in.Fail();
  return names;
}

const std::string* FindUnknown(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (std::ranges::find(kKnownFeatures, name) == std::end(kKnownFeatures)) return &name;
  }
  return nullptr;
}

Error NeedsNewer(const std::string& feature, const char* what) {
  return Unsupported("this database uses the feature '" + feature +
                     "', which this version of Rhizo " + "does not know: " + what)
      .With("feature", feature);
}

// The value of a row of `state`, copied out so that the statement is free again.
Result<std::string> ReadValue(Connection& connection, int64_t id) {
  ASSIGN_OR_RETURN(bool found, connection.read_row.Bind(1, id).Step("reading the state"));
  std::string row(found ? connection.read_row.Blob(0) : std::string_view());
  connection.read_row.Reset();
  ASSIGN_OR_RETURN(OpenedRow opened, OpenRow(kTable, NumberKey(id), row));
  return std::string(opened.value);
}

}  // namespace

std::string StoreState::Encode() const {
  Encoder out;
  out.U64(last_seq);
  out.U64(folded_seq);
  out.U64(buckets);
  out.U64(entries);
  log.EncodeTo(out);
  refs.EncodeTo(out);
  out.U64(has_unsynced ? kUnsyncedFlag : 0);
  return std::move(out).Take();
}

Result<StoreState> StoreState::Decode(std::string_view value) {
  Decoder in(value);
  StoreState state;
  state.last_seq = in.U64();
  state.folded_seq = in.U64();
  state.buckets = in.U64();
  state.entries = in.U64();
  state.log = TableSum::DecodeFrom(in);
  state.refs = TableSum::DecodeFrom(in);
  uint64_t flags = in.U64();
  state.has_unsynced = (flags & kUnsyncedFlag) != 0;
  if (flags > kUnsyncedFlag || !CountsFit(state)) in.Fail();
  RETURN_IF_ERROR(in.Finish("rhizo.db: the state"));
  return state;
}

std::string StoreFormat::Encode() const {
  Encoder out;
  out.Raw(kMagic);
  out.U32(number);
  EncodeNames(out, ignore_if_unknown);
  EncodeNames(out, read_only_if_unknown);
  EncodeNames(out, refuse_if_unknown);
  return std::move(out).Take();
}

Result<StoreFormat> StoreFormat::Decode(std::string_view value) {
  Decoder in(value);
  StoreFormat format;
  if (in.Raw(kMagic.size()) != kMagic) in.Fail();
  format.number = in.U32();
  // A newer format may go on in ways we do not know; its number alone says enough.
  if (!in.failed() && format.number > kFormatNumber) return format;
  format.ignore_if_unknown = DecodeNames(in);
  format.read_only_if_unknown = DecodeNames(in);
  format.refuse_if_unknown = DecodeNames(in);
  RETURN_IF_ERROR(in.Finish("rhizo.db: the format"));
  return format;
}

Status StoreFormat::CheckSupported(bool for_writing) const {
  if (number > kFormatNumber) {
    return Unsupported("this database has format " + std::to_string(number) +
                       ", this version of Rhizo reads up to " + std::to_string(kFormatNumber));
  }
  if (auto* name = FindUnknown(refuse_if_unknown)) return NeedsNewer(*name, "it cannot be opened");
  if (!for_writing) return {};
  if (auto* name = FindUnknown(read_only_if_unknown)) return NeedsNewer(*name, "open it read-only");
  return {};
}

Result<StoreState> ReadState(Connection& connection) {
  ASSIGN_OR_RETURN(std::string value, ReadValue(connection, kStateRow));
  return StoreState::Decode(value);
}

SealedRow SealState(const StoreState& state) {
  return SealRow(kTable, NumberKey(kStateRow), state.Encode());
}

SealedRow SealFormat(const StoreFormat& format) {
  return SealRow(kTable, NumberKey(kFormatRow), format.Encode());
}

Status WriteState(Connection& connection, const StoreState& state) {
  SealedRow row = SealState(state);
  return connection.write_row.Bind(1, kStateRow).Bind(2, row.bytes).Run("writing the state");
}

Result<StoreFormat> ReadFormat(Connection& connection) {
  ASSIGN_OR_RETURN(std::string value, ReadValue(connection, kFormatRow));
  return StoreFormat::Decode(value);
}

}  // namespace rhizo::meta
