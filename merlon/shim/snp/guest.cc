#include "merlon/shim/snp/guest.h"

#include <algorithm>

#include "merlon/core/attest_call.h"
#include "merlon/shim/linux/runtime.h"
#include "merlon/shim/snp/communication.h"
#include "merlon/shim/snp/machine.h"
#include "merlon/shim/snp/protocol.h"
#include "merlon/shim/snp/shared.h"
#include "merlon/shim/x86/machine.h"
#include "merlon/shim/x86/page_table.h"

namespace merlon::shim::snp {

using linux::page_size;
using linux::abi::SystemResult;
namespace abi = linux::abi;
namespace entry = x86::entry;

namespace {

constexpr std::uint64_t block_size = x86::block_size;

/// An address that a keep may use as it likes, in its stack: who says that it faulted there lies.
constexpr std::uint64_t never_faults = sallyport::stack_end - 8;

/// `bytes`, and zeros up to the end of `size`, which is of whole pages.
void put_shared(std::uint64_t physical, core::ByteView bytes, std::uint64_t size) noexcept {
  const auto memory = shared_pages(physical, size);
  for (std::uint64_t at = 0; at < size; at += sallyport::word_size) memory.store_word(at, 0);
  memory.copy_out(bytes, 0);
}

void get_shared(std::uint64_t physical, core::ByteSpan into) noexcept {
  const std::uint64_t size = (into.size() + page_size - 1) / page_size * page_size;
  if (!into.empty()) shared_pages(physical, size).copy_in(into, 0);
}

}  // namespace

Trouble Guest::share(std::uint64_t base, std::uint64_t size) noexcept {
  for (std::uint64_t at = base; at < base + size; at += page_size) {
    if (const Trouble trouble = share_page(at)) return trouble;
  }
  return {};
}

Trouble Guest::start(const sallyport::BootInfo& boot, core::ByteView cpuid) noexcept {
  if (const Trouble trouble = check_status()) return trouble;
  if (const Trouble trouble = check_versions()) return trouble;
  if (const Trouble trouble = check_features()) return trouble;
  if (const Trouble trouble = cpuid_.begin(cpuid)) return trouble;
  if (const Trouble trouble = check_level(sallyport::cpuid_page)) return trouble;
  if (const Trouble trouble = share(sallyport::ghcb_page, 3 * page_size)) return trouble;
  if (const Trouble trouble = register_ghcb(sallyport::ghcb_page)) return trouble;
  // The block is mapped at its physical address.
  if (const Trouble trouble = share(boot.block_address, boot.block_size)) return trouble;
  constexpr std::uint64_t states_are_on = std::uint64_t{1} << 18U;
  constexpr std::uint64_t no_user_code = std::uint64_t{1} << 20U;
  snp_begin_states(cpuid_.extended_state(),
                   states_are_on | (cpuid_.has_no_user_code() ? no_user_code : 0));
  snp_set_fault_address(never_faults);
  active_ = true;
  return {};
}

Trouble Guest::take_missing(const sallyport::BootInfo& boot) noexcept {
  const auto take_windows = [&](std::uint64_t start, std::uint64_t end) -> Trouble {
    for (std::uint64_t window = start; window < end; window += block_size) {
      if (const Trouble trouble = take_window(window)) return trouble;
    }
    return {};
  };
  // Gaps of the program count: the keep may map something there.
  if (const Trouble trouble = take_windows(sallyport::user_start, boot.break_start)) return trouble;
  return take_windows(sallyport::stack_end - sallyport::stack_size, sallyport::stack_end);
}

Trouble Guest::take_window(std::uint64_t window) noexcept {
  std::uint64_t skip = 0;
  std::uint64_t* const slot = x86::find_directory_entry(window, skip);
  if (slot == nullptr || *slot == 0) return {};
  const bool large = (*slot & entry::large) != 0;
  std::uint64_t* const pages = large ? slot : x86::table_of(*slot);
  const std::uint64_t size = large ? block_size : page_size;
  for (std::size_t i = 0; i < (large ? 1 : x86::table_size); ++i) {
    if ((pages[i] & sallyport::missing_page) == 0) continue;
    const std::uint64_t base = pages[i] & entry::address_mask;
    std::uint8_t* const memory = x86::physical(base);
    // SAFETY: PVALIDATE takes an address as a number.
    const auto address = reinterpret_cast<std::uint64_t>(memory);
    if (const Trouble trouble = take(base, size, address)) return trouble;
    linux::clear({memory, size});
    pages[i] &= ~sallyport::missing_page;
  }
  return {};
}

Guest::Outcome Guest::handle(linux::Registers& registers, std::uint64_t address) noexcept {
  // What a host injects next finds no address of a fault that was.
  snp_set_fault_address(never_faults);
  constexpr std::uint64_t communication = 29;
  if (registers.vector == communication) {
    return serve_communication(registers, cpuid_) ? Outcome::Served : Outcome::Unproved;
  }
  switch (faults_.judge(registers, address)) {
    case Proof::Happened: return Outcome::Keep;
    case Proof::Again: x86::flush_translation(address); return Outcome::Served;
    case Proof::None: break;
  }
  return Outcome::Unproved;
}

Trouble Guest::send(Carried& carried) noexcept {
  if (!has_certificate_room_) {
    const Trouble trouble = share(sallyport::certificate_pages, sallyport::certificate_size);
    if (trouble) return trouble;
    has_certificate_room_ = true;
  }
  const auto carry = [&](std::uint64_t room) {
    // What comes back is of this exit.
    put_shared(sallyport::response_page, {}, page_size);
    put_shared(sallyport::certificate_pages, {}, sallyport::certificate_size);
    return carry_message(room, carried);
  };
  if (const Trouble trouble = carry(sallyport::certificate_size / page_size)) return trouble;
  // Nothing has been sent yet: the keep can do without the host's certificates.
  return carried == Carried::TooSmall ? carry(0) : Trouble{};
}

Guest::Answer Guest::certificates(core::ByteSpan room) const noexcept {
  constexpr std::size_t guid_size = 16;
  const core::ByteSpan table =
      room.first(std::min<std::uint64_t>(room.size(), sallyport::certificate_size));
  if (!has_certificate_room_ || table.size() < guid_size) return std::nullopt;
  get_shared(sallyport::certificate_pages, table);
  // Its end is an entry without a GUID.
  const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
  if (std::ranges::all_of(table.first(guid_size), is_zero)) return std::nullopt;
  return static_cast<SystemResult>(table.size());
}

Trouble Guest::attest(std::uint64_t kind, core::ByteView sent, core::ByteSpan room,
                      Answer& result) noexcept {
  if (kind == static_cast<std::uint64_t>(core::AttestKind::Certificates)) {
    result = certificates(room);
    return {};
  }
  const bool is_message = kind == static_cast<std::uint64_t>(core::AttestKind::GuestMessage);
  if (!is_message || sent.size() > page_size) {
    result = -abi::Inval;
    return {};
  }
  put_shared(sallyport::request_page, sent, page_size);
  Carried carried = Carried::Refused;
  if (const Trouble trouble = send(carried)) return trouble;
  if (carried == Carried::Busy) result = -abi::Again;
  if (carried == Carried::Refused || carried == Carried::TooSmall) result = -abi::Io;
  if (carried == Carried::Done) {
    const core::ByteSpan answer = room.first(std::min<std::uint64_t>(room.size(), page_size));
    get_shared(sallyport::response_page, answer);
    result = static_cast<SystemResult>(answer.size());
  }
  return {};
}

}  // namespace merlon::shim::snp
