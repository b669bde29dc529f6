#pragma once

// Which addresses endorse a piece of evidence. Pure. Evidence is attacker-controlled; what of it
// gets into an address are fixed-size numbers in hexadecimal.

#include <string>
#include <vector>

#include "merlon/evidence/evidence.h"

namespace merlon::endorse {

/// Where the services are, without a slash at the end.
struct Services {
  std::string intel = "https://api.trustedservices.intel.com";
  std::string intel_root = "https://certificates.trustedservices.intel.com";
  std::string amd = "https://kdsintf.amd.com";
};

struct Request {
  std::string url;
  std::string file;          ///< name in a cache; letters, digits, '-', '_' and '.'
  std::string chain_header;  ///< response header that holds a PEM chain, if any, in lower case
  bool optional = false;     ///< one of several of which not all need exist
};

/// What to ask for. NotFound if the evidence does not say whose it is: a quote without a PCK
/// certificate, or a SEV-SNP report of version 2 with a product that is not given.
[[nodiscard]] core::Result<std::vector<Request>> requests_for(const evidence::Evidence& evidence,
                                                              const Services& services,
                                                              std::optional<snp::Product> product);

}  // namespace merlon::endorse
