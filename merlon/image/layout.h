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
/// each page [SNP-ABI, SNP_LAUNCH_UPDATE]. lay_out() makes Normal pages only; a page that it does
/// not put is zero. The others stand here for backend snp, and today's sinks refuse them.
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
  /// their last page. Unsupported: a kind that this sink does not know.
  [[nodiscard]] virtual core::Result<void> put(PageKind kind, std::uint64_t address,
                                               core::ByteView bytes) = 0;
};

/// Physical addresses of every keep's machine.
inline constexpr std::uint64_t low_base = sallyport::shim_start;  ///< shim, boot page
inline constexpr std::uint64_t boot_page = 0x003f'f000;
inline constexpr std::uint64_t table_base = 0x0040'0000;  ///< page tables
inline constexpr std::uint64_t table_end = 0x0060'0000;
inline constexpr std::uint64_t block_base = 0x0080'0000;  ///< shared with the host
inline constexpr std::uint64_t block_size = 4096 + (std::uint64_t{256} << 10U);
inline constexpr std::uint64_t main_base = 0x0100'0000;  ///< keep, its stack, free memory
inline constexpr std::uint64_t main_size = std::uint64_t{64} << 20U;
inline constexpr std::uint64_t grown_base = 0x1'0000'0000;  ///< what the keep asks for later

struct Layout {
  std::uint64_t entry = 0;       ///< the shim's first instruction, at ring 0
  std::uint64_t page_table = 0;  ///< physical address for CR3
  std::uint64_t free = 0;        ///< main memory from here on is for the keep to take, by 2 MiB
};

/// Sends everything to `sink`. The same programs and world give the same stream.
///
/// Errors: Unsupported (a shim that is not fixed, a keep that is) · Exhausted (too large) · those
/// of the sink.
[[nodiscard]] core::Result<Layout> lay_out(const Program& shim, const Program& keep,
                                           sallyport::World world, bool polls_for_answers,
                                           PageSink& sink);

}  // namespace merlon::image
