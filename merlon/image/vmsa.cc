#include "merlon/image/vmsa.h"

namespace merlon::image {

namespace {

/// Writes numbers at their offsets.
class Page {
 public:
  template <typename T>
  void put(std::size_t offset, T number) noexcept {
    for (std::size_t i = 0; i < sizeof number; ++i) {
      bytes_[offset + i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
  }
  void put(std::size_t offset, const VmsaSegment& segment) noexcept {
    put(offset, segment.selector);
    put(offset + 2, segment.attributes);
    put(offset + 4, segment.limit);
    put(offset + 8, segment.base);
  }
  [[nodiscard]] const auto& bytes() const noexcept { return bytes_; }

 private:
  std::array<std::uint8_t, vmsa_size> bytes_{};
};

}  // namespace

std::array<std::uint8_t, vmsa_size> Vmsa::page() const noexcept {
  Page page;
  page.put(0x000, es);
  page.put(0x010, cs);
  page.put(0x020, ss);
  page.put(0x030, ds);
  page.put(0x040, fs);
  page.put(0x050, gs);
  page.put(0x060, gdtr);
  page.put(0x070, ldtr);
  page.put(0x080, idtr);
  page.put(0x090, tr);
  page.put(0x0CA, vmpl);
  page.put(0x0CB, cpl);
  page.put(0x0D0, efer);
  page.put(0x148, cr4);
  page.put(0x150, cr3);
  page.put(0x158, cr0);
  page.put(0x160, dr7);
  page.put(0x168, dr6);
  page.put(0x170, rflags);
  page.put(0x178, rip);
  page.put(0x1D8, rsp);
  page.put(0x1F8, rax);
  page.put(0x268, page_attributes);
  page.put(0x310, rdx);
  page.put(0x338, rdi);
  page.put(0x3B0, sev_features);
  page.put(0x3E8, xcr0);
  page.put(0x408, mxcsr);
  page.put(0x410, x87_control);
  return page.bytes();
}

}  // namespace merlon::image
