#pragma once

// What a host keeps of the vendors' word on its platform, in Enarx's files [ENARX
// src/cli/platform]: of Intel crls.der, fmspc.txt, tcb.der, and qe-identity.json, which Enarx does
// without; of AMD crls.der, the processor's VCEK, and the certificates above it, which Enarx does
// without. Each is replaced as a whole or not at all. Answers are not trusted:
// they must be what was asked for, and verifiers look at signatures.

#include <string>
#include <string_view>

#include "merlon/endorse/fetcher.h"

namespace merlon::endorse {

/// What was done, a line each for people; or why not.
using Told = core::Result<std::string, std::string>;

/// The lists of Intel's root and of both of its CAs, with the days on which the next ones come.
[[nodiscard]] Told cache_crl(Fetcher& fetcher, const Services& services,
                             const std::string& directory);

/// The lists of the roots of all of AMD's products.
[[nodiscard]] Told cache_amd_crl(Fetcher& fetcher, const Services& services,
                                 const std::string& directory);

/// A processor's VCEK, and vcek-PRODUCT.pem, with the days on which they end.
[[nodiscard]] Told cache_vcek(Fetcher& fetcher, const Services& services, const snp::Chip& chip,
                              const std::string& directory);

/// A platform as Intel's tool for it tells: numbers in hexadecimal, one line with commas
/// [INTEL-PCKID "PCKIDRetrievalTool"].
struct PckId {
  std::string encrypted_ppid, pce_id, cpu_svn, pce_svn;
  /// Of the file's first line that holds them. Malformed: none does.
  [[nodiscard]] static core::Result<PckId> parse(std::string_view csv);
};
[[nodiscard]] Request pck_request(const PckId& id, const Services& services);

/// fmspc.txt, out of the PCK certificate that Intel has for this platform.
[[nodiscard]] Told cache_pck(Fetcher& fetcher, const Services& services, const PckId& id,
                             const std::string& directory);

/// tcb.der and qe-identity.json for the FMSPC in fmspc.txt, with their days.
[[nodiscard]] Told cache_tcb(Fetcher& fetcher, const Services& services,
                             const std::string& directory);

/// What the firmware of a machine with several processors has left for Intel to be told, in a
/// variable of EFI: 4 bytes of attributes, 4 of a header, the request.
inline constexpr std::string_view registration_variable =
    "/sys/firmware/efi/efivars/SgxRegistrationServerRequest-304e0796-d515-4698-ac6e-e76cb1a71c28";
inline constexpr std::size_t registration_head = 8;
inline constexpr std::size_t max_registration = 64UL * 1024;
/// Sends it. `variable` is all of the file.
[[nodiscard]] Told register_platform(Fetcher& fetcher, const Services& services,
                                     core::ByteView variable);

}  // namespace merlon::endorse
