// merlon-verify-vectors CASES VECTORS: judges every case of cases.txt and compares.

#include <algorithm>
#include <cstdio>
#include <map>

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
    const std::string wrong = compare(test, answer);
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
