#include "merlon/shim/sgx/processor.h"

#include <array>
#include <cstdint>

#include "merlon/sallyport/enclave.h"

namespace merlon::shim::sgx {
namespace {

struct Leaf {
  std::uint32_t leaf;
  std::uint32_t subleaf;  ///< any where the leaf has none
  std::uint32_t eax, ebx, ecx, edx;
};

constexpr std::uint32_t any = ~std::uint32_t{0};

// Numbers of the caches are those of the first of these processors; nothing depends on them but
// speed. Leaf 2 has descriptors of its own, or a C library asks leaf 4 fifty times.
constexpr auto leaves = std::array{
    Leaf{0x0, any, 0xd, 0x756e'6547, 0x6c65'746e, 0x4965'6e69},  // GenuineIntel
    Leaf{0x1, any, 0x0006'06a6, 0x0001'0800, sallyport::enclave_instructions_1, 0x178b'fbff},
    Leaf{0x2, any, 0x2cec'7d01, 0x30, 0, 0},
    Leaf{0x4, 0, 0x121, 0x02c0'003f, 0x3f, 0},
    Leaf{0x4, 1, 0x122, 0x01c0'003f, 0x3f, 0},
    Leaf{0x4, 2, 0x143, 0x04c0'003f, 0x3ff, 0},
    Leaf{0x4, 3, 0x163, 0x02c0'003f, 0xffff, 0},
    Leaf{0x7, 0, 0, sallyport::enclave_instructions_7, 0, 0},
    Leaf{0xd, 0, 0x7, 832, 832, 0},
    Leaf{0xd, 2, 256, 576, 0, 0},
    Leaf{0x8000'0000, any, 0x8000'0008, 0, 0, 0},
    // SYSCALL NX 1GB RDTSCP LM
    Leaf{0x8000'0001, any, 0, 0, sallyport::enclave_instructions_extended, 0x2c10'0800},
    Leaf{0x8000'0008, any, 0x302e, 0, 0, 0},
};

}  // namespace

void answer_cpuid(linux::Registers& registers) noexcept {
  const auto leaf = static_cast<std::uint32_t>(registers.rax);
  const auto subleaf = static_cast<std::uint32_t>(registers.rcx);
  registers.rax = registers.rbx = registers.rcx = registers.rdx = 0;
  for (const Leaf& each : leaves) {
    if (each.leaf != leaf || (each.subleaf != any && each.subleaf != subleaf)) continue;
    registers.rax = each.eax;
    registers.rbx = each.ebx;
    registers.rcx = each.ecx;
    registers.rdx = each.edx;
    return;
  }
}

}  // namespace merlon::shim::sgx
