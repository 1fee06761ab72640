#include "model/place.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace rhizo::model {
namespace {

constexpr size_t kDigitStep = 4;          // digits grow by this many bytes
constexpr uint32_t kGreatestStep = 4096;  // left free beside a longer neighbour, at most

void AppendBigEndian(std::string* out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

uint32_t BigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (unsigned char byte : bytes) value = value << 8 | byte;
  return value;
}

// ---- digits: big-endian numbers of one width, as byte strings

size_t PaddedSize(std::string_view digit) {
  return (digit.size() + kDigitStep - 1) / kDigitStep * kDigitStep;
}

std::string Padded(std::string_view digit, size_t width) {
  std::string out(digit);
  out.resize(width, '\0');
  return out;
}

std::string Trimmed(std::string digit) {
  while (!digit.empty() && digit.back() == '\0') digit.pop_back();
  return digit;
}

// a - b mod 256^width.
std::string Minus(std::string a, const std::string& b) {
  int borrow = 0;
  for (size_t i = a.size(); i-- > 0;) {
    int digit = static_cast<unsigned char>(a[i]) - static_cast<unsigned char>(b[i]) - borrow;
    borrow = digit < 0;
    a[i] = static_cast<char>(digit);
  }
  return a;
}

// a + b mod 256^width.
std::string Plus(std::string a, const std::string& b) {
  int carry = 0;
  for (size_t i = a.size(); i-- > 0;) {
    int digit = static_cast<unsigned char>(a[i]) + static_cast<unsigned char>(b[i]) + carry;
    carry = digit >> 8;
    a[i] = static_cast<char>(digit);
  }
  return a;
}

std::string Half(std::string a) {
  int rest = 0;
  for (char& c : a) {
    int digit = rest << 8 | static_cast<unsigned char>(c);
    c = static_cast<char>(digit >> 1);
    rest = digit & 1;
  }
  return a;
}

std::string Number(uint32_t value, size_t width) {
  std::string out(width - sizeof(value), '\0');
  AppendBigEndian(&out, value);
  return out;
}

bool IsZero(std::string_view number) {
  return std::all_of(number.begin(), number.end(), [](char c) { return c == '\0'; });
}

// A digit of `width` bytes between, nearer to the longer neighbour; "" if none fits.
std::string TryBetween(std::string_view low, std::string_view high, size_t width) {
  std::string a = Padded(low, width);
  std::string b = Padded(high, width);
  std::string step = Half(Minus(b, a));
  if (IsZero(step)) return "";
  size_t low_size = PaddedSize(low);
  size_t high_size = PaddedSize(high);
  if (low_size != high_size) step = std::min(step, Number(kGreatestStep, width));
  return Trimmed(high_size > low_size ? Minus(b, step) : Plus(a, step));
}

bool IsDigit(std::string_view digit) { return !digit.empty() && digit.back() != '\0'; }

// ---- the encoding of places

void AppendLevel(std::string* out, const Level& level) {
  CHECK(IsDigit(level.digit));
  for (char c : level.digit) {
    out->push_back(c);
    if (c == '\0') out->push_back('\xff');
  }
  out->append(2, '\0');
  out->append(level.birth.view());
  AppendBigEndian(out, level.position);
}

std::string_view Take(std::string_view* rest, size_t size) {
  auto out = rest->substr(0, size);
  rest->remove_prefix(out.size());
  return out;
}

// Reads up to and with the end mark; "" if there is none.
std::string TakeDigit(std::string_view* rest) {
  std::string digit;
  while (!rest->empty()) {
    char c = Take(rest, 1)[0];
    if (c != '\0') {
      digit.push_back(c);
      continue;
    }
    auto mark = Take(rest, 1);
    if (mark == std::string_view("\0", 1)) return digit;
    if (mark != "\xff") return "";
    digit.push_back(c);
  }
  return "";
}

bool TakeLevel(std::string_view* rest, Level* level) {
  level->digit = TakeDigit(rest);
  if (!IsDigit(level->digit) || rest->size() < BirthId::kSize + sizeof(uint32_t)) return false;
  level->birth = BirthId::FromBytes(Take(rest, BirthId::kSize));
  level->position = BigEndian(Take(rest, sizeof(uint32_t)));
  return true;
}

// Whether the first `depth` levels of both are the same.
bool SharePath(const Place& a, const Place& b, size_t depth) {
  return a.levels.size() >= depth && b.levels.size() >= depth &&
         std::equal(a.levels.begin(), a.levels.begin() + depth, b.levels.begin());
}

}  // namespace

std::string RowId::ToBytes() const {
  std::string out(birth.view());
  AppendBigEndian(&out, position);
  return out;
}

Place Place::Plus(uint32_t rows) const {
  Place out = *this;
  CHECK(rows <= UINT32_MAX - out.levels.back().position);
  out.levels.back().position += rows;
  return out;
}

bool Place::SameButPosition(const Place& other) const {
  const auto& a = levels;
  const auto& b = other.levels;
  return a.size() == b.size() && a.back().digit == b.back().digit &&
         a.back().birth == b.back().birth && std::equal(a.begin(), a.end() - 1, b.begin());
}

std::string EncodePlace(const Place& place) {
  CHECK(!place.levels.empty());
  std::string out;
  for (const auto& level : place.levels) AppendLevel(&out, level);
  return out;
}

Result<Place> DecodePlace(std::string_view bytes) {
  if (bytes.size() > kMaxPlaceBytes) return Corruption("decoding a place: too long");
  Place place;
  do {
    Level level;
    if (!TakeLevel(&bytes, &level)) return Corruption("decoding a place: malformed bytes");
    place.levels.push_back(std::move(level));
  } while (!bytes.empty());
  return place;
}

std::string FirstDigit() { return "\x80"; }

std::string DigitAfter(std::string_view low) {
  CHECK(IsDigit(low));
  for (size_t width = PaddedSize(low);; width += kDigitStep) {
    std::string next = Plus(Padded(low, width), Number(1, width));
    if (!IsZero(next)) return Trimmed(std::move(next));
  }
}

std::string DigitBetween(std::string_view low, std::string_view high) {
  CHECK(low < high && IsDigit(high) && (low.empty() || IsDigit(low)));
  for (size_t width = std::max(PaddedSize(low), PaddedSize(high));; width += kDigitStep) {
    std::string digit = TryBetween(low, high, width);
    if (!digit.empty()) return digit;
  }
}

Place Gap::Start(const BirthId& birth) const {
  Place place{path};
  place.levels.push_back({digit, birth, 0});
  return place;
}

Gap GapBetween(const Place* before, const Place* after) {
  CHECK(before == nullptr || after == nullptr || *before < *after);
  const Place none;
  const Place& low = before != nullptr ? *before : none;
  for (size_t depth = 0;; ++depth) {
    std::string digit = depth < low.levels.size() ? low.levels[depth].digit : "";
    std::vector<Level> path(low.levels.begin(), low.levels.begin() + depth);
    if (after == nullptr || !SharePath(low, *after, depth)) {
      return {std::move(path), digit.empty() ? FirstDigit() : DigitAfter(digit)};
    }
    const std::string& bound = after->levels[depth].digit;
    if (digit < bound) return {std::move(path), DigitBetween(digit, bound)};
  }
}

}  // namespace rhizo::model
