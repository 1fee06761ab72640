// shell.
#include "cli/command_line.h"
#include "cli/shell.h"

namespace rhizo::cli {

void AddShellVerb(CommandLine* line) {
  line->AddVerb("shell", "an SQL prompt with history and completion",
                [](const Context& context) -> Status {
                  ASSIGN_OR_RETURN(auto database, context.OpenForReading());
                  return Shell(std::move(database), context).Run();
                });
}

}  // namespace rhizo::cli
