#include "merlon/simulate/enclave_launch.h"

#include <algorithm>
#include <array>

#include "merlon/crypto/hash.h"
#include "merlon/sallyport/enclave.h"
#include "merlon/signing/enclave.h"

namespace merlon::simulate {

using core::ByteView;
using image::EnclavePage;
using image::page_size;
using launch::FirmwareStatus;

namespace {

constexpr std::size_t max_pages = 1UL << 20U;
constexpr auto kinds = std::array{EnclavePage::Read, EnclavePage::ReadWrite,
                                  EnclavePage::ReadExecute, EnclavePage::ThreadControl};

std::uint64_t whole_pages(std::uint64_t size) noexcept {
  return (size + page_size - 1) / page_size * page_size;
}

std::optional<EnclavePage> kind_of(std::uint32_t flags) noexcept {
  for (const EnclavePage kind : kinds) {
    if (image::secinfo_flags(kind) == flags) return kind;
  }
  return std::nullopt;
}

}  // namespace

sgx::MrSigner EnclaveLaunch::unsigned_signer() noexcept {
  const auto digest = crypto::sha256({core::as_bytes("SIMULATOR: nobody has signed it")});
  return sgx::MrSigner::from(digest.view()).value();
}

EnclaveLaunch::EnclaveLaunch(PageFiles files) : files_(std::move(files)) {
  identity_.flags = enclave_flags;
  identity_.xfrm = sallyport::enclave_extended_state;
  identity_.misc_select = sgx::misc_exinfo;
}

FirmwareStatus EnclaveLaunch::take(std::uint32_t flags, Taken taken, std::uint64_t size) {
  const auto kind = kind_of(flags);
  const bool fits = taken.offset % page_size == 0 && size != 0 && size % page_size == 0 &&
                    size <= max_pages * page_size && taken.offset < sallyport::enclave_size &&
                    size <= sallyport::enclave_size - taken.offset &&
                    offsets_.size() + size / page_size <= max_pages;
  if (!kind || !fits) return FirmwareStatus::InvalidParameter;
  for (std::uint64_t at = taken.offset; at < taken.offset + size; at += page_size) {
    if (!offsets_.insert(at).second) return FirmwareStatus::InvalidParameter;
  }
  taken.page = *kind;
  taken_.push_back(std::move(taken));
  return FirmwareStatus::Success;
}

FirmwareStatus EnclaveLaunch::add(std::uint32_t flags, std::uint64_t offset,
                                  std::vector<std::uint8_t> pages) {
  if (is_started_) return FirmwareStatus::InvalidGuestState;
  const std::uint64_t size = pages.size();
  const FirmwareStatus status =
      take(flags, {EnclavePage::Read, offset, std::move(pages), {}}, size);
  if (failed_ == FirmwareStatus::Success) failed_ = status;
  return status;
}

FirmwareStatus EnclaveLaunch::add_from(std::uint32_t flags, std::uint64_t offset,
                                       const launch::PageSource& source) {
  if (is_started_) return FirmwareStatus::InvalidGuestState;
  const bool there = source.file == launch::PageSource::zeros || source.file < files_.size();
  const bool bounded = source.size <= LaunchContext::max_source_size;
  const FirmwareStatus status =
      there && bounded
          ? take(flags, {EnclavePage::Read, offset, {}, source}, whole_pages(source.size))
          : FirmwareStatus::InvalidParameter;
  if (failed_ == FirmwareStatus::Success) failed_ = status;
  return status;
}

/// What a processor compares at EINIT.
FirmwareStatus EnclaveLaunch::judge(const sgx::Sigstruct& enclave) {
  if (!signing::is_signed(enclave)) return FirmwareStatus::BadSignature;
  if (!measure()) return FirmwareStatus::InvalidParameter;
  if (enclave.mr_enclave != identity_.mr_enclave) return FirmwareStatus::BadMeasurement;
  constexpr std::uint64_t initialized = 1;  // which is not set before
  const std::uint64_t flags = identity_.flags & ~initialized;
  const bool alike =
      (flags & enclave.flags_mask) == (enclave.flags & enclave.flags_mask) &&
      (identity_.xfrm & enclave.xfrm_mask) == (enclave.xfrm & enclave.xfrm_mask) &&
      (identity_.misc_select & enclave.misc_mask) == (enclave.misc_select & enclave.misc_mask);
  return alike ? FirmwareStatus::Success : FirmwareStatus::PolicyFailure;
}

FirmwareStatus EnclaveLaunch::start(ByteView sigstruct) {
  if (is_started_) return FirmwareStatus::InvalidGuestState;
  if (failed_ != FirmwareStatus::Success) return failed_;
  identity_.mr_signer = unsigned_signer();
  if (!sigstruct.empty()) {
    const auto enclave = sgx::Sigstruct::parse(sigstruct);
    if (!enclave) return FirmwareStatus::InvalidParameter;
    const FirmwareStatus judged = judge(*enclave);
    if (judged != FirmwareStatus::Success) return judged;
    identity_.mr_signer = signing::mr_signer(enclave->modulus);
    identity_.product_id = enclave->product_id;
    identity_.svn = enclave->svn;
  }
  is_started_ = true;
  return FirmwareStatus::Success;
}

core::Result<void> EnclaveLaunch::measure() {
  if (is_measured_) return {};
  measure::EnclaveChain chain(sallyport::saved_state_frame_pages, sallyport::enclave_size);
  for (const Taken& taken : taken_) {
    if (taken.pages.empty()) {
      TRY(measure_file(chain, taken));
    } else {
      TRY(chain.add(taken.page, taken.offset, taken.pages, taken.pages.size()));
    }
  }
  identity_.mr_enclave = std::move(chain).finish();
  is_measured_ = true;
  taken_.clear();
  return {};
}

core::Result<void> EnclaveLaunch::measure_file(measure::EnclaveChain& chain, const Taken& taken) {
  constexpr std::uint64_t at_once = 16 * page_size;
  const launch::PageSource& source = taken.source;
  for (std::uint64_t at = 0; at < source.size; at += at_once) {
    std::array<std::uint8_t, at_once> buffer{};
    const std::uint64_t size = std::min(at_once, source.size - at);
    const core::ByteSpan part = core::ByteSpan(buffer).first(size);
    if (source.file != launch::PageSource::zeros) {
      TRY(files_[source.file]->read(source.offset + at, part));
    }
    TRY(chain.add(taken.page, taken.offset + at, part, whole_pages(size)));
  }
  return {};
}

core::Result<const EnclaveIdentity*> EnclaveLaunch::identity() {
  if (!is_started_) {
    return core::error(core::ErrorCode::Denied, "the enclave has not been started");
  }
  TRY(measure());
  return &identity_;
}

}  // namespace merlon::simulate
