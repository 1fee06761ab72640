// tables, versions, info, drop, rename.
#include <iostream>

#include "cli/command_line.h"
#include "cli/json_shapes.h"
#include "cli/lists.h"
#include "cli/printable.h"

namespace rhizo::cli {
namespace {

Status Tables(const Context& context, const std::string& at) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  ASSIGN_OR_RETURN(auto names, database.Tables(at));
  std::vector<TableInfo> tables;
  for (const auto& name : names) {
    ASSIGN_OR_RETURN(auto info, database.Info(name, at));
    tables.push_back(std::move(info));
  }
  if (context.json) {
    PrintJson(Document("tables", Shape(tables)));
  } else {
    PrintTables(tables);
  }
  return {};
}

Status Versions(const Context& context, const std::string& table) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  ASSIGN_OR_RETURN(auto versions, database.Versions(table));
  if (context.json) {
    PrintJson(Document("versions", Shape(versions)));
  } else {
    PrintVersions(versions);
  }
  return {};
}

Status InfoOfTable(Database& database, const Context& context, const std::string& table,
                   const std::string& at) {
  ASSIGN_OR_RETURN(auto info, database.Info(table, at));
  if (context.json) {
    PrintJson(Document("table", Shape(info)));
  } else {
    PrintTable(info);
  }
  return {};
}

Status InfoOfDatabase(Database& database, const Context& context, const std::string& at) {
  ASSIGN_OR_RETURN(auto head, at.empty() ? database.Head() : database.Show(at));
  ASSIGN_OR_RETURN(auto names, database.Tables(at));
  ASSIGN_OR_RETURN(auto branches, database.Branches());
  ASSIGN_OR_RETURN(auto tags, database.Tags());
  if (context.json) {
    PrintJson(Document("database", {{"branch", context.branch},
                                    {"head", Shape(head)},
                                    {"tables", names},
                                    {"branches", Shape(branches)},
                                    {"tags", Shape(tags)}}));
    return {};
  }
  std::cout << "branch:   " << Printable(context.branch) << '\n'
            << "commit:   " << head.id << '\n'
            << "tables:   " << names.size() << '\n'
            << "branches: " << branches.size() << '\n'
            << "tags:     " << tags.size() << '\n';
  return {};
}

Status Info(const Context& context, const std::string& table, const std::string& at) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  if (table.empty()) return InfoOfDatabase(database, context, at);
  return InfoOfTable(database, context, table, at);
}

Status Drop(const Context& context, const std::string& table, bool if_exists) {
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  RETURN_IF_ERROR(database.DropTable(table, if_exists));
  if (context.json) {
    PrintJson(Document("dropped", {{"table", table}}));
  } else {
    std::cout << Printable(table) << ": dropped; older versions stay readable\n";
  }
  return {};
}

Status Rename(const Context& context, const std::string& table, const std::string& new_name) {
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  RETURN_IF_ERROR(database.RenameTable(table, new_name));
  if (context.json) {
    PrintJson(Document("renamed", {{"table", table}, {"new_name", new_name}}));
  } else {
    std::cout << Printable(table) << ": now called " << Printable(new_name) << '\n';
  }
  return {};
}

constexpr char kAtText[] = "a version, branch, tag, commit, ref~n or time";

}  // namespace

void AddTableVerbs(CommandLine* line) {
  auto at = Var<std::string>();
  auto table = Var<std::string>();
  auto new_name = Var<std::string>();
  auto if_exists = Var<bool>();
  auto* tables = line->AddVerb("tables", "list the tables",
                               [=](const Context& context) { return Tables(context, *at); });
  tables->add_option("--at", *at, "a branch, tag, commit, ref~n or time");
  auto* info = line->AddVerb("info", "describe a table, or the database",
                             [=](const Context& context) { return Info(context, *table, *at); });
  info->add_option("TABLE", *table);
  info->add_option("--at", *at, kAtText);
  line->AddVerb("versions", "list the versions of a table, newest first",
                [=](const Context& context) { return Versions(context, *table); })
      ->add_option("TABLE", *table)
      ->required();
  auto* drop =
      line->AddVerb("drop", "drop a table (its history stays)",
                    [=](const Context& context) { return Drop(context, *table, *if_exists); });
  drop->add_option("TABLE", *table)->required();
  drop->add_flag("--if-exists", *if_exists, "no error if it is not there");
  auto* rename = line->AddVerb("rename", "give a table another name", [=](const Context& context) {
    return Rename(context, *table, *new_name);
  });
  rename->add_option("TABLE", *table)->required();
  rename->add_option("NEW_NAME", *new_name)->required();
}

}  // namespace rhizo::cli
