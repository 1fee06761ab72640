// History, branches and tags of a session.
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "errors.h"
#include "facts.h"
#include "interrupt.h"
#include "merge_options.h"
#include "session.h"

namespace nb = nanobind;

namespace rhizo::python {
namespace {

// `call(session)` without the GIL; its answer for Python, or its error raised.
template <class Call>
auto Ask(NativeSession& self, Call call) {
  Session& session = self.get();
  return Unwrap(RunBriefly([&] { return call(session); }));
}

nb::list Log(NativeSession& self, const std::string& ref, uint64_t limit,
             const std::string& table) {
  return ToPython(Ask(self, [&](Session& session) { return session.Log(ref, limit, table); }));
}

nb::dict CreateBranch(NativeSession& self, const std::string& name, const std::string& from,
                      std::optional<int64_t> expires, std::optional<bool> is_protected) {
  BranchOptions options{.expires_micros = expires, .is_protected = is_protected};
  return ToPython(
      Ask(self, [&](Session& session) { return session.CreateBranch(name, from, options); }));
}

nb::dict SetBranch(NativeSession& self, const std::string& name, std::optional<int64_t> expires,
                   std::optional<bool> is_protected) {
  BranchOptions options{.expires_micros = expires, .is_protected = is_protected};
  return ToPython(Ask(self, [&](Session& session) { return session.SetBranch(name, options); }));
}

// `columns`: (table, column, strategy). `dry_run`: nothing moves.
nb::dict Merge(NativeSession& self, const std::string& source, const std::string& into,
               const std::string& strategy, const std::map<std::string, std::string>& tables,
               const std::vector<std::tuple<std::string, std::string, std::string>>& columns,
               const std::string& message, bool no_fast_forward, bool dry_run) {
  MergeOptions options;
  options.into = into;
  options.strategy = StrategyOf(strategy);
  for (const auto& [table, chosen] : tables) options.tables[table] = StrategyOf(chosen);
  for (const auto& [table, column, chosen] : columns) {
    options.columns[{table, column}] = StrategyOf(chosen);
  }
  options.message = message;
  options.no_fast_forward = no_fast_forward;
  Session& session = self.get();
  return ToPython(Unwrap(RunBlocking(Cancellation(), [&] {
    return dry_run ? session.TryMerge(source, options) : session.Merge(source, options);
  })));
}

// "revert", "cherry_pick" or "rebase".
nb::dict Replay(NativeSession& self, const std::string& verb, const std::string& ref,
                const std::string& message, std::optional<uint32_t> parent,
                const std::string& strategy) {
  ReplayOptions options{message, parent, StrategyOf(strategy)};
  Session& session = self.get();
  return ToPython(Unwrap(RunBlocking(Cancellation(), [&] {
    return verb == "revert"        ? session.Revert(ref, options)
           : verb == "cherry_pick" ? session.CherryPick(ref, options)
                                   : session.Rebase(ref, options);
  })));
}

void BindHistory(nb::class_<NativeSession>& binding) {
  binding
      .def("head",
           [](NativeSession& self) {
             return ToPython(Ask(self, [](Session& s) { return s.Head(); }));
           })
      .def("show",
           [](NativeSession& self, const std::string& ref) {
             return ToPython(Ask(self, [&](Session& s) { return s.Show(ref); }));
           })
      .def("log", &Log)
      .def("reflog",
           [](NativeSession& self, const std::string& ref, uint64_t limit) {
             return ToPython(Ask(self, [&](Session& s) { return s.RefLog(ref, limit); }));
           })
      .def("resolve", [](NativeSession& self, const std::string& txn_id) {
        return ToPython(Ask(self, [&](Session& s) { return s.Resolve(txn_id); }));
      });
}

void BindBranches(nb::class_<NativeSession>& binding) {
  binding
      .def("branches",
           [](NativeSession& self) {
             return ToPython(Ask(self, [](Session& s) { return s.Branches(); }));
           })
      .def("create_branch", &CreateBranch, nb::arg("name"), nb::arg("from_ref"),
           nb::arg("expires").none(), nb::arg("protected").none())
      .def("set_branch", &SetBranch, nb::arg("name"), nb::arg("expires").none(),
           nb::arg("protected").none())
      .def("delete_branch",
           [](NativeSession& self, const std::string& name) {
             Ask(self, [&](Session& s) { return s.DeleteBranch(name); });
           })
      .def("rename_branch",
           [](NativeSession& self, const std::string& name, const std::string& new_name) {
             Ask(self, [&](Session& s) { return s.RenameBranch(name, new_name); });
           })
      .def("undelete_branch",
           [](NativeSession& self, const std::string& name) {
             return ToPython(Ask(self, [&](Session& s) { return s.UndeleteBranch(name); }));
           })
      .def("current_branch",
           [](NativeSession& self) {
             return Ask(self, [](Session& s) { return s.CurrentBranch(); });
           })
      .def("checkout",
           [](NativeSession& self, const std::string& branch, bool create) {
             Ask(self, [&](Session& s) { return s.Checkout(branch, create); });
           })
      .def("keep",
           [](NativeSession& self, const std::string& name) {
             return ToPython(Ask(self, [&](Session& s) { return s.Keep(name); }));
           })
      .def("merge", &Merge)
      .def("replay", &Replay, nb::arg("verb"), nb::arg("ref"), nb::arg("message"),
           nb::arg("parent").none(), nb::arg("strategy"))
      .def("reset", [](NativeSession& self, const std::string& to) {
        return ToPython(Ask(self, [&](Session& s) { return s.Reset(to); }));
      });
}

void BindTags(nb::class_<NativeSession>& binding) {
  binding
      .def("tags",
           [](NativeSession& self) {
             return ToPython(Ask(self, [](Session& s) { return s.Tags(); }));
           })
      .def("create_tag",
           [](NativeSession& self, const std::string& name, const std::string& at) {
             return ToPython(Ask(self, [&](Session& s) { return s.CreateTag(name, at); }));
           })
      .def("delete_tag", [](NativeSession& self, const std::string& name) {
        Ask(self, [&](Session& s) { return s.DeleteTag(name); });
      });
}

}  // namespace

void BindVersions(nb::class_<NativeSession>& binding) {
  BindHistory(binding);
  BindBranches(binding);
  BindTags(binding);
}

}  // namespace rhizo::python
