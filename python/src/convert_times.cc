// Dates, times, timestamps, durations and intervals.
#include <Python.h>
// Python's header comes before datetime.h.
#include <datetime.h>

#include <nanobind/stl/string.h>

#include <cstring>
#include <optional>
#include <string_view>

#include "convert.h"

namespace nb = nanobind;

namespace rhizo::python {
namespace {

constexpr int64_t kDaySeconds = 86'400;
constexpr int64_t kMillion = 1'000'000;

struct Day {
  int64_t year = 0;
  int month = 0;
  int day = 0;
  bool InPython() const { return year >= 1 && year <= 9999; }
};

// The proleptic Gregorian day, `days` after 1970-01-01 (Howard Hinnant, "chrono-compatible
// low-level date algorithms").
Day CivilDay(int64_t days) {
  days += 719'468;
  int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  int64_t of_era = days - era * 146'097;
  int64_t year = (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
  int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  int64_t month = (5 * of_year + 2) / 153;
  auto day = static_cast<int>(of_year - (153 * month + 2) / 5 + 1);
  auto calendar = static_cast<int>(month < 10 ? month + 3 : month - 9);
  return {year + era * 400 + (calendar <= 2 ? 1 : 0), calendar, day};
}

int64_t FloorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

std::string TwoDigits(int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); }

std::string DateText(const Day& day) {
  return std::to_string(day.year) + "-" + TwoDigits(day.month) + "-" + TwoDigits(day.day);
}

// Counts of one unit: `per_second` of them make a second.
struct Unit {
  int64_t per_second = kMillion;
};
std::optional<Unit> UnitOf(char letter) {
  switch (letter) {
    case 's': return Unit{1};
    case 'm': return Unit{1'000};
    case 'u': return Unit{kMillion};
    case 'n': return Unit{1'000 * kMillion};
    default: return std::nullopt;
  }
}

// Seconds and microseconds of a count; the rest of a count of nanoseconds.
struct Split {
  int64_t seconds;
  int64_t micros;
  int64_t nanos;
};
Split SplitCount(int64_t count, Unit unit) {
  int64_t seconds = FloorDivide(count, unit.per_second);
  int64_t rest = count - seconds * unit.per_second;
  if (unit.per_second > kMillion) return {seconds, rest / 1'000, rest % 1'000};
  return {seconds, rest * (kMillion / unit.per_second), 0};
}

std::string ClockText(int64_t second_of_day, const Split& split) {
  std::string text = TwoDigits(second_of_day / 3'600) + ":" + TwoDigits(second_of_day / 60 % 60) +
                     ":" + TwoDigits(second_of_day % 60);
  int64_t fraction = split.micros * 1'000 + split.nanos;
  if (fraction == 0) return text;
  std::string digits = std::to_string(fraction);
  return text + "." + std::string(9 - digits.size(), '0') + digits;
}

nb::object Checked(PyObject* made) {
  if (made == nullptr) throw nb::python_error();
  return nb::steal(made);
}

nb::object TextOrRaise(const ReadStyle& style, const std::string& text, const char* type) {
  if (style.lenient) return nb::str(text.c_str());
  RaiseUnreadable(style, text + " does not fit Python's " + type +
                             "; read it with to_arrow(), or cast it in SQL");
}

nb::object DateValue(int64_t days, const ReadStyle& style) {
  Day day = CivilDay(days);
  if (!day.InPython()) return TextOrRaise(style, DateText(day), "datetime.date");
  return Checked(PyDate_FromDate(static_cast<int>(day.year), day.month, day.day));
}

nb::object TimeValue(int64_t count, Unit unit, const ReadStyle& style) {
  Split split = SplitCount(count, unit);
  if (split.nanos != 0 || split.seconds >= kDaySeconds) {
    return TextOrRaise(style, ClockText(split.seconds, split), "datetime.time");
  }
  auto seconds = static_cast<int>(split.seconds);
  return Checked(PyTime_FromTime(seconds / 3'600, seconds / 60 % 60, seconds % 60,
                                 static_cast<int>(split.micros)));
}

nb::object TimestampValue(int64_t count, Unit unit, const nb::object& zone,
                          const ReadStyle& style) {
  Split split = SplitCount(count, unit);
  int64_t days = FloorDivide(split.seconds, kDaySeconds);
  int64_t second = split.seconds - days * kDaySeconds;
  Day day = CivilDay(days);
  if (!day.InPython() || split.nanos != 0) {
    return TextOrRaise(style, DateText(day) + " " + ClockText(second, split), "datetime.datetime");
  }
  auto clock = static_cast<int>(second);
  PyObject* utc = zone.is_none() ? Py_None : PyDateTime_TimeZone_UTC;
  nb::object value = Checked(PyDateTimeAPI->DateTime_FromDateAndTime(
      static_cast<int>(day.year), day.month, day.day, clock / 3'600, clock / 60 % 60, clock % 60,
      static_cast<int>(split.micros), utc, PyDateTimeAPI->DateTimeType));
  if (zone.is_none() || zone.ptr() == PyDateTime_TimeZone_UTC) return value;
  return value.attr("astimezone")(zone);
}

nb::object Delta(int64_t days, int64_t seconds, int64_t micros) {
  return nb::borrow(reinterpret_cast<PyObject*>(PyDateTimeAPI->DeltaType))(days, seconds, micros);
}

nb::object DurationValue(int64_t count, Unit unit, const ReadStyle& style) {
  Split split = SplitCount(count, unit);
  if (split.nanos != 0)
    return TextOrRaise(style, std::to_string(count) + " ns", "datetime.timedelta");
  return Delta(0, split.seconds, split.micros);
}

// A timedelta, or rhizo.Interval where months or nanoseconds are counted.
nb::object IntervalValue(int64_t months, int64_t days, int64_t nanos) {
  if (months == 0 && nanos % 1'000 == 0) return Delta(days, 0, nanos / 1'000);
  return nb::module_::import_("rhizo.facts").attr("Interval")(months, days, nanos);
}

nb::object MonthDayNano(const ArrowArray& array, int64_t row) {
  const char* bytes = static_cast<const char*>(array.buffers[1]) + 16 * row;
  int32_t months = 0, days = 0;
  int64_t nanos = 0;
  std::memcpy(&months, bytes, 4);
  std::memcpy(&days, bytes + 4, 4);
  std::memcpy(&nanos, bytes + 8, 8);
  return IntervalValue(months, days, nanos);
}

nb::object DayTime(const ArrowArray& array, int64_t row) {
  return IntervalValue(0, Element<int32_t>(array, 1, 2 * row),
                       Element<int32_t>(array, 1, 2 * row + 1) * kMillion);
}

// None for no zone; UTC where the name is unknown here, which shows the same instants.
nb::object ZoneOf(const std::string& name) {
  if (name.empty()) return nb::none();
  return nb::module_::import_("rhizo.time_zones").attr("zone")(name);
}

ValueReaderPtr ReadsTimestamp(const std::string& format, const ReadStyle& style) {
  auto unit = UnitOf(format[2]);
  if (!unit) return nullptr;
  nb::object zone = ZoneOf(format.size() > 4 ? format.substr(4) : "");
  return Reads([unit, zone, style](const ArrowArray& array, int64_t row) {
    return TimestampValue(Element<int64_t>(array, 1, row), *unit, zone, style);
  });
}

ValueReaderPtr ReadsTime(char letter, const ReadStyle& style) {
  auto unit = UnitOf(letter);
  if (!unit) return nullptr;
  bool narrow = unit->per_second <= 1'000;
  return Reads([unit, narrow, style](const ArrowArray& array, int64_t row) {
    return TimeValue(narrow ? Element<int32_t>(array, 1, row) : Element<int64_t>(array, 1, row),
                     *unit, style);
  });
}

ValueReaderPtr ReadsDate(char letter, const ReadStyle& style) {
  if (letter == 'D') {
    return Reads([style](const ArrowArray& array, int64_t row) {
      return DateValue(Element<int32_t>(array, 1, row), style);
    });
  }
  return Reads([style](const ArrowArray& array, int64_t row) {
    return DateValue(FloorDivide(Element<int64_t>(array, 1, row), 1'000 * kDaySeconds), style);
  });
}

ValueReaderPtr ReadsDuration(char letter, const ReadStyle& style) {
  auto unit = UnitOf(letter);
  if (!unit) return nullptr;
  return Reads([unit, style](const ArrowArray& array, int64_t row) {
    return DurationValue(Element<int64_t>(array, 1, row), *unit, style);
  });
}

ValueReaderPtr ReadsInterval(char letter) {
  if (letter == 'n') return Reads(&MonthDayNano);
  if (letter == 'D') return Reads(&DayTime);
  return Reads([](const ArrowArray& array, int64_t row) {
    return IntervalValue(Element<int32_t>(array, 1, row), 0, 0);
  });
}

}  // namespace

ValueReaderPtr MakeTimeReader(const ArrowSchema& schema, const ReadStyle& style) {
  if (PyDateTimeAPI == nullptr) PyDateTime_IMPORT;
  std::string format = schema.format;
  if (format.size() < 3 || format[0] != 't') return nullptr;
  switch (format[1]) {
    case 'd': return ReadsDate(format[2], style);
    case 't': return ReadsTime(format[2], style);
    case 's': return ReadsTimestamp(format, style);
    case 'D': return ReadsDuration(format[2], style);
    case 'i': return ReadsInterval(format[2]);
    default: return nullptr;
  }
}

}  // namespace rhizo::python
