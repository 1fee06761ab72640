// verify, stats.
#include <iostream>

#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/json_shapes.h"
#include "cli/printable.h"
#include "cli/progress_line.h"

namespace rhizo::cli {
namespace {

void PrintReport(const VerifyReport& report) {
  std::cout << Grouped(report.commits) << " commits, " << Grouped(report.table_states)
            << " table states, " << Grouped(report.objects) << " objects, "
            << ByteSize(report.bytes) << " read\n";
  for (const auto& finding : report.findings) {
    std::cout << Printable(finding.object) << ": " << Printable(finding.problem) << '\n';
    for (const auto& table : finding.tables)
      std::cout << "  needed by " << Printable(table) << '\n';
  }
  if (report.ok()) std::cout << "everything is as it was written\n";
}

Status Verify(const Context& context) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  InterruptScope interrupt;
  VerifyReport report;
  {
    ProgressLine progress("verifying", "rows");
    ASSIGN_OR_RETURN(report, database.Verify(progress.Work(interrupt.cancellation())));
  }
  if (context.json) {
    PrintJson(Document("verify", Shape(report)));
  } else {
    PrintReport(report);
  }
  if (report.ok()) return {};
  return Corruption(std::to_string(report.findings.size()) + " damaged objects were found");
}

Status Stats(const Context& context) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  ASSIGN_OR_RETURN(auto stats, database.Stats());
  if (context.json) {
    PrintJson(Document("stats", Shape(stats)));
    return {};
  }
  std::cout << "tables:    " << Grouped(stats.tables) << " with " << Grouped(stats.rows)
            << " rows, " << ByteSize(stats.table_bytes) << " on branch "
            << Printable(context.branch) << '\n'
            << "branches:  " << Grouped(stats.branches) << '\n'
            << "tags:      " << Grouped(stats.tags) << '\n'
            << "objects:   " << Grouped(stats.objects) << " large ones of all versions, "
            << ByteSize(stats.object_bytes) << '\n'
            << "metadata:  " << ByteSize(stats.metadata_bytes) << '\n';
  return {};
}

}  // namespace

void AddCareVerbs(CommandLine* line) {
  line->AddVerb("verify", "read everything and check that it is as it was written", Verify);
  line->AddVerb("stats", "show how much is stored", Stats);
}

}  // namespace rhizo::cli
