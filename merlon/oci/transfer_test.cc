// A registry that behaves, and others.

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/crypto/hash.h"
#include "merlon/net/socket.h"
#include "merlon/oci/media_types.h"
#include "merlon/oci/package.h"
#include "merlon/os/poll.h"

namespace merlon::oci {
namespace {

using base::concat;

struct Asked {
  std::string method;
  std::string path;
  std::string head;
  std::string body;

  [[nodiscard]] std::string field(std::string_view name) const {
    const std::size_t at = head.find(concat("\r\n", name, ": "));
    if (at == std::string::npos) return "";
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

std::string answer(std::string_view status, std::string_view body = "",
                   std::string_view fields = "") {
  return concat("HTTP/1.1 ", status, "\r\n", fields, "Content-Length: ", body.size(), "\r\n\r\n",
                body);
}
std::string hex_of(std::string_view text) {
  return base::hex(crypto::sha256({core::as_bytes(text)}).view());
}

/// Answers as it is told; an empty answer cuts the connection.
class Server {
 public:
  using Reply = std::function<std::string(const Asked&)>;
  explicit Server(Reply reply)
      : listener_(os::listen_tcp("127.0.0.1", 0).value()), reply_(std::move(reply)) {
    port_ = os::local_port(listener_).value();
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ended_ = true;
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::string url() const { return concat("http://127.0.0.1:", port_); }
  [[nodiscard]] Reference reference(std::string_view rest = "alice/app:1.0") const {
    return Reference::parse(concat("oci+http://127.0.0.1:", port_, "/", rest)).value();
  }
  [[nodiscard]] Client client(Credentials credentials = {}, Rights rights = Rights::Write) const {
    Reach reach;
    reach.credentials = [credentials]() -> core::Result<Credentials, std::string> {
      return credentials;
    };
    return Client::create(reference(), std::move(reach), rights).value();
  }
  std::vector<Asked> asked;

 private:
  void serve() {
    while (!ended_) {
      std::array items{os::PollItem{listener_.number(), POLLIN, 0}};
      static_cast<void>(os::poll(items, std::chrono::milliseconds(10)));
      const auto connection = os::accept(listener_);
      if (connection) talk(*connection);
    }
  }
  void talk(const os::Fd& connection) {
    std::string heard;
    std::vector<char> room(1U << 20U);
    for (;;) {
      const std::array into{::iovec{room.data(), room.size()}};
      const auto got = os::receive(connection, into);
      if (got && got->size == 0) return;
      if (got) heard.append(room.data(), got->size);
      if (!got) {
        std::array items{os::PollItem{connection.number(), POLLIN, 0}};
        static_cast<void>(os::poll(items, std::chrono::seconds(10)));
      }
      const std::size_t end = heard.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const std::size_t space = heard.find(' ');
      Asked each{heard.substr(0, space), heard.substr(space + 1, heard.find(" HTTP") - space - 1),
                 heard.substr(0, end + 2), heard.substr(end + 4)};
      if (each.body.size() < std::stoul(each.field("Content-Length"))) continue;
      asked.push_back(each);
      std::string text = reply_(each);
      for (std::size_t sent = 0; sent < text.size();) {
        const std::array vectors{::iovec{text.data() + sent, text.size() - sent}};
        const auto done = os::send(connection, vectors);
        if (done) {
          sent += *done;
        } else {
          std::array items{os::PollItem{connection.number(), POLLOUT, 0}};
          static_cast<void>(os::poll(items, std::chrono::seconds(10)));
        }
      }
      return;
    }
  }

  os::Fd listener_;
  std::uint16_t port_ = 0;
  Reply reply_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

/// A registry that behaves. Its state is looked at when nobody asks.
struct Registry {
  std::map<std::string, std::string> blobs;      // by "sha256:…"
  std::map<std::string, std::string> manifests;  // by tag and digest
  std::string upload;

  std::string operator()(const Asked& asked) {
    const std::string_view path = asked.path;
    if (path.find("/manifests/") != std::string_view::npos) return manifest(asked);
    if (path.find("/uploads/") != std::string_view::npos) return take(asked);
    const auto found = blobs.find(asked.path.substr(asked.path.rfind('/') + 1));
    if (found == blobs.end()) return answer("404 Not Found");
    if (asked.method == "HEAD") return "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n";
    return answer("200 OK", found->second);
  }

 private:
  std::string manifest(const Asked& asked) {
    const std::string name = asked.path.substr(asked.path.rfind('/') + 1);
    if (asked.method == "PUT") {
      manifests[name] = asked.body;
      manifests[concat("sha256:", hex_of(asked.body))] = asked.body;
      return answer("201 Created");
    }
    const auto found = manifests.find(name);
    if (found == manifests.end()) return answer("404 Not Found");
    return answer("200 OK", found->second,
                  concat("Content-Type: ", manifest_type,
                         "\r\nDocker-Content-Digest: sha256:", hex_of(found->second), "\r\n"));
  }
  [[nodiscard]] std::string where(std::string_view status) const {
    return answer(status, "",
                  concat("Location: /v2/alice/app/blobs/uploads/one?_state=s\r\nRange: 0-",
                         upload.empty() ? 0 : upload.size() - 1, "\r\n"));
  }
  std::string take(const Asked& asked) {
    if (asked.method == "POST") {
      upload.clear();
      return where("202 Accepted");
    }
    if (asked.method == "GET") return where("204 No Content");
    upload += asked.body;
    if (asked.method == "PATCH") return where("202 Accepted");
    const std::string digest = concat("sha256:", hex_of(upload));
    const std::size_t at = asked.path.find("digest=sha256%3A");
    if (asked.path.substr(at + 16) != digest.substr(7)) return answer("400 Bad Request");
    blobs[digest] = std::exchange(upload, "");
    return answer("201 Created");
  }
};

using Kind = files::ArchiveEntry::Kind;
const std::string big(9'000'000, 'b');

files::Archive archive(std::string_view module = "module", bool alone = false) {
  files::ArchiveWriter writer;
  bool good = true;
  if (!alone) {
    good = writer.add({Kind::File, 1, "Enarx.toml", core::as_bytes("abc")}) &&
           writer.add({Kind::Directory, 1, "lib", {}}) &&
           writer.add({Kind::File, 1, "lib/a", core::as_bytes("x")});
  }
  EXPECT_TRUE(good && writer.add({Kind::File, 1, "main.wasm", core::as_bytes(module)}));
  return files::Archive::read(std::make_shared<const std::vector<std::uint8_t>>(writer.take()))
      .value();
}

std::vector<std::string> lines(const std::vector<Asked>& asked, std::string_view method) {
  std::vector<std::string> all;
  for (const Asked& each : asked) {
    if (each.method == method) all.push_back(each.field("Content-Range"));
  }
  return all;
}

TEST(Publishing, AndFetchingGiveTheSameTree) {
  const auto files = archive();
  const auto nodes = registry::tree_of(files).value();
  Registry registry;
  Server server([&](const Asked& asked) { return registry(asked); });
  auto client = server.client();
  std::uint64_t last = 0;
  const auto published =
      publish(client, server.reference(), {nodes, "signed"}, [&](auto done, auto) { last = done; });
  ASSERT_TRUE(published) << published.error().text;
  EXPECT_FALSE(published->was_there);
  EXPECT_EQ(last, 10U);
  EXPECT_EQ(registry.blobs.size(), 4U);
  EXPECT_EQ(hex_of(registry.manifests.at("1.0")), published->manifest);
  const auto fetched = fetch(client, server.reference());
  ASSERT_TRUE(fetched) << fetched.error().text;
  EXPECT_EQ(fetched->root(), nodes.front().meta);
  EXPECT_EQ(fetched->manifest, published->manifest);
  EXPECT_EQ(fetched->signed_tag, "signed");
  EXPECT_EQ(fetched->type, package_type);
  const auto pinned = server.reference(concat("alice/app:1.0@sha-256=", fetched->tree()));
  EXPECT_TRUE(fetch(client, pinned));
  const auto by_digest = server.reference(concat("alice/app@sha256:", published->manifest));
  EXPECT_TRUE(fetch(client, by_digest));
  // Once more: nothing is sent but what the registry has lost.
  const std::size_t before = server.asked.size();
  EXPECT_TRUE(publish(client, server.reference(), {nodes, "signed"})->was_there);
  EXPECT_EQ(server.asked.size(), before + 5);
  registry.blobs.erase(concat("sha256:", hex_of("module")));
  EXPECT_TRUE(publish(client, server.reference(), {nodes, "signed"})->was_there);
  EXPECT_TRUE(fetch(client, server.reference()));
}

TEST(Publishing, AModuleIsAWasmArtifact) {
  const auto files = archive("module", true);
  const auto nodes = registry::tree_of(files).value();
  Registry registry;
  Server server([&](const Asked& asked) { return registry(asked); });
  auto client = server.client();
  ASSERT_TRUE(publish(client, server.reference(), {nodes}));
  const std::string module = hex_of("module");
  const std::string config = concat(
      R"({"created":"1970-01-01T00:00:00Z","architecture":"wasm","os":"wasip1","layerDigests":["sha256:)",
      module, R"("]})");
  EXPECT_EQ(
      registry.manifests.at("1.0"),
      concat(R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
             R"("config":{"mediaType":"application/vnd.wasm.config.v0+json","digest":"sha256:)",
             hex_of(config), R"(","size":)", config.size(),
             R"(},"layers":[{"mediaType":"application/wasm","digest":"sha256:)", module,
             R"(","size":6,"annotations":{"org.opencontainers.image.title":"main.wasm"}}],)"
             R"("annotations":{"vnd.merlon.tree":"sha-256=)",
             base::hex(nodes.front().meta.digest.get(registry::DigestKind::Sha256)), "\"}}"));
}

TEST(Publishing, MovesATagOnlyIfItIsToldTo) {
  const auto one = archive("one");
  const auto two = archive("two");
  const auto first = registry::tree_of(one).value();
  const auto second = registry::tree_of(two).value();
  Registry registry;
  Server server([&](const Asked& asked) { return registry(asked); });
  auto client = server.client();
  ASSERT_TRUE(publish(client, server.reference(), {first}));
  const auto refused = publish(client, server.reference(), {second});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().trouble, Trouble::Taken);
  EXPECT_TRUE(publish(client, server.reference(), {second, "", true}));
}

TEST(Publishing, GoesOnAtTheLastAcknowledgedByte) {
  const auto files = archive(big, true);
  const auto nodes = registry::tree_of(files).value();
  Registry registry;
  int cuts = 0;
  Server server([&](const Asked& asked) -> std::string {
    // The second chunk's connection breaks after some of it was kept.
    if (asked.method == "PUT" && asked.body.size() > 100'000 && cuts++ == 0) {
      registry.upload += asked.body.substr(0, 1000);
      return "";
    }
    return registry(asked);
  });
  auto client = server.client();
  const auto published = publish(client, server.reference(), {nodes});
  ASSERT_TRUE(published) << published.error().text;
  EXPECT_EQ(registry.blobs.at(concat("sha256:", hex_of(big))), big);
  EXPECT_EQ(lines(server.asked, "PATCH"), (std::vector<std::string>{"0-8388607"}));
  const auto puts = lines(server.asked, "PUT");
  EXPECT_NE(std::ranges::find(puts, "8388608-8999999"), puts.end());
  EXPECT_NE(std::ranges::find(puts, "8389608-8999999"), puts.end());
}

TEST(Publishing, BeginsAnewWhereTheRegistryHasForgotten) {
  const auto files = archive(big, true);
  const auto nodes = registry::tree_of(files).value();
  Registry registry;
  int cuts = 0;
  Server server([&](const Asked& asked) -> std::string {
    if (asked.method == "PUT" && asked.body.size() > 100'000 && cuts++ == 0) return "";
    if (asked.method == "GET" && asked.path.find("/uploads/") != std::string::npos) {
      return answer("404 Not Found");
    }
    return registry(asked);
  });
  auto client = server.client();
  ASSERT_TRUE(publish(client, server.reference(), {nodes}));
  EXPECT_EQ(lines(server.asked, "PATCH").size(), 2U);
}

TEST(Publishing, SendsAsOneWhatIsNotTakenInChunks) {
  const auto files = archive(big, true);
  const auto nodes = registry::tree_of(files).value();
  Registry registry;
  Server server([&](const Asked& asked) {
    return asked.method == "PATCH" ? answer("405 Method Not Allowed") : registry(asked);
  });
  auto client = server.client();
  const auto published = publish(client, server.reference(), {nodes});
  ASSERT_TRUE(published) << published.error().text;
  EXPECT_EQ(lines(server.asked, "PATCH").size(), 1U);
  EXPECT_EQ(registry.blobs.at(concat("sha256:", hex_of(big))), big);
}

TEST(Publishing, SendsNothingToAnotherHost) {
  const auto files = archive();
  const auto nodes = registry::tree_of(files).value();
  for (const std::string_view location :
       {"http://127.0.0.1:1/x", "https://evil.example/x", "//evil.example/x", ""}) {
    Server server([&](const Asked& asked) {
      if (asked.method == "POST") {
        return answer("202 Accepted", "", concat("Location: ", location, "\r\n"));
      }
      return answer("404 Not Found");
    });
    auto client = server.client();
    const auto refused = publish(client, server.reference(), {nodes});
    ASSERT_FALSE(refused) << location;
    EXPECT_EQ(lines(server.asked, "PUT").size() + lines(server.asked, "PATCH").size(), 0U);
  }
}

/// What fetch() says of a registry that gives `twist` of what it should.
std::string said(const std::function<std::string(const Asked&, std::string)>& twist,
                 Trouble expected = Trouble::Untrue) {
  const auto files = archive();
  const auto nodes = registry::tree_of(files).value();
  Registry registry;
  bool lies = false;
  Server server(
      [&](const Asked& asked) { return lies ? twist(asked, registry(asked)) : registry(asked); });
  auto client = server.client();
  EXPECT_TRUE(publish(client, server.reference(), {nodes}));
  lies = true;
  const auto fetched = fetch(client, server.reference());
  if (fetched) return "fetched";
  EXPECT_EQ(fetched.error().trouble, expected) << fetched.error().text;
  return fetched.error().text;
}
bool is_blob(const Asked& asked) { return asked.path.find("/blobs/") != std::string::npos; }

TEST(Fetching, RefusesOtherBytes) {
  EXPECT_NE(said([](const Asked& asked, std::string real) {
              if (is_blob(asked)) real.back() ^= 1;
              return real;
            }).find("not what its digest says"),
            std::string::npos);
  EXPECT_NE(said([](const Asked& asked, std::string real) {
              return is_blob(asked) ? answer("200 OK", std::string(500, 'x')) : real;
            }).find("longer than announced"),
            std::string::npos);
  EXPECT_NE(said([](const Asked& asked, std::string real) {
              return is_blob(asked) ? answer("200 OK", "x") : real;
            }).find("not what its digest says"),
            std::string::npos);
  EXPECT_NE(said([](const Asked& asked, std::string real) {
              return is_blob(asked) ? answer("206 Partial Content", "x") : real;
            }).find("another part"),
            std::string::npos);
}

TEST(Fetching, RefusesManifestsThatAreNotWhatTheySay) {
  EXPECT_NE(said([](const Asked& asked, std::string real) {
              if (!is_blob(asked)) real.replace(real.find("Digest: sha256:") + 15, 4, "0000");
              return real;
            }).find("not what the registry says"),
            std::string::npos);
  const std::string large(100 << 20U, ' ');
  EXPECT_NE(said(
                [&](const Asked& asked, std::string real) {
                  return is_blob(asked)
                             ? real
                             : concat("HTTP/1.1 200 OK\r\nContent-Length: ", large.size(),
                                      "\r\n\r\n");
                },
                Trouble::Unusable)
                .find("does not answer"),
            std::string::npos);
}

TEST(Fetching, GoesOnWhereItBrokeOff) {
  const auto files = archive(big, true);
  const auto nodes = registry::tree_of(files).value();
  Registry registry;
  std::vector<std::string> ranges;
  Server server([&](const Asked& asked) {
    if (asked.method != "GET" || !is_blob(asked) || asked.path.ends_with("uploads/")) {
      return registry(asked);
    }
    const std::string range = asked.field("Range");
    ranges.push_back(range);
    const std::string all = registry(asked);
    if (all.size() < 1'000'000) return all;
    if (range.empty()) return all.substr(0, 1'000'000);
    const std::size_t from = std::stoul(range.substr(6));
    return answer(
        "206 Partial Content", big.substr(from),
        concat("Content-Range: bytes ", from, "-", big.size() - 1, "/", big.size(), "\r\n"));
  });
  auto client = server.client();
  ASSERT_TRUE(publish(client, server.reference(), {nodes}));
  const auto fetched = fetch(client, server.reference());
  ASSERT_TRUE(fetched) << fetched.error().text;
  EXPECT_EQ(fetched->root(), nodes.front().meta);
  EXPECT_EQ(ranges.size(), 3U);  // the configuration's, and two of the module
}

TEST(Redirects, AreFollowedOverHttpsAlone) {
  for (const std::string_view location :
       {"http://127.0.0.1:1/x", "http://evil.example/x", "ftp://x/", "//evil.example/x", "x"}) {
    EXPECT_NE(said(
                  [&](const Asked& asked, std::string real) {
                    if (!is_blob(asked)) return real;
                    return answer("307 Temporary Redirect", "",
                                  concat("Location: ", location, "\r\n"));
                  },
                  Trouble::Unusable)
                  .find("not followed"),
              std::string::npos)
        << location;
  }
  // Not for manifests, and not for ever.
  EXPECT_NE(said(
                [](const Asked& asked, std::string real) {
                  return is_blob(asked) ? real
                                        : answer("302 Found", "", "Location: https://x/\r\n");
                },
                Trouble::Unusable)
                .find("not followed"),
            std::string::npos);
  int hops = 0;
  EXPECT_NE(said(
                [&](const Asked& asked, std::string real) {
                  if (!is_blob(asked) && asked.path.find("/again") == std::string::npos)
                    return real;
                  ++hops;
                  return answer("302 Found", "", "Location: /again\r\n");
                },
                Trouble::Unusable)
                .find("to no end"),
            std::string::npos);
  EXPECT_EQ(hops, 4);
}

TEST(Redirects, OnTheSameServerAreFollowed) {
  EXPECT_EQ(said([](const Asked& asked, std::string real) {
              const std::string other = "/elsewhere";
              if (asked.path.starts_with(other) || !is_blob(asked)) return real;
              return answer("302 Found", "", concat("Location: ", other, asked.path, "\r\n"));
            }),
            "fetched");
}

/// A registry that wants to know who asks, and gives tokens itself.
struct Guarded {
  Registry registry{};
  std::string url{};
  std::string challenge = "Bearer";
  int tokens = 0;
  int uses = 0;  ///< that a token is good for; 0: any number

  std::string operator()(const Asked& asked) {
    const std::string known = asked.field("Authorization");
    if (asked.path.starts_with("/token")) {
      const std::string user = concat("Basic ", codec::encode_base64(core::as_bytes("me:secret")));
      const bool by_refresh =
          asked.method == "POST" && asked.body.find("refresh_token=identity") != std::string::npos;
      if (known != user && !by_refresh) return answer("401 Unauthorized");
      left_ = uses;
      return answer("200 OK", concat(R"({"token":"t)", ++tokens, R"("})"));
    }
    const std::string wanted =
        challenge == "Basic" ? concat("Basic ", codec::encode_base64(core::as_bytes("me:secret")))
                             : concat("Bearer t", tokens);
    const bool good = known == wanted && (uses == 0 || left_-- > 0);
    if (good) return registry(asked);
    const std::string_view why = R"({"errors":[{"code":"UNAUTHORIZED","message":"who"}]})";
    return answer("401 Unauthorized", asked.method == "HEAD" ? "" : why,
                  concat("WWW-Authenticate: ", challenge, " realm=\"", url,
                         "/token\",service=\"the registry\"\r\n"));
  }

 private:
  int left_ = 0;
};

TEST(WhoAsks, IsSaidWhenItIsWantedAndNotBefore) {
  const auto files = archive();
  const auto nodes = registry::tree_of(files).value();
  for (const std::string_view challenge : {"Bearer", "Basic"}) {
    Guarded guarded;
    guarded.challenge = challenge;
    Server server([&](const Asked& asked) { return guarded(asked); });
    guarded.url = server.url();
    auto client = server.client({"me", "secret", "", ""});
    const auto published = publish(client, server.reference(), {nodes});
    ASSERT_TRUE(published) << published.error().text;
    EXPECT_EQ(server.asked.at(0).field("Authorization"), "");
    EXPECT_EQ(guarded.tokens, challenge == "Bearer" ? 1 : 0);
    if (challenge == "Bearer") {
      EXPECT_EQ(server.asked.at(1).path,
                "/token?service=the%20registry&scope=repository%3Aalice%2Fapp%3Apull%2Cpush");
    }
    auto wrong = server.client({"me", "wrong", "", ""});
    const auto refused = fetch(wrong, server.reference());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().trouble, Trouble::NotAllowed);
    EXPECT_EQ(refused.error().text.find("wrong"), std::string::npos);
    auto nobody = server.client();
    EXPECT_FALSE(fetch(nobody, server.reference()));
  }
}

TEST(WhoAsks, IsSaidAgainWhenATokenEnds) {
  const auto files = archive();
  const auto nodes = registry::tree_of(files).value();
  Guarded guarded;
  guarded.uses = 2;
  Server server([&](const Asked& asked) { return guarded(asked); });
  guarded.url = server.url();
  auto client = server.client({"", "", "identity", ""});
  const auto published = publish(client, server.reference(), {nodes});
  ASSERT_TRUE(published) << published.error().text;
  EXPECT_GT(guarded.tokens, 3);
  const auto fetched = fetch(client, server.reference());
  ASSERT_TRUE(fetched) << fetched.error().text;
}

TEST(WhoAsks, NobodyWithoutTlsGivesTokens) {
  for (const std::string_view realm : {"http://127.0.0.1:1/x", "http://evil.example/x", "x", ""}) {
    Server server([&](const Asked&) {
      return answer("401 Unauthorized", "",
                    concat("WWW-Authenticate: Bearer realm=\"", realm, "\"\r\n"));
    });
    auto client = server.client();
    const auto refused = fetch(client, server.reference());
    ASSERT_FALSE(refused);
    // A registry of this machine may name a server of this machine.
    const bool is_here = realm.starts_with("http://127");
    EXPECT_EQ(refused.error().text.find("gives tokens at") == std::string::npos, is_here);
  }
}

TEST(WhoAsks, IsNotToldToAnotherHost) {
  Server thief([](const Asked&) { return answer("200 OK", R"({"token":"x"})"); });
  Server server([&](const Asked&) {
    return answer("401 Unauthorized", "",
                  concat("WWW-Authenticate: Bearer realm=\"http://localhost",
                         thief.url().substr(thief.url().rfind(':')), "/token\"\r\n"));
  });
  auto client = server.client({"me", "secret", "identity", ""});
  const auto refused = fetch(client, server.reference());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("not sent to localhost"), std::string::npos)
      << refused.error().text;
  ASSERT_FALSE(thief.asked.empty());
  for (const Asked& each : thief.asked) {
    EXPECT_EQ(each.field("Authorization"), "");
    EXPECT_EQ(each.path.find("identity"), std::string::npos);
    EXPECT_EQ(each.body, "");
  }
}

}  // namespace
}  // namespace merlon::oci
