// Text that is safe to show: control characters (which could drive the terminal) are escaped,
// widths are counted as a terminal shows them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rhizo::cli {

enum class Lines { kEscape, kKeep };

std::string Printable(std::string_view text, Lines lines = Lines::kEscape);
// Columns on a terminal: wide characters count two, combining ones none.
size_t DisplayWidth(std::string_view text);
// 1234567 -> "1,234,567".
std::string Grouped(uint64_t number);
// 1536 -> "1.5 KiB".
std::string ByteSize(uint64_t bytes);
// "2026-01-31 12:00:00 UTC".
std::string TimeText(int64_t micros);
// "2026-01-31T12:00:00.000000Z".
std::string IsoTime(int64_t micros);

}  // namespace rhizo::cli
