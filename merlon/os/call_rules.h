#pragma once

// The words in which lists of allowed calls are written, for every program that confines itself.

#include <initializer_list>

#include "merlon/os/call_filter.h"

namespace merlon::os {

using CallRules = std::vector<CallRule>;

inline constexpr std::uint64_t full_mask = ~std::uint64_t{0};

/// Of an int: the kernel reads it from the lower half of its register and ignores the upper one.
constexpr ArgumentCheck is(unsigned argument, std::uint64_t value) noexcept {
  constexpr std::uint64_t int_mask = 0xffff'ffff;
  return {argument, int_mask, value & int_mask};
}
/// No bit of the argument but those of `bits` is set.
constexpr ArgumentCheck only(unsigned argument, std::uint64_t bits) noexcept {
  return {argument, ~bits, 0};
}
constexpr ArgumentCheck is_null(unsigned argument) noexcept { return {argument, full_mask, 0}; }
/// A descriptor, and not AT_FDCWD: who confines himself has no current directory.
constexpr ArgumentCheck is_descriptor(unsigned argument) noexcept {
  return {argument, std::uint64_t{1} << 31U, 0};
}

/// Allows each of `numbers`, whatever its arguments.
void add(CallRules& rules, std::initializer_list<int> numbers);
/// Allowed when argument `argument` is one of `values`.
[[nodiscard]] CallRule one_of(int number, unsigned argument,
                              std::initializer_list<std::uint64_t> values);
/// `number`, which reads a clock, of those alone that are everybody's: below zero are the processor
/// times of each process of the machine, whosever it is.
[[nodiscard]] CallRule common_clocks(int number);
/// Flags of an open file, and second descriptors of it; no signals from it.
void add_file_control(CallRules& rules);
/// Files beneath directories; where their paths may lead is not for a filter, which sees none.
void add_directories(CallRules& rules, bool writable);

}  // namespace merlon::os
