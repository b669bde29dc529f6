#pragma once

// How large a module may be. Every count that a module states is held against one of these before
// anything is allocated; most are the limits of the JavaScript API, so that what runs in a browser
// runs here. Source: [WASM-JS-API §9, implementation-defined limits].

#include <cstddef>
#include <cstdint>

namespace merlon::wasm::limits {

inline constexpr std::size_t module_bytes = std::size_t{1} << 30U;
inline constexpr std::uint32_t types = 1'000'000;
inline constexpr std::uint32_t functions = 1'000'000;
inline constexpr std::uint32_t imports = 1'000'000;
inline constexpr std::uint32_t exports = 1'000'000;
inline constexpr std::uint32_t globals = 1'000'000;
inline constexpr std::uint32_t tags = 1'000'000;
inline constexpr std::uint32_t data_segments = 100'000;
inline constexpr std::uint32_t element_segments = 10'000'000;
inline constexpr std::uint32_t tables = 100'000;
inline constexpr std::uint32_t memories = 100;
inline constexpr std::uint32_t function_bytes = 7'654'321;
inline constexpr std::uint32_t locals = 50'000;
inline constexpr std::uint32_t params = 1'000;
inline constexpr std::uint32_t results = 1'000;
/// On a function's stack at once. Calls push up to a thousand with two bytes; a frame of so many
/// exceeds the guest's stack.
inline constexpr std::uint32_t operands = 1'000'000;
inline constexpr std::uint32_t subtype_depth = 63;
inline constexpr std::uint64_t table_elements = 10'000'000;
inline constexpr std::uint64_t memory32_pages = 65'536;
inline constexpr std::uint64_t memory64_pages = std::uint64_t{1} << 48U;

}  // namespace merlon::wasm::limits
