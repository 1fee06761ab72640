#include "cli/command_line.h"

#include <string_view>

namespace rhizo::cli {

CommandLine::CommandLine(bool database_is_argument)
    : database_is_argument_(database_is_argument),
      app_("Rhizo: git for tables with a SQL engine inside", "rhizo") {
  app_.set_version_flag("--version", std::string("rhizo ") + Version());
  app_.require_subcommand(1);
  app_.fallthrough();
  app_.add_option("--db", context_.database,
                  "the database; else it is the first argument of the verb")
      ->envname("RHIZO_DB");
  app_.add_option("--branch", context_.branch, "the branch to read and write")
      ->envname("RHIZO_BRANCH");
  app_.add_option("--author", context_.author, "recorded in commits; your login name by default")
      ->envname("RHIZO_AUTHOR");
  app_.add_flag("--json", context_.json, "print JSON (docs/shell.md)");
  app_.footer(
      "Every verb takes --db, --branch, --author and --json; `rhizo VERB --help` shows the rest.\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 conflict, 130 interrupted.");
}

CLI::App* CommandLine::AddVerb(const std::string& name, const std::string& description,
                               Action action, CLI::App* parent) {
  auto* verb = (parent != nullptr ? parent : &app_)->add_subcommand(name, description);
  if (database_is_argument_)
    verb->add_option("DB", context_.database, "the database: a directory")->required();
  verb->callback([this, action = std::move(action)] { chosen_ = action; });
  return verb;
}

CLI::App* CommandLine::AddGroup(const std::string& name, const std::string& description) {
  auto* group = app_.add_subcommand(name, description);
  group->require_subcommand(1);
  return group;
}

void CommandLine::Parse(int argc, const char* const* argv) { app_.parse(argc, argv); }

Status CommandLine::Run() { return chosen_(context_); }

bool HasOption(int argc, const char* const* argv, const std::string& name) {
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (argument == "--") return false;
    if (argument == name || argument.starts_with(name + "=")) return true;
  }
  return false;
}

}  // namespace rhizo::cli
