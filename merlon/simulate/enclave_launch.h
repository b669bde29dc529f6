#pragma once

// The launch of an enclave as a processor sees it: ECREATE, EADD with EEXTEND, EINIT [SDM vol. 3D].
// Whoever sends the pages is the host, of whom nothing is believed; what he sends is measured.

#include <optional>
#include <set>

#include "merlon/launch/firmware.h"
#include "merlon/measure/enclave_chain.h"
#include "merlon/sgx/sigstruct.h"
#include "merlon/simulate/enclave_keys.h"
#include "merlon/simulate/launch_context.h"

namespace merlon::simulate {

/// ATTRIBUTES and MISCSELECT that every keep of ours has: 64 bits, not for debuggers; x87, SSE and
/// AVX; faults told to the enclave.
inline constexpr std::uint64_t enclave_flags = 0x5;  // INIT, MODE64BIT

class EnclaveLaunch {
 public:
  explicit EnclaveLaunch(PageFiles files);

  /// Whole pages at `offset` and behind it. InvalidParameter for a kind that no keep has, for pages
  /// at offsets that are no pages' or had one already. InvalidGuestState after start().
  [[nodiscard]] launch::FirmwareStatus add(std::uint32_t flags, std::uint64_t offset,
                                           std::vector<std::uint8_t> pages);
  /// The same of a file, or of zeros. What the file holds is read, and found wanting, later.
  [[nodiscard]] launch::FirmwareStatus add_from(std::uint32_t flags, std::uint64_t offset,
                                                const launch::PageSource& source);

  /// EINIT. Without a SIGSTRUCT nobody answers for the enclave, which no real processor starts: its
  /// MRSIGNER is unsigned_signer(). InvalidParameter: no SIGSTRUCT; BadSignature;
  /// BadMeasurement: it is of another enclave; PolicyFailure: of other attributes. What the first
  /// failed add() said.
  [[nodiscard]] launch::FirmwareStatus start(core::ByteView sigstruct);

  /// Of an enclave that was started: measures its pages, the first time. Any error if a file does
  /// not have what its pages were said to be.
  [[nodiscard]] core::Result<const EnclaveIdentity*> identity();

  /// SHA-256 of a text that says SIMULATOR.
  [[nodiscard]] static sgx::MrSigner unsigned_signer() noexcept;

 private:
  struct Taken {
    image::EnclavePage page;
    std::uint64_t offset;
    std::vector<std::uint8_t> pages;  // empty: `source` says where they are
    launch::PageSource source;
  };
  [[nodiscard]] launch::FirmwareStatus take(std::uint32_t flags, Taken taken, std::uint64_t size);
  [[nodiscard]] launch::FirmwareStatus judge(const sgx::Sigstruct& enclave);
  [[nodiscard]] core::Result<void> measure();
  [[nodiscard]] core::Result<void> measure_file(measure::EnclaveChain& chain, const Taken& taken);

  PageFiles files_;
  std::vector<Taken> taken_;
  std::set<std::uint64_t> offsets_;
  launch::FirmwareStatus failed_ = launch::FirmwareStatus::Success;
  bool is_started_ = false;
  EnclaveIdentity identity_;
  bool is_measured_ = false;
};

}  // namespace merlon::simulate
