// Session: files in and out.
#include "db/session_impl.h"

namespace rhizo {

Result<WriteResult> Session::ImportFiles(const std::string&, const std::vector<std::string>&,
                                         const std::string&, bool, const WriteOptions&) {
  return Unsupported("import of files is not there yet");
}

Result<uint64_t> Session::ExportTable(const std::string&, const std::string&, const std::string&,
                                      const std::string&, bool, const WorkOptions&) {
  return Unsupported("export of files is not there yet");
}

}  // namespace rhizo
