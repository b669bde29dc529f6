#include "merlon/evidence/foreign.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace merlon::evidence {

using core::ByteView;

namespace {

bool begins(ByteView bytes, std::initializer_list<std::uint8_t> mark, std::size_t at = 0) noexcept {
  return bytes.size() >= at + mark.size() &&
         std::ranges::equal(bytes.subspan(at, mark.size()), mark);
}

std::uint64_t little_endian(ByteView bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8U | bytes[i - 1];
  return value;
}

bool has_near_start(ByteView bytes, std::string_view text) noexcept {
  return core::as_text(bytes.first(std::min<std::size_t>(bytes.size(), 80))).find(text) !=
         std::string_view::npos;
}

struct Foreign {
  bool (*is)(ByteView bytes) noexcept;
  const char* text;
};

constexpr auto kinds = std::array{
    // SIGSTRUCT: HEADER1 [SDM vol. 3D].
    Foreign{
        [](ByteView b) noexcept {
          return b.size() == 1808 && begins(b, {0x06, 0, 0, 0, 0xE1, 0, 0, 0, 0, 0, 1, 0});
        },
        "a SIGSTRUCT: the signature that an enclave is launched with, and no evidence that it runs"},
    // TCG_PCClientPCREvent with TCG_EfiSpecIDEvent (TCG PC Client Platform Firmware Profile).
    Foreign{[](ByteView b) noexcept { return has_near_start(b, "Spec ID Event03"); },
            "an event log: what was measured; the quote or report beside it is the evidence"},
    Foreign{[](ByteView b) noexcept { return begins(b, {'C', 'C', 'E', 'L'}); },
            "an ACPI table that says where an event log lies, and no evidence"},
    // COSE_Sign1 with {alg: ES384}, tagged or not.
    Foreign{[](ByteView b) noexcept {
              return begins(b, {0x84, 0x44, 0xA1, 0x01, 0x38, 0x22}) ||
                     begins(b, {0xD2, 0x84, 0x44, 0xA1, 0x01, 0x38, 0x22});
            },
            "an attestation document of AWS Nitro, which is not judged here"},
    // CBOR tag 399 of the CCA attestation token collection.
    Foreign{[](ByteView b) noexcept { return begins(b, {0xD9, 0x01, 0x8F}); },
            "an attestation token of Arm CCA, which is not judged here"},
    // SPDM 1.1 GET_MEASUREMENTS, with which reports of GPUs begin.
    Foreign{[](ByteView b) noexcept { return b.size() > 41 && begins(b, {0x11, 0xE0}); },
            "an attestation report of an NVIDIA GPU, which is not judged here"},
    // TDREPORT_STRUCT: REPORTTYPE.TYPE 0x81 [TDX-MODULE].
    Foreign{[](ByteView b) noexcept { return b.size() == 1024 && begins(b, {0x81, 0}); },
            "a TDREPORT, which only the machine that made it can check: have it made into a quote"},
    Foreign{[](ByteView b) noexcept {
              // Version and sign type, and the length of the signature behind the body.
              return b.size() > 436 && b[0] >= 1 && b[0] <= 2 && b[1] == 0 && b[2] <= 1 &&
                     b[3] == 0 && little_endian(b.subspan(432, 4)) == b.size() - 436;
            },
            "an EPID quote: Intel has ended that service, so that nothing vouches for it any more"},
    Foreign{
        [](ByteView b) noexcept { return b.size() == 432; },
        "of the size of an SGX REPORT (432 bytes), which only the machine that made it can check: "
        "have it made into a quote"},
    Foreign{
        [](ByteView b) noexcept { return b.size() == 208; },
        "of the size of an attestation report of SEV or SEV-ES (208 bytes), which are not judged "
        "here: they do not protect against the host as SEV-SNP does"},
};

}  // namespace

const char* foreign_kind(ByteView bytes) noexcept {
  const auto* const found =
      std::ranges::find_if(kinds, [&](const Foreign& each) { return each.is(bytes); });
  return found == kinds.end() ? nullptr : found->text;
}

}  // namespace merlon::evidence
