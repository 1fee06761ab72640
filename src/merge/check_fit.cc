#include "merge/check_fit.h"

#include <algorithm>
#include <utility>

#include "model/held_type.h"

namespace rhizo::merge {
namespace {

// The check is none of these columns.
bool DoesNotFit(const Error& error) {
  return error.code() == ErrorCode::kSchema || error.code() == ErrorCode::kSql;
}

// What a side's checks go by, beside the merged columns.
class AskedBy {
 public:
  AskedBy(const MergeMeans& means, const model::TableState& side, const model::TableState& merged)
      : means_(means), side_(side) {
    for (const auto& field : side.schema.fields) {
      int index = merged.schema.Find(field.name);
      const auto* now = index < 0 ? nullptr : &merged.schema.fields[static_cast<size_t>(index)];
      if (now == nullptr) continue;  // no check can be bound that goes by it
      bool is_another = now->id != field.id || model::NamesMoved(field.type, now->type);
      if (is_another) renamed_.push_back(field.name);
      if (!is_another && now->type != field.type) retyped_.push_back(field.name);
    }
  }

  bool Has(const std::string& check) const { return std::ranges::count(side_.checks, check) > 0; }
  // By columns whose names, or names inside of them, are others' in the merged table.
  Result<bool> GoesByRenamed(const std::string& check) const { return GoesBy(check, renamed_); }
  // By columns of another type.
  Result<bool> GoesByRetyped(const std::string& check) const { return GoesBy(check, retyped_); }

 private:
  // A check goes by a column if it cannot be without it.
  Result<bool> GoesBy(const std::string& check, const std::vector<std::string>& columns) const {
    for (const auto& column : columns) {
      auto without = side_.schema;
      std::erase_if(without.fields, [&](const auto& field) { return field.name == column; });
      auto bound = means_.bind_checks(without, {check});
      if (bound) continue;
      if (!DoesNotFit(bound.error())) return std::move(bound).error();
      return true;
    }
    return false;
  }

  const MergeMeans& means_;
  const model::TableState& side_;
  std::vector<std::string> renamed_;
  std::vector<std::string> retyped_;
};

class CheckFit {
 public:
  CheckFit(const MergeMeans& means, const model::TableState& ours, const model::TableState& theirs,
           Favour favour, model::TableState* merged)
      : means_(means),
        by_ours_(means, ours, *merged),
        by_theirs_(means, theirs, *merged),
        favour_(favour),
        merged_(*merged) {}

  Result<FittedChecks> Run() {
    auto bound = Bind(merged_.checks);
    if (!bound && !DoesNotFit(bound.error())) return std::move(bound).error();
    std::vector<std::string> staying;
    for (const auto& check : merged_.checks) {
      ASSIGN_OR_RETURN(auto about, LookAt(check, bound.has_value()));
      if (!Settles(check, &about)) continue;
      staying.push_back(check);
      found_.asked_by_ours &= about.asked_here;
      found_.asked_by_theirs &= about.asked_there;
      found_.asked_by_nobody |= !about.asked_here && !about.asked_there;
    }
    merged_.checks = std::move(staying);
    if (found_.problems.empty()) {
      if (!bound || !found_.left_out.empty()) bound = Bind(merged_.checks);
      ASSIGN_OR_RETURN(found_.look, std::move(bound));
    }
    return std::move(found_);
  }

 private:
  struct About {
    bool asked_here = false;
    bool asked_there = false;
    bool renamed_here = false;
    bool renamed_there = false;
    std::string problem;  // "": it fits
    bool is_unbound = false;
  };

  Result<table::CheckRows> Bind(const std::vector<std::string>& checks) const {
    if (checks.empty()) return table::CheckRows();
    return means_.bind_checks(merged_.schema, checks);
  }

  Result<About> LookAt(const std::string& check, bool all_fit) const {
    About about;
    RETURN_IF_ERROR(LookAt(check, by_ours_, &about.asked_here, &about.renamed_here));
    RETURN_IF_ERROR(LookAt(check, by_theirs_, &about.asked_there, &about.renamed_there));
    if (about.renamed_here || about.renamed_there) {
      about.problem = "the check \"" + check +
                      "\" would be about another column: one that it goes by was renamed";
    }
    if (all_fit) return about;
    auto bound = Bind({check});
    if (bound) return about;
    about.is_unbound = true;
    about.problem = bound.error().message();
    return about;
  }

  static Status LookAt(const std::string& check, const AskedBy& side, bool* asked, bool* renamed) {
    if (!side.Has(check)) return {};
    ASSIGN_OR_RETURN(*renamed, side.GoesByRenamed(check));
    if (*renamed) return {};
    ASSIGN_OR_RETURN(bool retyped, side.GoesByRetyped(check));
    *asked = !retyped;
    return {};
  }

  // False: the check goes.
  bool Settles(const std::string& check, About* about) {
    if (about->problem.empty()) return true;
    if (favour_ != Favour::kNobody) {
      bool is_ours = favour_ == Favour::kOurs;
      bool has_it = (is_ours ? by_ours_ : by_theirs_).Has(check);
      bool means_another = is_ours ? about->renamed_here : about->renamed_there;
      if (!has_it) {
        found_.left_out.push_back("the check \"" + check + "\" is left out: " + about->problem);
        return false;
      }
      // It is about the columns that it is about on the side that is favoured.
      if (!about->is_unbound && !means_another) return true;
    }
    found_.problems.push_back(about->problem);
    return true;
  }

  const MergeMeans& means_;
  const AskedBy by_ours_;
  const AskedBy by_theirs_;
  const Favour favour_;
  model::TableState& merged_;
  FittedChecks found_;
};

}  // namespace

Result<FittedChecks> FitChecks(const MergeMeans& means, const model::TableState& ours,
                               const model::TableState& theirs, Favour favour,
                               model::TableState* merged) {
  if (merged->checks.empty()) return FittedChecks();
  if (!means.bind_checks) return Unsupported("rows with checks cannot be merged without SQL");
  return CheckFit(means, ours, theirs, favour, merged).Run();
}

}  // namespace rhizo::merge
