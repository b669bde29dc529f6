#pragma once

// Private to the room: which VCEK or VLEK vouches for a report.

#include <string>
#include <vector>

#include "merlon/verify/snp/context.h"

namespace merlon::verify::sev_snp {

/// The endorsement that signed the report; else any, to say what is wrong with it.
struct Leaf {
  const x509::Certificate* certificate = nullptr;
  bool signed_report = false;
  bool is_about_report = false;  ///< of its chip and its versions

  /// What is found of the signature, for people.
  [[nodiscard]] std::string text() const;
};

/// Of several that signed the report the best: a forged one may carry the genuine key, and AMD may
/// have certified the same key before under a CA that it has revoked since.
[[nodiscard]] Leaf find_leaf(Context& context);

[[nodiscard]] std::vector<snp::ExtensionView> views_of(const x509::Certificate& certificate);

}  // namespace merlon::verify::sev_snp
