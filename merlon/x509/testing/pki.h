#pragma once

// For tests: a root, an intermediate and a leaf. Header only.

#include "merlon/x509/path.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::x509::testing {

/// root -> intermediate -> leaf, each template open to change before make().
struct Pki {
  SigningKey root_key{crypto::KeyKind::P256};
  SigningKey intermediate_key{crypto::KeyKind::P256};
  SigningKey leaf_key{crypto::KeyKind::P256};
  CertificateTemplate root = ca_template("root", "root");
  CertificateTemplate intermediate = ca_template("intermediate", "root");
  CertificateTemplate leaf{.subject = "leaf", .issuer = "intermediate"};

  [[nodiscard]] Path make() const {
    return {issued(leaf, leaf_key, intermediate_key),
            issued(intermediate, intermediate_key, root_key), issued(root, root_key, root_key)};
  }
  /// The rules that the path breaks, under its own root.
  [[nodiscard]] std::vector<PathRule> broken() const {
    const Path path = make();
    const AnchorId anchor = anchor_of(path.back());
    std::vector<PathRule> rules;
    for (const auto& problem : judge_path(path, {&anchor, 1}, test_now, {})) {
      rules.push_back(problem.rule);
    }
    return rules;
  }
};

}  // namespace merlon::x509::testing
