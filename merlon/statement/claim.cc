#include "merlon/statement/claim.h"

#include <algorithm>

namespace merlon::statement {

using core::ByteView;
using core::Result;

namespace {

/// Challenge and one answer.
constexpr std::size_t sum_proof_size = 2 * zk::P256Scalar::size;

bool is_possible(const Claim& claim) noexcept {
  if (const auto* at_least = std::get_if<AtLeast>(&claim)) {
    const std::uint8_t bits = at_least->threshold.bits;
    return bits >= 1 && bits <= zk::Threshold::max_bits;
  }
  if (const auto* sum = std::get_if<Sum>(&claim)) {
    return !sum->parts.empty() && sum->parts.size() <= Sum::max_parts &&
           std::ranges::none_of(sum->parts, [](const Part& part) { return part.times == 0; });
  }
  return true;
}

Result<void> check(const AtLeast& claim, ByteView context, ByteView proof) {
  return zk::verify_threshold(claim.threshold, claim.commitment, context, proof);
}

Result<void> check(const Equal& claim, ByteView context, ByteView proof) {
  return zk::verify_equal(claim.one, claim.other, context, proof);
}

Result<void> check(const Sum& claim, ByteView context, ByteView proof) {
  std::vector<zk::Summand> summands;
  for (const Part& part : claim.parts) {
    summands.push_back({scalar_of(part.times), part.commitment});
  }
  return zk::verify_sum(summands, scalar_of(claim.total), context, proof);
}

}  // namespace

std::string_view code_of(Refusal refusal) noexcept {
  switch (refusal) {
#define MERLON_STATEMENT_ROW(name, number, code, what) \
  case Refusal::name: return code;
#include "merlon/statement/refusals.def"
#undef MERLON_STATEMENT_ROW
  }
  return "statement.form";
}

std::string_view text_of(Refusal refusal) noexcept {
  switch (refusal) {
#define MERLON_STATEMENT_ROW(name, number, code, what) \
  case Refusal::name: return what;
#include "merlon/statement/refusals.def"
#undef MERLON_STATEMENT_ROW
  }
  return "";
}

zk::P256Scalar scalar_of(std::int64_t number) noexcept {
  const auto bits = static_cast<std::uint64_t>(number);
  return number < 0 ? -zk::P256Scalar(std::uint64_t{0} - bits) : zk::P256Scalar(bits);
}

std::size_t proof_size(const Claim& claim) noexcept {
  const auto* const at_least = std::get_if<AtLeast>(&claim);
  return at_least == nullptr ? sum_proof_size : at_least->threshold.proof_size();
}

Result<void, Refusal> verify(const Claim& claim, ByteView context, ByteView proof) {
  if (!is_possible(claim) || context.size() > max_context_size) return Refusal::Form;
  if (proof.size() != proof_size(claim)) return Refusal::Proof;
  const auto verified =
      std::visit([&](const auto& each) { return check(each, context, proof); }, claim);
  if (!verified) return Refusal::Proof;
  return {};
}

}  // namespace merlon::statement
