#include "db/file_format.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace rhizo::db {
namespace {

struct Extension {
  std::string_view text;
  FileFormat format;
};
constexpr Extension kExtensions[] = {
    {".csv", FileFormat::kCsv},         {".tsv", FileFormat::kCsv},
    {".parquet", FileFormat::kParquet}, {".pq", FileFormat::kParquet},
    {".arrow", FileFormat::kArrow},     {".arrows", FileFormat::kArrow},
    {".feather", FileFormat::kArrow},   {".ipc", FileFormat::kArrow},
};

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Without a suffix of compression, which only CSV has.
std::string Uncompressed(const std::string& lower) {
  return lower.substr(0, lower.size() - CompressionSuffix(lower).size());
}

Error UnknownExtension(const std::string& path) {
  return InvalidArgument("the format of \"" + path +
                         "\" is not clear from its name (.csv .tsv .csv.gz .csv.zst .parquet "
                         ".arrow .arrows .feather): name it "
                         "with format csv, parquet or arrow");
}

Error CannotRead(const std::string& path, int code) {
  std::string doing = "cannot read \"" + path + "\": ";
  if (code == ENOENT || code == ENOTDIR)
    return InvalidArgument(doing + "there is no such file").With("path", path);
  if (code == EISDIR) return InvalidArgument(doing + "it is a directory").With("path", path);
  return Error(ErrorCode::kIo, doing + std::strerror(code)).With("path", path);
}

}  // namespace

std::string CompressionSuffix(const std::string& path) {
  std::string lower = LowerCase(path);
  for (const char* suffix : {".gz", ".zst"}) {
    if (lower.ends_with(suffix)) return suffix;
  }
  return "";
}

bool IsTabSeparated(const std::string& path) {
  return Uncompressed(LowerCase(path)).ends_with(".tsv");
}

bool IsArrowStream(const std::string& path) { return LowerCase(path).ends_with(".arrows"); }

Result<FileFormat> FormatOf(const std::string& path, const std::string& format) {
  if (format == "csv") return FileFormat::kCsv;
  if (format == "parquet") return FileFormat::kParquet;
  if (format == "arrow") return FileFormat::kArrow;
  if (!format.empty())
    return InvalidArgument("format \"" + format + "\" is none of csv, parquet, arrow");
  std::string lower = LowerCase(path);
  std::string bare = Uncompressed(lower);
  for (const auto& extension : kExtensions) {
    if (!bare.ends_with(extension.text)) continue;
    if (bare != lower && extension.format != FileFormat::kCsv) return UnknownExtension(path);
    return extension.format;
  }
  return UnknownExtension(path);
}

Result<FileFormat> FormatOf(const std::vector<std::string>& paths, const std::string& format) {
  if (paths.empty()) return InvalidArgument("import: no file was given");
  ASSIGN_OR_RETURN(auto first, FormatOf(paths.front(), format));
  for (const auto& path : paths) {
    ASSIGN_OR_RETURN(auto other, FormatOf(path, format));
    if (other != first) {
      return InvalidArgument("import: \"" + paths.front() + "\" and \"" + path +
                             "\" are of different formats; import them one by one");
    }
  }
  return first;
}

Status CheckReadable(const std::string& path) {
  if (path.empty() || path.find('\0') != path.npos)
    return InvalidArgument("a file name is empty or holds a zero byte");
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return CannotRead(path, errno);
  if (S_ISDIR(info.st_mode)) return CannotRead(path, EISDIR);
  if (access(path.c_str(), R_OK) != 0) return CannotRead(path, errno);
  return {};
}

}  // namespace rhizo::db
