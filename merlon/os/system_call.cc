#include "merlon/os/system_call.h"

#include <sys/auxv.h>

#include "merlon/core/lent_call.h"

namespace merlon::os {

namespace {

/// 0 if none is lent. What the kernel put into the auxiliary vector does not change.
unsigned long lent_entry() noexcept {
  static const unsigned long entry = [] {
    const int before = errno;  // which getauxval() sets
    const unsigned long found = ::getauxval(core::lent_call_tag);
    errno = before;
    return found;
  }();
  return entry;
}

}  // namespace

Result<std::uint64_t> system_call(long number, CallArgument a, CallArgument b, CallArgument c,
                                  CallArgument d, CallArgument e, CallArgument f) noexcept {
  const unsigned long entry = lent_entry();
  long result = number;
  // SAFETY: these names say only in which register each value goes to the asm below.
  register long r10 asm("r10") = d.value();
  register long r8 asm("r8") = e.value();
  register long r9 asm("r9") = f.value();
  if (entry == 0) {
    // SAFETY: Linux's registers [psABI §A.2.1]; the kernel checks what they point to.
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(a.value()), "S"(b.value()), "d"(c.value()), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "cc", "memory");
  } else {
    // SAFETY: as above. The call's return address must not fall into the red zone.
    asm volatile("lea -128(%%rsp), %%rsp\n\tcall *%[entry]\n\tlea 128(%%rsp), %%rsp"
                 : "+a"(result)
                 : [entry] "b"(entry), "D"(a.value()), "S"(b.value()), "d"(c.value()), "r"(r10),
                   "r"(r8), "r"(r9)
                 : "rcx", "r11", "cc", "memory");
  }
  constexpr long last_error = -4095;
  if (result < 0 && result >= last_error) return static_cast<Errno>(-result);
  return static_cast<std::uint64_t>(result);
}

}  // namespace merlon::os
