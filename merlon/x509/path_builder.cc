#include "merlon/x509/path_builder.h"

#include <algorithm>

namespace merlon::x509 {

PathBuilder::PathBuilder(std::span<const Certificate> pool, std::vector<AnchorId> anchors,
                         codec::UnixTime now, const SignatureMemo& memo)
    : pool_(pool), anchors_(std::move(anchors)), now_(now), memo_(memo), known_(pool.size()) {}

Path PathBuilder::build(const Certificate& leaf) {
  Path path{leaf};
  while (path.size() < max_size && !path.back().is_self_issued()) {
    const Certificate* issuer = issuer_of(path.back(), max_size - path.size() - 1);
    if (issuer == nullptr) break;
    path.push_back(*issuer);
  }
  return path;
}

Standing PathBuilder::standing_of(const Certificate& leaf) {
  return std::min(standing(leaf, max_size - 1),
                  leaf.validity().contains(now_) ? Standing::Current : Standing::Vouched);
}

/// By what is above `certificate`; its own rules are left to the caller.
Standing PathBuilder::standing(const Certificate& certificate, std::size_t above) {
  if (certificate.is_self_issued()) {
    const bool pinned = std::ranges::find(anchors_, anchor_of(certificate)) != anchors_.end() &&
                        memo_.holds(certificate.key(), certificate.signature());
    return pinned ? Standing::Current : Standing::None;
  }
  Standing best = Standing::None;
  for (std::size_t i = 0; i < pool_.size() && above > 0; ++i) {
    if (!std::ranges::equal(pool_[i].subject(), certificate.issuer())) continue;
    const Standing candidate = issuer_standing(i, above - 1);
    const bool better = best < candidate && memo_.holds(pool_[i].key(), certificate.signature());
    if (better) best = candidate;
  }
  return best;
}

Standing PathBuilder::issuer_standing(std::size_t index, std::size_t above) {
  std::optional<Standing>& known = known_[index][above];
  if (!known) {
    const Certificate& issuer = pool_[index];
    const auto& constraints = issuer.basic_constraints();
    const bool fit = issuer.validity().contains(now_) && constraints && constraints->ca &&
                     issuer.may(KeyUsage::KeyCertSign);
    known = std::min(standing(issuer, above), fit ? Standing::Current : Standing::Vouched);
  }
  return *known;
}

const Certificate* PathBuilder::issuer_of(const Certificate& certificate, std::size_t above) {
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    if (std::ranges::equal(pool_[i].subject(), certificate.issuer())) candidates.push_back(i);
  }
  if (candidates.empty()) return nullptr;
  const Certificate* best = &pool_[candidates.front()];
  const auto is_copy = [&](std::size_t i) {
    return std::ranges::equal(pool_[i].der(), best->der());
  };
  if (std::ranges::all_of(candidates, is_copy)) return best;
  auto best_rank = std::pair{Standing::None, best->validity().contains(now_)};
  for (const std::size_t i : candidates) {
    auto rank = std::pair{issuer_standing(i, above), pool_[i].validity().contains(now_)};
    if (rank <= best_rank) continue;
    if (rank.first != Standing::None && !memo_.holds(pool_[i].key(), certificate.signature())) {
      rank.first = Standing::None;
    }
    if (rank <= best_rank) continue;
    best = &pool_[i];
    best_rank = rank;
  }
  return best;
}

}  // namespace merlon::x509
