#include "merlon/verify/roots.h"

#include <algorithm>
#include <array>

namespace merlon::verify {

namespace {

using Pin = std::array<std::uint8_t, 32>;  // SHA-256 of the SubjectPublicKeyInfo

constexpr Pin intel_root{0xA0, 0xAF, 0x03, 0x12, 0x89, 0xF5, 0xD5, 0xD4, 0x13, 0x2F, 0x91,
                         0x86, 0x06, 0x8A, 0x7F, 0xC1, 0x36, 0x28, 0x63, 0x3B, 0xA2, 0x35,
                         0x77, 0x74, 0x72, 0xE2, 0x9B, 0x6B, 0x6C, 0x67, 0xA4, 0x9E};
constexpr Pin ark_milan{0x9F, 0x05, 0x6B, 0xEE, 0x44, 0x37, 0x7E, 0x29, 0x30, 0x8C, 0xB5,
                        0xFF, 0xA8, 0x95, 0xBD, 0xFB, 0x62, 0xD1, 0x88, 0x81, 0xFA, 0x6B,
                        0xED, 0x8D, 0x6F, 0x07, 0x5B, 0x02, 0x04, 0x08, 0x9C, 0xB9};
constexpr Pin ark_genoa{0x42, 0x9A, 0x69, 0xC9, 0x42, 0x2A, 0xA2, 0x58, 0xEE, 0x4D, 0x8D,
                        0xB5, 0xFC, 0xDA, 0x9C, 0x64, 0x70, 0xEF, 0x15, 0xF8, 0xCD, 0x5A,
                        0x9C, 0xEB, 0xD6, 0xCB, 0xC7, 0xD9, 0x0B, 0x86, 0x38, 0x31};
constexpr Pin ark_turin{0x4F, 0x12, 0x54, 0x10, 0x56, 0x3A, 0x2A, 0xB9, 0xA5, 0x03, 0x56,
                        0xF9, 0x24, 0x3F, 0x6F, 0xE0, 0xB6, 0xF7, 0x3D, 0xE9, 0x86, 0x03,
                        0xF5, 0x3F, 0x90, 0x33, 0x9C, 0x70, 0xE9, 0xD7, 0xAD, 0x08};

x509::AnchorId anchor(const Pin& pin) noexcept { return x509::AnchorId::from(pin).value(); }

std::vector<x509::AnchorId> with_roots_of(const Policy& policy, const x509::AnchorId& root) {
  std::vector<x509::AnchorId> all{root};
  all.insert(all.end(), policy.roots.begin(), policy.roots.end());
  return all;
}

}  // namespace

bool is_vendors(const x509::Path& path) noexcept {
  if (path.empty()) return false;
  const x509::AnchorId root = x509::anchor_of(path.back());
  return root == anchor(intel_root) ||
         std::ranges::any_of(snp::all_products,
                             [&](snp::Product product) { return root == vendor_anchor(product); });
}

std::vector<x509::AnchorId> all_anchors(const Policy& policy) {
  std::vector<x509::AnchorId> all = amd_anchors(policy);
  all.push_back(anchor(intel_root));
  return all;
}

std::vector<x509::AnchorId> intel_anchors(const Policy& policy) {
  return with_roots_of(policy, anchor(intel_root));
}

std::optional<x509::AnchorId> vendor_anchor(snp::Product product) noexcept {
  switch (product) {
    case snp::Product::Milan: return anchor(ark_milan);
    case snp::Product::Genoa: return anchor(ark_genoa);
    case snp::Product::Turin: return anchor(ark_turin);
    case snp::Product::Simulator: return std::nullopt;
  }
  return std::nullopt;
}

std::vector<x509::AnchorId> amd_anchors(const Policy& policy) {
  std::vector<x509::AnchorId> all = policy.roots;
  for (const snp::Product product : snp::all_products) all.push_back(*vendor_anchor(product));
  return all;
}

std::vector<x509::AnchorId> amd_anchors(std::optional<snp::Product> product, const Policy& policy) {
  const auto root = product ? vendor_anchor(*product) : std::nullopt;
  return root ? with_roots_of(policy, *root) : policy.roots;
}

}  // namespace merlon::verify
