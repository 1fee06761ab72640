#include "cli/run.h"

#include <clocale>
#include <cstdlib>
#include <iostream>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/report.h"

namespace rhizo::cli {
namespace {

void AddVerbs(CommandLine* line) {
  AddFileVerbs(line);
  AddTableVerbs(line);
  AddSqlVerbs(line);
  AddShellVerb(line);
  AddHistoryVerbs(line);
  AddDiffVerbs(line);
  AddBranchVerbs(line);
  AddMergeVerbs(line);
  AddReplayVerbs(line);
  AddCareVerbs(line);
}

std::string ChosenVerb(const CLI::App& app) {
  auto chosen = app.get_subcommands();
  return chosen.empty() ? "" : chosen.front()->get_name() + " ";
}

std::string UsageMessage(const CLI::ParseError& error, const CLI::App& app) {
  if (!app.get_subcommands().empty()) return error.what();
  auto unknown = app.remaining();
  return unknown.empty() ? "a verb is missing" : "there is no verb \"" + unknown.front() + "\"";
}

int ReportUsage(const CLI::ParseError& error, CommandLine* line, bool json) {
  if (error.get_exit_code() == 0) return line->app().exit(error, std::cout, std::cerr);
  ReportError(Error(ErrorCode::kInvalidArgument, UsageMessage(error, line->app())),
              "rhizo " + ChosenVerb(line->app()) + "--help shows how it is used", json);
  return kWrongUsage;
}

int RunParsed(CommandLine* line) {
  auto status = line->Run();
  std::cout.flush();
  if (status) return std::cout.good() ? kDone : kFailed;
  ReportError(status.error(), HintFor(status.error(), line->context()), line->context().json);
  return ExitCodeOf(status.error());
}

}  // namespace

int Run(int argc, const char* const* argv) {
  if (std::setlocale(LC_CTYPE, "") == nullptr) std::setlocale(LC_CTYPE, "C.UTF-8");
  std::ios::sync_with_stdio(false);
  const char* named = std::getenv("RHIZO_DB");
  CommandLine line(!HasOption(argc, argv, "--db") && (named == nullptr || *named == 0));
  AddVerbs(&line);
  try {
    line.Parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return ReportUsage(error, &line, HasOption(argc, argv, "--json"));
  }
  try {
    return RunParsed(&line);
  } catch (const std::bad_alloc&) {
    ReportError(Error(ErrorCode::kOutOfMemory, "memory ran out"), "", line.context().json);
    return kFailed;
  }
}

}  // namespace rhizo::cli
