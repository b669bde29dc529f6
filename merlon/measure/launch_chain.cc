#include "merlon/measure/launch_chain.h"

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

void LaunchChain::add_vmsa(const snp::Vmsa& vmsa) noexcept { add_vmsa_page(vmsa.page()); }

void LaunchChain::add_vmsa_page(core::ByteView page) noexcept {
  MERLON_CHECK(page.size() == snp::vmsa_size);
  add(snp::PageType::Vmsa, snp::vmsa_address, sha384({page}));
}

void LaunchChain::add_empty(snp::PageType type, std::uint64_t address) noexcept {
  MERLON_CHECK(type != snp::PageType::Normal && type != snp::PageType::Vmsa);
  add(type, address, {});
}

void LaunchChain::add(snp::PageType type, std::uint64_t address,
                      const snp::LaunchDigest& contents) noexcept {
  digest_ = sha384({snp::PageInfo{digest_, contents, type, address}.bytes()});
}

}  // namespace merlon::measure
