// Issues certificates as a Steward does, for a time that the caller names.
//
//   merlon-issue single|bundle CA.pem KEY.pem POLICY.toml TIME BODY OUT [--development] [NAME…] [--
//   OWN…]
//
// Writes the answer to OUT. Exit status: 0 issued; 3 refused, with the code, what was wanted and
// what was found as lines on standard output; 1 anything else.

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/os/open.h"
#include "merlon/steward/authority.h"

namespace {

using namespace merlon;

int fail(const std::string& why) {
  std::fprintf(stderr, "merlon-issue: %s\n", why.c_str());
  return 1;
}

steward::Bytes content_of(const std::string& path) {
  const auto file = os::open_file(path);
  if (!file) return {};
  auto bytes = os::read_all(*file, 8UL << 20U);
  return bytes ? *std::move(bytes) : steward::Bytes{};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 7) return fail("see the head of issue.cc");
  steward::Authority::Settings settings;
  settings.build = "merlon-issue";
  evidence::Endorsements own;
  bool endorsements = false;
  for (std::size_t i = 7; i < arguments.size(); ++i) {
    if (endorsements) {
      if (!own.add(content_of(arguments[i]), arguments[i]))
        return fail("no endorsement: " + arguments[i]);
    } else if (arguments[i] == "--") {
      endorsements = true;
    } else if (arguments[i] == "--development") {
      settings.development = true;
    } else {
      settings.dns_names.push_back(arguments[i]);
    }
  }
  const steward::Bytes policy = content_of(arguments[3]);
  settings.policy_source = std::string(core::as_text(policy));
  auto parsed = verify::Policy::parse_any(settings.policy_source, arguments[3]);
  if (!parsed) return fail(parsed.error().text());
  settings.policy = *std::move(parsed);
  auto issuer = steward::Issuer::from_pem(content_of(arguments[1]), content_of(arguments[2]));
  if (!issuer) return fail(issuer.error());
  const auto authority = steward::Authority::create(*std::move(issuer), std::move(settings));
  if (!authority) return fail(authority.error());
  const auto time = codec::parse_rfc3339(arguments[4]);
  if (!time) return fail("no time: " + arguments[4]);
  const auto form =
      arguments[0] == "bundle" ? steward::RequestForm::Bundle : steward::RequestForm::Single;
  const auto answer =
      authority->certify(form, content_of(arguments[5]), verify::Collateral::prepare(own),
                         verify::Moment::asked_for(*time));
  if (!answer) {
    const steward::Refusal& refusal = answer.error();
    std::printf("%s\n%s\n%s\n", refusal.code.c_str(), refusal.wanted.c_str(), refusal.got.c_str());
    return 3;
  }
  const auto out = os::create_file(arguments[6]);
  if (!out || !os::write_all(*out, answer->body)) return fail("cannot write " + arguments[6]);
  return 0;
}
