#include "merlon/gatehouse/keeps_page.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/service/html.h"

namespace merlon::gatehouse {
namespace {

constexpr codec::UnixTime now{1'800'000'000};  // 2027-01-15T08:00:00Z
const std::string id(32, 'a');

ListedKeep keep(KeepState state) {
  return {{id, "alice", "2027-01-15T07:57:00Z"},
          state,
          state == KeepState::Ended ? "exited 3" : "",
          launch::Proof{}};
}
bool has(const std::string& html, std::string_view text) {
  return html.find(text) != std::string::npos;
}

/// A report of version 2; signed by nobody.
std::vector<std::uint8_t> report() {
  std::vector<std::uint8_t> bytes(1184);
  bytes[0] = 2;
  bytes[0x0A] = 0x02;  // bit 17 of the policy, which is always one
  bytes[0x34] = 1;     // ECDSA of P-384 with SHA-384
  for (std::size_t i = 0; i < 48; ++i) bytes[0x90 + i] = 0xAB;
  return bytes;
}

TEST(KeepsPage, TellsOfEachKeep) {
  const std::string html = keeps_page({keep(KeepState::Running), keep(KeepState::Ended)}, now);
  EXPECT_TRUE(has(html, id));
  EXPECT_TRUE(has(html, "class=\"running\""));
  EXPECT_TRUE(has(html, "3 minutes ago"));
  EXPECT_TRUE(has(html, "exited 3, by its host's word"));
  EXPECT_TRUE(has(html, "nothing attests this keep"));
  EXPECT_TRUE(has(html, "Nothing here was judged"));
  EXPECT_FALSE(has(html, "alice"));
  EXPECT_TRUE(has(keeps_page({}, now), "You have no keeps here"));
}

TEST(KeepsPage, ShowsWhatAProofSays) {
  ListedKeep shown = keep(KeepState::Running);
  shown.proof->evidence = report();
  const std::string html = keeps_page({shown}, now);
  std::string measurement;
  for (int i = 0; i < 48; ++i) measurement += "ab";
  EXPECT_TRUE(has(html, measurement)) << html;
  shown.record.backend = host::Backend::SgxSim;
  EXPECT_TRUE(has(keeps_page({shown}, now), "a simulation, which protects nothing"));
  shown.record.backend = host::Backend::Sgx;
  EXPECT_FALSE(has(keeps_page({shown}, now), "a simulation"));
  EXPECT_TRUE(has(html, "not allowed"));
  shown.proof->evidence[0x0A] |= 0x08;
  EXPECT_TRUE(has(keeps_page({shown}, now), "allowed: its host can read it"));
  shown.proof->evidence = report();
  shown.proof->evidence[0] = 3;
  shown.proof->evidence[0x48] |= 1;   // there is an author's key
  shown.proof->evidence[0x188] = 25;  // family and model of a processor
  shown.proof->evidence[0x189] = 1;
  const std::string third = keeps_page({shown}, now);
  EXPECT_TRUE(has(third, "<span>Milan</span>")) << third;
  EXPECT_TRUE(has(third, "Reported TCB</dt><dd>bootloader 0, TEE 0, SNP 0, microcode 0"));
  EXPECT_TRUE(has(third, "Author's key"));
  shown.proof->evidence = {1, 2, 3};
  EXPECT_TRUE(has(keeps_page({shown}, now), "is no evidence that is known here"));
  shown.proof.reset();
  EXPECT_TRUE(has(keeps_page({shown}, now), "cannot be read"));
}

TEST(KeepsPage, TakesNoTextForMarkup) {
  ListedKeep shown = keep(KeepState::Ended);
  shown.end = "<script>alert('1')</script>&\"";
  shown.record.made = "<b>";
  const std::string html = keeps_page({shown}, now);
  EXPECT_FALSE(has(html, "<script"));
  EXPECT_FALSE(has(html, "<b>"));
  EXPECT_TRUE(has(html, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;"));
  EXPECT_TRUE(has(stranger_page("<i>"), "&lt;i&gt;"));
}

TEST(KeepsPage, AllowsNothingButItsStyle) {
  const http::Response answer = service::html_response(200, keeps_page({}, now));
  std::string policy;
  for (const http::Header& each : answer.headers) {
    if (each.name == "Content-Security-Policy") policy = each.value;
  }
  EXPECT_TRUE(policy.starts_with("default-src 'none'; style-src 'sha256-"));
  EXPECT_FALSE(has(policy, "unsafe"));
  EXPECT_FALSE(has(answer.body, "style=\""));
  EXPECT_FALSE(has(answer.body, "<script"));
  EXPECT_FALSE(has(answer.body, "http"));
}

}  // namespace
}  // namespace merlon::gatehouse
