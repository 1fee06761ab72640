// Two states of the whole database that came from a third: tables by their ids, names as their
// attributes, views and comments as they stand (docs/merge.md, rules 2.8, 2.10). Costs what
// differs. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "merge/table_merge.h"
#include "object/staging.h"
#include "table/key_hash.h"
#include "tree/apply.h"
#include "txn/merged_names.h"
#include "txn/repository.h"
#include "txn/table_change.h"

namespace rhizo::txn {

// The state of a commit, or of a virtual merge of several.
struct MergeState {
  ObjectId root;
  std::map<TableId, merge::Undefined> undefined;
  std::set<TableId> undefined_tables;  // that contradict as a whole
};

// A change that both sides have, by picking, under two commits.
struct SharedChange {
  CommitId ours;
  CommitId theirs;
  uint64_t parent = 0;  // what is a merge there is seen from this one of its parents: 1, 2, ...
};

// What the commits of either side alone did that states do not show.
struct Replaced {
  std::set<TableId> by_ours;  // tables, as a whole
  std::set<TableId> by_theirs;
  std::multimap<TableId, SharedChange> shared;
  std::set<CommitId> our_commits = {};  // where something is shared
  std::set<CommitId> their_commits = {};
};

// What contradicts in one table.
struct TableConflict {
  TableId table;
  std::string name;
  uint64_t rows = 0;                  // conflicts of rows and cells
  std::vector<std::string> problems;  // of the table as a whole
  std::vector<std::string> notes;     // about some of the rows
};

struct MergedTableInfo {
  TableId table;
  std::string name;
  merge::MergeCounts counts;
  std::vector<std::string> notes;  // what a strategy took as a whole, or left out
};

struct MergedDatabase {
  ObjectId root;
  std::vector<PlacedTable> tables;  // that are not as in ours
  std::vector<TableConflict> conflicts;
  std::vector<MergedTableInfo> merged;  // that both sides changed
  // That a side replaced as a whole, which contradicted, and somebody is favoured there: id, name.
  std::map<TableId, std::string> settled_replacements;
};

struct DatabaseMergeOptions {
  merge::MergeMode mode = merge::MergeMode::kBranch;
  merge::Favour favour = merge::Favour::kNobody;
  std::map<TableId, merge::Favour> by_table;
  // Of name, columns and the table as a whole, while its rows and cells are left to the others.
  std::map<TableId, merge::Favour> as_a_whole;
  std::map<TableId, std::map<FieldId, merge::Favour>> by_column;
  std::map<TableId, merge::Choices> choices;  // single contradictions
  // Conflicts of one table, region by region, while they can be read.
  std::function<Status(const TableId& table, merge::RegionConflicts&)> on_conflicts;
};

// A table as a merge leaves it.
PlacedTable PlacedByMerge(const TableId& id, std::optional<NamedTable> before,
                          std::optional<model::QualifiedName> name, const ObjectId& state_id);

class DatabaseMerge {
 public:
  // All outlive it. `means`: context.read and context.staging are where the states lie.
  DatabaseMerge(Repository& repository, const merge::MergeMeans& means,
                const DatabaseMergeOptions& options, const Replaced& replaced)
      : repository_(repository), means_(means), options_(options), replaced_(replaced) {}

  // `undefined`: of a virtual merge, where it puts what it could not decide.
  Result<MergedDatabase> Run(const MergeState& base, const MergeState& ours,
                             const MergeState& theirs, MergeState* undefined = nullptr);

 private:
  using Sides = std::array<std::optional<NamedTable>, merge::kSides>;
  struct Found {
    std::map<TableId, Sides> tables;
    std::map<std::string, std::array<std::optional<std::string>, merge::kSides>> others;  // by key
  };
  Result<Found> Collect() const;
  Status MergeTable(const TableId& id, const Sides& sides);
  Status MergeDropped(const TableId& id, const Sides& sides);
  Result<std::optional<model::TableState>> MergeStates(const TableId& id, const Sides& sides,
                                                       const std::string& name);
  Result<bool> ReplacementContradicts(const TableId& id, const Sides& sides,
                                      const model::TableState& ours,
                                      const model::TableState& theirs);
  Result<std::optional<merge::MergedSchema>> MergeEqualRows(const model::TableState& base,
                                                            const model::TableState& ours,
                                                            const model::TableState& theirs,
                                                            merge::Favour favour) const;
  Result<bool> SameRows(const model::TableState& a, const model::TableState& b) const;
  Result<bool> SameByValue(const model::TableState& a, const model::TableState& b) const;
  bool BaseIsUndefined(const TableId& id) const;
  Result<bool> ChangedTable(const TableId& id, const Sides& sides, merge::Which side);
  std::optional<model::QualifiedName> MergeNames(const TableId& id, const Sides& sides);
  void Place(const TableId& id, const Sides& sides, std::optional<model::QualifiedName> name,
             const model::TableState* state, const ObjectId& state_id);
  Status SettleNames(const Found& found);
  Result<std::optional<NamedTable>> FindInOurs(const model::QualifiedName& name,
                                               const TableId& but);
  Result<std::optional<merge::Which>> JudgeNames(const Found& found, const NameClash& clash);
  Status MergeOthers(const Found& found, std::vector<tree::Edit>* edits);
  Result<model::TableState> ReadState(const NamedTable& table) const;
  Result<std::shared_ptr<const table::OpenTable>> Open(const model::TableState& state) const;
  // What both sides have of a change that was picked.
  struct Shared {
    std::map<FieldId, std::string> twice;  // which columns a merge would count twice, and of what
    merge::PickedRows rows;
  };
  Result<Shared> FindShared(const model::TableState& ours, const model::TableState& theirs) const;
  merge::MergeOptions OptionsFor(const TableId& id) const;
  merge::Favour FavourOf(const TableId& id) const;  // of the table as a whole
  merge::Favour FavourOfRows(const TableId& id) const;
  bool is_virtual() const { return options_.mode == merge::MergeMode::kVirtual; }
  void Contradict(const TableId& id, const std::string& name, uint64_t rows,
                  std::vector<std::string> problems);
  MergedTableInfo& InfoOf(const TableId& id, const std::string& name);
  void TellSettled(const TableId& id, const std::string& name, std::string what);
  void TellTakenWhole(const TableId& id, const std::string& name, const std::string& problem);

  Repository& repository_;
  const merge::MergeMeans& means_;
  const DatabaseMergeOptions& options_;
  const Replaced& replaced_;
  const MergeState* base_ = nullptr;
  const MergeState* ours_ = nullptr;
  const MergeState* theirs_ = nullptr;
  MergeState* undefined_ = nullptr;
  NameIndex own_names_;  // of a state that was put together here
  MergedDatabase out_;
  std::map<TableId, size_t> told_;  // where in out_.merged
};

}  // namespace rhizo::txn
