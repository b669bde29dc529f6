#include "merlon/host/sgx/confinement.h"

#include <asm/sgx.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "merlon/host/machine_confinement.h"
#include "merlon/sallyport/enclave.h"

namespace merlon::host::sgx {

using os::ArgumentCheck;
using os::one_of;
using os::only;

os::CallRules machine_calls() {
  constexpr std::uint64_t data = PROT_READ | PROT_WRITE;
  constexpr ArgumentCheck in_the_enclave{0, ~(sallyport::enclave_size - 1), 0};
  os::CallRules rules = memory_calls();
  rules.push_back({SYS_mprotect, {{only(2, data)}, {in_the_enclave}}});
  rules.push_back(one_of(SYS_ioctl, 1,
                         {SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, SGX_IOC_ENCLAVE_MODIFY_TYPES,
                          SGX_IOC_ENCLAVE_REMOVE_PAGES}));
  return rules;
}

}  // namespace merlon::host::sgx
