#pragma once

// Whoever quotes on this machine: aesmd, Intel's service in front of the quoting enclave, or the
// simulator in its place, which speaks the same (launch/aesm.h). Neither is trusted: what comes is
// bounded, and the enclave looks at it again.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "merlon/host/host_error.h"
#include "merlon/launch/aesm.h"
#include "merlon/os/fd.h"

namespace merlon::host::aesm {

inline constexpr std::string_view aesmd_socket = "/var/run/aesmd/aesm.socket";

/// For the first quote aesmd may have to load enclaves and ask a server for a certificate.
inline constexpr std::chrono::seconds default_patience{30};

template <typename T>
using Result = core::Result<T, HostError>;

/// Errors of all questions: NotFound (no such service) · Unavailable (it is busy, try again) ·
/// Exhausted (no answer in time, or too long a one) · Unsupported (no ECDSA on P-256, or it does
/// not know the request) · Denied (it refuses: its own reason) · Malformed (no answer of an aesmd).
/// Each text names the service.
class QuoteService {
 public:
  /// aesmd, by its socket's path: a new connection for each question, as aesmd has it.
  [[nodiscard]] static QuoteService at(std::string path,
                                       std::chrono::milliseconds patience = default_patience);
  /// One at the other end of `channel`; `name` is for messages. After an answer that did not come
  /// in time it is not spoken with any more.
  [[nodiscard]] static QuoteService over(os::Fd channel, std::string name,
                                         std::chrono::milliseconds patience = default_patience);

  /// TARGETINFO of the quoting enclave, 512 bytes.
  [[nodiscard]] Result<std::vector<std::uint8_t>> target();
  /// A quote of a REPORT for that target, at most 64 KiB.
  [[nodiscard]] Result<std::vector<std::uint8_t>> quote(core::ByteView report);

 private:
  QuoteService(os::Fd channel, std::string name, std::chrono::milliseconds patience)
      : channel_(std::move(channel)), name_(std::move(name)), patience_(patience) {}

  [[nodiscard]] Result<launch::AesmAnswer> ask(launch::AesmRequest request);
  [[nodiscard]] core::Result<launch::AesmAnswer> carry(os::BorrowedFd channel,
                                                       const launch::AesmRequest& request);
  /// The name of an attestation key on P-256; asked for once.
  [[nodiscard]] Result<std::vector<std::uint8_t>> key();
  [[nodiscard]] HostError trouble(core::ErrorCode code, std::string_view what) const;

  os::Fd channel_;  ///< none: a new connection each time
  std::string name_;
  std::chrono::milliseconds patience_;
  bool is_over_ = false;  ///< of a channel: an answer is lost, or nobody is there any more
  std::vector<std::uint8_t> key_;
};

}  // namespace merlon::host::aesm
