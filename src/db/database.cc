#include "rhizo/database.h"

#include "db/core.h"
#include "db/session_impl.h"

namespace rhizo {

Result<Database> Database::Open(const std::string& path, const OpenOptions& options) {
  ASSIGN_OR_RETURN(auto core, db::Core::Open(path, options));
  std::string author = options.author.empty() ? core->options().author : options.author;
  ASSIGN_OR_RETURN(auto session,
                   SessionImpl::OnBranch(std::move(core), options.branch, std::move(author)));
  return Database(std::move(session));
}

const char* Version() { return RHIZO_VERSION; }

}  // namespace rhizo
