#include "cli/printable.h"

#include <wchar.h>

#include <cstdio>
#include <ctime>

namespace rhizo::cli {
namespace {

// Decodes one character at `at`; the length in bytes, 0 if it is not UTF-8.
size_t Decode(std::string_view text, size_t at, uint32_t* character) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  size_t size = byte(0) < 0x80    ? 1
                : byte(0) >= 0xF0 ? 4
                : byte(0) >= 0xE0 ? 3
                : byte(0) >= 0xC2 ? 2
                                  : 0;
  if (size == 0 || at + size > text.size()) return 0;
  *character = size == 1 ? byte(0) : byte(0) & (0x7Fu >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    *character = *character << 6 | (byte(i) & 0x3Fu);
  }
  return size;
}

bool IsControl(uint32_t character) {
  bool plain = character < 0x20 || (character >= 0x7F && character < 0xA0);
  bool direction =
      (character >= 0x202A && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069);
  return plain || direction || character == 0x2028 || character == 0x2029;
}

std::string Escaped(uint32_t character) {
  switch (character) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
  }
  char buffer[16];
  std::snprintf(buffer, sizeof(buffer), character < 0x100 ? "\\x%02X" : "\\u%04X", character);
  return buffer;
}

std::string Format(const char* format, int64_t seconds) {
  time_t time = static_cast<time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char buffer[64];
  size_t size = std::strftime(buffer, sizeof(buffer), format, &parts);
  return std::string(buffer, size);
}

int64_t FloorSeconds(int64_t micros) {
  return micros / 1'000'000 - (micros % 1'000'000 < 0 ? 1 : 0);
}

}  // namespace

std::string Printable(std::string_view text, Lines lines) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    uint32_t character = 0;
    size_t size = Decode(text, at, &character);
    if (size == 0) {
      out += Escaped(static_cast<unsigned char>(text[at++]));
      continue;
    }
    bool keep = !IsControl(character) || (lines == Lines::kKeep && character == '\n');
    out += keep ? std::string(text.substr(at, size)) : Escaped(character);
    at += size;
  }
  return out;
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    uint32_t character = 0;
    size_t size = Decode(text, at, &character);
    int columns = size == 0 ? 1 : wcwidth(static_cast<wchar_t>(character));
    width += columns < 0 ? 1 : static_cast<size_t>(columns);
    at += size == 0 ? 1 : size;
  }
  return width;
}

std::string Grouped(uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string grouped;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) grouped.push_back(',');
    grouped.push_back(digits[i]);
  }
  return grouped;
}

std::string ByteSize(uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  double size = static_cast<double>(bytes) / 1024;
  const char* unit = "KiB";
  for (const char* next : {"MiB", "GiB", "TiB"}) {
    if (size < 1024) break;
    size /= 1024;
    unit = next;
  }
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%.1f %s", size, unit);
  return buffer;
}

std::string TimeText(int64_t micros) {
  return Format("%Y-%m-%d %H:%M:%S UTC", FloorSeconds(micros));
}

std::string IsoTime(int64_t micros) {
  int64_t seconds = FloorSeconds(micros);
  char fraction[16];
  std::snprintf(fraction, sizeof(fraction), ".%06dZ",
                static_cast<int>(micros - seconds * 1'000'000));
  return Format("%Y-%m-%dT%H:%M:%S", seconds) + fraction;
}

}  // namespace rhizo::cli
