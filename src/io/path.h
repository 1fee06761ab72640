// Paths as text. Nothing here touches a file system.
#pragma once

#include <string>
#include <string_view>

namespace rhizo::io {

std::string JoinPath(std::string_view directory, std::string_view name);
// Everything before the last `/`; "/" for a name in the root, "." for a bare name.
std::string ParentPath(std::string_view path);
// The last two parts, for messages: they never show where on the machine a database lies.
std::string ShortPath(std::string_view path);

}  // namespace rhizo::io
