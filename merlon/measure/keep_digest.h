#pragma once

// What a keep would be measured as, told from its two programs alone: no device, no privilege, any
// machine. Pure; any thread.

#include "merlon/measure/enclave_chain.h"
#include "merlon/measure/image_digest.h"
#include "merlon/measure/launch_chain.h"
#include "merlon/sallyport/boot.h"

namespace merlon::measure {

struct Measurement {
  KeepDigest digest;
  std::uint64_t pages = 0;  ///< that the digest is over
};

/// Why there is no measurement, and what is to blame.
struct Refusal {
  enum class Subject : std::uint8_t {
    Shim,  ///< its file is no program that can be loaded
    Keep,  ///< likewise
    Both,  ///< they cannot be laid out together
  };
  Subject subject = Subject::Both;
  core::Error error;
};

/// The digest of a keep that starts from the files of merlon-shim-kvm and merlon-keep in `world`,
/// on a machine whose processor stops at the doorbell: those of backend kvm. Input is not trusted;
/// time and memory are bounded by its size and that of a machine.
///
/// Errors: those of image::parse_elf and image::lay_out.
[[nodiscard]] core::Result<Measurement, Refusal> keep_digest(core::ByteView shim,
                                                             core::ByteView keep,
                                                             sallyport::World world);

/// As a security processor of SEV-SNP reports it.
struct LaunchMeasurement {
  snp::LaunchDigest digest;  ///< MEASUREMENT of the keep's reports
  std::uint64_t pages = 0;   ///< that were measured, the processor's first registers among them
};

/// The launch digest of a keep from the same files in backend snp, or in its simulation. As
/// keep_digest in everything else.
[[nodiscard]] core::Result<LaunchMeasurement, Refusal> launch_digest(core::ByteView shim,
                                                                     core::ByteView keep,
                                                                     sallyport::World world);

/// As the processor reports an enclave.
struct EnclaveMeasurement {
  sgx::MrEnclave mr_enclave;
  std::uint64_t pages = 0;  ///< that the enclave starts with
};

/// MRENCLAVE of a keep from the files of merlon-shim-sgx and merlon-keep in backend sgx, or in its
/// simulation. As keep_digest in everything else.
[[nodiscard]] core::Result<EnclaveMeasurement, Refusal> enclave_digest(core::ByteView shim,
                                                                       core::ByteView keep);

}  // namespace merlon::measure
