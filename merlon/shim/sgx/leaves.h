#pragma once

// The processor's functions for enclaves, as far as the shim's C++ uses them [SDM vol. 3D, "User
// Leaf Functions"]. leaves.cc carries them out; a test has a processor of its own.

#include <array>
#include <cstdint>

#include "merlon/sallyport/boot.h"
#include "merlon/shim/linux/ledger.h"

namespace merlon::shim::sgx {

/// SECINFO.FLAGS.
inline constexpr std::uint64_t page_read = 1, page_write = 2, page_execute = 4, page_pending = 8,
                               page_modified = 16, page_restricted = 32, page_regular = 0x200,
                               page_trimmed = 0x400;

[[nodiscard]] constexpr std::uint64_t rights_of(sallyport::Access access) noexcept {
  switch (access) {
    case sallyport::Access::None: return 0;
    case sallyport::Access::Read: return page_read;
    case sallyport::Access::ReadWrite: return page_read | page_write;
    case sallyport::Access::ReadExecute: return page_read | page_execute;
  }
  return 0;
}

/// EACCEPT of one page after the other, the first one first: each is exactly as `flags` say, by a
/// change that has just been asked for. False if one is not: nothing has changed for that one, nor
/// for those behind it.
[[nodiscard]] bool accept_pages(linux::Range pages, std::uint64_t flags) noexcept;

/// EMODPE: gives the page at `address` the rights in `flags` beside those that it has.
void extend_page(std::uint64_t address, std::uint64_t flags) noexcept;

inline constexpr std::size_t target_size = 512, report_data_size = 64, report_size = 432,
                             key_request_size = 512, enclave_key_size = 16;

struct alignas(512) Target {
  std::array<std::uint8_t, target_size> bytes;
};
struct alignas(128) GivenData {
  std::array<std::uint8_t, report_data_size> bytes;
};
struct alignas(512) Report {
  std::array<std::uint8_t, report_size> bytes;
};
struct alignas(512) KeyRequest {
  std::array<std::uint8_t, key_request_size> bytes;
};
struct alignas(16) Key {
  std::array<std::uint8_t, enclave_key_size> bytes;
};

/// EREPORT. A target with reserved bits that are not zero ends the enclave with an exception: the
/// caller has looked at it.
void make_report(const Target& target, const GivenData& data, Report& report) noexcept;

/// EGETKEY. False: the processor refuses the request, and `key` is as it was. Likewise about what
/// is reserved.
[[nodiscard]] bool get_key(const KeyRequest& request, Key& key) noexcept;

}  // namespace merlon::shim::sgx
