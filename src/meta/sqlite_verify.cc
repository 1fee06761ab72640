// Verify: reads every row of rhizo.db in one transaction, replays the log, and compares what was
// folded with what the log says.
#include <algorithm>
#include <map>

#include "base/blake3.h"
#include "meta/sqlite_read.h"

namespace rhizo::meta {

namespace {

using Report = std::function<void(std::string_view what, std::string_view problem)>;

constexpr std::string_view kFile = "rhizo.db";
// Where so much is wrong, or a hostile count makes it so, more of it tells nothing new.
constexpr uint64_t kMaxFaults = 10'000;

void ReportError(const Error& error, const Report& report) {
  std::string_view object = error.field("object");
  report(object.empty() ? kFile : object, error.message());
}

// What the log says, replayed from its beginning.
struct Replay {
  TableSum log;
  std::map<std::string, RefRow, std::less<>> folded_refs;
  std::map<TableId, uint64_t> versions;
  std::vector<IndexEntry> folded_entries;
};

void ReportUnless(bool is_fine, const char* what, const Report& report) {
  if (!is_fine) report(kFile, what);
}

void ReplayRow(uint64_t seq, const LogRecord& record, bool is_folded, Replay& replay,
               const Report& report) {
  for (const VersionEntry& version : record.versions) {
    ReportUnless(version.number == ++replay.versions[version.table], "a version number is missing",
                 report);
  }
  if (!is_folded) return;
  for (const RefStep& step : record.steps) {
    RefRow& row = replay.folded_refs[step.ref];
    ReportUnless(step.after.moves == row.moves + 1, "a step of a ref is missing", report);
    row = step.after;
  }
  for (const RefSetting& setting : record.settings) replay.folded_refs[setting.ref] = setting.after;
  ForEachKey(record, [&](uint64_t key, uint16_t ordinal) {
    replay.folded_entries.push_back({key, {seq, ordinal}});
  });
}

Status CheckRow(LogReader& reader, uint64_t seq, Replay& replay, const Report& report) {
  Statement& read = reader.connection().read_log;
  ASSIGN_OR_RETURN(bool exists, read.Bind(1, static_cast<int64_t>(seq)).Step("verifying the log"));
  std::string head(exists ? read.Blob(0) : std::string_view());
  read.Reset();
  if (!exists) {
    ReportError(MissingRow(seq), report);
    return {};
  }
  Hash256 hash;
  auto record = OpenRecord(seq, head, hash);
  if (!record) {
    ReportError(record.error(), report);
    return {};
  }
  replay.log.Add(hash);
  ReplayRow(seq, *record, seq <= reader.state().folded_seq, replay, report);
  std::vector<std::pair<ObjectId, uint64_t>> objects;
  Status whole = reader.AppendObjectsTo(seq, objects);
  if (!whole) ReportError(whole.error(), report);
  return {};
}

Status CheckBuckets(LogReader& reader, Replay& replay, const Report& report) {
  std::vector<IndexEntry> stored;
  uint64_t faults = 0;
  for (uint64_t bucket = 0; bucket < reader.state().buckets; ++bucket) {
    auto entries = ReadBucket(reader.connection(), bucket);
    if (!entries) {
      ReportError(entries.error(), report);
      if (++faults > kMaxFaults) return {};
      continue;
    }
    for (const IndexEntry& entry : *entries) {
      ReportUnless(BucketOf(entry.key, reader.state().buckets) == bucket, "a key in a wrong bucket",
                   report);
    }
    ReportUnless(std::is_sorted(entries->begin(), entries->end()), "an unsorted bucket", report);
    stored.insert(stored.end(), entries->begin(), entries->end());
  }
  std::sort(stored.begin(), stored.end());
  std::sort(replay.folded_entries.begin(), replay.folded_entries.end());
  ReportUnless(stored == replay.folded_entries && stored.size() == reader.state().entries,
               "the buckets do not hold what the log says", report);
  return {};
}

Status CheckRefs(LogReader& reader, const Replay& replay, const Report& report) {
  std::map<std::string, RefRow, std::less<>> stored;
  TableSum sum;
  Status read =
      VisitRefs(reader.connection(),
                [&](std::string_view name, const RefRow& row, const Hash256& hash) -> Status {
                  sum.Add(hash);
                  stored.emplace(name, row);
                  return {};
                });
  if (!read) {
    ReportError(read.error(), report);
    return {};
  }
  ReportUnless(sum == reader.state().refs, "rows of 'refs' are missing or were put there", report);
  ReportUnless(stored == replay.folded_refs, "the refs are not where the log says", report);
  return {};
}

Status CheckPages(Connection& connection, const Report& report) {
  auto rows = connection.IntegrityCheck();
  if (!rows) {
    ReportError(rows.error(), report);
    return {};
  }
  for (const std::string& row : *rows) report(kFile, row);
  return {};
}

}  // namespace

Status SqliteMetaStore::VerifyWith(LogReader& reader, const ReportFault& report_fault) {
  uint64_t faults = 0;
  const Report report = [&](std::string_view what, std::string_view problem) {
    ++faults;
    report_fault(what, problem);
  };
  RETURN_IF_ERROR(CheckPages(reader.connection(), report));
  Replay replay;
  for (uint64_t seq = 1; seq <= reader.state().last_seq; ++seq) {
    RETURN_IF_ERROR(CheckRow(reader, seq, replay, report));
    if (faults > kMaxFaults) return {};
  }
  ReportUnless(replay.log == reader.state().log, "rows of 'log' are missing or were put there",
               report);
  RETURN_IF_ERROR(CheckBuckets(reader, replay, report));
  return CheckRefs(reader, replay, report);
}

Status SqliteMetaStore::Verify(const Report& report) {
  Status verified = Read([&](LogReader& reader) { return VerifyWith(reader, report); });
  if (verified || verified.error().code() != ErrorCode::kCorruption) return verified;
  ReportError(verified.error(), report);  // damage that even kept us from looking further
  return {};
}

}  // namespace rhizo::meta
