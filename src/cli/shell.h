// The prompt of `rhizo shell`: SQL until `;`, lines that start with a dot are its own commands.
// Reads from a terminal with history and completion, from anything else line by line.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/row_printer.h"

namespace rhizo::cli {

class Shell {
 public:
  Shell(Database database, const Context& context);

  // Until .quit or the end of the input. Errors are reported and the prompt goes on; the first
  // error ends a shell that does not read from a terminal.
  Status Run();

 private:
  Status TakeLine(const std::string& line);
  Status RunDotCommand(const std::string& line);
  Status RunSql();
  Status PrintHelp();
  Status PrintTableList();
  Status PrintBranchList();
  Status Checkout(const std::string& branch);
  Status SetMode(const std::string& mode);
  std::string Prompt();
  std::vector<std::string> Words();

  Database database_;
  Context context_;
  RowForm form_;
  std::string pending_;  // lines of a statement that has no `;` yet
  bool quit_ = false;
};

}  // namespace rhizo::cli
