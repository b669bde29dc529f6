#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/cli_registry/commands.h"
#include "merlon/cli_registry/local_package.h"
#include "merlon/cli_registry/progress.h"
#include "merlon/cli_registry/tag_keys.h"
#include "merlon/cli_registry/tag_memory.h"
#include "merlon/os/open.h"

namespace merlon::cli_registry {
namespace {

using base::concat;

struct Folder {
  Folder() : path(concat(testing::TempDir(), "cli_registry-", ::getpid())) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  void put(const std::string& name, std::string_view text) const {
    EXPECT_TRUE(os::replace_file(concat(path, "/", name), core::as_bytes(text)));
  }
  std::string path;
};

/// A tag as a registry tells it.
registry_client::Client::Tag told_tag(std::string_view type, const std::string& text) {
  return {*registry_client::parse_tag_entry(type, text), std::string(type), text};
}

TEST(Signatures, HoldForWhatIsUsedAndNotForWhatStandsBesideThem) {
  const Folder folder;
  const auto key = *crypto::PrivateKey::generate(crypto::KeyKind::P256);
  const auto pem = key.to_pem();
  folder.put("key", core::as_text(pem->reveal()));
  const std::string path = folder.path + "/key";
  const registry::Slug slug{"host", "acme", "app", "1.0.0", ""};
  const auto good = registry::Meta::of(core::as_bytes("good"), registry::wasm_type);
  const auto evil = registry::Meta::of(core::as_bytes("evil"), registry::wasm_type);
  const std::string text = *registry::sign_tag(slug, good, key);
  EXPECT_TRUE(check_signature(path, slug, told_tag(registry::signed_tag_type, text)));
  // The same text with an entry in it, told as an entry: it would be used, and nobody signed it.
  const std::string entry = registry::to_json(evil);
  const std::string both = concat(entry.substr(0, entry.size() - 1), ",", text.substr(1));
  const auto tag = told_tag(registry::tag_type, both);
  ASSERT_EQ(tag.entry.root, evil);
  EXPECT_EQ(check_signature(path, slug, tag).error().status, Status::Untrue);
  EXPECT_EQ(check_signature(path, slug, told_tag(registry::tag_type, entry)).error().status,
            Status::Untrue);
  EXPECT_FALSE(check_signature("", slug, told_tag(registry::signed_tag_type, text)));
}

TEST(RegistrySpecs, AreAsEnarxHasThem) {
  EXPECT_EQ(user_spec("alice")->name.user, "alice");
  EXPECT_EQ(user_spec("store.example:8443/alice")->host, "store.example:8443");
  const auto spec = repository_spec("store.example/alice/my-app");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->host, "store.example");
  EXPECT_EQ(spec->name.user, "alice");
  EXPECT_EQ(spec->name.repository, "my-app");
  EXPECT_EQ(repository_spec("alice/app")->host, "");
  for (const std::string& bad : {std::string(), std::string("a-b"), std::string("a/")}) {
    EXPECT_FALSE(user_spec(bad)) << bad;
  }
  for (const std::string& bad : {std::string("app"), std::string("a/b:1.0.0"), std::string("/b")}) {
    ASSERT_FALSE(repository_spec(bad)) << bad;
    EXPECT_EQ(repository_spec(bad).error().status, Status::Usage);
  }
}

TEST(ProgressTexts, TellRateAndRest) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1023), "1023 B");
  EXPECT_EQ(size_text(1536), "1.5 KiB");
  EXPECT_EQ(size_text(100'000'000), "95.3 MiB");
  EXPECT_EQ(size_text(UINT64_MAX).substr(0, 3), "167");
  EXPECT_EQ(progress_text(0, 10, 0), "0 B of 10 B");
  EXPECT_EQ(progress_text(2048, 4096, 1'000'000'000), "2.0 KiB of 4.0 KiB, 2.0 KiB/s, 2 s left");
}

TEST(TagMemories, RefuseATagThatWasMoved) {
  const Folder folder;
  const TagMemory memory(folder.path + "/tags");
  const registry::Slug slug{"store.example:1", "alice", "app", "1.0.0", ""};
  const std::string one(64, 'a');
  const std::string other(64, 'b');
  EXPECT_TRUE(memory.check(slug, one, false));
  EXPECT_TRUE(memory.check(slug, one, false));
  const auto moved = memory.check(slug, other, false);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().status, Status::Untrue);
  EXPECT_NE(moved.error().text.find(one), std::string::npos);
  registry::Slug elsewhere = slug;
  elsewhere.host = "other.example";
  EXPECT_TRUE(memory.check(elsewhere, other, false));
  EXPECT_TRUE(memory.check(slug, other, true));
  EXPECT_TRUE(memory.check(slug, other, false));
  for (const auto& each : std::filesystem::directory_iterator(folder.path + "/tags")) {
    ASSERT_TRUE(os::replace_file(each.path(), core::as_bytes("something else\n")));
  }
  EXPECT_FALSE(memory.check(slug, other, false));
  EXPECT_FALSE(TagMemory("").check(slug, one, false));
}

TEST(LocalPackages, AreDirectoriesOrModules) {
  const Folder folder;
  folder.put("main.wasm", "abc");
  const auto directory = read_package(folder.path);
  ASSERT_TRUE(directory) << directory.error().text;
  ASSERT_EQ(directory->nodes.size(), 2U);
  const auto file = read_package(folder.path + "/main.wasm");
  ASSERT_TRUE(file) << file.error().text;
  EXPECT_EQ(file->nodes[0].meta, directory->nodes[0].meta);
  std::filesystem::create_symlink("main.wasm", folder.path + "/link");
  EXPECT_FALSE(read_package(folder.path));
  EXPECT_FALSE(read_package(folder.path + "/none"));
}

TEST(RegistryCommands, AreAllInTheTable) {
  for (const cli::Handler& each : handlers()) {
    bool found = false;
    for (const auto& command : cli::program().commands) found |= command.name == each.command;
    EXPECT_TRUE(found) << each.command;
  }
}

}  // namespace
}  // namespace merlon::cli_registry
