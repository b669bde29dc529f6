#include "merlon/host/snp/confinement.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include "merlon/host/snp/device.h"

namespace merlon::host::snp {

using os::add;
using os::ArgumentCheck;
using os::full_mask;
using os::one_of;
using os::only;

os::CallRules machine_calls() {
  constexpr std::uint64_t data = PROT_READ | PROT_WRITE;
  constexpr std::uint64_t fresh = MAP_PRIVATE | MAP_ANONYMOUS;
  constexpr std::uint64_t flags = full_mask & ~std::uint64_t{MAP_NORESERVE | MAP_STACK};
  os::CallRules rules;
  add(rules, {SYS_brk, SYS_munmap, SYS_madvise, SYS_sysinfo});
  rules.push_back({SYS_mmap, {{only(2, data), ArgumentCheck{3, flags, fresh}}}});
  rules.push_back({SYS_mprotect, {{only(2, data)}}});
  rules.push_back({SYS_mremap, {{ArgumentCheck{3, full_mask, MREMAP_MAYMOVE}}}});
  rules.push_back(
      one_of(SYS_ioctl, 1,
             {request::run.number, request::create_guest_memory.number,
              request::set_memory_region.number, request::set_memory_attributes.number}));
  return rules;
}

}  // namespace merlon::host::snp
