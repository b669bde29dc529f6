#include "merlon/os/attestation.h"

#include <sys/auxv.h>

#include "merlon/os/system_call.h"

namespace merlon::os {

namespace {

/// Of the auxiliary vector; 0 if there is none.
unsigned long auxiliary_value(unsigned long tag) noexcept {
  const int before = errno;  // which getauxval() sets
  const unsigned long value = ::getauxval(tag);
  errno = before;
  return value;
}

}  // namespace

bool is_enclave() noexcept { return auxiliary_value(core::enclave_tag) == 1; }

std::optional<core::ByteSpan> secrets_page() noexcept {
  constexpr std::size_t page_size = 4096;
  const unsigned long address = auxiliary_value(core::secrets_page_tag);
  if (address == 0) return std::nullopt;
  // SAFETY: whoever started this program has put the page there, for it alone.
  return core::ByteSpan(reinterpret_cast<std::uint8_t*>(address), page_size);
}

Result<std::size_t> attest(core::AttestKind kind, core::ByteView sent,
                           core::ByteSpan room) noexcept {
  const auto answered =
      system_call(static_cast<long>(core::attest_call), static_cast<std::uint64_t>(kind),
                  sent.data(), sent.size(), room.data(), room.size());
  if (!answered) return answered.error();
  if (*answered > room.size()) return Errno::Io;
  return static_cast<std::size_t>(*answered);
}

}  // namespace merlon::os
