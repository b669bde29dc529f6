#pragma once

// Private to the room: numbers of DCAP quotes [SGX-QUOTE Appendix A.4] that reader and writer
// share.

#include <array>
#include <cstddef>
#include <cstdint>

namespace merlon::sgx {

inline constexpr std::size_t quote_header_size = 48;
inline constexpr std::uint16_t ecdsa_p256_key_type = 2;
inline constexpr std::array<std::uint8_t, 16> intel_vendor{
    0x93, 0x9A, 0x72, 0x33, 0xF7, 0x9C, 0x4C, 0xA9, 0x94, 0x0A, 0x0D, 0xB3, 0x95, 0x7F, 0x06, 0x07};

/// Certification data types [SGX-QUOTE Appendix A.4 "QE Certification Data"].
inline constexpr std::uint16_t certification_pck_chain = 5;
inline constexpr std::uint16_t certification_qe_report = 6;

}  // namespace merlon::sgx
