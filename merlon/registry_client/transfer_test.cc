#include "merlon/registry_client/transfer.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/net/socket.h"
#include "merlon/os/poll.h"

namespace merlon::registry_client {
namespace {

using base::concat;

struct Asked {
  std::string line;  ///< "PUT /alice/app/_tag/1.0.0"
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

/// Answers as it is told; an empty answer cuts the connection.
class Server {
 public:
  explicit Server(std::function<std::string(const Asked&)> reply)
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

  [[nodiscard]] Client client(std::shared_ptr<Tokens> tokens = nullptr) const {
    return Client::create({concat("http://127.0.0.1:", port_)}, std::move(tokens)).value();
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
    for (;;) {
      std::array<char, 65536> room{};
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
      Asked each{heard.substr(0, heard.find(" HTTP")), heard.substr(0, end + 2),
                 heard.substr(end + 4)};
      if (each.body.size() < std::stoul(each.field("Content-Length"))) continue;
      each.line.erase(each.line.find(api), api.size());
      asked.push_back(each);
      std::string text = reply_(each);
      const std::array vectors{::iovec{text.data(), text.size()}};
      static_cast<void>(os::send(connection, vectors));
      return;
    }
  }

  os::Fd listener_;
  std::uint16_t port_ = 0;
  std::function<std::string(const Asked&)> reply_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

using Kind = files::ArchiveEntry::Kind;

const std::string big(100'000, 'b');

files::Archive archive() {
  files::ArchiveWriter writer;
  EXPECT_TRUE(writer.add({Kind::File, 1, "Enarx.toml", core::as_bytes("abc")}));
  EXPECT_TRUE(writer.add({Kind::Directory, 1, "lib", {}}));
  EXPECT_TRUE(writer.add({Kind::File, 1, "lib/a", core::as_bytes("x")}));
  EXPECT_TRUE(writer.add({Kind::File, 1, "main.wasm", core::as_bytes(std::string_view(big))}));
  return files::Archive::read(std::make_shared<const std::vector<std::uint8_t>>(writer.take()))
      .value();
}

const registry::Slug slug{"", "alice", "app", "1.0.0", ""};
constexpr std::string_view tag_line = "PUT /alice/app/_tag/1.0.0";

std::vector<std::string> lines(const std::vector<Asked>& asked) {
  std::vector<std::string> all;
  for (const Asked& each : asked) all.push_back(each.line);
  return all;
}

TEST(Publishing, SendsWhatEnarxSends) {
  const auto files = archive();
  const auto nodes = registry::tree_of(files).value();
  std::uint64_t last = 0;
  Server server([](const Asked&) { return answer("201 Created"); });
  const auto published =
      publish(server.client(), slug, nodes, [&](auto done, auto) { last = done; });
  ASSERT_TRUE(published) << published.error().text;
  EXPECT_EQ(published->sent, 5U);
  const std::string tree = concat(tag_line, "/tree");
  EXPECT_EQ(lines(server.asked),
            (std::vector<std::string>{std::string(tag_line), tree, concat(tree, "/Enarx.toml"),
                                      concat(tree, "/lib"), concat(tree, "/lib/a"),
                                      concat(tree, "/main.wasm")}));
  EXPECT_EQ(server.asked[0].body, registry::to_json(nodes[0].meta));
  EXPECT_EQ(server.asked[0].field("Content-Type"), registry::tag_type);
  EXPECT_EQ(server.asked[1].body, nodes[0].listing);
  EXPECT_EQ(server.asked[1].field("Content-Type"), registry::directory_type);
  EXPECT_EQ(server.asked[1].field("Content-Digest"), nodes[0].meta.digest.text());
  EXPECT_EQ(server.asked[5].body, big);
  EXPECT_EQ(server.asked[5].field("Content-Type"), registry::wasm_type);
  EXPECT_EQ(last, nodes[0].meta.length + nodes[1].meta.length + nodes[2].meta.length + 1 + 100'000);
}

TEST(Publishing, GoesOnWhereAnUploadBrokeOff) {
  const auto files = archive();
  const auto nodes = registry::tree_of(files).value();
  int tries = 0;
  Server server([&](const Asked& asked) {
    if (asked.line.ends_with("upload/main.wasm")) {
      return answer("200 OK", "", "Upload-Offset: 70000\r\n");
    }
    if (asked.line.ends_with("tree/main.wasm")) {
      ++tries;
      return tries == 1   ? std::string()
             : tries == 2 ? answer("409 Conflict", "", "Upload-Offset: 80000\r\n")
                          : answer("201 Created");
    }
    return answer("200 OK");
  });
  const auto published = publish(server.client(), slug, nodes);
  ASSERT_TRUE(published) << published.error().text;
  EXPECT_EQ(published->there, 4U);
  const Asked& last = server.asked.back();
  EXPECT_EQ(last.field("Upload-Offset"), "80000");
  EXPECT_EQ(last.body.size(), 20'000U);
  EXPECT_EQ(last.field("Content-Digest"), nodes.back().meta.digest.text());
}

class TwoTokens final : public Tokens {
 public:
  core::Result<std::string, std::string> authorization() override {
    return concat("Bearer ", renewed_ ? "new" : "old");
  }
  bool renew() override { return !std::exchange(renewed_, true); }

 private:
  bool renewed_ = false;
};

TEST(Publishing, RenewsATokenThatEnds) {
  for (const std::string_view until : {"tree/lib", "tree/main.wasm"}) {
    const auto files = archive();
    const auto nodes = registry::tree_of(files).value();
    bool old_is_good = true;
    Server server([&](const Asked& asked) {
      if (asked.line.ends_with(until)) old_is_good = false;
      const bool good = asked.field("Authorization") == "Bearer new" || old_is_good;
      if (!good) return answer("401 Unauthorized", "no");
      return answer(asked.line.starts_with("GET") ? "404 Not Found" : "201 Created");
    });
    const auto published = publish(server.client(std::make_shared<TwoTokens>()), slug, nodes);
    ASSERT_TRUE(published) << published.error().text;
    EXPECT_EQ(published->sent, 5U);
    EXPECT_EQ(server.asked.back().field("Authorization"), "Bearer new");
  }
}

TEST(Publishing, LeavesAnotherTreeUnderATagAlone) {
  const auto files = archive();
  const auto nodes = registry::tree_of(files).value();
  const auto other = registry::Meta::of(core::as_bytes("{}"), registry::directory_type);
  Server server([&](const Asked& asked) {
    if (asked.line.starts_with("PUT")) return answer("409 Conflict", "Already exists");
    return answer("200 OK", registry::to_json(other),
                  concat("Content-Type: ", registry::tag_type, "\r\n"));
  });
  const auto published = publish(server.client(), slug, nodes);
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().trouble, Trouble::Taken);
}

/// A registry that has `nodes`.
std::string serve(const std::vector<registry::Node>& nodes, const Asked& asked) {
  for (const registry::Node& node : nodes) {
    const std::string path =
        concat("GET /alice/app/_tag/1.0.0/tree", node.path.empty() ? "" : "/", node.path);
    if (asked.line != path) continue;
    const bool is_directory = node.meta.type == registry::directory_type;
    return answer("200 OK",
                  is_directory ? std::string_view(node.listing) : core::as_text(node.content));
  }
  return answer("404 Not Found", "Not found");
}

struct Got {
  Result<void> result;
  std::vector<std::string> paths{};
};
Got get(const Client& client, const registry::Slug& from, const registry::Meta& root,
        const FetchWishes& wishes = {}) {
  Got got{{}};
  const Visitor visit = [&](FetchedNode node) -> Result<void> {
    got.paths.push_back(node.path);
    return {};
  };
  got.result = fetch(client, from, {root, false}, visit, {}, wishes);
  return got;
}

TEST(Fetching, ChecksEachNode) {
  const auto files = archive();
  const auto nodes = registry::tree_of(files).value();
  std::string changed;
  Server server([&](const Asked& asked) {
    std::string text = serve(nodes, asked);
    if (!changed.empty() && asked.line.ends_with(changed)) text.back() = '!';
    return text;
  });
  const Client client = server.client();
  const registry::Meta& root = nodes.front().meta;
  const Got good = get(client, slug, root);
  ASSERT_TRUE(good.result) << good.result.error().text;
  EXPECT_EQ(good.paths, (std::vector<std::string>{"", "Enarx.toml", "lib", "lib/a", "main.wasm"}));
  for (const std::string_view each : {"tree", "Enarx.toml", "lib", "lib/a", "main.wasm"}) {
    changed = each;
    const Got bad = get(client, slug, root);
    ASSERT_FALSE(bad.result) << each;
    EXPECT_EQ(bad.result.error().trouble, Trouble::Untrue) << each;
  }
  changed.clear();
  const Got listed = get(client, slug, root, {true, {}, {}});
  EXPECT_TRUE(listed.result);
  EXPECT_EQ(listed.paths.size(), 5U);
  FetchWishes one;
  one.only = "lib/a";
  EXPECT_EQ(get(client, slug, root, one).paths, (std::vector<std::string>{"", "lib", "lib/a"}));
}

TEST(Fetching, HoldsAPinAgainstTheRoot) {
  const auto files = archive();
  const auto nodes = registry::tree_of(files).value();
  Server server([&](const Asked& asked) {
    Asked bare = asked;
    bare.line = asked.line.substr(0, asked.line.find('?'));
    return serve(nodes, bare);
  });
  registry::Slug pinned = slug;
  pinned.digest = base::hex(nodes[0].meta.digest.get(registry::DigestKind::Sha256));
  EXPECT_TRUE(get(server.client(), pinned, nodes[0].meta).result);
  pinned.digest = std::string(64, '0');
  const Got other = get(server.client(), pinned, nodes[0].meta);
  ASSERT_FALSE(other.result);
  EXPECT_EQ(other.result.error().trouble, Trouble::Untrue);
  EXPECT_TRUE(other.paths.empty());
}

TEST(Fetching, IsBounded) {
  const auto files = archive();
  const auto nodes = registry::tree_of(files).value();
  Server server([&](const Asked& asked) { return serve(nodes, asked); });
  FetchWishes few;
  few.limits = {1 << 30U, 4};
  EXPECT_FALSE(get(server.client(), slug, nodes[0].meta, few).result);
  FetchWishes small;
  small.limits = {100'000, 100};
  EXPECT_FALSE(get(server.client(), slug, nodes[0].meta, small).result);
}

TEST(Fetching, GoesOnWhereItBrokeOff) {
  const auto files = archive();
  const auto nodes = registry::tree_of(files).value();
  bool broke = false;
  Server server([&](const Asked& asked) {
    std::string text = serve(nodes, asked);
    if (!asked.line.ends_with("main.wasm")) return text;
    if (!std::exchange(broke, true)) return text.substr(0, text.size() - 40'000);
    EXPECT_EQ(asked.field("Range"), "bytes=60000-");
    return answer("206 Partial Content", std::string_view(big).substr(60'000),
                  "Content-Range: bytes 60000-99999/100000\r\n");
  });
  const Got got = get(server.client(), slug, nodes[0].meta);
  ASSERT_TRUE(got.result) << got.result.error().text;
}

TEST(Clients, FollowNoRedirection) {
  Server server([](const Asked&) {
    return answer("302 Found", "", "Location: https://elsewhere.example/\r\n");
  });
  const auto tags = server.client().tags({"alice", "app"});
  ASSERT_FALSE(tags);
  EXPECT_NE(tags.error().text.find("elsewhere.example"), std::string::npos);
  EXPECT_EQ(server.asked.size(), 1U);
}

TEST(Clients, GoThroughAllPages) {
  Server server([](const Asked& asked) {
    const bool second = asked.line.find("after=a%2Fb") != std::string::npos;
    return answer(
        "200 OK",
        second
            ? R"({"repositories":[{"name":"a/c","public":true,"tags":1,"bytes":1}]})"
            : R"({"repositories":[{"name":"a/b","public":true,"tags":1,"bytes":1}],"next":"a/b"})");
  });
  const auto all = server.client().repositories("", "x y", 1000);
  ASSERT_TRUE(all) << all.error().text;
  EXPECT_EQ(all->size(), 2U);
  EXPECT_EQ(server.asked[0].line, "GET /_repositories?limit=100&search=x%20y");
}

TEST(Clients, TellKindsOfRefusal) {
  for (const auto& [status, trouble] :
       {std::pair{"404 N", Trouble::NotThere}, std::pair{"410 G", Trouble::Withdrawn},
        std::pair{"401 U", Trouble::NotAllowed}, std::pair{"500 E", Trouble::Unusable}}) {
    Server server([&](const Asked&) { return answer(status, "why\x1b[31m"); });
    const auto tag = server.client().tag(slug);
    ASSERT_FALSE(tag);
    EXPECT_EQ(tag.error().trouble, trouble);
    EXPECT_NE(tag.error().text.find("why\\x1b"), std::string::npos) << tag.error().text;
  }
}

}  // namespace
}  // namespace merlon::registry_client
