#include "merlon/drawbridge/service.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/json.h"
#include "merlon/evidence/attestation_result.h"
#include "merlon/oidc/testing/issuer.h"
#include "merlon/registry/records.h"
#include "merlon/registry_store/testing/memory_objects.h"
#include "merlon/registry_store/testing/shelves.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::drawbridge {
namespace {

using base::concat;
using registry_store::testing::Package;

const std::string issuer_name = "https://i.example";
const std::string all_scopes =
    "manage:drawbridge_users manage:drawbridge_repositories manage:drawbridge_tags";

class Registry : public ::testing::Test {
 protected:
  struct Ask {
    std::string method;
    std::string path;  ///< behind /api/v0.1.0
    std::string token{};
    std::string body{};
    std::string type{};
    std::vector<http::Header> headers{};
    bool digest = true;
  };

  /// As the server hands a request over.
  http::Response ask(const Ask& wanted) {
    http::Request request;
    request.method = wanted.method;
    request.target = concat("/api/v0.1.0", wanted.path);
    request.client_certificate = certificate_;
    if (!wanted.token.empty()) {
      request.headers.push_back({"authorization", "Bearer " + wanted.token});
    }
    request.headers.insert(request.headers.end(), wanted.headers.begin(), wanted.headers.end());
    if (wanted.method == "PUT" || wanted.method == "POST") {
      request.headers.push_back({"content-length", concat(wanted.body.size())});
      request.headers.push_back({"content-type", wanted.type});
      if (wanted.digest) {
        request.headers.push_back(
            {"content-digest", registry::ContentDigest::of(core::as_bytes(wanted.body)).text()});
      }
      auto reception = service_.receive(request);
      if (reception.refused) return *reception.refused;
      if (reception.receiver) {
        if (const auto early = reception.receiver->take(core::as_bytes(wanted.body))) return *early;
        return reception.receiver->finish();
      }
      request.body = wanted.body;
    }
    http::Response response = service_.handle(request);
    while (response.content && response.body.size() < response.content->size()) {
      const auto piece = response.content->next();
      if (!piece) break;
      response.body += core::as_text(*piece);
    }
    return response;
  }
  /// As a browser does.
  http::Response visit(std::string path) {
    http::Request request;
    request.method = "GET";
    request.target = std::move(path);
    request.headers.push_back({"accept", "text/html,*/*;q=0.8"});
    return service_.handle(request);
  }
  [[nodiscard]] std::string token(std::string_view subject, std::string_view scopes = all_scopes,
                                  std::string_view audience = "us", int expires = 300) const {
    return issuer_.sign(concat(R"({"iss":")", issuer_name, R"(","sub":")", subject, R"(","aud":")",
                               audience, R"(","iat":1,"scope":")", scopes, R"(","exp":)", expires,
                               "}"));
  }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const http::Header& each : response.headers) {
      if (each.name == name) return each.value;
    }
    return "";
  }

  http::Response put_user(const std::string& name, const std::string& subject) {
    return ask(
        {"PUT", "/" + name, token(subject), registry::user_json(subject), "application/json"});
  }
  http::Response put_repository(const std::string& name, const std::string& subject,
                                bool is_public) {
    return ask({"PUT", "/" + name, token(subject), registry::repository_json(is_public),
                "application/json"});
  }
  /// Tag and tree, as Enarx' client sends them; the last status.
  unsigned push(const std::string& repository, const std::string& tag, const std::string& bearer,
                const Package& package) {
    const std::string at = concat("/", repository, "/_tag/", tag);
    unsigned status = ask({"PUT", at, bearer, registry::to_json(package.items[0].meta),
                           std::string(registry::tag_type)})
                          .status;
    if (status != 201) return status;
    for (const Package::Item& item : package.items) {
      status = put_node(at, item, bearer).status;
      if (status != 201 && status != 200) return status;
    }
    return status;
  }
  http::Response put_node(const std::string& at, const Package::Item& item,
                          const std::string& bearer) {
    return ask({"PUT", concat(at, "/tree", item.path.empty() ? "" : "/", item.path), bearer,
                item.content, item.meta.type});
  }
  void SetUp() override {
    ASSERT_EQ(put_user("bob", "s|bob").status, 201U);
    ASSERT_EQ(put_user("eve", "s|eve").status, 201U);
    ASSERT_EQ(put_repository("bob/open", "s|bob", true).status, 201U);
    ASSERT_EQ(put_repository("bob/closed", "s|bob", false).status, 201U);
  }

  std::vector<std::uint8_t> certificate_;
  oidc::testing::TokenIssuer issuer_{"k1"};
  oidc::testing::TokenIssuer stranger_{"k1"};
  oidc::Issuers issuers_{
      {{issuer_name, {"us"}}},
      {[this](const std::string& url) -> core::Result<std::string, std::string> {
         if (url.ends_with("/keys")) return issuer_.key_set();
         return concat(R"({"issuer":")", issuer_name, R"(","jwks_uri":")", issuer_name, "/keys\"}");
       },
       [] { return codec::UnixTime{100}; }, [] { return std::int64_t{1}; }, nullptr}};
  registry_store::testing::Folder folder_;
  registry_store::testing::MemoryObjects objects_;
  registry_store::testing::Instance instance_{folder_, objects_};
  std::int64_t now_ = 100;
  Access access_{&issuers_, instance_.catalogue(), [this] { return codec::UnixTime{now_}; }};
  Service service_{instance_.shelf(),
                   access_,
                   {[this] { return codec::UnixTime{now_}; },
                    [] { return http::Counters{}; },
                    {"admin"},
                    1U << 20U}};
  const Package package_ = Package::of({{"main.wasm", "code"}, {"Enarx.toml", "steward = \"\""}});
  const std::string large_ = std::string(700'000, 'x') + "end";
};

TEST_F(Registry, TakesAndGivesAPackageAsEnarxClientsDo) {
  EXPECT_EQ(push("bob/open", "1.0.0", token("s|bob"), package_), 201U);
  const auto tag = ask({"GET", "/bob/open/_tag/1.0.0"});
  EXPECT_EQ(tag.status, 200U);
  EXPECT_EQ(tag.body, registry::to_json(package_.items[0].meta));
  EXPECT_EQ(header(tag, "Content-Type"), registry::tag_type);
  const auto root = ask({"GET", "/bob/open/_tag/1.0.0/tree"});
  EXPECT_EQ(root.body, package_.items[0].content);
  EXPECT_EQ(header(root, "Content-Digest"), package_.items[0].meta.digest.text());
  const auto file = ask({"GET", "/bob/open/_tag/1.0.0/tree/main.wasm"});
  EXPECT_EQ(file.body, "code");
  EXPECT_EQ(header(file, "Content-Type"), "application/wasm");
  EXPECT_EQ(ask({"GET", "/bob/open/_tag"}).body, R"(["1.0.0"])");
}

TEST_F(Registry, HasEnarxStatusesAndTexts) {
  const auto is = [&](const Ask& wanted, unsigned status, std::string_view text) {
    const auto response = ask(wanted);
    EXPECT_EQ(response.status, status) << wanted.method << " " << wanted.path;
    EXPECT_EQ(response.body, text) << wanted.method << " " << wanted.path;
  };
  const std::string bob = token("s|bob");
  is({"PUT", "/bob", bob, registry::user_json("s|bob"), "application/json"}, 409, "Already exists");
  is({"PUT", "/bobby", bob, registry::user_json("s|eve"), "application/json"}, 401,
     "OpenID Connect subject mismatch");
  is({"GET", "/bob", bob}, 200, R"({"subject":"s|bob"})");
  is({"GET", "/eve", bob}, 401, "You are logged in as `s|bob`, and not authorized for user `eve`");
  is({"GET", "/nobody", bob}, 401, "User `nobody` not found");
  is({"GET", "/bob"}, 401, "Bearer token header missing");
  is({"GET", "/bob", "nonsense"}, 401, "Invalid token provided");
  is({"GET", "/bob", token("s|bob", "read:drawbridge_tags")}, 401,
     "Token is missing a scope for level read, context drawbridge_users");
  is({"GET", "/bob/open", bob}, 200, R"({"public":true})");
  is({"GET", "/bob/none", bob}, 404, "Repository does not exist");
  is({"GET", "/bob/none/_tag"}, 404, "Not found");
  is({"GET", "/bob/open/_tag/1.0.0"}, 404, "Repository does not exist");
  is({"PUT", "/bob/open", bob, registry::repository_json(true), "application/json"}, 409,
     "Already exists");
  is({"PUT", "/bob/open/_tag/1.0.0", bob, "{}", "text/plain"}, 400, "Invalid content type");
  is({"PUT", "/bob/open/_tag/1.0.0", bob, "{}", std::string(registry::tag_type), {}, false}, 400,
     "At least one content digest value must be specified");
  is({"POST", "/bob/open", bob, "", "x/y"}, 405, "Method not allowed");
  is({"PUT", "/admin", bob, registry::user_json("s|bob"), "application/json"}, 409,
     "This name is reserved");
  is({"PUT", "/b0b", bob, registry::user_json("s|bob"), "application/json"}, 409,
     "Name looks like `bob`");
}

TEST_F(Registry, WhoMayDoWhat) {
  ASSERT_EQ(push("bob/closed", "1.0.0", token("s|bob"), package_), 201U);
  ASSERT_EQ(push("bob/open", "1.0.0", token("s|bob"), package_), 201U);
  struct Row {
    const char* who;
    std::string bearer;
    unsigned open_read, closed_read, write;
  };
  const std::string forged =
      stranger_.sign(concat(R"({"iss":")", issuer_name, R"(","sub":"s|bob","aud":"us","scope":")",
                            all_scopes, R"(","exp":300})"));
  const std::vector<Row> rows{
      {"owner", token("s|bob"), 200, 200, 201},
      {"other user", token("s|eve"), 200, 401, 401},
      {"no token", "", 200, 401, 401},
      {"wrong audience", token("s|bob", all_scopes, "them"), 200, 401, 401},
      {"expired", token("s|bob", all_scopes, "us", 10), 200, 401, 401},
      {"no scope", token("s|bob", ""), 200, 401, 401},
      {"reads only", token("s|bob", "read:drawbridge_repositories read:drawbridge_tags"), 200, 200,
       401},
      {"writes tags only", token("s|bob", "write:drawbridge_tags"), 200, 401, 201},
      {"forged", forged, 200, 401, 401},
  };
  int number = 0;
  for (const Row& row : rows) {
    for (const char* path :
         {"/_tag", "/_tag/1.0.0", "/_tag/1.0.0/tree", "/_tag/1.0.0/tree/main.wasm", "/_versions"}) {
      EXPECT_EQ(ask({"GET", concat("/bob/open", path), row.bearer}).status, row.open_read)
          << row.who << path;
      EXPECT_EQ(ask({"GET", concat("/bob/closed", path), row.bearer}).status, row.closed_read)
          << row.who << path;
    }
    EXPECT_EQ(push("bob/open", concat("2.0.", ++number), row.bearer, package_), row.write)
        << row.who;
  }
}

TEST_F(Registry, ATokenOfARepositoryCountsThereAlone) {
  ASSERT_EQ(push("bob/closed", "1.0.0", token("s|bob"), package_), 201U);
  const auto made = ask({"POST", "/bob/closed/_token", token("s|bob"),
                         R"({"rights":["read"],"days":1})", "application/json"});
  ASSERT_EQ(made.status, 201U);
  const std::size_t at = made.body.find("mdt_");
  const std::string bearer = made.body.substr(at, made.body.find('"', at) - at);
  EXPECT_EQ(ask({"GET", "/bob/closed/_tag/1.0.0/tree", bearer}).status, 200U);
  EXPECT_EQ(push("bob/closed", "2.0.0", bearer, package_), 401U);
  EXPECT_EQ(ask({"GET", "/bob/closed", bearer}).status, 401U);
  EXPECT_EQ(ask({"GET", "/bob/closed/_token", token("s|eve")}).status, 401U);
  const auto listed = ask({"GET", "/bob/closed/_token", token("s|bob")});
  EXPECT_EQ(listed.body.find(bearer), std::string::npos);
  now_ += codec::seconds_per_day + 1;
  EXPECT_EQ(ask({"GET", "/bob/closed/_tag/1.0.0/tree", bearer}).status, 401U);
  now_ = 100;
  const std::size_t id = listed.body.find("\"id\":\"") + 6;
  EXPECT_EQ(
      ask({"DELETE", concat("/bob/closed/_token/", listed.body.substr(id, 16)), token("s|bob")})
          .status,
      200U);
  EXPECT_EQ(ask({"GET", "/bob/closed/_tag/1.0.0/tree", bearer}).status, 401U);
}

TEST_F(Registry, ATagIsSeenOnceItsTreeIsWhole) {
  const std::string bob = token("s|bob");
  const std::string at = "/bob/open/_tag/1.0.0";
  ASSERT_EQ(ask({"PUT", at, bob, registry::to_json(package_.items[0].meta),
                 std::string(registry::tag_type)})
                .status,
            201U);
  for (const Package::Item& item : package_.items) {
    EXPECT_EQ(ask({"GET", at}).status, 404U);
    EXPECT_EQ(ask({"GET", at, bob}).status, 404U);
    EXPECT_EQ(ask({"GET", "/bob/open/_tag"}).body, "[]");
    EXPECT_EQ(put_node(at, item, bob).status, 201U);
    if (&item != &package_.items.back()) {
      EXPECT_EQ(put_node(at, item, bob).status, 200U);  // once more
    }
  }
  EXPECT_EQ(ask({"GET", at}).status, 200U);
  EXPECT_EQ(put_node(at, package_.items[0], bob).status, 200U);
  EXPECT_EQ(put_node(at, Package::of({{"main.wasm", "evil"}}).items[0], bob).status, 409U);
  EXPECT_EQ(ask({"PUT", at, bob, registry::to_json(package_.items[0].meta),
                 std::string(registry::tag_type)})
                .status,
            409U);
}

TEST_F(Registry, BytesThatAreNotWhatWasToldAreRefused) {
  const std::string bob = token("s|bob");
  const std::string at = "/bob/open/_tag/1.0.0";
  const Package other = Package::of({{"main.wasm", "evil"}});
  ASSERT_EQ(ask({"PUT", at, bob, registry::to_json(package_.items[0].meta),
                 std::string(registry::tag_type)})
                .status,
            201U);
  EXPECT_EQ(put_node(at, other.items[0], bob).status, 400U);  // not what the tag says
  EXPECT_EQ(put_node(at, package_.items[0], bob).status, 201U);
  EXPECT_EQ(put_node(at, other.items[1], bob).status, 400U);  // nor what the directory says
  Package::Item lies = package_.items[2];
  lies.content = "evil";
  const auto altered = ask({"PUT",
                            concat(at, "/tree/main.wasm"),
                            bob,
                            "evil",
                            lies.meta.type,
                            {{"content-digest", lies.meta.digest.text()}},
                            false});
  EXPECT_EQ(altered.status, 400U);
  EXPECT_EQ(altered.body, "Content digest mismatch");
  EXPECT_EQ(ask({"GET", at}).status, 404U);
}

TEST_F(Registry, LargeContentsComeInPartsAndResume) {
  const std::string bob = token("s|bob");
  const std::string at = "/bob/open/_tag/1.0.0";
  const Package package = Package::of({{"large", large_}});
  ASSERT_EQ(push("bob/open", "1.0.0", bob, package), 201U);
  EXPECT_EQ(ask({"GET", at + "/tree/large"}).body, large_);
  const auto part =
      ask({"GET", at + "/tree/large", "", "", "", {{"range", "bytes=300000-699999"}}});
  EXPECT_EQ(part.status, 206U);
  EXPECT_EQ(part.body, large_.substr(300'000, 400'000));
  EXPECT_EQ(header(part, "Content-Range"), concat("bytes 300000-699999/", large_.size()));
  const std::string etag = header(part, "ETag");
  EXPECT_EQ(ask({"GET", at + "/tree/large", "", "", "", {{"if-none-match", etag}}}).status, 304U);
  EXPECT_EQ(ask({"GET",
                 at + "/tree/large",
                 "",
                 "",
                 "",
                 {{"range", "bytes=1-2"}, {"if-range", "\"other\""}}})
                .status,
            200U);
  EXPECT_EQ(ask({"GET", at + "/tree/large", "", "", "", {{"range", "bytes=9999999-"}}}).status,
            416U);
  const Package too_large = Package::of({{"large", std::string((1U << 20U) + 1, 'y')}});
  EXPECT_EQ(push("bob/open", "2.0.0", bob, too_large), 413U);
}

TEST_F(Registry, AnUploadGoesOnAtTheByteThatIsKept) {
  const std::string bob = token("s|bob");
  const std::string at = "/bob/open/_tag/1.0.0";
  const Package package = Package::of({{"large", large_}});
  ASSERT_EQ(ask({"PUT", at, bob, registry::to_json(package.items[0].meta),
                 std::string(registry::tag_type)})
                .status,
            201U);
  ASSERT_EQ(put_node(at, package.items[0], bob).status, 201U);
  {
    http::Request request;
    request.method = "PUT";
    request.target = concat("/api/v0.1.0", at, "/tree/large");
    request.headers = {{"authorization", "Bearer " + bob},
                       {"content-length", concat(large_.size())},
                       {"content-type", package.items[1].meta.type},
                       {"content-digest", package.items[1].meta.digest.text()}};
    auto reception = service_.receive(request);
    ASSERT_TRUE(reception.receiver);
    EXPECT_FALSE(reception.receiver->take(core::as_bytes(large_).first(123'456)));
  }
  EXPECT_EQ(ask({"GET", at + "/upload/large"}).status, 401U);
  EXPECT_EQ(header(ask({"GET", at + "/upload/large", bob}), "Upload-Offset"), "123456");
  const std::string digest = package.items[1].meta.digest.text();
  const auto go_on = [&](std::size_t from) {
    return ask({"PUT",
                at + "/tree/large",
                bob,
                large_.substr(from),
                package.items[1].meta.type,
                {{"upload-offset", concat(from)}, {"content-digest", digest}},
                false});
  };
  const auto wrong = go_on(100);
  EXPECT_EQ(wrong.status, 409U);
  EXPECT_EQ(header(wrong, "Upload-Offset"), "123456");
  EXPECT_EQ(go_on(123'456).status, 201U);
  EXPECT_EQ(ask({"GET", at + "/tree/large"}).body, large_);
}

TEST_F(Registry, AYankedTagIsGivenToWhoNamesItsDigestAlone) {
  const std::string bob = token("s|bob");
  const std::string at = "/bob/open/_tag/1.0.0";
  ASSERT_EQ(push("bob/open", "1.0.0", bob, package_), 201U);
  EXPECT_EQ(
      ask({"PUT", at + "/yank", token("s|eve"), R"({"reason":"x"})", "application/json"}).status,
      401U);
  EXPECT_EQ(ask({"PUT", at + "/yank", bob, R"({"reason":"it leaks"})", "application/json"}).status,
            200U);
  for (const char* path : {"", "/tree", "/tree/main.wasm"}) {
    const auto refused = ask({"GET", at + path});
    EXPECT_EQ(refused.status, 410U) << path;
    EXPECT_EQ(refused.body, "Yanked: it leaks");
    EXPECT_EQ(ask({"GET", at + path, bob}).status, 200U) << path;
    const auto hash = crypto::sha256({core::as_bytes(package_.items[0].content)});
    EXPECT_EQ(ask({"GET", concat(at, path, "?digest=sha-256=", base::hex(hash.view()))}).status,
              200U);
  }
  EXPECT_EQ(ask({"GET", "/bob/open/_tag"}).body, "[]");
  EXPECT_NE(ask({"GET", "/bob/open/_versions"}).body.find(R"("yanked":"it leaks")"),
            std::string::npos);
  EXPECT_EQ(ask({"DELETE", at + "/yank", bob}).status, 200U);
  EXPECT_EQ(ask({"GET", at}).status, 200U);
  EXPECT_EQ(ask({"DELETE", at}).status, 401U);
  EXPECT_EQ(ask({"DELETE", at, bob}).status, 200U);
  EXPECT_EQ(ask({"GET", at}).status, 410U);
  EXPECT_EQ(push("bob/open", "1.0.0", bob, package_), 410U);
}

TEST_F(Registry, RemovingContentsTakesSoManyRequestsAtATime) {
  const std::string bob = token("s|bob");
  const Package other = Package::of({{"main.wasm", "other"}});
  ASSERT_EQ(push("bob/open", "1.0.0", bob, package_), 201U);
  const std::string begun = "/bob/open/_tag/2.0.0";
  const auto put = [&](const Package& package) {
    return ask({"PUT", begun, bob, registry::to_json(package.items[0].meta),
                std::string(registry::tag_type)})
        .status;
  };
  ASSERT_EQ(put(other), 201U);
  // While one removes, as from a store that takes its time, another of the user's is told so.
  int asked = 0;
  objects_.before_removal = [&] {
    if (asked++ > 0) return;
    EXPECT_EQ(ask({"DELETE", "/bob/open/_tag/1.0.0", bob}).status, 503U);
    EXPECT_EQ(put(package_), 503U) << "what that tag has would go";
    EXPECT_EQ(put(other), 201U) << "and that is the same again";
    EXPECT_EQ(ask({"GET", "/bob/open/_tag"}).status, 200U);
  };
  EXPECT_EQ(ask({"DELETE", "/bob/open/_tag/1.0.0", bob}).status, 200U);
  EXPECT_GT(asked, 0);
  EXPECT_EQ(put(package_), 201U);
}

TEST_F(Registry, OnAFullDiskWhatGoesCanGo) {
  const std::string bob = token("s|bob");
  ASSERT_EQ(push("bob/open", "1.0.0", bob, package_), 201U);
  objects_.is_full = true;
  EXPECT_EQ(put_repository("bob/more", "s|bob", true).status, 507U);
  EXPECT_EQ(push("bob/open", "2.0.0", bob, package_), 507U);
  EXPECT_EQ(put_user("eve", "s|eve").status, 507U);
  EXPECT_EQ(put_node("/bob/open/_tag/1.0.0", package_.items[0], bob).status, 507U);
  EXPECT_EQ(ask({"GET", "/bob/open/_tag/1.0.0"}).status, 200U);
  EXPECT_EQ(
      ask({"PUT", "/bob/open/_tag/1.0.0/yank", bob, R"({"reason":"it leaks"})", "application/json"})
          .status,
      200U);
  EXPECT_EQ(ask({"DELETE", "/bob/open/_tag/1.0.0", bob}).status, 200U);
  objects_.is_full = false;
  EXPECT_EQ(push("bob/open", "2.0.0", bob, package_), 201U);
}

TEST(Removals, AreOneOfAUserAndNotMoreThanTheyMay) {
  Removals removals(2);
  {
    const auto one = removals.begin("alice");
    EXPECT_TRUE(one);
    EXPECT_FALSE(removals.begin("alice"));
    const auto other = removals.begin("bob");
    EXPECT_TRUE(other);
    EXPECT_FALSE(removals.begin("carol"));
  }
  EXPECT_TRUE(removals.begin("alice"));
  Removals of_files(Removals::any);
  const auto one = of_files.begin("alice");
  EXPECT_TRUE(one);
  EXPECT_TRUE(of_files.begin("alice"));
}

TEST_F(Registry, ASignedTagIsGivenAsItCame) {
  const std::string bob = token("s|bob");
  const std::string payload =
      oidc::testing::base64url(core::as_bytes(registry::to_json(package_.items[0].meta)));
  const std::string text = concat(R"({"payload":")", payload,
                                  R"(","protected":"e30","header":{"a":1},"signature":"AAAA"})");
  ASSERT_EQ(ask({"PUT", "/bob/open/_tag/1.0.0", bob, text, std::string(registry::signed_tag_type)})
                .status,
            201U);
  for (const Package::Item& item : package_.items) {
    EXPECT_EQ(put_node("/bob/open/_tag/1.0.0", item, bob).status, 201U);
  }
  const auto tag = ask({"GET", "/bob/open/_tag/1.0.0"});
  EXPECT_EQ(tag.body, text);
  EXPECT_EQ(header(tag, "Content-Type"), registry::signed_tag_type);
}

TEST_F(Registry, ListsWithPagesAndSearch) {
  const auto names = [&](const std::string& query, const std::string& bearer) {
    return ask({"GET", "/_repositories" + query, bearer}).body;
  };
  const std::string open = R"({"name":"bob/open","public":true,"tags":0,"bytes":0})";
  const std::string closed = R"({"name":"bob/closed","public":false,"tags":0,"bytes":0})";
  EXPECT_EQ(names("", ""), concat(R"({"repositories":[)", open, "]}"));
  EXPECT_EQ(names("", token("s|eve")), concat(R"({"repositories":[)", open, "]}"));
  EXPECT_EQ(names("", token("s|bob")), concat(R"({"repositories":[)", closed, ",", open, "]}"));
  EXPECT_EQ(names("?limit=1", token("s|bob")),
            concat(R"({"repositories":[)", closed, R"(],"next":"bob/closed"})"));
  EXPECT_EQ(names("?limit=1&after=bob/closed", token("s|bob")),
            concat(R"({"repositories":[)", open, "]}"));
  EXPECT_EQ(names("?search=OPE", ""), concat(R"({"repositories":[)", open, "]}"));
  EXPECT_EQ(names("?search=nothing", ""), R"({"repositories":[]})");
  EXPECT_EQ(ask({"GET", "/_repositories?limit=0"}).status, 400U);
}

TEST_F(Registry, AnAddressThatIsNoTextIsRefused) {
  for (const char* query : {"search=%00", "search=%ff", "after=a%C0%80"}) {
    EXPECT_EQ(ask({"GET", concat("/_repositories?", query)}).status, 400U) << query;
  }
  EXPECT_EQ(ask({"GET", "/_repositories?search=%C3%A9%20x"}).status, 200U);
}

TEST_F(Registry, ASubjectHasSoManyUsersAndNoMore) {
  for (int i = 1; i < 100; ++i) {
    const unsigned status =
        put_user(concat("user", std::string(static_cast<std::size_t>(i), 'x')), "s|many").status;
    if (status == 201U) continue;
    EXPECT_EQ(status, 507U);
    EXPECT_EQ(i, 17);
    break;
  }
  EXPECT_EQ(put_user("another", "s|other").status, 201U);
}

TEST_F(Registry, ARuleOfAdmissionIsItsUsersToMake) {
  const Ask put{"PUT", "/bob/closed/_admission", token("s|bob"),
                R"({"keeps":[{"technology":"snp"}]})", "application/json"};
  EXPECT_EQ(ask({"GET", "/bob/closed/_admission", token("s|bob")}).body, R"({"keeps":[]})");
  EXPECT_EQ(ask(put).status, 200U);
  EXPECT_EQ(ask({"GET", "/bob/closed/_admission", token("s|bob")}).body, put.body);
  EXPECT_EQ(ask({"GET", "/bob/closed/_admission", token("s|eve")}).status, 401U);
  Ask bad = put;
  bad.body = R"({"keeps":[{"tecnology":"snp"}]})";
  EXPECT_EQ(ask(bad).status, 400U);
  bad = put;
  bad.token = token("s|eve");
  EXPECT_EQ(ask(bad).status, 401U);
}

// A connection may live as long as its peer likes; the certificate that it began with does not.
TEST_F(Registry, AKeepIsLetInAsLongAsItsCertificateCounts) {
  ASSERT_EQ(push("bob/closed", "1.0.0", token("s|bob"), package_), 201U);
  ASSERT_EQ(ask({"PUT", "/bob/closed/_admission", token("s|bob"),
                 R"({"keeps":[{"technology":"snp"}]})", "application/json"})
                .status,
            200U);
  evidence::AttestationResult result;
  result.technology = evidence::Technology::Snp;
  result.status = evidence::TrustTier::Affirming;
  result.measurement = {0xAA};
  const x509::testing::SigningKey key(crypto::KeyKind::P256);
  x509::testing::CertificateTemplate shape;
  shape.not_before = {50};
  shape.not_after = {120};
  shape.extensions = {x509::testing::extension(evidence::cmw_oid, false, result.to_extension())};
  const auto certificate = x509::testing::issued(shape, key, key);
  const Ask get{"GET", "/bob/closed/_tag/1.0.0/tree/main.wasm"};
  EXPECT_EQ(ask(get).status, 401U);
  certificate_.assign(certificate.der().begin(), certificate.der().end());
  EXPECT_EQ(ask(get).status, 200U);
  now_ = 121;
  EXPECT_EQ(ask(get).status, 401U);
  now_ = 49;
  EXPECT_EQ(ask(get).status, 401U);
}

TEST_F(Registry, WhatTheStoreHasAlteredDoesNotLeave) {
  const Package package = Package::of({{"large", large_}, {"small", "1"}});
  ASSERT_EQ(push("bob/open", "1.0.0", token("s|bob"), package), 201U);
  objects_.for_each([](const auto&, std::vector<std::uint8_t>& bytes) { bytes.back() ^= 1; });
  EXPECT_EQ(ask({"GET", "/bob/open/_tag/1.0.0/tree/small"}).status, 500U);
  EXPECT_LT(ask({"GET", "/bob/open/_tag/1.0.0/tree/large"}).body.size(), large_.size());
  http::Request request;
  request.method = "GET";
  request.target = "/metrics";
  EXPECT_NE(service_.handle(request).body.find("merlon_drawbridge_altered_total 2"),
            std::string::npos);
}

TEST_F(Registry, DoesWhatItsDocumentSays) {
  const http::Response served = visit("/openapi.json");
  const auto document = codec::JsonDocument::parse(served.body);
  ASSERT_TRUE(document);
  const codec::JsonValue& paths = *document->root().find("paths");
  for (std::size_t i = 0; i < paths.names().size(); ++i) {
    std::string path(paths.names()[i]);
    constexpr std::string_view api = "/api/v0.1.0";
    if (!path.starts_with(api)) continue;
    path.erase(0, api.size());
    for (const std::string_view method : paths.items()[i].names()) {
      if (method == "parameters") continue;
      Ask wanted{"", path, token("s|bob"), "{}", "application/json"};
      for (const char c : method) wanted.method += static_cast<char>(std::toupper(c));
      for (const auto& [parameter, name] : {std::pair<std::string, std::string>{"{user}", "bob"},
                                            {"{repository}", "open"},
                                            {"{tag}", "1.0.0"},
                                            {"{path}", "a"},
                                            {"{id}", "0123456789abcdef"}}) {
        const std::size_t at = wanted.path.find(parameter);
        if (at != std::string::npos) wanted.path.replace(at, parameter.size(), name);
      }
      EXPECT_NE(ask(wanted).status, 405U) << method << " " << path;
    }
  }
}

TEST_F(Registry, PagesShowWhatIsPublicAlone) {
  const auto page = [&](const char* path) { return visit(path); };
  ASSERT_EQ(push("bob/open", "1.0.0", token("s|bob"), Package::of({{"small", "1"}})), 201U);
  EXPECT_NE(page("/").body.find("bob/open"), std::string::npos);
  EXPECT_EQ(page("/").body.find("bob/closed"), std::string::npos);
  EXPECT_EQ(page("/?search=nothing").body.find("bob/open"), std::string::npos);
  EXPECT_NE(page("/bob/open").body.find("1.0.0"), std::string::npos);
  for (const char* path : {"/bob/closed", "/bob/none", "/bob", "/bob/open/x", "/%00/x", "/../x"}) {
    EXPECT_EQ(page(path).status, 404U) << path;
  }
}

TEST_F(Registry, NothingOfATokenIsTold) {
  const std::string secret = token("s|bob", "read:nothing");
  for (const char* path : {"/bob", "/bob/open", "/eve/x", "/bob/closed/_tag"}) {
    const auto response = ask({"GET", path, secret});
    EXPECT_EQ(response.body.find(secret), std::string::npos);
    for (const http::Header& each : response.notes) {
      EXPECT_EQ(each.value.find(secret), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace merlon::drawbridge
