#include "merlon/measure/launch_chain.h"

#include <algorithm>

#include "merlon/crypto/hash.h"

namespace merlon::measure {

namespace {

snp::LaunchDigest sha384(std::initializer_list<core::ByteView> parts) noexcept {
  return snp::LaunchDigest::from(crypto::sha384(parts).view()).value();
}

}  // namespace

void LaunchChain::add_normal(std::uint64_t address, core::ByteView page) noexcept {
  constexpr std::size_t page_size = 4096;
  constexpr std::array<std::uint8_t, page_size> zeros{};
  MERLON_CHECK(page.size() <= page_size);
  add(snp::PageType::Normal, address,
      sha384({page, core::ByteView(zeros).first(page_size - page.size())}));
}

void LaunchChain::add_vmsa(core::ByteView page) noexcept {
  MERLON_CHECK(page.size() == image::vmsa_size);
  add(snp::PageType::Vmsa, image::vmsa_address, sha384({page}));
}

void LaunchChain::add_empty(snp::PageType type, std::uint64_t address) noexcept {
  MERLON_CHECK(type != snp::PageType::Normal && type != snp::PageType::Vmsa);
  add(type, address, {});
}

core::Result<void> LaunchChain::put(image::PageKind kind, std::uint64_t address,
                                    core::ByteView bytes) {
  if (kind == image::PageKind::Vmsa) {
    if (address != image::vmsa_address || bytes.size() != image::vmsa_size) {
      return core::error(core::ErrorCode::Malformed, "no processor's first registers", address);
    }
    add_vmsa(bytes);
    return {};
  }
  if (address % image::page_size != 0) {
    return core::error(core::ErrorCode::Malformed, "a page that does not start at one", address);
  }
  for (; !bytes.empty(); address += image::page_size) {
    const core::ByteView page = bytes.first(std::min<std::size_t>(bytes.size(), image::page_size));
    add(kind, address, page);
    bytes = bytes.subspan(page.size());
  }
  return {};
}

void LaunchChain::add(image::PageKind kind, std::uint64_t address, core::ByteView page) noexcept {
  switch (kind) {
    case image::PageKind::Normal: add_normal(address, page); return;
    case image::PageKind::Zero: add_empty(snp::PageType::Zero, address); return;
    case image::PageKind::Secrets: add_empty(snp::PageType::Secrets, address); return;
    case image::PageKind::Cpuid: add_empty(snp::PageType::Cpuid, address); return;
    case image::PageKind::Vmsa: add_vmsa(page); return;
  }
}

void LaunchChain::add(snp::PageType type, std::uint64_t address,
                      const snp::LaunchDigest& contents) noexcept {
  digest_ = sha384({snp::PageInfo{digest_, contents, type, address}.bytes()});
  ++pages_;
}

}  // namespace merlon::measure
