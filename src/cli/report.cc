#include "cli/report.h"

#include <iostream>

#include "cli/json_shapes.h"
#include "cli/printable.h"
#include "cli/terminal.h"

namespace rhizo::cli {

void ReportError(const Error& error, const std::string& hint, bool json) {
  std::cout.flush();
  if (json) {
    std::cerr << ErrorShape(error, hint).dump(-1, ' ', false, Json::error_handler_t::replace)
              << '\n';
    return;
  }
  Style style = StyleOf(Stream::kErrors);
  std::cerr << style.Red("error:") << ' ' << Printable(error.message(), Lines::kKeep) << '\n';
  if (!hint.empty()) std::cerr << style.Dim("hint:") << ' ' << hint << '\n';
}

std::string HintFor(const Error& error, const Context& context) {
  const std::string& db = context.database;
  switch (error.code()) {
    case ErrorCode::kTableNotFound: return "rhizo tables " + db + " lists the tables";
    case ErrorCode::kBranchNotFound:
      return "rhizo branch list " + db + " and rhizo tag list " + db + " list the names";
    case ErrorCode::kVersionNotFound: return "rhizo log " + db + " shows the history";
    case ErrorCode::kMergeConflict:
      // Of a commit that is done again, or undone: no merge is kept.
      if (!error.field("commit").empty()) return "--strategy ours|theirs settles what contradicts";
      return "rhizo conflicts " + db +
             " TABLE shows them, rhizo resolve settles them, then rhizo "
             "merge " +
             db + " --continue (or --abort); --strategy ours|theirs settles them all";
    case ErrorCode::kConflict:
      if (!error.field("branch").empty()) return "";  // a merge that was begun: it says what to do
      return "somebody else changed it meanwhile: run the command again";
    case ErrorCode::kBusy: return "another process is writing: run the command again";
    case ErrorCode::kCorruption: return "rhizo verify " + db + " names what is damaged";
    case ErrorCode::kDiskFull: return "free some space; nothing was changed";
    case ErrorCode::kCommitUnknown:
      return "rhizo resolve " + db + " " + std::string(error.field("txn_id")) +
             " tells whether it landed";
    case ErrorCode::kObjectNotFound: return "rhizo init " + db + " makes a database";
    default: return "";
  }
}

}  // namespace rhizo::cli
