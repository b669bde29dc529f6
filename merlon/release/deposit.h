#pragma once

// What a tenant leaves with a broker, who then judges keeps and supplies them in his place: his
// policy, the sealed delivery's contents, and how often and until when. The document is the
// tenant's word and attacker-controlled until it is read; its bytes are secret.
//
//   offset  size
//        0     8  magic "MRLNDPST"
//        8     4  version, 1
//       12     4  size of all that follows, at most max_deposit_size less these 16 bytes
//       16     4  releases
//       20     8  until, seconds since 1970
//       28     1  flags; bit 0: the host hears the workload
//       29        five lists of bytes, each u32 size, then that many:
//                   name     a label (base::is_label)
//                   policy   TOML (docs/evidence.md), at most max_deposit_policy
//                   offer    what the host is told, which the broker does not read: JSON, at most
//                            max_offer
//                   workload delivery/workload.h, with a package and no module
//                   input    what the workload reads on its standard input, at most max_input
//
// Integers are little-endian. There is one encoding of each deposit.

#include <string>
#include <vector>

#include "merlon/codec/time.h"
#include "merlon/core/fixed_bytes.h"
#include "merlon/core/result.h"
#include "merlon/crypto/secret_bytes.h"
#include "merlon/delivery/workload.h"

namespace merlon::release {

inline constexpr std::size_t max_deposit_size = std::size_t{1} << 20U;
inline constexpr std::size_t max_deposit_policy = std::size_t{256} << 10U;
inline constexpr std::size_t max_offer = std::size_t{16} << 10U;
inline constexpr std::size_t max_input = std::size_t{64} << 10U;
inline constexpr std::uint32_t max_releases = 100'000;
inline constexpr std::int64_t longest_deposit = 366 * codec::seconds_per_day;

struct Deposit {
  std::string name;
  std::uint32_t releases = 1;
  codec::UnixTime until;  ///< its last second
  bool host_hears = false;
  std::string policy;
  std::string offer;
  crypto::SecretBytes workload;  ///< encoded
  crypto::SecretBytes input;
};

/// Errors: Malformed · Exhausted (a part that is too large).
[[nodiscard]] core::Result<crypto::SecretBytes> encode(const Deposit& deposit);
/// Attacker-controlled; work and memory are bounded by max_deposit_size. That the policy is one and
/// that the workload names a package is for checked_workload() and the broker to see. Errors:
/// Malformed · Unsupported (version) · Exhausted.
[[nodiscard]] core::Result<Deposit> decode_deposit(core::ByteView bytes);

/// A workload whose content key is overwritten when it goes.
class WipedWorkload {
 public:
  explicit WipedWorkload(delivery::Workload workload) noexcept : workload_(std::move(workload)) {}
  WipedWorkload(WipedWorkload&& other) noexcept : workload_(std::move(other.workload_)) {
    other.wipe();
  }
  WipedWorkload& operator=(WipedWorkload&&) = delete;
  WipedWorkload(const WipedWorkload&) = delete;
  WipedWorkload& operator=(const WipedWorkload&) = delete;
  ~WipedWorkload() { wipe(); }
  [[nodiscard]] const delivery::Workload& get() const noexcept { return workload_; }

 private:
  void wipe() noexcept;
  delivery::Workload workload_;
};

/// Errors: as delivery::decode() · Malformed (no package).
[[nodiscard]] core::Result<WipedWorkload> checked_workload(const Deposit& deposit);

}  // namespace merlon::release
