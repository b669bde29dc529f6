#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <gtest/gtest.h>

#include "merlon/codec/testing/vectors.h"
#include "merlon/endorse/curl_fetcher.h"
#include "merlon/endorse/store.h"

namespace merlon::endorse {
namespace {

using codec::testing::vector_file;

/// Answers from a table, and counts.
class FakeFetcher final : public Fetcher {
 public:
  core::Result<Response> get(const Request& request) override {
    ++asked[request.url];
    auto& row = answers[request.url];
    if (row.empty()) return core::error(core::ErrorCode::Unavailable, "no answer");
    Response response = row.front();
    if (row.size() > 1) row.erase(row.begin());
    return response;
  }
  core::Result<Response> post(const std::string& url, core::ByteView bytes) override {
    sent[url].assign(bytes.begin(), bytes.end());
    return get({url, "", "", false});
  }
  void pause(int round) override { pauses.push_back(round); }

  std::map<std::string, std::vector<Response>> answers;
  std::map<std::string, int> asked;
  std::map<std::string, std::vector<std::uint8_t>> sent;
  std::vector<int> pauses;
};

const std::string document =
    "{\"tcbInfo\":{\"a\":1},\"signature\":\"" + std::string(128, '0') + "\"}";

Response answer(int status, std::string_view body) {
  return {status, {body.begin(), body.end()}, ""};
}

TEST(Collect, AsksAgainWhileAServiceIsNotAvailable) {
  FakeFetcher fetcher;
  fetcher.answers["a"] = {answer(503, ""), answer(200, document)};
  fetcher.answers["b"] = {answer(404, "")};
  fetcher.answers["d"] = {answer(200, "words")};
  const auto all = collect(
      {{"a", "a", "", false}, {"b", "b", "", false}, {"c", "c", "", false}, {"d", "d", "", false}},
      fetcher);
  EXPECT_EQ(all[0].failure, "");
  EXPECT_EQ(fetcher.asked["a"], 2);
  EXPECT_EQ(all[1].failure, "HTTP status 404");
  EXPECT_EQ(fetcher.asked["b"], 1);
  EXPECT_EQ(all[2].failure, "no answer");
  EXPECT_EQ(fetcher.asked["c"], 3);
  EXPECT_EQ(all[3].failure, "the answer is no endorsement");
  EXPECT_EQ(fetcher.pauses, (std::vector<int>{1, 1, 2}));
}

TEST(Curl, AsksOnlyHttpsAndThisMachine) {
  const auto fetcher = CurlFetcher::create();
  ASSERT_TRUE(fetcher.has_value());
  for (const char* url : {"http://example.invalid/", "file:///etc/passwd", "ftp://localhost:1/",
                          "http://localhost:1@example.invalid/", "http://127.0.0.1:/x",
                          "http://localhost:80.example.invalid/", "http://localhost"}) {
    const auto answer = (*fetcher)->get({url, "x", "", false});
    ASSERT_FALSE(answer.has_value()) << url;
    EXPECT_EQ(answer.error().code, core::ErrorCode::Denied) << url;
  }
}

TEST(Address, OnlyHttpsAndThisMachine) {
  for (const char* url :
       {"https://example.invalid", "http://127.0.0.1:80", "http://localhost:1/a/"}) {
    EXPECT_TRUE(may_be_asked(url)) << url;
  }
  for (const char* url : {"", "foo", "example.invalid", "http://example.invalid", "https:/x",
                          "http://localhost", "HTTPS://x", " https://x"}) {
    EXPECT_FALSE(may_be_asked(url)) << url;
  }
}

TEST(Store, MakesOneDirectory) {
  std::string folder = std::filesystem::temp_directory_path() / "merlon-store-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  EXPECT_TRUE(make_directory(folder).has_value());
  EXPECT_TRUE(make_directory(folder + "/new/").has_value());
  EXPECT_TRUE(std::filesystem::is_directory(folder + "/new"));
  EXPECT_EQ(make_directory(folder + "/a/b").error(), os::Errno::Noent);
  EXPECT_TRUE(store(folder, "x", {}).has_value());
  EXPECT_EQ(make_directory(folder + "/x").error(), os::Errno::Notdir);
  EXPECT_EQ(make_directory(folder + "/x/y").error(), os::Errno::Notdir);
  std::filesystem::remove_all(folder);
}

TEST(Store, ReplacesAsAWhole) {
  std::string folder = std::filesystem::temp_directory_path() / "merlon-store-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  EXPECT_TRUE(store(folder, "x", core::as_bytes("one")).has_value());
  EXPECT_TRUE(store(folder, "x", core::as_bytes("two")).has_value());
  std::ifstream file(folder + "/x");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "two");
  const std::filesystem::directory_iterator entries(folder);
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
  EXPECT_FALSE(store(folder + "/none", "x", {}).has_value());
  std::filesystem::remove_all(folder);
}

TEST(Requests, NameThePlatformAndItsLevels) {
  MERLON_NEEDS_VECTORS();
  Services services{"I", "R", "A"};
  const auto urls = [&](const char* name, std::optional<snp::Product> product = {}) {
    const auto evidence = evidence::Evidence::parse(vector_file(name)).value();
    std::string all;
    const auto requests = requests_for(evidence, services, product);
    for (const Request& request : requests ? *requests : std::vector<Request>{}) {
      all += request.url + "\n";
    }
    return all;
  };
  EXPECT_EQ(urls("phala/sgx_quote.dat"),
            "I/sgx/certification/v4/tcb?fmspc=00a067110000\nI/sgx/certification/v4/qe/identity\n"
            "I/sgx/certification/v4/pckcrl?ca=processor&encoding=der\nR/IntelSGXRootCA.der\n");
  EXPECT_EQ(urls("phala/tdx_quote.dat"),
            "I/tdx/certification/v4/tcb?fmspc=b0c06f000000\nI/tdx/certification/v4/qe/identity\n"
            "I/sgx/certification/v4/pckcrl?ca=platform&encoding=der\nR/IntelSGXRootCA.der\n");
  const std::string turin = urls("ms-tav/turin-v5.report.bin");
  EXPECT_NE(turin.find("A/vcek/v1/Turin/"), std::string::npos);
  EXPECT_NE(turin.find("?fmcSPL=01&blSPL=01&teeSPL=01&snpSPL=04&ucodeSPL=81"), std::string::npos);
  EXPECT_EQ(urls("trustee/milan-vlek.report.bin"),
            "A/vlek/v1/Milan/cert_chain\nA/vcek/v1/Milan/crl\nA/vlek/v1/Milan/crl\n");
  EXPECT_EQ(urls("virtee-sev/milan.report.bin"), "");
  EXPECT_NE(urls("virtee-sev/milan.report.bin", snp::Product::Milan).find("ucodeSPL=115"),
            std::string::npos);
  const std::string intel = urls("phala/sgx_quote.dat");
  services = {"I/", "R//", "A/"};
  EXPECT_EQ(urls("phala/sgx_quote.dat"), intel);
  EXPECT_EQ(urls("ms-tav/turin-v5.report.bin"), turin);
}

TEST(Requests, AProductThatIsNotKnown) {
  constexpr std::size_t family_at = 0x188;
  const auto refusal = [](std::vector<std::uint8_t> bytes, std::uint8_t family = 0) {
    bytes.resize(snp::Report::size);
    bytes[0x0A] = 2;
    bytes[family_at] = family;
    return requests_for(evidence::Evidence::parse(bytes).value(), {}, {}).error();
  };
  EXPECT_EQ(refusal({2}).message(),
            "the report does not say which product made it: add --product Milan, Genoa or Turin");
  EXPECT_EQ(refusal({3}, 0x16).code, core::ErrorCode::Unsupported);
  EXPECT_NE(refusal({3}).message().find("simulator"), std::string::npos) << refusal({3}).message();
}

TEST(Requests, OfAKindOfPlatform) {
  const auto urls = [](std::string_view platform) {
    std::string all;
    const auto requests = requests_for_platform(platform, {"I", "R", "A"});
    if (!requests) return std::string("refused");
    for (const Request& each : *requests) all += each.url + (each.optional ? "?\n" : "\n");
    return all;
  };
  EXPECT_EQ(urls("Genoa"),
            "A/vcek/v1/Genoa/cert_chain\nA/vcek/v1/Genoa/crl\n"
            "A/vlek/v1/Genoa/cert_chain\nA/vlek/v1/Genoa/crl\n");
  EXPECT_EQ(urls("00A067110000"),
            "I/sgx/certification/v4/tcb?fmspc=00a067110000\nI/sgx/certification/v4/qe/identity\n"
            "I/tdx/certification/v4/tcb?fmspc=00a067110000?\n"
            "I/tdx/certification/v4/qe/identity?\n"
            "I/sgx/certification/v4/pckcrl?ca=processor&encoding=der\n"
            "I/sgx/certification/v4/pckcrl?ca=platform&encoding=der\nR/IntelSGXRootCA.der\n");
  for (const char* none : {"", "Naples", "Milan-B0", "milan", "00a0671100", "00a06711000000"}) {
    EXPECT_EQ(urls(none), "refused") << none;
  }
}

TEST(Requests, AVlekThatDidNotComeAlong) {
  MERLON_NEEDS_VECTORS();
  auto evidence = evidence::Evidence::parse(vector_file("trustee/milan-vlek.report.bin")).value();
  EXPECT_TRUE(lacks_vlek(evidence));
  ASSERT_TRUE(evidence.endorsements.add(vector_file("amd-chains/ask_ark_milan_vlek.pem")));
  EXPECT_TRUE(lacks_vlek(evidence));
  ASSERT_TRUE(evidence.endorsements.add(vector_file("trustee/milan-vlek.vlek.der")));
  EXPECT_FALSE(lacks_vlek(evidence));
  EXPECT_FALSE(
      lacks_vlek(evidence::Evidence::parse(vector_file("virtee-sev/milan.report.bin")).value()));
  EXPECT_FALSE(lacks_vlek(evidence::Evidence::parse(vector_file("phala/sgx_quote.dat")).value()));
}

}  // namespace
}  // namespace merlon::endorse
