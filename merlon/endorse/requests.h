#pragma once

// Which addresses endorse a piece of evidence. Pure. Evidence is attacker-controlled; what of it
// gets into an address are fixed-size numbers in hexadecimal.

#include <string>
#include <vector>

#include "merlon/evidence/evidence.h"
#include "merlon/snp/chip.h"

namespace merlon::endorse {

/// Where the services are.
struct Services {
  std::string intel = "https://api.trustedservices.intel.com";
  std::string intel_root = "https://certificates.trustedservices.intel.com";
  std::string amd = "https://kdsintf.amd.com";
};

struct Request {
  std::string url;
  std::string file;          ///< name in a cache; letters, digits, '-', '_' and '.'
  std::string chain_header;  ///< response header that holds a PEM chain, if any, in lower case
  bool optional = false;     ///< the service may have none: not every platform has TDX
};

/// Whether a service may be asked at this address: over https, or over plain http at a port of this
/// machine, for tests and caches.
[[nodiscard]] bool may_be_asked(std::string_view url) noexcept;
/// Whether it is the latter.
[[nodiscard]] bool is_this_machine(std::string_view url) noexcept;

/// What to ask for. NotFound if the evidence does not say whose it is: a quote without a PCK
/// certificate, or a SEV-SNP report of version 2 with a product that is not given. Unsupported if
/// it names a product that is not known.
[[nodiscard]] core::Result<std::vector<Request>> requests_for(const evidence::Evidence& evidence,
                                                              const Services& services,
                                                              std::optional<snp::Product> product);

/// The VCEK of a processor.
[[nodiscard]] Request vcek_request(const snp::Chip& chip, const Services& services);
/// The certificates above it.
[[nodiscard]] Request vcek_chain_request(snp::Product product, const Services& services);

/// What endorses the evidence of all platforms of a kind, but the VCEK of each chip: `platform` is
/// "Milan", "Genoa" or "Turin", or an FMSPC of Intel's in hexadecimal. Malformed for anything else.
[[nodiscard]] core::Result<std::vector<Request>> requests_for_platform(std::string_view platform,
                                                                       const Services& services);

/// Whether a VLEK has signed the report that did not come along with it. There is nobody to ask for
/// one: AMD gives VLEKs to cloud providers alone.
[[nodiscard]] bool lacks_vlek(const evidence::Evidence& evidence);

}  // namespace merlon::endorse
