#include "merlon/image/vmsa.h"

#include <algorithm>

namespace merlon::image {

namespace {

/// `with(offset, field)` for each field, of a Vmsa that may be written to or not.
template <typename AnyVmsa, typename With>
void for_each_field(AnyVmsa& vmsa, const With& with) {
  with(0x000, vmsa.es);
  with(0x010, vmsa.cs);
  with(0x020, vmsa.ss);
  with(0x030, vmsa.ds);
  with(0x040, vmsa.fs);
  with(0x050, vmsa.gs);
  with(0x060, vmsa.gdtr);
  with(0x070, vmsa.ldtr);
  with(0x080, vmsa.idtr);
  with(0x090, vmsa.tr);
  with(0x0CA, vmsa.vmpl);
  with(0x0CB, vmsa.cpl);
  with(0x0D0, vmsa.efer);
  with(0x148, vmsa.cr4);
  with(0x150, vmsa.cr3);
  with(0x158, vmsa.cr0);
  with(0x160, vmsa.dr7);
  with(0x168, vmsa.dr6);
  with(0x170, vmsa.rflags);
  with(0x178, vmsa.rip);
  with(0x1D8, vmsa.rsp);
  with(0x1F8, vmsa.rax);
  with(0x268, vmsa.page_attributes);
  with(0x310, vmsa.rdx);
  with(0x338, vmsa.rdi);
  with(0x3B0, vmsa.sev_features);
  with(0x3E8, vmsa.xcr0);
  with(0x408, vmsa.mxcsr);
  with(0x410, vmsa.x87_control);
}

/// Writes numbers at their offsets.
struct Writer {
  std::array<std::uint8_t, vmsa_size>& page;

  template <typename T>
  void operator()(std::size_t offset, const T& number) const noexcept {
    for (std::size_t i = 0; i < sizeof number; ++i) {
      page[offset + i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
  }
  void operator()(std::size_t offset, const VmsaSegment& segment) const noexcept {
    (*this)(offset, segment.selector);
    (*this)(offset + 2, segment.attributes);
    (*this)(offset + 4, segment.limit);
    (*this)(offset + 8, segment.base);
  }
};

/// Reads them from a page of vmsa_size bytes.
struct PageReader {
  core::ByteView page;

  template <typename T>
  void operator()(std::size_t offset, T& number) const noexcept {
    number = 0;
    for (std::size_t i = sizeof number; i > 0; --i) {
      number = static_cast<T>(std::uint64_t{number} << 8U | page[offset + i - 1]);
    }
  }
  void operator()(std::size_t offset, VmsaSegment& segment) const noexcept {
    (*this)(offset, segment.selector);
    (*this)(offset + 2, segment.attributes);
    (*this)(offset + 4, segment.limit);
    (*this)(offset + 8, segment.base);
  }
};

}  // namespace

std::array<std::uint8_t, vmsa_size> Vmsa::page() const noexcept {
  std::array<std::uint8_t, vmsa_size> bytes{};
  for_each_field(*this, Writer{bytes});
  return bytes;
}

core::Result<Vmsa> Vmsa::from_page(core::ByteView page) noexcept {
  if (page.size() != vmsa_size) return core::error(core::ErrorCode::Malformed, "not one page");
  Vmsa vmsa;
  for_each_field(vmsa, PageReader{page});
  if (!std::ranges::equal(vmsa.page(), page)) {
    return core::error(core::ErrorCode::Unsupported, "a register that no keep starts with");
  }
  return vmsa;
}

}  // namespace merlon::image
