// Three versions of one thing: what a merge started from, and what each side made of it.
#pragma once

#include <optional>

namespace rhizo::merge {

// Null: it is not there.
template <class X>
struct Versions {
  const X* base = nullptr;
  const X* ours = nullptr;
  const X* theirs = nullptr;

  const X& any() const { return base != nullptr ? *base : ours != nullptr ? *ours : *theirs; }
};

template <class X, class Part>
Versions<Part> Each(const Versions<X>& of, Part X::*part) {
  auto in = [part](const X* version) { return version == nullptr ? nullptr : &(version->*part); };
  return {in(of.base), in(of.ours), in(of.theirs)};
}

template <class X>
bool Same(const X* a, const X* b) {
  return a == nullptr || b == nullptr ? a == b : *a == *b;
}

// What was changed by one side only, or by both in the same way, perhaps to be no more.
template <class X>
std::optional<const X*> Taken(const Versions<X>& of) {
  if (Same(of.ours, of.theirs) || Same(of.theirs, of.base)) return of.ours;
  if (Same(of.ours, of.base)) return of.theirs;
  return std::nullopt;
}

}  // namespace rhizo::merge
