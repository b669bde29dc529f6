#include "merlon/shim/sgx/leaves.h"

namespace merlon::shim::sgx {
namespace {

constexpr std::uint32_t leaf_report = 0, leaf_key = 1, leaf_accept = 5, leaf_extend = 6;

struct alignas(64) SecInfo {
  std::uint64_t flags;
  std::uint64_t reserved[7];
};

/// The leaf's error code; 0 is success.
std::uint64_t run(std::uint32_t leaf, const void* first, std::uint64_t second,
                  void* third = nullptr) noexcept {
  std::uint64_t result = leaf;
  // SAFETY: operands lie in the enclave, aligned as the leaf wants them; other registers stay.
  asm volatile("enclu" : "+a"(result) : "b"(first), "c"(second), "d"(third) : "memory", "cc");
  return result;
}

}  // namespace

bool accept_page(std::uint64_t address, std::uint64_t flags) noexcept {
  const SecInfo info{flags, {}};
  return run(leaf_accept, &info, address) == 0;
}

void extend_page(std::uint64_t address, std::uint64_t flags) noexcept {
  const SecInfo info{flags, {}};
  static_cast<void>(run(leaf_extend, &info, address));
}

void make_report(const Target& target, const GivenData& data, Report& report) noexcept {
  // SAFETY: only passed on as an address.
  static_cast<void>(run(leaf_report, &target, reinterpret_cast<std::uint64_t>(&data), &report));
}

bool get_key(const KeyRequest& request, Key& key) noexcept {
  // SAFETY: only passed on as an address.
  return run(leaf_key, &request, reinterpret_cast<std::uint64_t>(&key)) == 0;
}

}  // namespace merlon::shim::sgx
