#pragma once

// A shim as a guest of SEV-SNP: how it starts, before anything of its host is believed, and what it
// then does otherwise than on a machine whose memory is not encrypted.

#include <cstdint>
#include <optional>

#include "merlon/core/bytes.h"
#include "merlon/sallyport/boot.h"
#include "merlon/shim/linux/abi.h"
#include "merlon/shim/linux/registers.h"
#include "merlon/shim/snp/cpuid_page.h"
#include "merlon/shim/snp/exits.h"
#include "merlon/shim/snp/faults.h"
#include "merlon/shim/snp/memory.h"
#include "merlon/shim/snp/reason.h"

namespace merlon::shim::snp {

/// Zero until it starts; one that never does is a machine whose memory is not encrypted.
class Guest {
 public:
  /// The whole start: what protects the machine, the host's protocol, the pages that are shared,
  /// the processor, of which `cpuid` is the page at sallyport::cpuid_page. Afterwards the host can
  /// be rung for, and no memory has been taken yet.
  [[nodiscard]] Trouble start(const sallyport::BootInfo& boot, core::ByteView cpuid) noexcept;
  /// Takes and clears what the launch left out of the keep's memory, once the direct map is there.
  [[nodiscard]] Trouble take_missing(const sallyport::BootInfo& boot) noexcept;

  [[nodiscard]] bool is_active() const noexcept { return active_; }
  [[nodiscard]] std::uint64_t private_bit() const noexcept {
    return active_ ? sallyport::private_bit : 0;
  }

  /// Memory that is mapped at `address` and in nobody's use yet.
  [[nodiscard]] Trouble take(std::uint64_t base, std::uint64_t size,
                             std::uint64_t address) noexcept {
    return take_memory(taken_, base, size, address);
  }

  enum class Outcome : std::uint8_t { Served, Keep, Unproved };
  /// An exception of ring 3: served here, the keep's own, or nobody's.
  [[nodiscard]] Outcome handle(linux::Registers& registers, std::uint64_t address) noexcept;

  /// A number of bytes, or minus an errno; none where only the sallyport can tell.
  using Answer = std::optional<linux::abi::SystemResult>;
  /// Carries a message of the keep to the security processor, and the answer into `room`; or gives
  /// the certificates that the host sent with the last. With a kernel before Linux 7.0 no host can
  /// send them so, and the table is empty: no answer.
  [[nodiscard]] Trouble attest(std::uint64_t kind, core::ByteView sent, core::ByteSpan room,
                               Answer& answer) noexcept;

 private:
  [[nodiscard]] Answer certificates(core::ByteSpan room) const noexcept;
  [[nodiscard]] Trouble share(std::uint64_t base, std::uint64_t size) noexcept;
  [[nodiscard]] Trouble send(Carried& carried) noexcept;
  [[nodiscard]] Trouble take_window(std::uint64_t window) noexcept;

  bool active_ = false;
  bool has_certificate_room_ = false;
  TakenMemory taken_;
  Cpuid cpuid_;
  Faults faults_;
};

}  // namespace merlon::shim::snp
