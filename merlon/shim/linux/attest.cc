#include "merlon/shim/linux/attest.h"

#include "merlon/core/attest_call.h"
#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/user.h"

namespace merlon::shim::linux {

using sallyport::Call;

abi::SystemResult attest(std::uint64_t kind, std::uint64_t sent, std::uint64_t sent_size,
                         std::uint64_t room, std::uint64_t room_size) noexcept {
  const bool known = kind >= static_cast<std::uint64_t>(core::AttestKind::GuestMessage) &&
                     kind <= static_cast<std::uint64_t>(core::AttestKind::Collateral);
  if (!known || sent_size > port().capacity() || room_size > port().capacity()) return -abi::Inval;
  const auto from = readable_bytes(sent, sent_size);
  const auto into = writable_bytes(room, room_size);
  if (!from || !into) return -abi::Fault;
  if (const auto answered = ask_processor(kind, *from, *into)) return *answered;
  return answer_of(
      Call::Attest,
      port().stage(Call::Attest, {kind}).send(*from).receive(into->size()).commit().collect(*into));
}

}  // namespace merlon::shim::linux
