// verify-evidence EVIDENCE TIME ENDORSEMENT…: judges a quote or a report with Merlon's verifier.

#include <cstdio>
#include <fstream>
#include <iterator>

#include <merlon/verify/verifier.h>

namespace {

std::vector<std::uint8_t> contents(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  using namespace merlon;
  if (argc < 3) return 2;
  const auto evidence = evidence::Evidence::parse(contents(argv[1]));
  const auto now = codec::parse_rfc3339(argv[2]);
  if (!evidence || !now) return std::printf("not evidence, or no time\n"), 4;

  evidence::Endorsements own;
  for (int i = 3; i < argc; ++i) {
    // Not passed over: it may be the revocation list that matters.
    if (!own.add(contents(argv[i]))) return std::printf("no endorsement: %s\n", argv[i]), 1;
  }

  const verify::Policy policy;  // whatever is genuine, current and not for debugging
  // What came along with the evidence was chosen by who sent it, and counts for less.
  const auto collateral = verify::Collateral::parse(own, evidence->endorsements);
  // A service would say Moment::by_clock, with what its earlier appraisals have seen.
  const auto moment = verify::Moment::asked_for(*now);
  const auto appraisal = verify::appraise(*evidence, collateral, policy, moment);
  for (const verify::Check check : appraisal.refusals()) {
    const auto* finding = appraisal.find(check);
    const std::string name(verify::row_of(check).name);
    std::printf("refused by %s: wanted %s, got %s\n", name.c_str(), finding->wanted.c_str(),
                finding->got.c_str());
  }
  for (const auto& claim : appraisal.claims) {
    if (appraisal.accepted()) std::printf("%s: %s\n", claim.name.c_str(), claim.value.c_str());
  }
  return appraisal.accepted() ? 0 : 3;
}
