#include "merlon/keep/package_fetch.h"

#include <map>
#include <memory>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/crypto/hash.h"
#include "merlon/files/selection.h"
#include "merlon/registry/tree.h"
#include "merlon/sealed_package/sealed_package.h"

namespace merlon::keep {
namespace {

using files::ArchiveEntry;
using launch::Mount;
using launch::RemotePackage;
using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

RemotePackage::Digest digest_of(core::ByteView bytes) {
  RemotePackage::Digest digest{};
  std::ranges::copy(crypto::sha256({bytes}).view(), digest.begin());
  return digest;
}

/// A package with a module, two directories and a file that nobody wants.
files::Archive package() {
  files::ArchiveWriter writer;
  const auto add = [&](ArchiveEntry::Kind kind, std::string_view path, std::string_view text) {
    EXPECT_TRUE(writer.add({kind, 7, path, core::as_bytes(text)})) << path;
  };
  add(ArchiveEntry::Kind::File, "Enarx.toml", "");
  add(ArchiveEntry::Kind::Directory, "data", "");
  add(ArchiveEntry::Kind::File, "data/a", "alpha");
  add(ArchiveEntry::Kind::Directory, "data/deep", "");
  add(ArchiveEntry::Kind::File, "data/deep/b", "beta");
  add(ArchiveEntry::Kind::File, "main.wasm", "the module");
  add(ArchiveEntry::Kind::Directory, "other", "");
  add(ArchiveEntry::Kind::File, "other/c", "gamma");
  return files::Archive::read(std::make_shared<const Bytes>(writer.take())).value();
}

/// A registry that keeps one tree, and what it was asked for.
class FakeRegistry {
 public:
  explicit FakeRegistry(const files::Archive& archive) : archive_(archive) {
    const auto nodes = registry::tree_of(archive_).value();
    for (const registry::Node& node : nodes) {
      http_client::Answer answer;
      answer.status = 200;
      answer.content_type = node.meta.type;
      answer.body = node.meta.type == registry::directory_type
                        ? bytes_of(node.listing)
                        : Bytes(node.content.begin(), node.content.end());
      answers["/t/tree" + (node.path.empty() ? "" : "/" + node.path)] = answer;
    }
  }

  Get get() {
    return [this](const std::string& path,
                  std::size_t most) -> core::Result<http_client::Answer, std::string> {
      asked.push_back(path);
      const auto found = answers.find(path);
      if (found == answers.end()) return core::Unexpected(std::string("nobody there"));
      if (found->second.body.size() > most) return core::Unexpected(std::string("too long"));
      return found->second;
    };
  }

  std::map<std::string, http_client::Answer> answers;
  std::vector<std::string> asked;

 private:
  files::Archive archive_;
};

class PackageFetch : public testing::Test {
 protected:
  launch::Message wanted(std::vector<std::string> directories) {
    launch::Message message;
    message.package = RemotePackage{"registry.example", 443, "/t"};
    message.package->tree = digest_of(registry_.answers.at("/t/tree").body);
    message.package->module = digest_of(bytes_of("the module"));
    for (const std::string& each : directories) {
      message.mounts.push_back({Mount::Source::Archive, launch::FileAccess::ReadOnly,
                                "/m" + std::to_string(message.mounts.size()), each});
    }
    if (!directories.empty()) {
      message.archive = digest_of(files::select(package(), directories).value());
    }
    return message;
  }
  std::string refusal(const launch::Message& message) {
    const auto content = assemble_package(message, registry_.get());
    return content ? "" : content.error();
  }

  FakeRegistry registry_{package()};
};

TEST_F(PackageFetch, OfAModuleAsksForNothingElse) {
  const auto content = assemble_package(wanted({}), registry_.get());
  ASSERT_TRUE(content) << content.error();
  EXPECT_EQ(content->module, bytes_of("the module"));
  EXPECT_TRUE(content->archive.empty());
  EXPECT_EQ(registry_.asked, (std::vector<std::string>{"/t/tree", "/t/tree/main.wasm"}));
}

TEST_F(PackageFetch, GivesTheFilesOfMountsAndNoOthers) {
  const auto content = assemble_package(wanted({"data/deep"}), registry_.get());
  ASSERT_TRUE(content) << content.error();
  EXPECT_EQ(content->archive,
            files::select(package(), std::vector<std::string>{"data/deep"}).value());
  for (const std::string& path : registry_.asked) {
    EXPECT_EQ(path.find("other"), std::string::npos) << path;
    EXPECT_EQ(path.find("data/a"), std::string::npos) << path;
  }
  EXPECT_EQ(refusal(wanted({""})), "");
}

TEST_F(PackageFetch, WhatIsAnotherThanWasNamedIsRefused) {
  const launch::Message message = wanted({"data"});
  for (const char* path : {"/t/tree", "/t/tree/main.wasm", "/t/tree/data", "/t/tree/data/deep/b"}) {
    FakeRegistry honest{package()};
    std::swap(registry_.answers, honest.answers);
    registry_.answers[path].body.back() ^= 1;
    EXPECT_NE(refusal(message), "") << path;
    registry_.answers[path].body.clear();
    EXPECT_NE(refusal(message), "") << path;
    registry_.answers.erase(path);
    EXPECT_NE(refusal(message), "") << path;
  }
}

TEST_F(PackageFetch, TheTenantsDigestsHaveTheLastWord) {
  launch::Message message = wanted({"data"});
  message.package->module[0] ^= 1;
  EXPECT_NE(refusal(message).find("main.wasm"), std::string::npos);
  message = wanted({"data"});
  message.archive[0] ^= 1;
  EXPECT_NE(refusal(message).find("files"), std::string::npos);
  message = wanted({"data"});
  message.package->tree[0] ^= 1;
  EXPECT_NE(refusal(message).find("tree"), std::string::npos);
}

TEST(Patiently, WhatFailsOnTheWayIsAskedForAgain) {
  const auto tries_of = [](std::vector<unsigned> statuses, bool good) {  // 0: the line is cut
    std::size_t asked = 0;
    std::chrono::milliseconds rested{};
    const Get get = patiently(
        [&](const std::string&, std::size_t) -> core::Result<http_client::Answer, std::string> {
          const unsigned status = statuses.at(asked++);
          if (status == 0) return core::Unexpected(std::string("cut"));
          http_client::Answer answer;
          answer.status = status;
          return answer;
        },
        [&](std::chrono::milliseconds pause) { rested += pause; });
    EXPECT_EQ(get("/", 1).has_value(), good);
    EXPECT_LE(rested, std::chrono::milliseconds(1200));
    return asked;
  };
  EXPECT_EQ(tries_of({200}, true), 1U);
  EXPECT_EQ(tries_of({404}, true), 1U);
  EXPECT_EQ(tries_of({500}, true), 1U);
  EXPECT_EQ(tries_of({0, 503, 200}, true), 3U);
  EXPECT_EQ(tries_of({503, 503, 503}, true), 3U);
  EXPECT_EQ(tries_of({0, 0, 0}, false), 3U);
}

TEST_F(PackageFetch, ARefusalIsToldWithItsReason) {
  http_client::Answer& answer = registry_.answers["/t/tree"];
  answer.status = 410;
  answer.body = bytes_of("withdrawn: it leaks\n\x1b[31m");
  const std::string text = refusal(wanted({}));
  EXPECT_NE(text.find("HTTP status 410"), std::string::npos) << text;
  EXPECT_NE(text.find("withdrawn"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST_F(PackageFetch, ARefusalOfASmallFileIsToldToo) {
  http_client::Answer& answer = registry_.answers["/t/tree/main.wasm"];
  answer.status = 401;
  answer.body = bytes_of("nobody who may read it, and that in more words than the file has");
  EXPECT_NE(refusal(wanted({})).find("HTTP status 401"), std::string::npos);
}

TEST_F(PackageFetch, AModuleThatIsTheWholeTreeIsTakenAsOne) {
  launch::Message message = wanted({});
  http_client::Answer& answer = registry_.answers["/t/tree"];
  answer.body = bytes_of("the module");
  answer.content_type = "application/wasm";
  message.package->tree = digest_of(answer.body);
  EXPECT_EQ(refusal(message), "");
  message.package->key.emplace();
  EXPECT_NE(refusal(message), "");
}

TEST_F(PackageFetch, OpensASealedOneWithItsKeyAlone) {
  const auto key = sealed_package::ContentKey::make();
  const files::Archive whole = package();
  const Bytes sealed =
      sealed_package::seal(*whole.bytes(), key, sealed_package::salt_of(*whole.bytes(), key))
          .value();
  files::ArchiveWriter writer;
  ASSERT_TRUE(writer.add({ArchiveEntry::Kind::File, 0, "package.sealed", sealed}));
  const auto tree = files::Archive::read(std::make_shared<const Bytes>(writer.take())).value();
  FakeRegistry sealed_one(tree);
  launch::Message message = wanted({"data"});
  message.package->tree = digest_of(sealed_one.answers.at("/t/tree").body);
  std::ranges::copy(key.reveal(), message.package->key.emplace().begin());
  const auto content = assemble_package(message, sealed_one.get());
  ASSERT_TRUE(content) << content.error();
  EXPECT_EQ(content->module, bytes_of("the module"));
  EXPECT_EQ(content->archive, files::select(whole, std::vector<std::string>{"data"}).value());
  (*message.package->key)[0] ^= 1;
  const auto refused = assemble_package(message, sealed_one.get());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("cannot be opened"), std::string::npos);
}

}  // namespace
}  // namespace merlon::keep
