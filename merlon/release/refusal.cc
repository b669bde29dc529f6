#include "merlon/release/refusal.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"

namespace merlon::release {

namespace {

struct Row {
  std::string_view code;
  Refusal::Kind kind;
  std::string_view wanted;
};

constexpr auto table = std::array{
#define MERLON_REFUSAL_ROW(id, code, kind, wanted) Row{code, Refusal::Kind::kind, wanted},
#include "merlon/release/refusals.def"
#undef MERLON_REFUSAL_ROW
};

constexpr std::size_t longest_text = 1000;

}  // namespace

Refusal refuse(Reason reason, std::string_view got) {
  const Row& row = table.at(static_cast<std::size_t>(reason));
  return {row.kind, std::string(row.code), std::string(row.wanted),
          base::printable(got, longest_text)};
}

Refusal refuse(const verify::Appraisal& appraisal) {
  // A check that was made and says no tells more than one that another has kept from being made.
  const auto says_no = [](const verify::Finding& each) { return !each.passed && each.made; };
  const auto& findings = appraisal.findings;
  auto found = std::ranges::find_if(findings, says_no);
  if (found == findings.end()) {
    found = std::ranges::find_if(findings, [](const auto& each) { return !each.passed; });
  }
  if (found == findings.end()) return refuse(Reason::Internal, "an appraisal without a reason");
  const bool waits = found->cause != verify::Cause::Other;
  return {waits ? Refusal::Kind::NotNow : Refusal::Kind::Forbidden,
          std::string(verify::row_of(found->check).name),
          base::printable(found->wanted, longest_text), base::printable(found->got, longest_text)};
}

}  // namespace merlon::release
