// merlon-verify-vectors CASES VECTORS: judges every case of cases.txt and compares.

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "merlon/base/text.h"

#include "tests/verify/case.h"

namespace {

using namespace merlon;
using verify_test::Case;

std::string name_of(core::ErrorCode code) { return std::string(to_string(code)); }

/// What is wrong; empty if the answer is the expected one.
std::string compare(const Case& test, const core::Result<verify::Appraisal>& answer) {
  if (!answer) {
    const bool expected = (test.expected == Case::Expected::Unsupported &&
                           answer.error().code == core::ErrorCode::Unsupported) ||
                          (test.expected == Case::Expected::Malformed &&
                           answer.error().code == core::ErrorCode::Malformed);
    return expected ? "" : name_of(answer.error().code) + ": " + answer.error().what;
  }
  if (test.expected == Case::Expected::Unsupported || test.expected == Case::Expected::Malformed) {
    return "could be parsed";
  }
  std::vector<std::string> refused;
  std::string list;
  for (const verify::Check check : answer->refusals()) {
    const auto* finding = answer->find(check);
    refused.emplace_back(verify::row_of(check).name);
    list += base::concat("\n    ", refused.back(), ": wanted ", finding->wanted, "; got ",
                         finding->got);
  }
  std::vector<std::string> wanted = test.refusals;
  std::ranges::sort(wanted);
  std::ranges::sort(refused);
  const bool accept = test.expected == Case::Expected::Accept;
  if (wanted == refused && answer->accepted() == accept) return "";
  return "verdict " + std::string(to_string(answer->verdict)) + ", refused:" + list;
}

/// What a caller has seen is newer than what is judged: which checks notice?
std::set<verify::Check> noticed(const verify_test::Material& material, codec::UnixTime now,
                                verify::Memory memory) {
  const auto evidence = evidence::Evidence::parse(material.evidence_bytes).value();
  const auto appraisal =
      verify::appraise(evidence, verify::Collateral::parse(material.given, evidence.endorsements),
                       material.policy, verify::Moment::by_clock(now, std::move(memory)));
  const auto refusals = appraisal.refusals();
  return {refusals.begin(), refusals.end()};
}

/// Of an accepted case judged by the clock of its time: the same answer again with what it has
/// seen, and a refusal once any of that is a second, or a number, newer than what is there.
std::string go_back(const Case& test, const verify_test::Material& material) {
  using verify::Check;
  const auto evidence = evidence::Evidence::parse(material.evidence_bytes).value();
  const auto first =
      verify::appraise(evidence, verify::Collateral::parse(material.given, evidence.endorsements),
                       material.policy, verify::Moment::by_clock(test.time, {}));
  if (!first.accepted()) return "is refused by the clock of its time";
  const verify::Memory& seen = first.seen;
  if (!noticed(material, test.time, seen).empty()) return "is refused by what it has seen itself";
  verify::Memory newer = seen;
  newer.newest_issue = {test.time.seconds + 1};
  if (noticed(material, test.time, newer) != std::set{Check::Clock}) return "the clock went back";
  if (first.technology == evidence::Technology::Snp) return "";
  newer = seen;
  ++newer.evaluation_number;
  if (!noticed(material, test.time, newer).contains(Check::TcbInfoEvaluation)) {
    return "the evaluation data went back";
  }
  if (seen.lists.size() != 2) return "has not seen the lists of the root and the PCK CA";
  for (const auto& [issuer, issued] : seen.lists) {
    newer = seen;
    ++newer.lists[issuer].seconds;
    for (const Check check : noticed(material, test.time, newer)) {
      const bool list = check == Check::PckCaRevocation || check == Check::PckRevocation ||
                        check == Check::TcbSignerRevocation;
      if (!list) return "another check noticed an older list";
    }
    if (noticed(material, test.time, newer).empty()) return "a list went back";
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) verify_test::die("usage: merlon-verify-vectors CASES VECTORS");
  int passed = 0;
  int failed = 0;
  std::map<std::string, int> counts;
  for (const Case& test : verify_test::read_cases(argv[1])) {
    const auto material = verify_test::material_of(test, argv[2]);
    const auto answer =
        verify_test::judge(material.evidence_bytes, material.given, material.policy, test.time);
    std::string wrong = compare(test, answer);
    if (wrong.empty() && test.expected == Case::Expected::Accept) wrong = go_back(test, material);
    if (wrong.empty()) {
      ++passed;
      ++counts[answer ? base::concat(to_string(answer->technology), " ", to_string(answer->verdict))
                      : name_of(answer.error().code)];
    } else {
      ++failed;
      std::printf("FAIL %s: %s\n", test.name.c_str(), wrong.c_str());
    }
  }
  for (const auto& [name, count] : counts) std::printf("%s: %d\n", name.c_str(), count);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
