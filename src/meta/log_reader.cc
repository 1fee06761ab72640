#include "meta/log_reader.h"

#include <set>

#include "base/blake3.h"

namespace rhizo::meta {

namespace {

Error DamagedObject(const ObjectId& id) {
  return Corruption("object " + id.Short() + " in rhizo.db is not what its id says")
      .With("object", id.ToString());
}

// Only the first digits of its id are known.
Error DamagedObject(uint64_t seq, const StoredObject& object) {
  uint64_t key = __builtin_bswap64(object.key);
  std::string digits = ToHex({reinterpret_cast<const char*>(&key), sizeof(key)});
  return Corruption("object " + digits + "... in row " + std::to_string(seq) +
                    " of rhizo.db is not what its id says")
      .With("object", digits);
}

const LogRecord* FinalOf(const SharedRecord& record, const TxnId& txn) {
  bool is_it = record->kind == RecordKind::kFinal && record->txn == txn;
  return is_it ? record.get() : nullptr;
}

using Body = std::optional<std::string_view>;

// The bytes of one object of a row; nothing if the row has no such object.
Result<Body> BodyIn(const LogRecord& record, size_t ordinal, std::string_view bodies) {
  if (ordinal >= record.objects.size() || bodies.size() != record.BodiesBytes()) return Body();
  const StoredObject& object = record.objects[ordinal];
  return Body(bodies.substr(object.offset, object.length));
}

Result<Body> BodyIn(const Place& place, std::string_view head, std::string_view bodies) {
  ASSIGN_OR_RETURN(LogRecord record, OpenRecord(place.seq, head));
  return BodyIn(record, place.ordinal, bodies);
}

}  // namespace

Error MissingRow(uint64_t seq) {
  return Corruption("rhizo.db: row " + std::to_string(seq) + " of 'log' is missing")
      .With("table", "log");
}

Result<std::vector<Place>> LogReader::Places(uint64_t key) {
  std::vector<Place> places;
  tail_.FindPlaces(key, places);
  RETURN_IF_ERROR(FindPlaces(connection_, state_, key, places));
  return places;
}

Result<SharedRecord> LogReader::Record(uint64_t seq) {
  if (auto recent = tail_.Find(seq)) return recent;
  Statement& read = connection_.read_log;
  ASSIGN_OR_RETURN(bool found, read.Bind(1, static_cast<int64_t>(seq)).Step("reading the log"));
  auto record = OpenRecord(seq, found ? read.Blob(0) : std::string_view());
  read.Reset();
  if (!found) return MissingRow(seq);
  if (!record) return std::move(record).error();
  return std::make_shared<const LogRecord>(std::move(record).value());
}

Result<std::optional<std::string>> LogReader::ObjectAt(const Place& place, const ObjectId& id) {
  Statement& read = connection_.read_log;
  ASSIGN_OR_RETURN(bool found,
                   read.Bind(1, static_cast<int64_t>(place.seq)).Step("reading an object"));
  SharedRecord recent = tail_.Find(place.seq);
  auto object = recent ? BodyIn(*recent, place.ordinal, read.Blob(1))
                       : BodyIn(place, read.Blob(0), read.Blob(1));
  if (object && *object && ObjectIdOf(**object) != id) object = std::optional<std::string_view>();
  std::optional<std::string> bytes;
  if (object && *object) bytes = std::string(**object);
  read.Reset();
  if (!found) return MissingRow(place.seq);
  if (!object) return std::move(object).error();
  return bytes;
}

Status LogReader::AppendObjectsTo(uint64_t seq, std::vector<std::pair<ObjectId, uint64_t>>& out) {
  Statement& read = connection_.read_log;
  ASSIGN_OR_RETURN(bool found, read.Bind(1, static_cast<int64_t>(seq)).Step("listing objects"));
  auto record = OpenRecord(seq, found ? read.Blob(0) : std::string_view());
  std::string bodies(found ? read.Blob(1) : std::string_view());
  read.Reset();
  if (!found) return MissingRow(seq);
  if (!record) return std::move(record).error();
  for (size_t i = 0; i < record->objects.size(); ++i) {
    ASSIGN_OR_RETURN(Body body, BodyIn(*record, i, bodies));
    if (!body) return Corruption("rhizo.db: row " + std::to_string(seq) + " of 'log' is torn");
    ObjectId id = ObjectIdOf(*body);
    if (ObjectKey(id) != record->objects[i].key) return DamagedObject(seq, record->objects[i]);
    out.emplace_back(id, body->size());
  }
  return {};
}

Result<std::optional<std::string>> LogReader::Object(const ObjectId& id) {
  ASSIGN_OR_RETURN(auto places, Places(ObjectKey(id)));
  for (const Place& place : places) {
    ASSIGN_OR_RETURN(auto bytes, ObjectAt(place, id));
    if (bytes) return bytes;
  }
  // Ids that share eight bytes and are not equal do not happen by chance.
  if (!places.empty()) return DamagedObject(id);
  return std::optional<std::string>();
}

Result<std::vector<ObjectId>> LogReader::ObjectsByPrefix(std::string_view hex_prefix,
                                                         size_t limit) {
  std::string digits(hex_prefix.substr(0, 16));
  int bits = static_cast<int>(digits.size()) * 4;
  digits.resize(16, '0');
  uint64_t key = ObjectKey(ObjectId::FromBytes(*FromHex(digits + std::string(48, '0'))));
  ASSIGN_OR_RETURN(auto entries, FindByPrefix(connection_, state_, key, bits));
  auto recent = tail_.FindByPrefix(key, bits);
  entries.insert(entries.end(), recent.begin(), recent.end());
  std::set<ObjectId> ids;
  for (const IndexEntry& entry : entries) {
    std::vector<std::pair<ObjectId, uint64_t>> objects;
    RETURN_IF_ERROR(AppendObjectsTo(entry.place.seq, objects));
    if (entry.place.ordinal >= objects.size()) continue;
    const ObjectId& id = objects[entry.place.ordinal].first;
    if (id.ToString().starts_with(hex_prefix)) ids.insert(id);
    if (ids.size() >= limit) break;
  }
  return std::vector<ObjectId>(ids.begin(), ids.end());
}

Result<std::optional<LandedTransaction>> LogReader::Transaction(const TxnId& txn) {
  ASSIGN_OR_RETURN(auto places, Places(TxnKey(txn)));
  for (const Place& place : places) {
    ASSIGN_OR_RETURN(SharedRecord record, Record(place.seq));
    if (auto* it = FinalOf(record, txn)) {
      return std::optional(LandedTransaction{it->commit, it->time});
    }
  }
  return std::optional<LandedTransaction>();
}

std::optional<LandedTransaction> LogReader::RecentTransaction(const TxnId& txn) {
  std::vector<Place> places;
  tail_.FindPlaces(TxnKey(txn), places);
  for (const Place& place : places) {
    if (auto* it = FinalOf(tail_.Find(place.seq), txn))
      return LandedTransaction{it->commit, it->time};
  }
  return std::nullopt;
}

Result<std::optional<RefLogEntry>> LogReader::Step(std::string_view ref, uint64_t number) {
  ASSIGN_OR_RETURN(auto places, Places(StepKey(ref, number)));
  for (const Place& place : places) {
    ASSIGN_OR_RETURN(SharedRecord record, Record(place.seq));
    if (place.ordinal >= record->steps.size()) continue;
    RefLogEntry entry = record->StepAt(place.ordinal);
    if (entry.ref == ref && entry.number == number) return std::optional(std::move(entry));
  }
  return std::optional<RefLogEntry>();
}

Result<std::optional<TableVersion>> LogReader::Version(const TableId& table, uint64_t number) {
  ASSIGN_OR_RETURN(auto places, Places(VersionKey(table, number)));
  for (const Place& place : places) {
    ASSIGN_OR_RETURN(SharedRecord record, Record(place.seq));
    if (place.ordinal >= record->versions.size()) continue;
    TableVersion version = record->VersionAt(place.ordinal);
    if (version.table == table && version.number == number) return std::optional(version);
  }
  return std::optional<TableVersion>();
}

Result<uint64_t> LogReader::EndOf(const TxnId& txn) {
  ASSIGN_OR_RETURN(auto places, Places(TxnKey(txn)));
  for (const Place& place : places) {
    ASSIGN_OR_RETURN(SharedRecord record, Record(place.seq));
    if (FinalOf(record, txn)) return place.seq;
  }
  return uint64_t{0};
}

Result<uint64_t> LogReader::RowOf(const TableId& table, uint64_t number) {
  ASSIGN_OR_RETURN(auto places, Places(VersionKey(table, number)));
  for (const Place& place : places) {
    ASSIGN_OR_RETURN(SharedRecord record, Record(place.seq));
    if (place.ordinal >= record->versions.size()) continue;
    const VersionEntry& version = record->versions[place.ordinal];
    if (version.table == table && version.number == number) return place.seq;
  }
  return uint64_t{0};
}

Result<uint64_t> LogReader::LastVersionAsOf(const TableId& table, const TxnId& txn,
                                            uint64_t newest) {
  ASSIGN_OR_RETURN(uint64_t end, EndOf(txn));
  if (end == 0 || newest == 0) return newest;
  uint64_t low = 0, high = newest + 1;  // `low` is not after the end, `high` is
  for (uint64_t probe = newest; high - low > 1; probe = low + (high - low) / 2) {
    ASSIGN_OR_RETURN(uint64_t row, RowOf(table, probe));
    (row <= end ? low : high) = probe;
  }
  return low;
}

Result<uint64_t> LogReader::LastVersion(const TableId& table, uint64_t at_least) {
  uint64_t low = at_least, step = 1;  // `low` exists
  uint64_t high = 0;                  // does not exist, once found
  while (high == 0 || high - low > 1) {
    uint64_t probe = high == 0 ? low + step : low + (high - low) / 2;
    ASSIGN_OR_RETURN(auto version, Version(table, probe));
    (version ? low : high) = probe;
    step *= 2;
  }
  return low;
}

}  // namespace rhizo::meta
