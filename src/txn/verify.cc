#include "txn/verify.h"

#include <deque>
#include <set>
#include <unordered_set>

#include "base/blake3.h"
#include "model/database_state.h"
#include "table/write.h"
#include "tree/visit.h"
#include "txn/reachable.h"

namespace rhizo::txn {
namespace {

constexpr size_t kMaxNamedTables = 16;

// The walk: commits from all refs and logs, then each database state, each table state once.
class Verifier {
 public:
  Verifier(Repository& repository, engine::Instance* engine, const WorkOptions& work)
      : repository_(repository), engine_(engine), work_(work) {}

  Result<VerifyReport> Run() {
    RETURN_IF_ERROR(VerifyMeta());
    RETURN_IF_ERROR(CollectHeads());
    while (!pending_.empty()) {
      RETURN_IF_ERROR(CheckCancelled());
      CommitId id = pending_.front();
      pending_.pop_front();
      VerifyCommit(id);
    }
    for (const auto& [state, where] : tables_) {
      RETURN_IF_ERROR(CheckCancelled());
      RETURN_IF_ERROR(VerifyTableState(state, where));
    }
    return std::move(report_);
  }

 private:
  Status CheckCancelled() const {
    if (work_.cancellation.cancelled()) return Error(ErrorCode::kCancelled, "verify was cancelled");
    return {};
  }

  void Report(std::string object, std::string problem, std::vector<std::string> tables = {}) {
    report_.findings.push_back({std::move(object), std::move(problem), std::move(tables)});
  }

  Status VerifyMeta() {
    return repository_.meta().Verify([&](std::string_view what, std::string_view problem) {
      Report(std::string(what), std::string(problem));
    });
  }

  void AddHead(const std::optional<CommitId>& id) {
    if (id && seen_commits_.insert(*id).second) pending_.push_back(*id);
  }

  Status CollectHeads() {
    auto refs = repository_.meta().ListRefs();
    if (!refs) {
      Report("rhizo.db", refs.error().message());
      return {};
    }
    for (const auto& ref : *refs) {
      AddHead(ref.commit);
      auto log = repository_.meta().ReadRefLog(ref.name, 1, UINT64_MAX);
      if (!log) {
        Report("rhizo.db", log.error().message());
        continue;
      }
      for (const auto& entry : *log) AddHead(entry.new_commit);
    }
    return {};
  }

  void VerifyCommit(const CommitId& id) {
    auto commit = repository_.ReadCommit(id);
    if (!commit) {
      Report(id.ToString(), commit.error().message());
      return;
    }
    ++report_.commits;
    for (const auto& parent : (*commit)->parents) {
      AddHead(parent);
      auto older = repository_.ReadCommit(parent);
      if (older && (*older)->generation >= (*commit)->generation) {
        Report(id.ToString(), "generation of commit " + id.Short() + " is not above its parent's");
      }
    }
    if (auto status = VerifyState(id, **commit); !status)
      Report(id.ToString(), status.error().message());
  }

  // Only tree nodes that no other state had: a database of many commits is read once.
  Status VerifyState(const CommitId& id, const model::Commit& commit) {
    auto enter = [&](const ObjectId& node) { return seen_nodes_.insert(node).second; };
    auto entry = [&](const tree::Item& item) -> Status {
      ASSIGN_OR_RETURN(auto key, model::DecodeStateKey(item.key));
      ASSIGN_OR_RETURN(auto state, model::DecodeStateEntry(item.payload));
      if (key.kind != model::StateKind::kTable) return {};
      auto& where = tables_[state.state];
      if (where.size() < kMaxNamedTables)
        where.push_back(key.qualified_name().ToString() + " (commit " + id.Short() + ")");
      return {};
    };
    return tree::ForEachNode(tree::Tree(repository_.small().get(), commit.state_root), enter,
                             entry);
  }

  Status VerifyTableState(const ObjectId& state, const std::vector<std::string>& where) {
    ++report_.table_states;
    table::ReadContext context{repository_.small().get(), &repository_.large(),
                               &repository_.columns()};
    auto count = [&](const ObjectId& id, bool is_large) -> Result<bool> {
      if (!seen_objects_.insert(id).second) return false;
      ++report_.objects;
      if (is_large) {
        auto size = repository_.large().Size(id);
        if (size) report_.bytes += *size;
      }
      return true;
    };
    uint64_t before = report_.objects;
    auto counted = table::ForEachObject(context, state, count);
    if (counted && report_.objects == before)
      return {};  // everything below it was verified with another state
    auto verified = table::VerifyTable(context, engine_, state, &verified_);
    if (!verified)
      Report(std::string(verified.error().field("object")), verified.error().message(), where);
    if (work_.progress) work_.progress(report_.objects);
    return {};
  }

  Repository& repository_;
  engine::Instance* const engine_;
  const WorkOptions& work_;
  VerifyReport report_;
  std::deque<CommitId> pending_;
  std::unordered_set<CommitId> seen_commits_;
  std::unordered_set<ObjectId> seen_nodes_;
  std::unordered_set<ObjectId> seen_objects_;
  std::unordered_set<ObjectId> verified_;
  std::map<ObjectId, std::vector<std::string>> tables_;
};

}  // namespace

Result<VerifyReport> VerifyRepository(Repository& repository, engine::Instance* engine,
                                      const WorkOptions& work) {
  return Verifier(repository, engine, work).Run();
}

}  // namespace rhizo::txn
