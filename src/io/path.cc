#include "io/path.h"

namespace rhizo::io {

std::string JoinPath(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path.push_back('/');
  return path.append(name);
}

std::string ParentPath(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

std::string ShortPath(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  size_t last = path.rfind('/');
  if (last == std::string_view::npos || last == 0) return std::string(path.substr(last + 1));
  size_t before = path.rfind('/', last - 1);
  return std::string(path.substr(before + 1));
}

}  // namespace rhizo::io
