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

/// One loop, and the same bytes whatever compiles it: a simulated processor knows it by these, and
/// goes round without an exception for each page.
bool accept_pages(linux::Range pages, std::uint64_t flags) noexcept {
  if (pages.start >= pages.end) return true;
  const SecInfo info{flags, {}};
  std::uint64_t result = 0;
  std::uint64_t page = pages.start;
  // SAFETY: the operand lies in the enclave, aligned as the leaf wants it; it changes pages of the
  // enclave that nobody uses yet, or none.
  asm volatile(
      "1: mov %[leaf], %%eax\n"
      "enclu\n"
      "jz 2f\n"  // an error code
      "add %[size], %%rcx\n"
      "cmp %%rdx, %%rcx\n"
      "jb 1b\n"
      "2:"
      : "=&a"(result), "+c"(page)
      : "b"(&info), "d"(pages.end), [leaf] "i"(leaf_accept), [size] "i"(linux::page_size)
      : "memory", "cc");
  return result == 0;
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
