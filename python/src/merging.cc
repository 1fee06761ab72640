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
      Unwrap(RunBlocking(Cancellation(), [&] { return session.StartMerge(source, options); })));
}

nb::dict State(NativeMerging& self) {
  return ToPython(Unwrap(RunBlocking(Cancellation(), [&] { return self.get().State(); })));
}

Cursor Conflicts(NativeMerging& self, const std::string& table) {
  Cancellation cancellation;
  auto result = RunBlocking(cancellation, [&] { return self.get().Conflicts(table); });
  return Cursor(Unwrap(std::move(result)), cancellation);
}

void ResolveSide(NativeMerging& self, const std::string& table, const std::string& side) {
  Unwrap(RunBlocking(Cancellation(), [&] { return self.get().Resolve(table, StrategyOf(side)); }));
}

uint64_t ResolveSql(NativeMerging& self, const std::string& table, const std::string& query) {
  return Unwrap(RunBlocking(Cancellation(), [&] { return self.get().ResolveSql(table, query); }));
}

uint64_t ResolveRows(NativeMerging& self, NativeSession& session, const std::string& table,
                     nb::handle rows, const std::string& kind) {
  Work work{nb::none()};
  return Consume(session, rows, RowsOf(kind), work,
                 [&](ArrowArrayStream* stream) { return self.get().Resolve(table, stream); });
}

nb::dict Commit(NativeMerging& self, const std::string& message) {
  return ToPython(Unwrap(RunBlocking(Cancellation(), [&] { return self.get().Commit(message); })));
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
