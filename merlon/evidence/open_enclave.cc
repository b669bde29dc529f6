#include "merlon/evidence/open_enclave.h"

#include <algorithm>
#include <array>

namespace merlon::evidence {

using core::ByteView;
using core::ErrorCode;
using core::Result;
using Unwrapped = std::optional<Result<Inside>>;

namespace {

/// `size` bytes at `at`, which must be there; the least significant first.
std::uint64_t number_at(ByteView bytes, std::size_t at, std::size_t size) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{bytes[at + i]} << (8 * i);
  return value;
}

bool is_zero(ByteView bytes) noexcept {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

Inside inside_of(ByteView bytes) { return {{bytes.begin(), bytes.end()}, {}, {}}; }

constexpr const char* a_local_report =
    "a local report of Open Enclave, which only the machine that made it can check";

}  // namespace

Unwrapped unwrap_open_enclave(ByteView bytes) {
  constexpr std::size_t header = 16;
  constexpr std::uint64_t local = 1;
  constexpr std::uint64_t remote = 2;
  if (bytes.size() <= header || number_at(bytes, 0, 4) != 1) return std::nullopt;
  const std::uint64_t kind = number_at(bytes, 4, 4);
  if ((kind != local && kind != remote) || number_at(bytes, 8, 8) != bytes.size() - header) {
    return std::nullopt;
  }
  if (kind == local) return core::error(ErrorCode::Unsupported, a_local_report);
  return inside_of(bytes.subspan(header));
}

namespace {

using FormatId = std::array<std::uint8_t, 16>;

struct Format {
  FormatId id;
  const char* refused;  ///< why what it stands for cannot be judged; null if it can
};

constexpr const char* an_epid_quote = "an EPID quote of Open Enclave: Intel's service is closed";

/// Open Enclave, attestation/sgx/evidence.h and attestation/tdx/evidence.h.
constexpr auto formats = std::array{
    // SGX_ECDSA
    Format{{0xA3, 0xA2, 0x1E, 0x87, 0x1B, 0x4D, 0x40, 0x14, 0xB7, 0x0A, 0xA1, 0x25, 0xD2, 0xFB,
            0xCD, 0x8C},
           nullptr},
    // TDX_QUOTE_ECDSA
    Format{{0x8B, 0xA7, 0x02, 0x86, 0xC1, 0xCF, 0x11, 0xED, 0xAF, 0xA1, 0x02, 0x42, 0xAC, 0x12,
            0x00, 0x02},
           nullptr},
    // RAW_SGX_QUOTE_ECDSA
    Format{{0x19, 0x23, 0xD9, 0x1E, 0x12, 0xD2, 0x4C, 0x72, 0xB2, 0x20, 0x25, 0xCD, 0x8D, 0xAC,
            0xE8, 0x71},
           nullptr},
    // LEGACY_REPORT_REMOTE
    Format{{0xC8, 0x30, 0x34, 0x54, 0xD9, 0x23, 0x4C, 0x2C, 0xA6, 0x91, 0xDF, 0x7D, 0xEF, 0x46,
            0x0A, 0x76},
           nullptr},
    // SGX_LOCAL_ATTESTATION
    Format{{0x09, 0x26, 0x8C, 0x33, 0x6E, 0x0B, 0x45, 0xE5, 0x8A, 0x27, 0x15, 0x64, 0x4D, 0x0E,
            0xF8, 0x9A},
           a_local_report},
    // SGX_EPID_LINKABLE
    Format{{0xF2, 0x28, 0xAA, 0x3F, 0xDE, 0x4D, 0x49, 0xD3, 0x88, 0x4C, 0xB2, 0xAA, 0x87, 0xA5,
            0x0D, 0xA6},
           an_epid_quote},
    // SGX_EPID_UNLINKABLE
    Format{{0x5C, 0x35, 0xD2, 0x90, 0xA2, 0xC2, 0x4C, 0x55, 0x9E, 0x13, 0x5A, 0xD7, 0x32, 0x74,
            0x6C, 0x88},
           an_epid_quote},
};

/// Where the quote ends that `bytes` begin with, by its own sizes [SGX-QUOTE] [TDX-QUOTE]; nothing
/// if they begin with none, or if it is cut off.
std::optional<std::size_t> end_of_quote(ByteView bytes) noexcept {
  constexpr std::size_t header = 48;
  constexpr std::size_t sgx_body = 384;
  constexpr std::size_t tdx_body = 584;
  if (bytes.size() < header + 6 || number_at(bytes, 2, 2) != 2) return std::nullopt;
  const std::uint64_t version = number_at(bytes, 0, 2);
  if (version < 3 || version > 5) return std::nullopt;
  const bool sgx = version == 3 || number_at(bytes, 4, 4) == 0;
  std::uint64_t at = header + (sgx ? sgx_body : tdx_body);
  if (version == 5) at = header + 6 + number_at(bytes, header + 2, 4);  // it says its body's size
  if (at + 4 > bytes.size()) return std::nullopt;
  const std::uint64_t end = at + 4 + number_at(bytes, static_cast<std::size_t>(at), 4);
  if (end > bytes.size()) return std::nullopt;
  return static_cast<std::size_t>(end);
}

}  // namespace

Unwrapped unwrap_open_enclave_evidence(ByteView bytes) {
  constexpr std::size_t header = 32;  // with 4 bytes behind the id that nobody writes
  constexpr std::size_t size_at = 24;
  if (bytes.size() < header) return std::nullopt;
  const std::uint64_t version = number_at(bytes, 0, 4);
  if (version != 2 && version != 3) return std::nullopt;
  const auto* const format = std::ranges::find_if(formats, [&](const Format& each) {
    return std::ranges::equal(each.id, bytes.subspan(4, 16));
  });
  if (format == formats.end()) return std::nullopt;
  if (version == 2) {
    return core::error(ErrorCode::Unsupported,
                       "evidence of Open Enclave before its version 0.11, whose form is another");
  }
  if (format->refused != nullptr) return core::error(ErrorCode::Unsupported, format->refused);
  const ByteView data = bytes.subspan(header);
  if (number_at(bytes, size_at, 8) != data.size()) {
    return core::error(ErrorCode::Malformed,
                       "evidence of Open Enclave that is cut off, or has something behind it",
                       bytes.size());
  }
  const std::size_t end = end_of_quote(data).value_or(data.size());
  if (is_zero(data.subspan(end))) return inside_of(data);  // a quote may be followed by zero bytes
  Inside inside = inside_of(data.first(end));
  inside.notes.emplace_back(
      "claims of Open Enclave behind the quote are not judged here: their SHA-256 is its report "
      "data");
  return inside;
}

}  // namespace merlon::evidence
