#include "base/name.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <vector>

namespace rhizo {
namespace {

constexpr size_t kMaxNameBytes = 255;
constexpr size_t kMaxColumnBytes = 1024;
constexpr std::string_view kForbiddenInTables = "./\\:*?\"<>|";
constexpr std::string_view kForbiddenInRefs = "~^@:?*[\\ \"<>|";

// Maps `text` with utf8proc; false if it is not valid UTF-8.
bool Map(std::string_view text, int options, std::string* out) {
  utf8proc_uint8_t* mapped = nullptr;
  auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                           static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                           static_cast<utf8proc_option_t>(options));
  if (size < 0) return false;
  out->assign(reinterpret_cast<char*>(mapped), static_cast<size_t>(size));
  std::free(mapped);
  return true;
}

Error BadName(std::string_view what, std::string_view name, std::string_view why) {
  std::string shown(name.substr(0, 80));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return Error(ErrorCode::kInvalidName,
               std::string(what) + " name \"" + shown + "\" is not allowed: " + std::string(why))
      .With("name", std::string(name));
}

bool IsControl(utf8proc_int32_t point) {
  auto category = utf8proc_category(point);
  return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

// Characters that nobody sees, or that turn the direction of others: two names that look alike
// would differ. U+200C and U+200D, which join and part letters, are spelling in several scripts.
bool IsInvisible(utf8proc_int32_t point) {
  constexpr struct {
    utf8proc_int32_t first, last;
  } kRanges[] = {{0xAD, 0xAD},     {0x200B, 0x200B}, {0x200E, 0x200F}, {0x202A, 0x202E},
                 {0x2060, 0x2064}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}};
  return std::any_of(std::begin(kRanges), std::end(kRanges), [point](const auto& range) {
    return range.first <= point && point <= range.last;
  });
}

// The first code point of valid UTF-8 for which `is` holds.
template <class Predicate>
std::optional<utf8proc_int32_t> FirstThat(std::string_view name, Predicate is) {
  const auto* cursor = reinterpret_cast<const utf8proc_uint8_t*>(name.data());
  auto left = static_cast<utf8proc_ssize_t>(name.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    auto size = utf8proc_iterate(cursor, left, &point);
    if (size <= 0 || is(point)) return point;
    cursor += size;
    left -= size;
  }
  return std::nullopt;
}

std::string CodePoint(utf8proc_int32_t point) {
  char text[16];
  std::snprintf(text, sizeof(text), "U+%04X", static_cast<unsigned>(point));
  return text;
}

Status ValidateText(std::string_view what, std::string_view name, size_t max_bytes) {
  if (name.empty()) return BadName(what, name, "it is empty");
  if (name.size() > max_bytes) {
    return BadName(what, name, "it is longer than " + std::to_string(max_bytes) + " bytes");
  }
  std::string normalised;
  if (!Map(name, UTF8PROC_COMPOSE | UTF8PROC_STABLE, &normalised)) {
    return BadName(what, name, "it is not valid UTF-8");
  }
  if (FirstThat(name, IsControl)) return BadName(what, name, "it has a control character");
  if (auto point = FirstThat(name, IsInvisible)) {
    return BadName(what, name, "it has the invisible character " + CodePoint(*point));
  }
  if (normalised != name) return BadName(what, name, "it is not in Unicode normal form NFC");
  return {};
}

Status ValidateShape(std::string_view what, std::string_view name, std::string_view forbidden) {
  RETURN_IF_ERROR(ValidateText(what, name, kMaxNameBytes));
  auto at = name.find_first_of(forbidden);
  if (at != name.npos) {
    return BadName(what, name, std::string("it contains \"") + name[at] + "\"");
  }
  if (name.find("@{") != name.npos) return BadName(what, name, "it contains \"@{\"");
  if (name.front() == '-' || name.front() == ' ') {
    return BadName(what, name, "it begins with \"" + std::string(1, name.front()) + "\"");
  }
  if (name.back() == ' ') return BadName(what, name, "it ends with a space");
  return {};
}

bool LooksLikeId(std::string_view name) {
  bool digits = std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  bool hex = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  return digits || (hex && name.size() >= 7 && name.size() <= 64);
}

Status ValidateRefPart(std::string_view name, std::string_view part) {
  if (part.empty()) return BadName("branch or tag", name, "a part between / is empty");
  if (part.front() == '.' || part.front() == '-') {
    return BadName("branch or tag", name, "a part begins with . or -");
  }
  if (part.ends_with(".lock")) return BadName("branch or tag", name, "a part ends with .lock");
  return {};
}

}  // namespace

Status ValidateTableName(std::string_view name) {
  return ValidateShape("table", name, kForbiddenInTables);
}

Status ValidateColumnName(std::string_view name) {
  return ValidateText("column", name, kMaxColumnBytes);
}

Status ValidateRefName(std::string_view name) {
  RETURN_IF_ERROR(ValidateShape("branch or tag", name, kForbiddenInRefs));
  if (name.find("..") != name.npos) return BadName("branch or tag", name, "it contains \"..\"");
  if (name.back() == '.') return BadName("branch or tag", name, "it ends with .");
  if (LooksLikeId(name)) {
    return BadName("branch or tag", name, "it could be taken for a version or a commit id");
  }
  size_t begin = 0;
  while (true) {
    size_t end = std::min(name.find('/', begin), name.size());
    RETURN_IF_ERROR(ValidateRefPart(name, name.substr(begin, end - begin)));
    if (end == name.size()) return {};
    begin = end + 1;
  }
}

std::string FoldName(std::string_view name) {
  std::string folded;
  if (!Map(name, UTF8PROC_COMPOSE | UTF8PROC_STABLE | UTF8PROC_CASEFOLD, &folded)) {
    return std::string(name);
  }
  return folded;
}

size_t EditDistance(std::string_view a, std::string_view b) {
  a = a.substr(0, 128);
  b = b.substr(0, 128);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace rhizo
