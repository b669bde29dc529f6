#include "merlon/keep/trust.h"

#include "merlon/tls/web_roots.h"

namespace merlon::keep {

std::vector<tls::Certificate> certificates_of(const launch::Trust& trust,
                                              const std::vector<tls::Certificate>& steward) {
  std::vector<tls::Certificate> all = trust.anchors;
  if (trust.steward) all.insert(all.end(), steward.begin(), steward.end());
  if (trust.web) {
    const auto web = tls::web_roots();
    all.insert(all.end(), web.begin(), web.end());
  }
  return all;
}

}  // namespace merlon::keep
