// The names of merged tables: each is as one side has it, and no two are one, also up to case
// (docs/merge.md, rule 2.10). Where two tables would have one name, a judge says which side is
// right; the other side's table then has the name that the right side gives it, or goes if that
// side does not have it. What a table falls back to may be another's name: that is judged too, but
// no table goes that had no part in the first. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "merge/side.h"
#include "txn/table_change.h"

namespace rhizo::txn {

// Two tables that would be called alike.
struct NameClash {
  PlacedTable given;  // the one that is to be given the name
  NamedTable taken;   // the one that has it
};

class MergedNames {
 public:
  // What a table is called by each side; nothing: not there.
  using NamesOf =
      std::function<std::optional<model::QualifiedName>(const TableId& id, merge::Which side)>;
  // The table of ours that has this name, up to case, besides `id`.
  using FindInOurs = std::function<Result<std::optional<NamedTable>>(
      const model::QualifiedName& name, const TableId& id)>;
  // Which side is right; nothing: neither.
  using Judge = std::function<Result<std::optional<merge::Which>>(const NameClash& clash)>;
  using Contradict = std::function<void(const NameClash& clash)>;

  MergedNames(NamesOf names_of, FindInOurs find_in_ours, Judge judge, Contradict contradict)
      : names_of_(std::move(names_of)),
        find_in_ours_(std::move(find_in_ours)),
        judge_(std::move(judge)),
        contradict_(std::move(contradict)) {}

  // `tables`: those that are not as in ours. So is what comes back.
  Result<std::vector<PlacedTable>> Settle(std::vector<PlacedTable> tables);

 private:
  Status Give(const TableId& id);
  Result<std::optional<NamedTable>> FindTaken(const PlacedTable& given);
  PlacedTable PlacedOf(const NamedTable& taken) const;
  bool MayFallBack(const TableId& loser, const TableId& winner, merge::Which right) const;
  void FallBack(const PlacedTable& loser, merge::Which right);

  NamesOf names_of_;
  FindInOurs find_in_ours_;
  Judge judge_;
  Contradict contradict_;
  std::map<TableId, PlacedTable> placed_;
  std::map<std::string, TableId> given_;  // by folded name
  std::set<TableId> fell_back_;
  std::set<TableId> open_;  // whose names are not looked at yet
};

}  // namespace rhizo::txn
