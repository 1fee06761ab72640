#include "session.h"

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include "errors.h"
#include "facts.h"
#include "guarded_stream.h"
#include "interrupt.h"
#include "rhizo/database.h"
#include "work.h"

namespace nb = nanobind;

namespace rhizo::python {
namespace {

NativeSession Wrap(Result<Session> session) {
  return NativeSession(std::make_unique<Session>(Unwrap(std::move(session))));
}

CreateMode CreateModeOf(const std::string& name) {
  if (name == "never") return CreateMode::kNever;
  return name == "new" ? CreateMode::kNew : CreateMode::kIfMissing;
}

NativeSession Open(const std::string& path, const std::string& branch, const std::string& create,
                   bool read_only, bool durable, uint64_t memory_limit, unsigned threads,
                   const std::string& temp_directory, int64_t busy_timeout_millis,
                   const std::string& author, bool verify_integrity) {
  OpenOptions options{.branch = branch,
                      .create = CreateModeOf(create),
                      .read_only = read_only,
                      .durability = durable ? Durability::kFull : Durability::kNone,
                      .memory_limit_bytes = memory_limit,
                      .threads = threads,
                      .temp_directory = temp_directory,
                      .busy_timeout = std::chrono::milliseconds(busy_timeout_millis),
                      .author = author,
                      .verify_integrity = verify_integrity};
  auto opened = RunBlocking(Cancellation(), [&] { return Database::Open(path, options); });
  return NativeSession(std::make_unique<Database>(Unwrap(std::move(opened))));
}

NativeTransaction Begin(NativeSession& self, const std::string& message, const std::string& author,
                        const std::map<std::string, std::string>& metadata,
                        const std::string& txn_id, bool serializable) {
  CommitOptions options{.message = message,
                        .author = author,
                        .metadata = metadata,
                        .txn_id = txn_id,
                        .serializable = serializable};
  Session& session = self.get();
  return NativeTransaction(self, Unwrap(RunBriefly([&] { return session.Begin(options); })));
}

nb::dict Commit(NativeTransaction& self) {
  Transaction& transaction = self.get();
  return ToPython(Unwrap(RunBlocking(Cancellation(), [&] { return transaction.Commit(); })));
}

nb::dict Verify(NativeSession& self, nb::object progress) {
  Work work(std::move(progress));
  Session& session = self.get();
  auto report =
      RunBlocking(work.options().cancellation, [&] { return session.Verify(work.options()); });
  work.RaiseFromProgress();
  return ToPython(Unwrap(std::move(report)));
}

nb::dict Stats(NativeSession& self) {
  Session& session = self.get();
  return ToPython(Unwrap(RunBlocking(Cancellation(), [&] { return session.Stats(); })));
}

void BindTransaction(nb::module_& module) {
  nb::class_<NativeTransaction>(module, "Transaction")
      .def_prop_ro("txn_id", [](NativeTransaction& self) { return self.get().txn_id(); })
      .def("check_idle", [](NativeTransaction& self) { self.get(); })
      .def("commit", &Commit)
      .def("rollback", [](NativeTransaction& self) {
        Transaction& transaction = self.get();
        Unwrap(RunBriefly([&] { return transaction.Rollback(); }));
      });
}

void BindOthers(nb::class_<NativeSession>& binding) {
  binding
      .def("on",
           [](NativeSession& self, const std::string& branch) {
             Session& session = self.get();
             return Wrap(RunBriefly([&] { return session.On(branch); }));
           })
      .def("at",
           [](NativeSession& self, const std::string& ref) {
             Session& session = self.get();
             return Wrap(RunBriefly([&] { return session.At(ref); }));
           })
      .def("scratch",
           [](NativeSession& self) {
             Session& session = self.get();
             return Wrap(RunBriefly([&] { return session.Scratch(); }));
           })
      .def("again",
           [](NativeSession& self) {
             Session& session = self.get();
             return Wrap(RunBriefly([&] { return session.Again(); }));
           })
      .def("begin", &Begin, nb::arg("message"), nb::arg("author"), nb::arg("metadata"),
           nb::arg("txn_id"), nb::arg("serializable"));
}

// None if it did not come in time.
std::optional<RetryTurn> WaitForTurn(NativeSession& self, int64_t millis) {
  Session& session = self.get();
  Cancellation cancellation;
  auto turn = RunBlocking(cancellation, [&] {
    return session.WaitForTurn(std::chrono::milliseconds(millis), cancellation);
  });
  if (!turn && turn.error().code() == ErrorCode::kBusy) return std::nullopt;
  return Unwrap(std::move(turn));
}

void BindTurns(nb::module_& module, nb::class_<NativeSession>& binding) {
  nb::class_<RetryTurn>(module, "Turn")
      .def_ro("waited", &RetryTurn::waited)
      .def("end", [](RetryTurn& self) { self.held.reset(); });
  binding.def("wait_for_turn", &WaitForTurn, nb::arg("millis"));
}

void BindCare(nb::class_<NativeSession>& binding) {
  binding.def("verify", &Verify, nb::arg("progress") = nb::none())
      .def("stats", &Stats)
      .def("flush",
           [](NativeSession& self) {
             Session& session = self.get();
             Unwrap(RunBriefly([&] { return session.Flush(); }));
           })
      .def("close",
           [](NativeSession& self) {
             Session& session = self.get();
             Unwrap(RunBriefly([&] { return session.Close(); }));
           })
      .def_prop_ro("closed", [](NativeSession& self) { return self.get().closed(); })
      .def_prop_ro("path", [](NativeSession& self) { return self.get().path(); });
}

}  // namespace

NativeSession::~NativeSession() {
  nb::gil_scoped_release release;
  session_.reset();
}

namespace {

void CheckNotPulled(const void* session) {
  if (!IsPulledFor(session)) return;
  Raise(InvalidArgument(
      "this session is busy reading the rows that are being written; make them from another "
      "session, such as db.on(branch)"));
}

}  // namespace

Session& NativeSession::get() {
  CheckNotPulled(this);
  return *session_;
}

Transaction& NativeTransaction::get() {
  CheckNotPulled(session_);
  return *transaction_;
}

Merging& NativeMerging::get() {
  CheckNotPulled(session_);
  return *merging_;
}

NativeTransaction::~NativeTransaction() {
  nb::gil_scoped_release release;
  transaction_.reset();
}

void BindSession(nb::module_& module) {
  BindTransaction(module);
  nb::class_<NativeSession> binding(module, "Session");
  BindTables(binding);
  BindVersions(binding);
  BindMerging(module, binding);
  BindOthers(binding);
  BindTurns(module, binding);
  BindCare(binding);
  module.def("open", &Open, nb::arg("path"), nb::arg("branch"), nb::arg("create"),
             nb::arg("read_only"), nb::arg("durable"), nb::arg("memory_limit"), nb::arg("threads"),
             nb::arg("temp_directory"), nb::arg("busy_timeout_millis"), nb::arg("author"),
             nb::arg("verify_integrity"));
}

}  // namespace rhizo::python
