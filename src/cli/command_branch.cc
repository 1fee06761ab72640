// branch ..., tag ...
#include <iostream>

#include "cli/command_line.h"
#include "cli/json_shapes.h"
#include "cli/lists.h"
#include "cli/printable.h"
#include "cli/time_argument.h"

namespace rhizo::cli {
namespace {

Status List(const Context& context) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  ASSIGN_OR_RETURN(auto branches, database.Branches());
  if (context.json) {
    PrintJson(Document("branches", Shape(branches)));
  } else {
    PrintBranches(branches, context.branch);
  }
  return {};
}

void PrintBranch(const Context& context, const BranchInfo& branch, const char* done) {
  if (context.json) {
    PrintJson(Document("branch", Shape(branch)));
  } else {
    std::cout << Printable(branch.name) << ": " << done << ", at commit " << ShortId(branch.commit)
              << '\n';
  }
}

struct BranchArguments {
  std::string name;
  std::string new_name;
  std::string from;
  std::string expires;
  bool is_protected = false;
  bool off = false;
};

Result<BranchOptions> OptionsOf(const BranchArguments& arguments) {
  BranchOptions options;
  if (!arguments.expires.empty()) {
    ASSIGN_OR_RETURN(options.expires_micros, ParseTimeArgument(arguments.expires));
  }
  if (arguments.is_protected) options.is_protected = true;
  return options;
}

Status Create(const Context& context, const BranchArguments& arguments) {
  ASSIGN_OR_RETURN(auto options, OptionsOf(arguments));
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  ASSIGN_OR_RETURN(auto branch, database.CreateBranch(arguments.name, arguments.from, options));
  PrintBranch(context, branch, "created");
  return {};
}

Status Undelete(const Context& context, const BranchArguments& arguments) {
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  ASSIGN_OR_RETURN(auto branch, database.UndeleteBranch(arguments.name));
  PrintBranch(context, branch, "is back");
  return {};
}

Status Set(const Context& context, const std::string& name, const BranchOptions& options,
           const char* done) {
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  ASSIGN_OR_RETURN(auto branch, database.SetBranch(name, options));
  PrintBranch(context, branch, done);
  return {};
}

Status Protect(const Context& context, const BranchArguments& arguments) {
  BranchOptions options;
  options.is_protected = !arguments.off;
  return Set(context, arguments.name, options, arguments.off ? "no longer protected" : "protected");
}

Status Expire(const Context& context, const BranchArguments& arguments) {
  BranchOptions options;
  ASSIGN_OR_RETURN(options.expires_micros, ParseTimeArgument(arguments.expires));
  return Set(context, arguments.name, options, "has an expiry date");
}

Status Delete(const Context& context, const BranchArguments& arguments) {
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  RETURN_IF_ERROR(database.DeleteBranch(arguments.name));
  if (context.json) {
    PrintJson(Document("deleted", {{"branch", arguments.name}}));
  } else {
    std::cout << Printable(arguments.name) << ": deleted; `rhizo branch undelete` brings it back\n";
  }
  return {};
}

Status Rename(const Context& context, const BranchArguments& arguments) {
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  RETURN_IF_ERROR(database.RenameBranch(arguments.name, arguments.new_name));
  if (context.json) {
    PrintJson(Document("renamed", {{"branch", arguments.name}, {"new_name", arguments.new_name}}));
  } else {
    std::cout << Printable(arguments.name) << ": now called " << Printable(arguments.new_name)
              << '\n';
  }
  return {};
}

Status ListTags(const Context& context) {
  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
  ASSIGN_OR_RETURN(auto tags, database.Tags());
  if (context.json) {
    PrintJson(Document("tags", Shape(tags)));
  } else {
    PrintTags(tags);
  }
  return {};
}

Status CreateTag(const Context& context, const BranchArguments& arguments) {
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  ASSIGN_OR_RETURN(auto tag, database.CreateTag(arguments.name, arguments.from));
  if (context.json) {
    PrintJson(Document("tag", Shape(tag)));
  } else {
    std::cout << Printable(tag.name) << ": tagged commit " << ShortId(tag.commit) << '\n';
  }
  return {};
}

Status DeleteTag(const Context& context, const BranchArguments& arguments) {
  ASSIGN_OR_RETURN(auto database, context.OpenForWriting());
  RETURN_IF_ERROR(database.DeleteTag(arguments.name));
  if (context.json) {
    PrintJson(Document("deleted", {{"tag", arguments.name}}));
  } else {
    std::cout << Printable(arguments.name) << ": deleted\n";
  }
  return {};
}

constexpr char kFrom[] = "a branch, tag, commit, ref~n or time; else the branch";
constexpr char kTime[] = "a time: 2026-01-31, 2026-01-31T12:00:00Z, or from now: 12h, 30d";

}  // namespace

void AddBranchVerbs(CommandLine* line) {
  auto arguments = Var<BranchArguments>();
  auto* branch =
      line->AddGroup("branch", "list, create, delete, rename, undelete, protect, expire branches");
  auto* tag = line->AddGroup("tag", "list, create, delete tags");
  auto add = [&](CLI::App* group, const char* name, const char* text, auto action) {
    return line->AddVerb(
        name, text, [=](const Context& context) { return action(context, *arguments); }, group);
  };
  auto name = [&](CLI::App* verb) { verb->add_option("NAME", arguments->name)->required(); };
  line->AddVerb("list", "list the branches", List, branch);
  auto* create = add(branch, "create", "make a branch", Create);
  name(create);
  create->add_option("--from", arguments->from, kFrom);
  create->add_option("--expires", arguments->expires, kTime);
  create->add_flag("--protected", arguments->is_protected,
                   "writes and deletion are refused until it is unprotected");
  name(add(branch, "delete", "delete a branch (undelete brings it back)", Delete));
  name(add(branch, "undelete", "bring back a deleted branch", Undelete));
  auto* rename = add(branch, "rename", "give a branch another name", Rename);
  name(rename);
  rename->add_option("NEW_NAME", arguments->new_name)->required();
  auto* protect = add(branch, "protect", "protect a branch, or no longer", Protect);
  name(protect);
  protect->add_flag("--off", arguments->off, "no longer protected");
  auto* expire = add(branch, "expire", "set when a branch may be cleaned up", Expire);
  name(expire);
  expire->add_option("TIME", arguments->expires, kTime)->required();

  line->AddVerb("list", "list the tags", ListTags, tag);
  auto* create_tag = add(tag, "create", "name a commit for good", CreateTag);
  name(create_tag);
  create_tag->add_option("AT", arguments->from, kFrom);
  name(add(tag, "delete", "delete a tag", DeleteTag));
}

}  // namespace rhizo::cli
