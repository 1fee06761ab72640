// Merges whose conflicts are settled one after the other.
#include "consume.h"
#include "facts.h"
#include "merge_options.h"
#include "result.h"

#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

namespace rhizo::python {
namespace {

NativeMerging Start(NativeSession& self, const std::string& source, const std::string& into) {
  MergeOptions options;
  options.into = into;
  Session& session = self.get();
  return NativeMerging(
      self,
      Unwrap(RunBlocking(Cancellation(), [&] { return session.StartMerge(source, options); })));
}

nb::dict State(NativeMerging& self) {
  Merging& merging = self.get();
  return ToPython(Unwrap(RunBlocking(Cancellation(), [&] { return merging.State(); })));
}

Cursor Conflicts(NativeMerging& self, const std::string& table) {
  Merging& merging = self.get();
  Cancellation cancellation;
  auto result = RunBlocking(cancellation, [&] { return merging.Conflicts(table); });
  return Cursor(Unwrap(std::move(result)), cancellation);
}

void ResolveSide(NativeMerging& self, const std::string& table, const std::string& side,
                 bool rows) {
  Merging& merging = self.get();
  Unwrap(
      RunBlocking(Cancellation(), [&] { return merging.Resolve(table, StrategyOf(side), rows); }));
}

uint64_t ResolveSql(NativeMerging& self, const std::string& table, const std::string& query) {
  Merging& merging = self.get();
  return Unwrap(RunBlocking(Cancellation(), [&] { return merging.ResolveSql(table, query); }));
}

uint64_t ResolveRows(NativeMerging& self, NativeSession& session, const std::string& table,
                     nb::handle rows, const std::string& kind) {
  Merging& merging = self.get();
  Work work{nb::none()};
  return Consume(session, rows, RowsOf(kind), work,
                 [&](ArrowArrayStream* stream) { return merging.Resolve(table, stream); });
}

nb::dict Commit(NativeMerging& self, const std::string& message) {
  Merging& merging = self.get();
  return ToPython(Unwrap(RunBlocking(Cancellation(), [&] { return merging.Commit(message); })));
}

}  // namespace

void BindMerging(nb::module_& module, nb::class_<NativeSession>& binding) {
  nb::class_<NativeMerging>(module, "Merging")
      .def("state", &State)
      .def("conflicts", &Conflicts)
      .def("resolve_side", &ResolveSide)
      .def("resolve_sql", &ResolveSql)
      .def("resolve_rows", &ResolveRows)
      .def("commit", &Commit);
  binding.def("start_merge", &Start);
}

}  // namespace rhizo::python
