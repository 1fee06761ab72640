#include "merge/cell_rule.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "base/name.h"
#include "model/exact_type.h"
#include "model/unknown_column.h"
#include "table/column_encoder.h"
#include "table/single_value.h"

namespace rhizo::merge {

using duckdb::Value;
using model::Type;
using model::TypeKind;

namespace {

// ---- rules as text

constexpr std::array<std::string_view, 8> kRuleNames = {"conflict", "add",   "multiply",  "max",
                                                        "min",      "union", "intersect", "latest"};
constexpr std::string_view kLatestBegin = "latest(";

std::string NameOf(RuleKind kind) { return std::string(kRuleNames[static_cast<size_t>(kind)]); }

// How users write the rule called `name`.
std::string Usage(std::string_view name) {
  return std::string(name) + (name == "latest" ? "(<column>)" : "");
}

std::optional<MergeRule> PlainRule(std::string_view text) {
  auto found = std::find(kRuleNames.begin(), kRuleNames.end(), text);
  auto kind = static_cast<RuleKind>(found - kRuleNames.begin());
  if (found == kRuleNames.end() || kind == RuleKind::kLatest) return std::nullopt;
  return MergeRule{.kind = kind};
}

std::optional<std::string_view> ArgumentOfLatest(std::string_view text) {
  if (!text.starts_with(kLatestBegin) || !text.ends_with(')')) return std::nullopt;
  return text.substr(kLatestBegin.size(), text.size() - kLatestBegin.size() - 1);
}

Error UnknownRule(std::string_view text) {
  std::string message = "there is no merge rule \"" + std::string(text) + "\"";
  std::vector<std::string> names(kRuleNames.begin(), kRuleNames.end());
  std::string nearest = NearestName(text.substr(0, text.find('(')), names);
  message += nearest.empty() ? "; the rules are "
                             : "; did you mean \"" + Usage(nearest) + "\"? The rules are ";
  for (const auto& name : names) message += (&name == &names.front() ? "" : ", ") + Usage(name);
  return InvalidArgument(std::move(message));
}

// ---- which rule may stand where

bool IsUnsigned(TypeKind kind) { return kind >= TypeKind::kUInt8 && kind <= TypeKind::kUInt128; }

std::string WhyNotCounted(const Type& type) {
  if (IsInteger(type.kind) || type.kind == TypeKind::kDecimal) return "";
  if (IsFloat(type.kind)) return type.ToString() + " is not exact; make it a DECIMAL";
  return "it is for integers and decimals, not " + type.ToString();
}

std::string WhyNotOrdered(const Type& type) {
  if (!type.IsNested() && type.kind != TypeKind::kJson) return "";
  return "values of " + type.ToString() + " are not greater or less than each other";
}

std::string WhyNotASet(const Type& type) {
  return type.kind == TypeKind::kList ? "" : "it is for lists, not " + type.ToString();
}

std::string WhyNotBy(const model::Schema& schema, const model::Field& field, FieldId by) {
  if (by == field.id) return "it needs another column than its own";
  const auto* found = schema.FindId(by);
  if (found == nullptr) return "there is no column with the id " + std::to_string(by);
  if (found->merge_rule == NameOf(RuleKind::kMax)) return "";
  return "column \"" + found->name + "\" must have the merge rule max, it has " +
         found->merge_rule.substr(0, found->merge_rule.find('('));
}

std::string WhyNot(const model::Schema& schema, const model::Field& field, const MergeRule& rule) {
  switch (rule.kind) {
    case RuleKind::kConflict: return "";
    case RuleKind::kAdd:
    case RuleKind::kMultiply: return WhyNotCounted(field.type);
    case RuleKind::kMax:
    case RuleKind::kMin: return WhyNotOrdered(field.type);
    case RuleKind::kUnion:
    case RuleKind::kIntersect: return WhyNotASet(field.type);
    case RuleKind::kLatest: return WhyNotBy(schema, field, rule.by);
  }
  __builtin_unreachable();
}

// ---- order

template <class T>
int Compare(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

// Floats that are neither less nor greater are zeros, NaNs, or the same.
template <class Bits, class Float>
int OrderFloats(Float a, Float b) {
  if (std::isnan(a) != std::isnan(b)) return std::isnan(a) ? 1 : -1;
  if (int order = Compare(a, b)) return order;
  return Compare(std::bit_cast<Bits>(a), std::bit_cast<Bits>(b));
}

int OrderAsEngine(const Value& a, const Value& b) {
  if (duckdb::ValueOperations::LessThan(a, b)) return -1;
  return duckdb::ValueOperations::GreaterThan(a, b) ? 1 : 0;
}

int OrderIntervals(const Type& type, const Value& a, const Value& b) {
  if (int order = OrderAsEngine(a, b)) return order;
  return table::EncodeValue(type, a).compare(table::EncodeValue(type, b));
}

// Moments of a day by their time in UTC; of equal ones the greater offset is less.
int OrderTimesTz(const Value& a, const Value& b) {
  return Compare(a.GetValueUnsafe<duckdb::dtime_tz_t>().sort_key(),
                 b.GetValueUnsafe<duckdb::dtime_tz_t>().sort_key());
}

int OrderItems(const Type& item, const duckdb::vector<Value>& a, const duckdb::vector<Value>& b) {
  size_t common = std::min(a.size(), b.size());
  for (size_t i = 0; i < common; ++i) {
    if (int order = Order(item, a[i], b[i])) return order;
  }
  return Compare(a.size(), b.size());
}

int OrderMembers(const Type& type, const Value& a, const Value& b) {
  const auto& left = duckdb::StructValue::GetChildren(a);
  const auto& right = duckdb::StructValue::GetChildren(b);
  for (size_t i = 0; i < type.children.size(); ++i) {
    if (int order = Order(type.children[i].type, left[i], right[i])) return order;
  }
  return 0;
}

int OrderUnions(const Type& type, const Value& a, const Value& b) {
  uint8_t tag = duckdb::UnionValue::GetTag(a);
  if (int order = Compare(tag, duckdb::UnionValue::GetTag(b))) return order;
  return Order(type.children[tag].type, duckdb::UnionValue::GetValue(a),
               duckdb::UnionValue::GetValue(b));
}

int OrderValues(const Type& type, const Value& a, const Value& b) {
  using duckdb::ArrayValue;
  using duckdb::ListValue;
  switch (type.kind) {
    case TypeKind::kFloat32:
      return OrderFloats<int32_t>(a.GetValueUnsafe<float>(), b.GetValueUnsafe<float>());
    case TypeKind::kFloat64:
      return OrderFloats<int64_t>(a.GetValueUnsafe<double>(), b.GetValueUnsafe<double>());
    case TypeKind::kInterval: return OrderIntervals(type, a, b);
    case TypeKind::kTimeTz: return OrderTimesTz(a, b);
    case TypeKind::kList:
      return OrderItems(type.children[0].type, ListValue::GetChildren(a),
                        ListValue::GetChildren(b));
    case TypeKind::kArray:
      return OrderItems(type.children[0].type, ArrayValue::GetChildren(a),
                        ArrayValue::GetChildren(b));
    case TypeKind::kMap:
      return OrderItems(table::MapEntryType(type), ListValue::GetChildren(a),
                        ListValue::GetChildren(b));
    case TypeKind::kStruct: return OrderMembers(type, a, b);
    case TypeKind::kUnion: return OrderUnions(type, a, b);
    default: return OrderAsEngine(a, b);
  }
}

bool Same(const Type& type, const Value& a, const Value& b) { return Order(type, a, b) == 0; }

int OrderNullFirst(const Type& type, const Value& a, const Value& b) {
  if (a.IsNull() != b.IsNull()) return a.IsNull() ? -1 : 1;
  return Order(type, a, b);
}

// ---- numbers

using Magnitude = unsigned __int128;

// What integers and decimals (scaled) are computed in: wide enough for the difference of any two.
struct Number {
  bool negative = false;  // never of 0
  Magnitude magnitude = 0;
};

Magnitude PowerOfTen(int digits) {
  Magnitude power = 1;
  while (digits-- > 0) power *= 10;
  return power;
}

// The number that stands for 1.
Number One(const Type& type) { return {.magnitude = PowerOfTen(type.scale)}; }

Number ReadNumber(const Type& type, const Value& value) {
  std::string bytes = table::EncodeValue(type, value);
  Magnitude bits = 0;
  std::memcpy(&bits, bytes.data(), bytes.size());
  if (IsUnsigned(type.kind)) return {.magnitude = bits};
  size_t unused = 8 * (sizeof(bits) - bytes.size());
  auto extended = static_cast<__int128>(bits << unused) >> unused;
  bool negative = extended < 0;
  bits = static_cast<Magnitude>(extended);
  return {.negative = negative, .magnitude = negative ? -bits : bits};
}

bool Fits(const Type& type, const Number& number) {
  if (type.kind == TypeKind::kDecimal) return number.magnitude < PowerOfTen(type.precision);
  size_t bits = 8 * table::FixedWidth(type);
  if (IsUnsigned(type.kind))
    return !number.negative && number.magnitude <= ~Magnitude{0} >> (128 - bits);
  Magnitude half = Magnitude{1} << (bits - 1);
  return number.negative ? number.magnitude <= half : number.magnitude < half;
}

// Nothing if the type cannot hold it.
std::optional<Value> WriteNumber(const Type& type, const std::optional<Number>& number) {
  if (!number || !Fits(type, *number)) return std::nullopt;
  Magnitude bits = number->negative ? -number->magnitude : number->magnitude;
  std::string_view bytes(reinterpret_cast<const char*>(&bits), table::FixedWidth(type));
  return table::DecodeValue(type, bytes).value();
}

Number Negated(Number number) {
  number.negative = !number.negative && number.magnitude != 0;
  return number;
}

// Nothing if it has more than 128 bits.
std::optional<Number> Sum(Number a, Number b) {
  Number sum{.negative = a.negative};
  if (a.negative == b.negative) {
    if (__builtin_add_overflow(a.magnitude, b.magnitude, &sum.magnitude)) return std::nullopt;
    return sum;
  }
  if (a.magnitude < b.magnitude) std::swap(a, b);
  sum.magnitude = a.magnitude - b.magnitude;
  sum.negative = a.negative && sum.magnitude != 0;
  return sum;
}

Magnitude GreatestCommonDivisor(Magnitude a, Magnitude b) {
  while (b != 0) a = std::exchange(b, a % b);
  return a;
}

void Cancel(Number* a, Number* b) {
  Magnitude common = GreatestCommonDivisor(a->magnitude, b->magnitude);
  a->magnitude /= common;
  b->magnitude /= common;
}

// a * b / c, none of them 0. Nothing if it is not exact or has more than 128 bits.
std::optional<Number> ProductOver(Number a, Number b, Number c) {
  Cancel(&a, &c);
  Cancel(&b, &c);
  Number product{.negative = (a.negative != b.negative) != c.negative};
  bool wide = __builtin_mul_overflow(a.magnitude, b.magnitude, &product.magnitude);
  if (wide || c.magnitude != 1) return std::nullopt;
  return product;
}

// ---- sets

using Set = duckdb::vector<Value>;

Set SetOf(const Type& item, Set items) {
  auto less = [&](const Value& a, const Value& b) { return Order(item, a, b) < 0; };
  auto same = [&](const Value& a, const Value& b) { return Same(item, a, b); };
  std::sort(items.begin(), items.end(), less);
  items.erase(std::unique(items.begin(), items.end(), same), items.end());
  return items;
}

Set SetOf(const Type& list_type, const Value& list) {
  return SetOf(list_type.children[0].type, duckdb::ListValue::GetChildren(list));
}

bool Holds(const Type& item, const Set& set, const Value& value) {
  auto less = [&](const Value& a, const Value& b) { return Order(item, a, b) < 0; };
  return std::binary_search(set.begin(), set.end(), value, less);
}

Set Common(const Type& item, const Set& a, const Set& b) {
  Set common;
  std::copy_if(a.begin(), a.end(), std::back_inserter(common),
               [&](const Value& value) { return Holds(item, b, value); });
  return common;
}

// Adds to `out` what `changed` has and `base` has not.
void AddNew(const Type& item, const Set& changed, const Set& base, Set* out) {
  std::copy_if(changed.begin(), changed.end(), std::back_inserter(*out),
               [&](const Value& value) { return !Holds(item, base, value); });
}

Value ListOf(const Value& like, Set items) {
  return Value::LIST(duckdb::ListType::GetChildType(like.type()), std::move(items));
}

// ---- the laws; `base` is null where it is absent

// base + (ours - base) + (theirs - base); an absent base is 0.
std::optional<Value> Add(const Type& type, const Value* base, const Value& ours,
                         const Value& theirs) {
  Number from = base ? ReadNumber(type, *base) : Number();
  auto change = Sum(ReadNumber(type, ours), Negated(from));
  return WriteNumber(type, Sum(*change, ReadNumber(type, theirs)));
}

// base * (ours / base) * (theirs / base), exactly and without 0; an absent base is 1.
std::optional<Value> Multiply(const Type& type, const Value* base, const Value& ours,
                              const Value& theirs) {
  std::array<Number, 3> numbers = {ReadNumber(type, ours), ReadNumber(type, theirs),
                                   base ? ReadNumber(type, *base) : One(type)};
  for (const auto& number : numbers) {
    if (number.magnitude == 0) return std::nullopt;
  }
  return WriteNumber(type, ProductOver(numbers[0], numbers[1], numbers[2]));
}

// The greater of both; of booleans: or.
Value Max(const Type& type, const Value& ours, const Value& theirs) {
  return Order(type, ours, theirs) < 0 ? theirs : ours;
}

// The less of both; of booleans: and.
Value Min(const Type& type, const Value& ours, const Value& theirs) {
  return Order(type, ours, theirs) < 0 ? ours : theirs;
}

// (ours n theirs) u (ours - base) u (theirs - base); an absent base is empty.
Value Union(const Type& type, const Value* base, const Value& ours, const Value& theirs) {
  const Type& item = type.children[0].type;
  Set before = base ? SetOf(type, *base) : Set();
  Set left = SetOf(type, ours);
  Set right = SetOf(type, theirs);
  Set all = Common(item, left, right);
  AddNew(item, left, before, &all);
  AddNew(item, right, before, &all);
  return ListOf(ours, SetOf(item, std::move(all)));
}

// ours n theirs.
Value Intersect(const Type& type, const Value& ours, const Value& theirs) {
  return ListOf(ours, Common(type.children[0].type, SetOf(type, ours), SetOf(type, theirs)));
}

bool Counts(RuleKind kind) { return kind == RuleKind::kAdd || kind == RuleKind::kMultiply; }

// Whether the law reads nothing but the two sides, or may take an unknown base for empty.
bool NeedsNoBase(RuleKind kind) {
  return kind == RuleKind::kMax || kind == RuleKind::kMin || kind == RuleKind::kUnion;
}

// Of sides that are not NULL.
std::optional<Value> Apply(RuleKind kind, const Type& type, const Value* base, const Value& ours,
                           const Value& theirs) {
  switch (kind) {
    case RuleKind::kAdd: return Add(type, base, ours, theirs);
    case RuleKind::kMultiply: return Multiply(type, base, ours, theirs);
    case RuleKind::kMax: return Max(type, ours, theirs);
    case RuleKind::kMin: return Min(type, ours, theirs);
    case RuleKind::kUnion: return Union(type, base, ours, theirs);
    case RuleKind::kIntersect: return Intersect(type, ours, theirs);
    default: return std::nullopt;
  }
}

}  // namespace

Result<MergeRule> ParseRule(std::string_view stored) {
  if (auto plain = PlainRule(stored)) return *plain;
  MergeRule rule{.kind = RuleKind::kLatest};
  auto digits = ArgumentOfLatest(stored).value_or("");
  std::from_chars(digits.data(), digits.data() + digits.size(), rule.by);
  if (rule.by > 0 && ToString(rule) == stored) return rule;
  return Corruption("\"" + std::string(stored) + "\" is no merge rule");
}

std::string ToString(const MergeRule& rule) {
  if (rule.kind != RuleKind::kLatest) return NameOf(rule.kind);
  return std::string(kLatestBegin) + std::to_string(rule.by) + ")";
}

Result<MergeRule> ResolveRule(const model::Schema& schema, std::string_view text) {
  if (auto plain = PlainRule(text)) return *plain;
  auto column = ArgumentOfLatest(text);
  if (!column) return UnknownRule(text);
  int index = schema.Find(*column);
  if (index < 0) {
    return model::UnknownColumn(schema, std::string(*column), "merge rule latest: ");
  }
  return MergeRule{.kind = RuleKind::kLatest, .by = schema.fields[static_cast<size_t>(index)].id};
}

Status CheckRule(const model::Schema& schema, const model::Field& field, const MergeRule& rule) {
  std::string why = WhyNot(schema, field, rule);
  if (why.empty()) return {};
  return Error(ErrorCode::kSchema,
               "merge rule " + NameOf(rule.kind) + " of column \"" + field.name + "\": " + why)
      .With("column", field.name);
}

std::optional<Value> Decide(const MergeRule& rule, const Type& type, BaseKind base_kind,
                            const Value& base, const Value& ours, const Value& theirs) {
  CHECK(rule.kind != RuleKind::kLatest);
  bool unknown = base_kind == BaseKind::kSameRow || base_kind == BaseKind::kUndefined;
  bool null = ours.IsNull() || theirs.IsNull();
  bool law_decides = !null && (!unknown || NeedsNoBase(rule.kind));
  bool equal_is_taken = !law_decides || !Counts(rule.kind);
  if (equal_is_taken && Same(type, ours, theirs)) return ours;
  if (!law_decides) return std::nullopt;
  bool has_base = base_kind == BaseKind::kValue && !base.IsNull();
  return Apply(rule.kind, type, has_base ? &base : nullptr, ours, theirs);
}

std::optional<Winner> Latest(const Type& by_type, const Type& type, const DatedCell& ours,
                             const DatedCell& theirs) {
  int order = OrderNullFirst(by_type, ours.by, theirs.by);
  if (order == 0) order = OrderNullFirst(type, ours.value, theirs.value);
  if (order == 0) return std::nullopt;
  return order > 0 ? Winner::kOurs : Winner::kTheirs;
}

int Order(const Type& type, const Value& a, const Value& b) {
  if (a.IsNull() || b.IsNull()) return Compare(a.IsNull(), b.IsNull());
  return OrderValues(type, a, b);
}

Value Canonical(const Type& list_type, const Value& list) {
  if (list.IsNull()) return list;
  return ListOf(list, SetOf(list_type, list));
}

}  // namespace rhizo::merge
