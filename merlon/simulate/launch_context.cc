#include "merlon/simulate/launch_context.h"

#include <algorithm>
#include <array>
#include <utility>

#include "merlon/os/random.h"
#include "merlon/snp/guest_message.h"

namespace merlon::simulate {

using core::ByteView;
using launch::FirmwareAnswer;
using launch::FirmwareStatus;
using snp::PageType;

namespace {

constexpr std::size_t page_size = launch::firmware_page_size;
constexpr std::uint64_t at_once = 16 * page_size;  // measured
constexpr std::size_t key_size = crypto::AesGcmKey::size;

/// Larger ones would only cost this process its memory.
constexpr std::size_t max_pages = 1UL << 22U;

/// Guest physical addresses have 52 bits.
constexpr std::uint64_t address_end = std::uint64_t{1} << 52U;

std::uint64_t whole_pages(std::uint64_t size) noexcept {
  return (size + page_size - 1) / page_size * page_size;
}

bool is_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

/// Bits of POLICY that ask for what this platform has not.
constexpr unsigned aes_256_xts = 22;
constexpr unsigned rapl_disabled = 23;
constexpr unsigned ciphertext_hiding = 24;

bool is_possible(const snp::GuestPolicy& policy) {
  const unsigned asked = policy.abi_major() * 256U + policy.abi_minor();
  const unsigned has = firmware_version.major * 256U + firmware_version.minor;
  return policy.has_reserved_bits_right() && asked <= has && !policy.has(aes_256_xts) &&
         !policy.has(rapl_disabled) && !policy.has(ciphertext_hiding);
}

FirmwareAnswer refused() { return {FirmwareStatus::InvalidParameter, {}}; }

}  // namespace

core::Result<LaunchContext> LaunchContext::create(PageFiles files) {
  std::vector<std::uint8_t> keys(snp::vmpck_count * key_size);
  std::vector<std::uint8_t> id(snp::ReportId::size);
  const bool filled = os::fill_random(keys).has_value() && os::fill_random(id).has_value();
  crypto::SecretBytes secret(std::move(keys));
  if (!filled) return core::error(core::ErrorCode::Internal, "the kernel gave no random bytes");
  const snp::ReportId report_id = TRY(snp::ReportId::from(id));
  return LaunchContext(std::move(files), std::move(secret), report_id);
}

FirmwareStatus LaunchContext::start(std::uint64_t policy) {
  if (state_ != State::Fresh) return FirmwareStatus::InvalidGuestState;
  if (!is_possible({policy})) return FirmwareStatus::PolicyFailure;
  policy_.bits = policy;
  state_ = State::Launching;
  return FirmwareStatus::Success;
}

FirmwareAnswer LaunchContext::update(std::uint32_t kind, std::uint64_t address,
                                     std::vector<std::uint8_t> pages) {
  if (state_ != State::Launching) return {FirmwareStatus::InvalidGuestState, {}};
  FirmwareAnswer answer = add(kind, address, std::move(pages));
  if (failed_ == FirmwareStatus::Success) failed_ = answer.status;
  return answer;
}

FirmwareAnswer LaunchContext::add(std::uint32_t kind, std::uint64_t address,
                                  std::vector<std::uint8_t> pages) {
  constexpr std::uint32_t last_type = 0xFF;
  if (kind > last_type || pages.empty() || pages.size() % page_size != 0) return refused();
  const bool one = pages.size() == page_size;
  const auto type = static_cast<PageType>(kind);
  if (type == PageType::Vmsa) {  // for each processor, all at the same address
    if (!one || address != image::vmsa_address) return refused();
  } else if (!take_addresses(address, pages.size())) {
    return refused();
  }
  FirmwareAnswer answer{FirmwareStatus::Success, {}};
  switch (type) {
    case PageType::Vmsa:
    case PageType::Normal: break;
    case PageType::Zero:
      // The firmware clears such a page itself; this one cannot, and does not vouch for less.
      if (!is_zero(pages)) return refused();
      break;
    case PageType::Secrets:
      if (!one || has_secrets_) return refused();
      has_secrets_ = true;
      answer.payload = secrets_page();
      break;
    case PageType::Cpuid:
      // The firmware compares it with the processor; there is none here that would vouch for it.
      if (!one) return refused();
      answer.payload = pages;
      break;
    case PageType::Unmeasured: return refused();
    default: return refused();  // a number that is no type
  }
  taken_.push_back({type, address, std::move(pages), {}});
  return answer;
}

FirmwareStatus LaunchContext::update_from(std::uint32_t kind, std::uint64_t address,
                                          const launch::PageSource& source) {
  if (state_ != State::Launching) return FirmwareStatus::InvalidGuestState;
  const auto type = static_cast<PageType>(kind);
  const bool zeros = source.file == launch::PageSource::zeros;
  const bool known =
      zeros ? kind == static_cast<std::uint32_t>(PageType::Zero)
            : kind == static_cast<std::uint32_t>(PageType::Normal) && source.file < files_.size();
  constexpr std::uint64_t last_offset = std::uint64_t{1} << 62U;
  const bool taken = known && source.size != 0 && source.size <= max_source_size &&
                     source.offset <= last_offset &&
                     take_addresses(address, whole_pages(source.size));
  if (taken) {
    taken_.push_back({type, address, {}, source});
    return FirmwareStatus::Success;
  }
  if (failed_ == FirmwareStatus::Success) failed_ = FirmwareStatus::InvalidParameter;
  return FirmwareStatus::InvalidParameter;
}

core::Result<void> LaunchContext::measure(const Taken& taken, std::uint64_t at,
                                          std::uint64_t size) {
  if (taken.type == PageType::Vmsa) {
    chain_.add_vmsa(taken.pages);
    return {};
  }
  if (taken.type == PageType::Normal && taken.pages.empty()) return measure_file(taken, at, size);
  for (const std::uint64_t end = at + size; at < end; at += page_size) {
    if (taken.type == PageType::Normal) {
      chain_.add_normal(taken.address + at, ByteView(taken.pages).subspan(at, page_size));
    } else {
      chain_.add_empty(taken.type, taken.address + at);
    }
  }
  return {};
}

core::Result<void> LaunchContext::measure_file(const Taken& taken, std::uint64_t at,
                                               std::uint64_t size) {
  const launch::PageSource& source = taken.source;
  std::array<std::uint8_t, at_once> buffer{};
  const std::uint64_t held = std::min(size, source.size - at);
  TRY(files_[source.file]->read(source.offset + at, core::ByteSpan(buffer).first(held)));
  for (std::uint64_t page = 0; page < size; page += page_size) {
    chain_.add_normal(taken.address + at + page, ByteView(buffer).subspan(page, page_size));
  }
  return {};
}

bool LaunchContext::measure_some() {
  if (taken_.empty() || unreadable_) return false;
  const Taken& first = taken_.front();
  const std::uint64_t whole =
      first.pages.empty() ? whole_pages(first.source.size) : first.pages.size();
  const std::uint64_t size = std::min(at_once, whole - measured_);
  if (const auto measured = measure(first, measured_, size); !measured) {
    unreadable_ = measured.error();
    return false;
  }
  measured_ += size;
  if (measured_ == whole) {
    taken_.pop_front();
    measured_ = 0;
  }
  return true;
}

core::Result<snp::LaunchDigest> LaunchContext::digest() {
  while (measure_some()) {
  }
  if (unreadable_) return *unreadable_;
  return chain_.digest();
}

bool LaunchContext::take_addresses(std::uint64_t address, std::size_t size) {
  if (address % page_size != 0 || address >= address_end || size > address_end - address ||
      addresses_.size() + size / page_size > max_pages) {
    return false;
  }
  for (std::uint64_t at = address; at < address + size; at += page_size) {
    if (!addresses_.insert(at).second) return false;
  }
  return true;
}

/// Version 3 [SNP-ABI 1.58 §8.17.2.6]. FMS, the processor's family, model and stepping, is 0 as in
/// reports; the area for the guest's operating system is 0 too.
std::vector<std::uint8_t> LaunchContext::secrets_page() const {
  constexpr std::size_t first_key = 0x20;
  std::vector<std::uint8_t> page(page_size, 0);
  page[0] = 3;
  std::ranges::copy(keys_.reveal(), page.begin() + first_key);
  return page;
}

FirmwareStatus LaunchContext::finish(ByteView payload) {
  if (state_ != State::Launching) return FirmwareStatus::InvalidGuestState;
  if (failed_ != FirmwareStatus::Success) return failed_;
  const auto finished = launch::FinishedLaunch::parse(payload);
  if (!finished) return FirmwareStatus::InvalidParameter;
  if (!finished->id_block.empty()) {
    const auto measured = digest();
    if (!measured) return FirmwareStatus::InvalidParameter;
    auto identity = judge_id_block(*finished, *measured, policy_);
    if (!identity) return identity.error();
    identity_ = *std::move(identity);
  }
  host_data_ = snp::HostData::from(finished->host_data).value();
  state_ = State::Running;
  return FirmwareStatus::Success;
}

core::Result<Guest> LaunchContext::take_guest() {
  MERLON_CHECK(is_finished() && !keys_.reveal().empty());
  Guest guest{policy_, TRY(digest()), host_data_, report_id_, identity_, {}};
  guest.keys.reserve(snp::vmpck_count);
  for (std::size_t i = 0; i < snp::vmpck_count; ++i) {
    guest.keys.emplace_back(keys_.reveal().subspan(i * key_size, key_size));
  }
  keys_ = crypto::SecretBytes();
  return guest;
}

}  // namespace merlon::simulate
