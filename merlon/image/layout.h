#pragma once

// What a keep's machine holds before its first instruction: shim, boot page, page tables, keep and
// its first stack, as one ordered stream of pages. The launcher and the hasher are two sinks of the
// same stream, so what is measured is what is launched.

#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/image/elf.h"
#include "merlon/sallyport/boot.h"

namespace merlon::image {

/// What a page is to the launch of a machine whose start is measured: such a launch is told it with
/// each page [SNP-ABI, SNP_LAUNCH_UPDATE]. A machine that nothing measures has Normal pages only. A
/// page that is not put is zero, and of an attested machine not there until its shim takes it.
enum class PageKind : std::uint8_t {
  Normal,   ///< its bytes are put and measured
  Zero,     ///< zeros, measured as such
  Secrets,  ///< filled by the processor's firmware with keys of the machine's own
  Cpuid,    ///< what the processor can do, checked by the firmware
  Vmsa,     ///< the registers that a processor starts with
};

/// Takes pages, in order of the stream.
class PageSink {
 public:
  virtual ~PageSink() = default;
  /// Puts `bytes` at physical address `address`, a multiple of 4096, and zeros up to the end of
  /// their last page. Of Zero, Secrets and Cpuid there are one or more pages of zeros in `bytes`;
  /// of Vmsa there is one page, at vmsa_address. Unsupported: a kind that this sink does not know.
  [[nodiscard]] virtual core::Result<void> put(PageKind kind, std::uint64_t address,
                                               core::ByteView bytes) = 0;
};

/// Physical addresses of every keep's machine.
inline constexpr std::uint64_t low_base = sallyport::shim_start;  ///< shim, boot page
inline constexpr std::uint64_t boot_page = 0x003f'f000;
inline constexpr std::uint64_t cpuid_page = sallyport::cpuid_page;  ///< of an attested machine
inline constexpr std::uint64_t table_base = 0x0040'0000;            ///< page tables
inline constexpr std::uint64_t table_end = 0x0060'0000;
inline constexpr std::uint64_t block_base = 0x0080'0000;  ///< shared with the host
inline constexpr std::uint64_t block_size = 4096 + (std::uint64_t{256} << 10U);
/// Shared with the host as well, by a machine whose memory the processor encrypts: the pages of
/// sallyport/boot.h by which it speaks with its hypervisor and the security processor.
inline constexpr std::uint64_t messages_base = sallyport::ghcb_page;
inline constexpr std::uint64_t messages_size =
    sallyport::certificate_pages + sallyport::certificate_size - sallyport::ghcb_page;
static_assert(block_base + block_size <= messages_base);
inline constexpr std::uint64_t main_base = 0x0100'0000;  ///< keep, its stack, free memory
inline constexpr std::uint64_t main_size = std::uint64_t{64} << 20U;
inline constexpr std::uint64_t grown_base = 0x1'0000'0000;  ///< what the keep asks for later

struct Layout {
  std::uint64_t entry = 0;       ///< the shim's first instruction, at ring 0
  std::uint64_t page_table = 0;  ///< physical address for CR3, without the bit that says private
  std::uint64_t free = 0;        ///< main memory from here on is for the keep to take, by 2 MiB
};

/// What a machine is to be like; all of it is measured.
struct MachineForm {
  sallyport::World world = sallyport::World::Ring0;
  /// A security processor measures it and speaks with it: it has a page of secrets, which the keep
  /// finds by the auxiliary vector, a page of CPUID and first registers.
  bool attested = false;

  /// An attested shim with a ring 0 of its own is for a machine whose memory is encrypted: its page
  /// tables say of each page whether it is private, and which are missing (page_tables.h). Only a
  /// simulation runs it elsewhere, with tables that are without_privacy().
  [[nodiscard]] constexpr bool is_encrypted() const noexcept {
    return attested && world == sallyport::World::Ring0;
  }
};

/// The program at the addresses, relative to a machine's main memory, where lay_out() puts it. Code
/// that fills a window of 2 MiB begins at one and is mapped by large pages, to the end of its last
/// window if nothing else is there, unless the machine's memory is encrypted: there each page of a
/// gap costs its shim a step.
[[nodiscard]] Program placed(Program keep, const MachineForm& form);

/// Sends everything to `sink`. The same programs and form give the same stream.
///
/// Errors: Unsupported (a shim that is not fixed, a keep that is) · Exhausted (too large) · those
/// of the sink.
[[nodiscard]] core::Result<Layout> lay_out(const Program& shim, const Program& keep,
                                           const MachineForm& form, PageSink& sink);

}  // namespace merlon::image
