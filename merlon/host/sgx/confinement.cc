#include "merlon/host/sgx/confinement.h"

#include <asm/sgx.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "merlon/sallyport/enclave.h"

namespace merlon::host::sgx {

using os::add;
using os::ArgumentCheck;
using os::full_mask;
using os::one_of;
using os::only;

os::CallRules machine_calls() {
  constexpr std::uint64_t data = PROT_READ | PROT_WRITE;
  constexpr std::uint64_t fresh = MAP_PRIVATE | MAP_ANONYMOUS;
  constexpr std::uint64_t flags = full_mask & ~std::uint64_t{MAP_NORESERVE | MAP_STACK};
  constexpr ArgumentCheck in_the_enclave{0, ~(sallyport::enclave_size - 1), 0};
  os::CallRules rules;
  add(rules, {SYS_brk, SYS_munmap, SYS_madvise, SYS_sysinfo});
  rules.push_back({SYS_mmap, {{only(2, data), ArgumentCheck{3, flags, fresh}}}});
  rules.push_back({SYS_mprotect, {{only(2, data)}, {in_the_enclave}}});
  rules.push_back({SYS_mremap, {{ArgumentCheck{3, full_mask, MREMAP_MAYMOVE}}}});
  rules.push_back(one_of(SYS_ioctl, 1,
                         {SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, SGX_IOC_ENCLAVE_MODIFY_TYPES,
                          SGX_IOC_ENCLAVE_REMOVE_PAGES}));
  return rules;
}

}  // namespace merlon::host::sgx
