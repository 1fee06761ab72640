// Arrow IPC files (.arrow, .feather version 2) and streams (.arrows) as one Arrow stream, file
// after file.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "db/file_failure.h"
#include "rhizo/arrow_c_data.h"

namespace rhizo::db {

// All files must have the same columns. Files are opened when their turn comes. What is wrong with
// them is kInvalidArgument or kUnsupported, naming the file, in `failure`.
Status OpenArrowFiles(std::vector<std::string> paths, FailureSlot failure, ArrowArrayStream* out);

}  // namespace rhizo::db
