// The kinds of files that tables come from and go to, and what can be said of a path before
// anything is read.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace rhizo::db {

enum class FileFormat { kCsv, kParquet, kArrow };

// `format` as the caller named it, else by the extension of `path`. kInvalidArgument naming the
// choices.
Result<FileFormat> FormatOf(const std::string& path, const std::string& format);
// One format for all of them.
Result<FileFormat> FormatOf(const std::vector<std::string>& paths, const std::string& format);

// ".csv.gz" -> compressed with gzip. "" if the name says nothing.
std::string CompressionSuffix(const std::string& path);
bool IsTabSeparated(const std::string& path);
// Arrow as a stream (.arrows) rather than a file with a footer.
bool IsArrowStream(const std::string& path);

// That it is a file (or a pipe) that may be read.
Status CheckReadable(const std::string& path);

}  // namespace rhizo::db
