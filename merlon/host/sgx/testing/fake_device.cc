#include "merlon/host/sgx/testing/fake_device.h"

#include <algorithm>
#include <cstring>
#include <map>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "merlon/sallyport/enclave.h"

namespace merlon::host::sgx::testing {
namespace {

constexpr std::uint64_t page_size = 4096;
constexpr std::uint64_t everything = ~std::uint64_t{0};
constexpr std::uint64_t trimmed = 0x400;

template <typename T>
T read(core::ByteSpan structure) {
  T value{};
  EXPECT_EQ(structure.size(), sizeof(T));
  std::memcpy(&value, structure.data(), std::min(structure.size(), sizeof(T)));
  return value;
}
template <typename T>
void write(core::ByteSpan structure, const T& value) {
  std::memcpy(structure.data(), &value, sizeof(T));
}
std::uint64_t word(std::uint64_t address, std::size_t at) {
  std::uint64_t value = 0;
  std::memcpy(&value, reinterpret_cast<const std::uint8_t*>(address) + at, sizeof(value));
  return value;
}
bool is_page(std::uint64_t address) { return address % page_size == 0; }

}  // namespace

FakeDevice::~FakeDevice() { EXPECT_FALSE(is_open_) << "the device was not closed"; }

os::Result<int> FakeDevice::open() {
  EXPECT_FALSE(is_open_);
  is_open_ = true;
  return 1000;
}
void FakeDevice::close(int file) noexcept {
  EXPECT_EQ(file, 1000);
  is_open_ = false;
}

/// What the driver's SGX_IOC_ENCLAVE_CREATE looks at.
os::Result<int> FakeDevice::create(core::ByteSpan structure) {
  const std::uint64_t secs = read<::sgx_enclave_create>(structure).src;
  if (chain_ || !is_page(secs)) return os::Errno::Inval;
  const std::uint64_t size = word(secs, 0);
  const std::uint64_t base = word(secs, 8);
  if (size == 0 || (size & (size - 1)) != 0 || (base & (size - 1)) != 0) return os::Errno::Inval;
  const auto frame = static_cast<std::uint32_t>(word(secs, 16));
  EXPECT_EQ(word(secs, 16) >> 32U, 1U) << "faults are to be told";
  EXPECT_EQ(word(secs, 48), 4U) << "64 bits, and no debugger";
  EXPECT_EQ(word(secs, 56), sallyport::enclave_extended_state);
  for (std::size_t at = 64; at < page_size; at += 8) EXPECT_EQ(word(secs, at), 0U) << at;
  chain_.emplace(frame, size);
  return 0;
}

os::Result<int> FakeDevice::add(core::ByteSpan structure, std::uint64_t limit) {
  auto request = read<::sgx_enclave_add_pages>(structure);
  if (!chain_ || started_) return os::Errno::Inval;
  if (!is_page(request.src) || !is_page(request.offset) || !is_page(request.length) ||
      request.length == 0) {
    return os::Errno::Inval;
  }
  EXPECT_EQ(request.flags, SGX_PAGE_MEASURE) << "nothing is added that is not measured";
  const std::uint64_t flags = word(request.secinfo, 0);
  for (std::size_t at = 8; at < 64; at += 8) EXPECT_EQ(word(request.secinfo, at), 0U);
  if ((flags & 6U) == 6U) return os::Errno::Acces;
  for (request.count = 0; request.count < std::min<std::uint64_t>(request.length, limit);
       request.count += page_size) {
    if (!pages_.emplace(request.offset + request.count, flags).second) return os::Errno::Busy;
    std::vector<std::uint8_t> page(page_size);
    std::memcpy(page.data(), reinterpret_cast<const void*>(request.src + request.count), page_size);
    if (alters_) page[random_() % page_size] ^= 1U;
    alters_ = false;
    chain_->add_page(request.offset + request.count, flags);
    for (std::uint64_t chunk = 0; chunk < page_size; chunk += 256) {
      chain_->extend(request.offset + request.count + chunk,
                     core::ByteView(page).subspan(chunk, 256));
    }
  }
  write(structure, request);
  return 0;
}

/// A processor compares the measurement with the signer's; whether he signed is not looked at here.
os::Result<int> FakeDevice::init(core::ByteSpan structure) {
  const std::uint64_t sigstruct = read<::sgx_enclave_init>(structure).sigstruct;
  if (!chain_ || started_ || !is_page(sigstruct)) return os::Errno::Inval;
  constexpr std::size_t enclave_hash = 960;
  const auto measured = std::move(*chain_).finish();
  if (std::memcmp(reinterpret_cast<const std::uint8_t*>(sigstruct) + enclave_hash,
                  measured.view().data(), measured.view().size()) != 0) {
    return os::Errno::Perm;
  }
  started_ = measured;
  return 0;
}

template <typename T>
os::Result<int> FakeDevice::change(core::ByteSpan structure, std::uint64_t limit, bool trims) {
  auto request = read<T>(structure);
  if (!started_ || !is_page(request.offset) || !is_page(request.length)) return os::Errno::Inval;
  for (request.count = 0; request.count < std::min<std::uint64_t>(request.length, limit);
       request.count += page_size) {
    const auto page = pages_.find(request.offset + request.count);
    if (page == pages_.end()) {
      write(structure, request);
      return os::Errno::Fault;
    }
    if constexpr (requires { request.permissions; }) page->second &= ~7U | request.permissions;
    if (trims) page->second = trimmed;
  }
  write(structure, request);
  return 0;
}

os::Result<int> FakeDevice::remove(core::ByteSpan structure, std::uint64_t limit) {
  auto request = read<::sgx_enclave_remove_pages>(structure);
  if (!started_) return os::Errno::Inval;
  for (request.count = 0; request.count < std::min<std::uint64_t>(request.length, limit);
       request.count += page_size) {
    const std::uint64_t offset = request.offset + request.count;
    if (!trimmed_.contains(offset) || pages_[offset] != trimmed) {
      write(structure, request);
      return os::Errno::Perm;
    }
    pages_.erase(offset);
  }
  write(structure, request);
  return 0;
}

os::Result<int> FakeDevice::carry_out(unsigned long request, core::ByteSpan structure,
                                      std::uint64_t limit) {
  switch (request) {
    case SGX_IOC_ENCLAVE_CREATE: return create(structure);
    case SGX_IOC_ENCLAVE_ADD_PAGES: return add(structure, limit);
    case SGX_IOC_ENCLAVE_INIT: return init(structure);
    case SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS:
      return change<::sgx_enclave_restrict_permissions>(structure, limit, false);
    case SGX_IOC_ENCLAVE_MODIFY_TYPES:
      EXPECT_EQ(read<::sgx_enclave_modify_types>(structure).page_type, 4U);
      return change<::sgx_enclave_modify_types>(structure, limit, true);
    case SGX_IOC_ENCLAVE_REMOVE_PAGES: return remove(structure, limit);
    default: return os::Errno::Notty;
  }
}

os::Result<int> FakeDevice::deviate(unsigned long request, core::ByteSpan structure) {
  const bool first = !deviated_;
  deviated_ = true;
  constexpr std::array numbers{os::Errno::Nomem, os::Errno::Inval, os::Errno::Io, os::Errno::Busy,
                               os::Errno::Acces};
  const bool has_count = structure.size() > sizeof(std::uint64_t);
  const auto put_count = [&](std::uint64_t count) {
    if (has_count) {
      std::memcpy(structure.data() + structure.size() - sizeof(count), &count, sizeof(count));
    }
  };
  switch (deviation_) {
    case Deviation::Fail: return numbers[random_() % numbers.size()];
    case Deviation::Positive: return static_cast<int>(1 + random_() % 100);
    case Deviation::Drop: put_count(0); return 0;
    case Deviation::Less: return carry_out(request, structure, has_count ? page_size : everything);
    case Deviation::LessAgain: {
      const auto answer = carry_out(request, structure, page_size);
      if (!answer) return answer;
      return os::Errno::Again;
    }
    case Deviation::Stuck:
      if (first) static_cast<void>(carry_out(request, structure, page_size));
      return os::Errno::Again;
    case Deviation::More: {
      const auto answer = carry_out(request, structure, everything);
      put_count(everything - page_size + 1);
      deviated_ = has_count;
      return answer;
    }
    case Deviation::AlterPage: alters_ = true; return carry_out(request, structure, everything);
    case Deviation::None: break;
  }
  return carry_out(request, structure, everything);
}

os::Result<int> FakeDevice::control(int file, unsigned long request, core::ByteSpan structure) {
  EXPECT_EQ(file, 1000);
  const std::size_t number = count_++;
  const bool again = deviation_ == Deviation::Stuck && number > at_;
  if (deviation_ != Deviation::None && (number == at_ || again)) return deviate(request, structure);
  return carry_out(request, structure, everything);
}

os::Result<void> FakeDevice::map(int /*file*/, std::uint64_t address, std::uint64_t size) {
  if (!chain_) return os::Errno::Inval;
  EXPECT_LE(address + size, sallyport::enclave_size);
  is_mapped_ = true;
  return {};
}

/// The kernel lets nobody map a page with more rights than it was added with.
os::Result<void> FakeDevice::protect(std::uint64_t address, std::uint64_t size, int rights) {
  if (!is_mapped_) return os::Errno::Nomem;
  constexpr std::uint64_t control = 0x100;
  for (auto page = pages_.lower_bound(address);
       page != pages_.end() && page->first < address + size; ++page) {
    const std::uint64_t most = page->second == control ? 3U : page->second & 7U;
    if ((static_cast<std::uint64_t>(rights) & ~most) != 0) return os::Errno::Acces;
  }
  return {};
}

int FakeDevice::enter(std::uint32_t leaf, ::sgx_enclave_run& run) {
  EXPECT_TRUE(started_);
  EXPECT_EQ(run.tcs, sallyport::thread_control_page);
  entered.push_back(leaf);
  run.function = 4;
  run.user_data = 1;
  return 0;
}

std::optional<std::uint64_t> FakeDevice::flags(std::uint64_t offset) const {
  const auto found = pages_.find(offset);
  if (found == pages_.end()) return std::nullopt;
  return found->second;
}

}  // namespace merlon::host::sgx::testing
