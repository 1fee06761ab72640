// Tables of a session: what writes them and what reads them.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "capsules.h"
#include "consume.h"
#include "errors.h"
#include "facts.h"
#include "guarded_stream.h"
#include "interrupt.h"
#include "parameters.h"
#include "result.h"
#include "session.h"
#include "work.h"

namespace nb = nanobind;

namespace rhizo::python {
namespace {

SchemaMode SchemaModeOf(const std::string& name) {
  if (name == "evolve") return SchemaMode::kEvolve;
  return name == "replace" ? SchemaMode::kReplace : SchemaMode::kKeep;
}

WriteOptions OptionsOf(const std::string& schema, std::optional<std::string> message,
                       const Work& work) {
  WriteOptions options;
  options.schema = SchemaModeOf(schema);
  options.message = std::move(message);
  options.work = work.options();
  return options;
}

nb::dict Write(NativeSession& self, const std::string& name, nb::handle rows,
               const std::string& kind, const std::string& schema, std::vector<std::string> key,
               std::string base, bool reset, std::optional<std::string> message,
               nb::object progress) {
  Session& session = self.get();
  Work work(std::move(progress));
  WriteOptions options = OptionsOf(schema, std::move(message), work);
  options.key = std::move(key);
  options.base = std::move(base);
  options.reset = reset;
  return ToPython(Consume(self, rows, RowsOf(kind), work, [&](ArrowArrayStream* stream) {
    return session.Write(name, stream, options);
  }));
}

nb::dict Append(NativeSession& self, const std::string& name, nb::handle rows,
                const std::string& kind, const std::string& schema,
                std::optional<std::string> message, nb::object progress) {
  Session& session = self.get();
  Work work(std::move(progress));
  WriteOptions options = OptionsOf(schema, std::move(message), work);
  return ToPython(Consume(self, rows, RowsOf(kind), work, [&](ArrowArrayStream* stream) {
    return session.Append(name, stream, options);
  }));
}

nb::dict Insert(NativeSession& self, const std::string& name, nb::handle rows,
                const std::string& kind, std::optional<std::string> message, nb::object progress) {
  Session& session = self.get();
  Work work(std::move(progress));
  WriteOptions options = OptionsOf("keep", std::move(message), work);
  return ToPython(Consume(self, rows, RowsOf(kind), work, [&](ArrowArrayStream* stream) {
    return session.Insert(name, stream, options);
  }));
}

nb::dict Upsert(NativeSession& self, const std::string& name, nb::handle rows,
                const std::string& kind, bool reset, std::optional<std::string> message,
                nb::object progress) {
  Session& session = self.get();
  Work work(std::move(progress));
  WriteOptions options = OptionsOf("keep", std::move(message), work);
  options.reset = reset;
  return ToPython(Consume(self, rows, RowsOf(kind), work, [&](ArrowArrayStream* stream) {
    return session.Upsert(name, stream, options);
  }));
}

// Runs `change(options)`.
template <class Change>
nb::dict ChangeRows(nb::object parameters, std::optional<std::string> message, Change change) {
  ChangeOptions options;
  options.parameters = ToParameters(parameters);
  options.message = std::move(message);
  return ToPython(Unwrap(RunBlocking(options.work.cancellation, [&] { return change(options); })));
}

nb::dict Update(NativeSession& self, const std::string& name, Session::Assignments set,
                const std::string& where, nb::object parameters, bool reset,
                std::optional<std::string> message) {
  Session& session = self.get();
  return ChangeRows(std::move(parameters), std::move(message), [&](ChangeOptions& options) {
    options.reset = reset;
    return session.Update(name, set, where, options);
  });
}

nb::dict Delete(NativeSession& self, const std::string& name, const std::string& where,
                nb::object parameters, std::optional<std::string> message) {
  Session& session = self.get();
  return ChangeRows(std::move(parameters), std::move(message), [&](const ChangeOptions& options) {
    return session.Delete(name, where, options);
  });
}

nb::dict Truncate(NativeSession& self, const std::string& name,
                  std::optional<std::string> message) {
  Session& session = self.get();
  return ChangeRows(nb::none(), std::move(message),
                    [&](const ChangeOptions& options) { return session.Truncate(name, options); });
}

nb::dict SetMergeRules(NativeSession& self, const std::string& name, Session::Assignments columns,
                       std::optional<bool> row_is_unit, std::optional<bool> delete_wins,
                       std::optional<std::string> message) {
  Session& session = self.get();
  MergeRules rules{std::move(columns), row_is_unit, delete_wins};
  return ChangeRows(nb::none(), std::move(message), [&](const ChangeOptions& options) {
    return session.SetMergeRules(name, rules, options);
  });
}

nb::dict SetKey(NativeSession& self, const std::string& name,
                const std::vector<std::string>& columns, std::optional<std::string> message) {
  Session& session = self.get();
  return ChangeRows(nb::none(), std::move(message), [&](const ChangeOptions& options) {
    return session.SetKey(name, columns, options);
  });
}

nb::dict Alter(NativeSession& self, const std::string& name, Session::Assignments rename,
               std::vector<std::string> drop, nb::handle add, nb::handle widen,
               Session::Assignments defaults, std::vector<std::string> not_null,
               std::vector<std::string> nullable, std::vector<std::string> drop_checks,
               std::vector<std::string> add_checks, std::vector<std::string> order,
               std::optional<std::string> message) {
  Session& session = self.get();
  OwnedSchema added = add.is_none() ? OwnedSchema() : TakeSchema(add);
  OwnedSchema widened = widen.is_none() ? OwnedSchema() : TakeSchema(widen);
  Alteration alteration{std::move(rename),
                        std::move(drop),
                        add.is_none() ? nullptr : added.get(),
                        widen.is_none() ? nullptr : widened.get(),
                        std::move(defaults),
                        std::move(not_null),
                        std::move(nullable),
                        std::move(drop_checks),
                        std::move(add_checks),
                        std::move(order)};
  return ChangeRows(nb::none(), std::move(message), [&](const ChangeOptions& options) {
    return session.Alter(name, alteration, options);
  });
}

nb::dict CreateTable(NativeSession& self, const std::string& name, nb::handle schema,
                     bool if_not_exists, const std::vector<std::string>& key,
                     Session::Assignments columns) {
  Session& session = self.get();
  OwnedSchema taken = TakeSchema(schema);
  MergeRules rules{std::move(columns), {}, {}};
  return ToPython(Unwrap(RunBlocking(Cancellation(), [&] {
    return session.CreateTable(name, taken.get(), if_not_exists, key, rules);
  })));
}

void DropTable(NativeSession& self, const std::string& name, bool if_exists) {
  Session& session = self.get();
  Unwrap(RunBlocking(Cancellation(), [&] { return session.DropTable(name, if_exists); }));
}

void RenameTable(NativeSession& self, const std::string& name, const std::string& new_name) {
  Session& session = self.get();
  Unwrap(RunBlocking(Cancellation(), [&] { return session.RenameTable(name, new_name); }));
}

Cursor Read(NativeSession& self, const std::string& name, const std::string& at) {
  Session& session = self.get();
  Cancellation cancellation;
  return Cursor(Unwrap(RunBlocking(cancellation, [&] { return session.Read(name, at); })),
                cancellation);
}

Cursor Scan(NativeSession& self, const std::string& name, std::vector<std::string> columns,
            const std::string& where, nb::object parameters, const std::string& at,
            std::optional<uint64_t> limit) {
  Session& session = self.get();
  ScanOptions options{.columns = std::move(columns),
                      .where = where,
                      .parameters = ToParameters(parameters),
                      .at = at,
                      .limit = limit};
  Cancellation cancellation;
  return Cursor(Unwrap(RunBlocking(cancellation, [&] { return session.Scan(name, options); })),
                cancellation);
}

Cursor Diff(NativeSession& self, const std::string& name, const std::string& from,
            const std::string& to, std::vector<std::string> columns, const std::string& where,
            nb::object parameters, std::optional<uint64_t> limit) {
  Session& session = self.get();
  DiffOptions options{.columns = std::move(columns),
                      .where = where,
                      .parameters = ToParameters(parameters),
                      .limit = limit};
  Cancellation cancellation;
  auto result = RunBlocking(cancellation, [&] { return session.Diff(name, from, to, options); });
  return Cursor(Unwrap(std::move(result)), cancellation);
}

nb::list DiffSummary(NativeSession& self, const std::string& from, const std::string& to,
                     const std::string& table) {
  Session& session = self.get();
  Cancellation cancellation;
  return ToPython(
      Unwrap(RunBlocking(cancellation, [&] { return session.DiffSummary(from, to, table); })));
}

Cursor Conflicts(NativeSession& self, const std::string& ours, const std::string& theirs,
                 const std::string& table) {
  Session& session = self.get();
  Cancellation cancellation;
  auto result = RunBlocking(cancellation, [&] { return session.Conflicts(ours, theirs, table); });
  return Cursor(Unwrap(std::move(result)), cancellation);
}

Cursor Sql(NativeSession& self, const std::string& statement, nb::object parameters) {
  Session& session = self.get();
  Parameters values = ToParameters(parameters);
  WorkOptions work;
  auto result =
      RunBlocking(work.cancellation, [&] { return session.Sql(statement, values, work); });
  return Cursor(Unwrap(std::move(result)), work.cancellation);
}

nb::dict ImportFiles(NativeSession& self, const std::string& name,
                     const std::vector<std::string>& paths, const std::string& format, bool append,
                     const std::string& schema, std::optional<std::string> message,
                     nb::object progress) {
  Session& session = self.get();
  Work work(std::move(progress));
  WriteOptions options = OptionsOf(schema, std::move(message), work);
  auto written = RunBlocking(work.options().cancellation, [&] {
    return session.ImportFiles(name, paths, format, append, options);
  });
  work.RaiseFromProgress();
  return ToPython(Unwrap(std::move(written)));
}

std::string Fingerprint(NativeSession& self, const std::string& name, const std::string& at) {
  Session& session = self.get();
  return Unwrap(RunBlocking(Cancellation(), [&] { return session.Fingerprint(name, at); }));
}

uint64_t ExportTable(NativeSession& self, const std::string& name, const std::string& path,
                     const std::string& format, const std::string& at, bool overwrite,
                     nb::object progress) {
  Session& session = self.get();
  Work work(std::move(progress));
  auto rows = RunBlocking(work.options().cancellation, [&] {
    return session.ExportTable(name, path, format, at, overwrite, work.options());
  });
  work.RaiseFromProgress();
  return Unwrap(std::move(rows));
}

std::vector<std::string> Tables(NativeSession& self, const std::string& at) {
  Session& session = self.get();
  return Unwrap(RunBriefly([&] { return session.Tables(at); }));
}

nb::dict Info(NativeSession& self, const std::string& name, const std::string& at) {
  Session& session = self.get();
  return ToPython(Unwrap(RunBriefly([&] { return session.Info(name, at); })));
}

std::vector<std::string> ColumnNames(NativeSession& self, const std::string& name) {
  Session& session = self.get();
  std::vector<std::string> names;
  for (auto& column : Unwrap(RunBriefly([&] { return session.Columns(name); }))) {
    names.push_back(std::move(column.name));
  }
  return names;
}

nb::list Versions(NativeSession& self, const std::string& name) {
  Session& session = self.get();
  return ToPython(Unwrap(RunBriefly([&] { return session.Versions(name); })));
}

}  // namespace

void BindTables(nb::class_<NativeSession>& binding) {
  binding.def("create_table", &CreateTable)
      .def("drop_table", &DropTable)
      .def("rename_table", &RenameTable)
      .def("write", &Write, nb::arg("name"), nb::arg("rows"), nb::arg("kind"), nb::arg("schema"),
           nb::arg("key"), nb::arg("base"), nb::arg("reset"), nb::arg("message").none(),
           nb::arg("progress").none())
      .def("insert", &Insert, nb::arg("name"), nb::arg("rows"), nb::arg("kind"),
           nb::arg("message").none(), nb::arg("progress").none())
      .def("upsert", &Upsert, nb::arg("name"), nb::arg("rows"), nb::arg("kind"), nb::arg("reset"),
           nb::arg("message").none(), nb::arg("progress").none())
      .def("update", &Update, nb::arg("name"), nb::arg("set"), nb::arg("where"),
           nb::arg("parameters").none(), nb::arg("reset"), nb::arg("message").none())
      .def("delete", &Delete, nb::arg("name"), nb::arg("where"), nb::arg("parameters").none(),
           nb::arg("message").none())
      .def("truncate", &Truncate, nb::arg("name"), nb::arg("message").none())
      .def("alter", &Alter, nb::arg("name"), nb::arg("rename"), nb::arg("drop"),
           nb::arg("add").none(), nb::arg("widen").none(), nb::arg("defaults"), nb::arg("not_null"),
           nb::arg("nullable"), nb::arg("drop_checks"), nb::arg("add_checks"), nb::arg("order"),
           nb::arg("message").none())
      .def("set_merge_rules", &SetMergeRules, nb::arg("name"), nb::arg("columns"),
           nb::arg("row_is_unit").none(), nb::arg("delete_wins").none(), nb::arg("message").none())
      .def("set_key", &SetKey, nb::arg("name"), nb::arg("columns"), nb::arg("message").none())
      .def("append", &Append, nb::arg("name"), nb::arg("rows"), nb::arg("kind"), nb::arg("schema"),
           nb::arg("message").none(), nb::arg("progress").none())
      .def("read", &Read)
      .def("scan", &Scan, nb::arg("name"), nb::arg("columns"), nb::arg("where"),
           nb::arg("parameters").none(), nb::arg("at"), nb::arg("limit").none())
      .def("diff", &Diff, nb::arg("name"), nb::arg("from_"), nb::arg("to"), nb::arg("columns"),
           nb::arg("where"), nb::arg("parameters").none(), nb::arg("limit").none())
      .def("diff_summary", &DiffSummary)
      .def("conflicts", &Conflicts)
      .def("sql", &Sql, nb::arg("statement"), nb::arg("parameters").none())
      .def("import_files", &ImportFiles, nb::arg("name"), nb::arg("paths"), nb::arg("format"),
           nb::arg("append"), nb::arg("schema"), nb::arg("message").none(),
           nb::arg("progress").none())
      .def("export_table", &ExportTable, nb::arg("name"), nb::arg("path"), nb::arg("format"),
           nb::arg("at"), nb::arg("overwrite"), nb::arg("progress").none())
      .def("fingerprint", &Fingerprint)
      .def("tables", &Tables)
      .def("info", &Info)
      .def("column_names", &ColumnNames)
      .def("versions", &Versions);
}

}  // namespace rhizo::python
