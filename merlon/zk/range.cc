#include "merlon/zk/range.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace merlon::zk {

using core::Result;

std::size_t bits_of(std::uint64_t limit) noexcept {
  return static_cast<std::size_t>(std::bit_width(limit - 1));
}

std::vector<std::uint64_t> bases_of(std::uint64_t limit) {
  MERLON_CHECK(limit >= min_limit && limit <= max_limit);
  std::vector<std::uint64_t> bases;
  std::uint64_t rest = limit - 1;
  for (std::size_t i = 0; i + 1 < bits_of(limit); ++i) {
    bases.push_back(std::uint64_t{1} << i);
    rest -= bases.back();
  }
  bases.push_back(rest);
  std::ranges::sort(bases, std::greater<>());
  return bases;
}

Result<RangeProver> split(std::uint64_t value, const P256Scalar& blinding, std::uint64_t limit,
                          ScalarSource& blindings) {
  const auto bases = bases_of(limit);
  RangeProver made;
  std::vector<P256Scalar> bits;
  std::vector<P256Scalar> blinds;
  std::vector<P256Scalar> products;  // (1 - bit) · blinding: what makes b = b·b hold
  P256Scalar left = blinding;
  for (std::size_t i = 0; i < bases.size(); ++i) {
    // 1 where value >= base, without a branch on it: both are below 2⁶³.
    const std::uint64_t bit = ((value - bases[i]) >> 63U) ^ 1U;
    value -= bases[i] & (0 - bit);
    bits.emplace_back(bit);
    const bool is_last = i + 1 == bases.size();
    const auto chosen = is_last ? P256Scalar(bases[i]).inverse() * left : blindings.next();
    if (!chosen) return core::error(core::ErrorCode::Internal, "no random numbers");
    blinds.push_back(*chosen);
    left = left - P256Scalar(bases[i]) * blinds.back();
    products.push_back((P256Scalar(1) - bits.back()) * blinds.back());
    made.bit_commitments.push_back(commit({bits.back(), blinds.back()}));
  }
  for (const auto* part : {&bits, &blinds, &products}) {
    made.secrets.insert(made.secrets.end(), part->begin(), part->end());
  }
  return made;
}

void constrain_range(LinearRelation& relation, std::span<const P256Point> bit_commitments,
                     Element blinding, const P256Point& whole, Element whole_element) {
  const std::size_t bits = bit_commitments.size();
  std::vector<Secret> secrets;  // of each bit, then of each blinding, then of each product
  for (std::size_t i = 0; i < 3 * bits; ++i) secrets.push_back(relation.add_secret());
  std::vector<Element> elements;
  for (const P256Point& point : bit_commitments) {
    elements.push_back(bits == 1 && point == whole ? whole_element : relation.add_element(point));
  }
  for (std::size_t i = 0; i < bits; ++i) {
    relation.add_equation(elements[i],
                          {{secrets[i], Element::Generator}, {secrets[bits + i], blinding}});
    relation.add_equation(elements[i],
                          {{secrets[i], elements[i]}, {secrets[2 * bits + i], blinding}});
  }
}

bool adds_up(std::span<const P256Point> bit_commitments, const P256Point& whole,
             std::uint64_t limit) {
  const auto bases = bases_of(limit);
  if (bases.size() != bit_commitments.size()) return false;
  P256Point sum;
  for (std::size_t i = 0; i < bases.size(); ++i) {
    sum = sum + P256Scalar(bases[i]) * bit_commitments[i];
  }
  return sum == whole;
}

}  // namespace merlon::zk
