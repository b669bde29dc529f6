#include "merlon/measure/enclave_chain.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "merlon/core/check.h"

namespace merlon::measure {

using core::ErrorCode;
using image::page_size;

namespace {

constexpr std::size_t record_size = 64;
constexpr std::size_t chunk_size = 256;

}  // namespace

/// Eight letters or zeros, two numbers, zeros. ECREATE's first number is of four bytes.
void EnclaveChain::record(std::string_view name, std::uint64_t first,
                          std::uint64_t second) noexcept {
  std::array<std::uint8_t, record_size> bytes{};
  std::ranges::copy(name, bytes.begin());
  std::memcpy(bytes.data() + 8, &first, sizeof(first));
  std::memcpy(bytes.data() + 16, &second, sizeof(second));
  hash_.add(bytes);
}

EnclaveChain::EnclaveChain(std::uint32_t frame_pages, std::uint64_t size) noexcept {
  record("ECREATE", frame_pages | size << 32U, size >> 32U);
}

void EnclaveChain::add_page(std::uint64_t offset, std::uint64_t flags) noexcept {
  record("EADD", offset, flags);
  ++pages_;
}

void EnclaveChain::extend(std::uint64_t offset, core::ByteView chunk) noexcept {
  MERLON_CHECK(chunk.size() == chunk_size);
  record("EEXTEND", offset, 0);
  hash_.add(chunk);
}

core::Result<void> EnclaveChain::add(image::EnclavePage page, std::uint64_t offset,
                                     core::ByteView bytes, std::uint64_t size) {
  if (offset % page_size != 0 || size % page_size != 0 || bytes.size() > size) {
    return core::error(ErrorCode::Malformed, "pages that do not start and end at one", offset);
  }
  for (std::uint64_t at = 0; at < size; at += page_size) {
    std::array<std::uint8_t, page_size> whole{};
    const core::ByteView part =
        at < bytes.size() ? bytes.subspan(at).first(std::min(bytes.size() - at, page_size))
                          : core::ByteView{};
    std::ranges::copy(part, whole.begin());
    add_page(offset + at, image::secinfo_flags(page));
    for (std::uint64_t chunk = 0; chunk < page_size; chunk += chunk_size) {
      extend(offset + at + chunk, core::ByteView(whole).subspan(chunk, chunk_size));
    }
  }
  return {};
}

sgx::MrEnclave EnclaveChain::finish() && noexcept {
  return sgx::MrEnclave::from(std::move(hash_).finish().view()).value();
}

}  // namespace merlon::measure
