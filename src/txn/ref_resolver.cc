#include "txn/ref_resolver.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "base/name.h"
#include "model/history.h"

namespace rhizo::txn {
namespace {

constexpr uint64_t kVersionPage = 1024;

struct RefText {
  std::string_view name;
  uint64_t steps = 0;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<RefText> SplitSteps(std::string_view text) {
  auto tilde = text.find('~');
  if (tilde == text.npos) return RefText{text, 0};
  auto digits = text.substr(tilde + 1);
  if (digits.empty()) return RefText{text.substr(0, tilde), 1};
  auto steps = ParseNumber(digits);
  if (!steps)
    return InvalidArgument("\"" + std::string(text) + "\": after ~ comes a number of steps");
  return RefText{text.substr(0, tilde), *steps};
}

Error TooFarBack(std::string_view name, uint64_t steps, uint64_t available) {
  return Error(ErrorCode::kVersionNotFound, "\"" + std::string(name) + "~" + std::to_string(steps) +
                                                "\": \"" + std::string(name) + "\" has only " +
                                                std::to_string(available) + " steps to go back");
}

// Its log is read under its name, so it has to be there still.
Result<std::optional<meta::Ref>> ReadRef(Repository& repository, std::string_view name,
                                         const meta::Ref* then) {
  ASSIGN_OR_RETURN(auto ref, repository.meta().ReadRef(std::string(name)));
  bool is_seen_then = ref && then != nullptr && ref->name == then->name;
  if (is_seen_then && ref->moves > then->moves) ref = *then;
  return ref;
}

// Along the log of a ref: the position it had `steps` moves ago.
Result<CommitId> StepBackLog(Repository& repository, const meta::Ref& ref, uint64_t steps) {
  if (steps == 0) return ref.commit;
  if (steps >= ref.moves) return TooFarBack(ref.name, steps, ref.moves - 1);
  uint64_t number = ref.moves - steps;
  ASSIGN_OR_RETURN(auto entries, repository.meta().ReadRefLog(ref.name, number, number));
  if (entries.size() != 1)
    return Corruption("the log of \"" + ref.name + "\" lacks entry " + std::to_string(number));
  if (!entries[0].new_commit) return TooFarBack(ref.name, steps, steps - 1);
  return *entries[0].new_commit;
}

Result<CommitId> StepBackParents(Repository& repository, CommitId id, std::string_view name,
                                 uint64_t steps) {
  for (uint64_t taken = 0; taken < steps; ++taken) {
    ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
    if (commit->parents.empty()) return TooFarBack(name, steps, taken);
    id = commit->parents.front();
  }
  return id;
}

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Only commits are found by prefix, though all objects share the space of ids.
Result<CommitId> FindByPrefix(Repository& repository, std::string_view prefix) {
  std::vector<CommitId> commits;
  ASSIGN_OR_RETURN(auto objects, repository.meta().FindObjects(prefix, 64));
  for (const auto& object : objects) {
    if (repository.ReadCommit(CommitId::FromBytes(object.view())))
      commits.push_back(CommitId::FromBytes(object.view()));
  }
  if (commits.empty()) return UnknownRef(repository, prefix);
  if (commits.size() > 1) {
    return InvalidArgument("commit id \"" + std::string(prefix) + "\" is ambiguous: " +
                           commits[0].Short() + ", " + commits[1].Short() + "; give more digits");
  }
  return commits.front();
}

Error NoVersion(const std::string& table, uint64_t number, const std::string& why) {
  return Error(ErrorCode::kVersionNotFound,
               "table \"" + table + "\" has no version " + std::to_string(number) + why)
      .With("table", table)
      .With("version", std::to_string(number));
}

Result<bool> IsInHistory(Repository& repository, const CommitId& commit, const CommitId& head) {
  ASSIGN_OR_RETURN(auto loaded, repository.ReadCommit(commit));
  return repository.ancestry().Contains(head, commit, loaded->generation);
}

}  // namespace

Error UnknownRef(Repository& repository, std::string_view name) {
  std::vector<std::string> names;
  if (auto refs = repository.meta().ListRefs()) {
    for (const auto& ref : *refs) {
      if (ref.name == name && ref.kind == meta::RefKind::kTag) {
        return Error(ErrorCode::kBranchNotFound,
                     "\"" + ref.name + "\" is a tag, which stays where it is; name a branch")
            .With("ref", ref.name);
      }
      if (ref.kind != meta::RefKind::kScratch) names.push_back(ref.name);
    }
  }
  std::string message = "there is no branch, tag or commit \"" + std::string(name) + "\"";
  std::string nearest = NearestName(name, names);
  if (!nearest.empty()) message += "; did you mean \"" + nearest + "\"?";
  return Error(ErrorCode::kBranchNotFound, message).With("ref", std::string(name));
}

Result<CommitId> ResolveRef(Repository& repository, std::string_view text, const meta::Ref* then) {
  ASSIGN_OR_RETURN(auto parsed, SplitSteps(text));
  ASSIGN_OR_RETURN(auto ref, ReadRef(repository, parsed.name, then));
  if (ref) return StepBackLog(repository, *ref, parsed.steps);
  if (parsed.name.size() < 7 || parsed.name.size() > 64 || !IsHex(parsed.name))
    return UnknownRef(repository, parsed.name);
  ASSIGN_OR_RETURN(auto commit, FindByPrefix(repository, parsed.name));
  return StepBackParents(repository, commit, parsed.name, parsed.steps);
}

Result<CommitId> ResolveTime(Repository& repository, const std::string& branch, Timestamp time,
                             const meta::Ref* then) {
  ASSIGN_OR_RETURN(auto ref, ReadRef(repository, branch, then));
  if (!ref) return UnknownRef(repository, branch);
  uint64_t low = 1;
  uint64_t high =
      ref->moves + 1;  // entries below `low` are not later than `time`, from `high` on they are
  std::optional<meta::RefLogEntry> last;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    ASSIGN_OR_RETURN(auto entries, repository.meta().ReadRefLog(branch, middle, middle));
    if (entries.size() != 1)
      return Corruption("the log of \"" + branch + "\" lacks entry " + std::to_string(middle));
    if (entries[0].time <= time) {
      last = std::move(entries[0]);
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (last && last->new_commit) return *last->new_commit;
  return Error(ErrorCode::kVersionNotFound,
               "branch \"" + branch + "\" did not exist at " + time.ToString())
      .With("branch", branch);
}

std::optional<Timestamp> ParseTime(std::string_view text) {
  if (text.find('\0') != text.npos) return std::nullopt;
  std::string copy(text);
  std::tm parts{};
  const char* rest = strptime(copy.c_str(), "%Y-%m-%d", &parts);
  if (rest == nullptr) return std::nullopt;
  int64_t micros = 0;
  if (*rest == 'T' || *rest == ' ') {
    rest = strptime(rest + 1, "%H:%M:%S", &parts);
    if (rest == nullptr) return std::nullopt;
    if (*rest == '.') {
      int64_t unit = 100'000;
      for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10) micros += (*rest - '0') * unit;
    }
  }
  int64_t offset_seconds = 0;
  if (*rest == 'Z') {
    ++rest;
  } else if (*rest == '+' || *rest == '-') {
    int hours = 0;
    int minutes = 0;
    int consumed = 0;
    int sign = *rest == '-' ? -1 : 1;
    if (!IsDigit(rest[1]) || std::sscanf(rest + 1, "%2d%n", &hours, &consumed) != 1)
      return std::nullopt;
    rest += 1 + consumed;
    if (*rest == ':') ++rest;
    if (*rest != '\0') {
      if (!IsDigit(*rest) || std::sscanf(rest, "%2d%n", &minutes, &consumed) != 1)
        return std::nullopt;
      rest += consumed;
    }
    offset_seconds = sign * (hours * 3600 + minutes * 60);
  }
  if (*rest != '\0') return std::nullopt;
  const int day = parts.tm_mday;
  auto seconds = static_cast<int64_t>(timegm(&parts));
  if (parts.tm_mday != day) return std::nullopt;  // the 31st of February
  return Timestamp{(seconds - offset_seconds) * 1'000'000 + micros};
}

Result<meta::TableVersion> FindVersion(Repository& repository, const TableId& table,
                                       const std::string& table_name, uint64_t number,
                                       const CommitId& head) {
  ASSIGN_OR_RETURN(auto versions, repository.meta().ReadVersions(table, number, number));
  if (versions.empty()) return NoVersion(table_name, number, "");
  ASSIGN_OR_RETURN(bool in_history, IsInHistory(repository, versions[0].commit, head));
  if (!in_history)
    return NoVersion(table_name, number, " in the history of this branch (another branch has it)");
  return versions[0];
}

Result<std::vector<meta::TableVersion>> ListVersions(Repository& repository, const TableId& table,
                                                     const CommitId& head) {
  std::vector<meta::TableVersion> all;
  for (uint64_t from = 1;; from += kVersionPage) {
    ASSIGN_OR_RETURN(auto page,
                     repository.meta().ReadVersions(table, from, from + kVersionPage - 1));
    for (auto& version : page) {
      ASSIGN_OR_RETURN(bool in_history, IsInHistory(repository, version.commit, head));
      if (in_history) all.push_back(std::move(version));
    }
    if (page.size() < kVersionPage) break;
  }
  std::reverse(all.begin(), all.end());
  return all;
}

// Newest first in pages: it is nearly always the last one when the head landed.
Result<uint64_t> VersionOfState(Repository& repository, const TableId& table, const ObjectId& state,
                                const CommitId& head) {
  ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(head));
  ASSIGN_OR_RETURN(uint64_t last, repository.meta().LastVersionAsOf(table, commit->txn));
  for (uint64_t to = last; to >= 1;) {
    uint64_t from = to > 16 ? to - 15 : 1;
    ASSIGN_OR_RETURN(auto page, repository.meta().ReadVersions(table, from, to));
    for (auto version = page.rbegin(); version != page.rend(); ++version) {
      if (version->state != state) continue;
      ASSIGN_OR_RETURN(bool in_history, IsInHistory(repository, version->commit, head));
      if (in_history) return version->number;
    }
    to = from - 1;
  }
  return uint64_t{0};
}

}  // namespace rhizo::txn
