#pragma once

// The security processor of a guest that runs: SNP_GUEST_REQUEST [SNP-ABI 1.58 §8.26]. Messages
// come through the host, who may have made or altered them, from a guest that need not mean well.

#include <array>

#include "merlon/launch/firmware.h"
#include "merlon/simulate/guest.h"
#include "merlon/simulate/store.h"
#include "merlon/snp/key_request.h"

namespace merlon::simulate {

class SecurityProcessor {
 public:
  /// `platform` is borrowed and must outlive it.
  SecurityProcessor(const Platform& platform, Guest guest)
      : platform_(platform), guest_(std::move(guest)) {}

  /// `page` is the guest's message page. The answer is a page too, or a status without one:
  /// InvalidParameter (no page, a header that no guest writes, a message that is neither of the
  /// right number nor a request that this one serves), BadMeasurement (its tag does not hold),
  /// AeadOverflow (its answer would have no number left). Then nothing has happened, and the
  /// message's number is still free.
  ///
  /// What is wrong inside of a message is said inside of the answer.
  /// Errors: Internal (the library does not sign).
  [[nodiscard]] core::Result<launch::FirmwareAnswer> answer(core::ByteView page);

 private:
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> respond(core::ByteView payload,
                                                                std::uint8_t vmpck) const;
  [[nodiscard]] snp::KeyResponse derive(core::ByteView payload, std::uint8_t vmpck) const;
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> signed_report(
      const snp::ReportData& report_data, std::uint32_t vmpl) const;

  const Platform& platform_;
  Guest guest_;
  std::array<std::uint64_t, 4> last_{};  // number of the last answer, by key
};

}  // namespace merlon::simulate
