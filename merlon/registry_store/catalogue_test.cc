#include "merlon/registry_store/catalogue.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/registry_store/testing/memory_objects.h"
#include "merlon/registry_store/testing/shelves.h"

namespace merlon::registry_store {
namespace {

using Kind = Added::Kind;
using testing::Folder;
using testing::Instance;
using testing::MemoryObjects;
using testing::Package;

class Kept : public ::testing::TestWithParam<database::Dialect> {
 protected:
  void SetUp() override {
    if (folder.dialect() != GetParam()) GTEST_SKIP() << "PostgreSQL 15 is not installed";
    testing::prepare(catalogue, "acme/app");
  }

  Folder folder{GetParam()};
  MemoryObjects objects;
  Quota quota{};
  Instance instance{folder, objects, quota};
  Catalogue& catalogue = instance.catalogue();
  const Package package = Package::of({{"main.wasm", "code"}, {"lib/a", "1"}, {"lib/b", "2"}});
};

INSTANTIATE_TEST_SUITE_P(Databases, Kept,
                         ::testing::Values(database::Dialect::Sqlite, database::Dialect::Postgres),
                         [](const auto& each) {
                           return each.param == database::Dialect::Sqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(Kept, UsersAreFoundAsTheyWereAdded) {
  const User user{"Bob", "https://issuer", "sub|1", R"({"subject":"sub|1"})"};
  EXPECT_EQ(catalogue.add_user(user, {5})->kind, Kind::Done);
  const auto found = catalogue.user("Bob");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->issuer, user.issuer);
  EXPECT_EQ((*found)->subject, user.subject);
  EXPECT_EQ((*found)->record, user.record);
  EXPECT_FALSE(catalogue.user("bob")->has_value());
  EXPECT_EQ(catalogue.add_user(user, {6})->kind, Kind::Exists);
}

TEST_P(Kept, NamesThatLookAlikeAreNotGiven) {
  EXPECT_EQ(catalogue.add_user({"Illo", "i", "s", "{}"}, {})->kind, Kind::Done);
  for (const char* name : {"illo", "1llo", "lllo", "ILL0", "i1lo"}) {
    const auto added = catalogue.add_user({name, "i", "s", "{}"}, {});
    EXPECT_EQ(added->kind, Kind::LooksLike) << name;
    EXPECT_EQ(added->other, "Illo");
  }
  EXPECT_EQ(skeleton("Modern"), skeleton("rnodem"));
  EXPECT_EQ(catalogue.add_user({"modern", "i", "s", "{}"}, {})->kind, Kind::Done);
  EXPECT_EQ(catalogue.add_user({"rnodern", "i", "s", "{}"}, {})->kind, Kind::LooksLike);
  // Of another user's repository that does not matter.
  EXPECT_EQ(catalogue.add_repository({"acme/App", true, "{}", ""}, {})->kind, Kind::LooksLike);
  EXPECT_EQ(catalogue.add_repository({"Illo/app", true, "{}", ""}, {})->kind, Kind::Done);
}

TEST_P(Kept, ATagIsWholeWithItsLastNode) {
  instance.now = 7;
  ASSERT_EQ(
      instance.shelf().begin_tag(package.tag("acme/app", "1.0.0"), package.items[0].meta)->kind,
      Kind::Done);
  for (const Package::Item& item : package.items) {
    EXPECT_EQ((*catalogue.tag("acme/app", "1.0.0"))->state, TagState::Begun) << item.path;
    EXPECT_FALSE(catalogue.node({"acme/app", "1.0.0", ""})->has_value());
    EXPECT_EQ(testing::bring(instance.shelf(), {"acme/app", "1.0.0", item.path}, item).kind,
              Kind::Done)
        << item.path;
  }
  const auto tag = *catalogue.tag("acme/app", "1.0.0");
  EXPECT_EQ(tag->state, TagState::Whole);
  EXPECT_EQ(tag->nodes, 5U);
  EXPECT_EQ(tag->created.seconds, 7);
  EXPECT_TRUE(testing::pull(instance.shelf(), "acme/app", "1.0.0", package));
}

TEST_P(Kept, AWholeTagNeverChanges) {
  ASSERT_TRUE(testing::push(instance.shelf(), "acme/app", "1.0.0", package));
  const Package other = Package::of({{"main.wasm", "evil"}});
  EXPECT_EQ(instance.shelf().begin_tag(other.tag("acme/app", "1.0.0"), other.items[0].meta)->kind,
            Kind::Exists);
  EXPECT_EQ(
      instance.shelf().begin_tag(package.tag("acme/app", "1.0.0"), package.items[0].meta)->kind,
      Kind::Exists);
  EXPECT_EQ(testing::bring(instance.shelf(), {"acme/app", "1.0.0", ""}, other.items[0]).kind,
            Kind::Differs);
  EXPECT_EQ(testing::bring(instance.shelf(), {"acme/app", "1.0.0", ""}, package.items[0]).kind,
            Kind::Exists);
  EXPECT_TRUE(testing::pull(instance.shelf(), "acme/app", "1.0.0", package));
}

TEST_P(Kept, ATagThatHasBegunCanBePutAgain) {
  const Package other = Package::of({{"main.wasm", "other"}});
  ASSERT_EQ(
      instance.shelf().begin_tag(package.tag("acme/app", "1.0.0"), package.items[0].meta)->kind,
      Kind::Done);
  ASSERT_EQ(testing::bring(instance.shelf(), {"acme/app", "1.0.0", ""}, package.items[0]).kind,
            Kind::Done);
  // The same goes on where it was.
  ASSERT_EQ(
      instance.shelf().begin_tag(package.tag("acme/app", "1.0.0"), package.items[0].meta)->kind,
      Kind::Done);
  EXPECT_EQ(testing::bring(instance.shelf(), {"acme/app", "1.0.0", ""}, package.items[0]).kind,
            Kind::Exists);
  // Another one takes its place.
  EXPECT_TRUE(testing::push(instance.shelf(), "acme/app", "1.0.0", other));
  EXPECT_TRUE(testing::pull(instance.shelf(), "acme/app", "1.0.0", other));
}

TEST_P(Kept, OnlyWhatADirectoryNamesMayCome) {
  ASSERT_EQ(
      instance.shelf().begin_tag(package.tag("acme/app", "1.0.0"), package.items[0].meta)->kind,
      Kind::Done);
  const auto bring = [&](const std::string& path, const Package::Item& item) {
    return testing::bring(instance.shelf(), {"acme/app", "1.0.0", path}, item).kind;
  };
  EXPECT_EQ(bring("main.wasm", package.items[4]), Kind::NoParent);  // before its directory
  EXPECT_EQ(bring("", package.items[4]), Kind::Differs);            // is not what the tag says
  EXPECT_EQ(bring("", package.items[0]), Kind::Done);
  EXPECT_EQ(bring("other", package.items[4]), Kind::NoParent);
  EXPECT_EQ(bring("main.wasm", package.items[2]), Kind::Differs);
  EXPECT_EQ(bring("lib/a", package.items[2]), Kind::NoParent);
  EXPECT_EQ(testing::bring(instance.shelf(), {"acme/none", "1.0.0", ""}, package.items[0]).kind,
            Kind::NoParent);
}

// Who tells one hash of a content that a directory names by two must bring what has both.
TEST_P(Kept, ContentHasEachDigestThatIsSaidOfIt) {
  const auto digests = [](std::string_view by256, std::string_view by512) {
    registry::ContentDigest made;
    const auto one = registry::ContentDigest::of(core::as_bytes(by256));
    const auto other = registry::ContentDigest::of(core::as_bytes(by512));
    EXPECT_TRUE(made.set(registry::DigestKind::Sha256, one.get(registry::DigestKind::Sha256)));
    if (!by512.empty()) {
      EXPECT_TRUE(made.set(registry::DigestKind::Sha512, other.get(registry::DigestKind::Sha512)));
    }
    return made;
  };
  const auto type = std::string("text/plain");
  const Place place{"acme/app", "1.0.0", ""};
  for (const char* second : {"other", "bytes"}) {
    Tag tag = package.tag("acme/app", "1.0.0");
    ASSERT_EQ(instance.shelf().begin_tag(tag, {digests("bytes", second), 5, type})->kind,
              Kind::Done);
    const Package::Item item{"", {digests("bytes", ""), 5, type}, "bytes"};
    const bool same = second == std::string_view("bytes");
    EXPECT_EQ(testing::bring(instance.shelf(), place, item).kind,
              same ? Kind::Done : Kind::Differs);
    EXPECT_EQ((*catalogue.tag("acme/app", "1.0.0"))->state,
              same ? TagState::Whole : TagState::Begun);
  }
}

TEST_P(Kept, ADeletedTagsNameIsNeverGivenAgain) {
  ASSERT_TRUE(testing::push(instance.shelf(), "acme/app", "1.0.0", package));
  EXPECT_TRUE(*instance.shelf().delete_tag("acme/app", "1.0.0"));
  EXPECT_FALSE(*instance.shelf().delete_tag("acme/app", "1.0.0"));
  EXPECT_FALSE(catalogue.node({"acme/app", "1.0.0", ""})->has_value());
  EXPECT_EQ((*catalogue.tag("acme/app", "1.0.0"))->state, TagState::Deleted);
  EXPECT_EQ(
      instance.shelf().begin_tag(package.tag("acme/app", "1.0.0"), package.items[0].meta)->kind,
      Kind::Deleted);
  // One that nobody could see may go without a trace.
  ASSERT_TRUE(instance.shelf().begin_tag(package.tag("acme/app", "2.0.0"), package.items[0].meta));
  EXPECT_TRUE(*instance.shelf().delete_tag("acme/app", "2.0.0"));
  EXPECT_TRUE(testing::push(instance.shelf(), "acme/app", "2.0.0", package));
}

TEST_P(Kept, TagsAreListedWholeAndInPages) {
  for (const char* tag : {"1.0.0", "1.1.0", "2.0.0"}) {
    ASSERT_TRUE(testing::push(instance.shelf(), "acme/app", tag, package));
  }
  ASSERT_TRUE(instance.shelf().begin_tag(package.tag("acme/app", "3.0.0"), package.items[0].meta));
  EXPECT_TRUE(*catalogue.yank("acme/app", "1.1.0", "it leaks"));
  EXPECT_FALSE(*catalogue.yank("acme/app", "3.0.0", "not whole"));
  const auto names = [&](bool yanked_too, const char* after, std::uint64_t limit) {
    std::string text;
    const auto tags = catalogue.tags("acme/app", yanked_too, after, limit);
    for (const Tag& each : *tags) {
      text += each.name + (each.yanked ? "!" + *each.yanked : "") + " ";
    }
    return text;
  };
  EXPECT_EQ(names(true, "", 9), "1.0.0 1.1.0!it leaks 2.0.0 ");
  EXPECT_EQ(names(false, "", 9), "1.0.0 2.0.0 ");
  EXPECT_EQ(names(true, "1.0.0", 1), "1.1.0!it leaks ");
  EXPECT_TRUE(*catalogue.yank("acme/app", "1.1.0", std::nullopt));
  EXPECT_EQ(names(false, "1.0.0", 9), "1.1.0 2.0.0 ");
}

TEST_P(Kept, RepositoriesAreSearchedAndPrivateOnesShownToTheirUserAlone) {
  testing::prepare(catalogue, "bob/Secret-tool");
  ASSERT_TRUE(catalogue.add_repository({"bob/hidden-tool", false, "{}", ""}, {}));
  ASSERT_TRUE(testing::push(instance.shelf(), "acme/app", "1.0.0", package));
  const auto found = [&](Catalogue::Query query) {
    query.limit = query.limit == 0 ? 100 : query.limit;
    std::string text;
    const auto page = catalogue.repositories(query);
    for (const auto& each : page->found) text += each.name + " ";
    return text;
  };
  EXPECT_EQ(found({}), "acme/app bob/Secret-tool ");
  EXPECT_EQ(found({{}, "", "issuer", "bob", "", 0}), "acme/app bob/Secret-tool bob/hidden-tool ");
  EXPECT_EQ(found({{}, "", "another", "bob", "", 0}), "acme/app bob/Secret-tool ");
  EXPECT_EQ(found({{"TOOL"}, "", "issuer", "bob", "", 0}), "bob/Secret-tool bob/hidden-tool ");
  EXPECT_EQ(found({{"tool", "bob", "secret"}, "", "", "", "", 0}), "bob/Secret-tool ");
  EXPECT_EQ(found({{"%"}, "", "", "", "", 0}), "");
  EXPECT_EQ(found({{}, "bob", "", "", "", 0}), "bob/Secret-tool ");
  EXPECT_EQ(found({{}, "", "issuer", "bob", "acme/app", 1}), "bob/Secret-tool ");
  EXPECT_EQ(found({{}, "bo", "issuer", "bob", "", 0}), "");
  EXPECT_EQ(found({{}, "bob", "issuer", "bob", "bob/Secret-tool", 0}), "bob/hidden-tool ");
  const auto all = catalogue.repositories({{}, "acme", "", "", "", 1})->found;
  EXPECT_EQ(all.at(0).tags, 1U);
  EXPECT_GT(all.at(0).length, 6U);
}

TEST_P(Kept, ASearchLooksAtSoManyNamesAtATime) {
  for (const char* const name : {"acme/bear", "acme/cat", "acme/dog", "acme/tool", "bob/tool"}) {
    testing::prepare(catalogue, name);
  }
  ASSERT_TRUE(catalogue.add_repository({"acme/cow", false, "{}", ""}, {}));
  Catalogue::Query query{{"tool"}, "", "", "", "", 10, 3};
  const auto first = *catalogue.repositories(query);
  EXPECT_TRUE(first.found.empty());
  EXPECT_EQ(first.next, "acme/cat") << "and nothing private of somebody else's";
  std::string text;
  int pages = 0;
  for (std::string next = first.next; !next.empty() && pages < 9; ++pages) {
    query.after = next;
    const auto page = *catalogue.repositories(query);
    for (const auto& each : page.found) text += each.name + " ";
    next = page.next;
  }
  EXPECT_EQ(text, "acme/tool bob/tool ");
  EXPECT_LE(pages, 2);
  // What was found is not lost where more fits than is wanted.
  query = {{}, "acme", "", "", "", 2, 3};
  const auto page = *catalogue.repositories(query);
  ASSERT_EQ(page.found.size(), 2U);
  EXPECT_EQ(page.next, page.found[1].name);
}

TEST_P(Kept, TokensHaveABoundWhoeverAsksAtTheSameTime) {
  quota.tokens = 4;
  std::atomic<int> added{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      Instance own(folder, objects, quota);
      for (int j = 0; j < 4; ++j) {
        const std::string id = base::concat(i, "-", j);
        const auto hash = crypto::sha256({core::as_bytes(std::string_view(id))});
        const auto made = own.catalogue().add_token({id, "acme/app", hash, true, false, {99}});
        if (made && made->kind == Kind::Done) ++added;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(added, 4);
  EXPECT_EQ(catalogue.tokens("acme/app")->size(), 4U);
}

TEST_P(Kept, TokensAreFoundByTheirHashUntilTheyAreRemoved) {
  const auto hash = crypto::sha256({core::as_bytes("token")});
  ASSERT_TRUE(catalogue.add_token({"id1", "acme/app", hash, true, false, {99}}));
  const auto found = *catalogue.find_token(hash);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->repository, "acme/app");
  EXPECT_TRUE(found->may_read);
  EXPECT_FALSE(found->may_write);
  EXPECT_EQ(found->expires.seconds, 99);
  EXPECT_EQ(catalogue.tokens("acme/app")->size(), 1U);
  EXPECT_FALSE(*catalogue.remove_token("acme/other", "id1"));
  EXPECT_TRUE(*catalogue.remove_token("acme/app", "id1"));
  EXPECT_FALSE(catalogue.find_token(hash)->has_value());
}

TEST(CatalogueQuota, IsAskedBeforeAnythingIsKept) {
  Folder folder;
  MemoryObjects objects;
  Quota quota;
  quota.bytes = 2000;
  quota.tags = 2;
  quota.nodes = 3;
  quota.repositories = 1;
  Instance instance(folder, objects, quota);
  testing::prepare(instance.catalogue(), "acme/app");
  EXPECT_EQ(instance.catalogue().add_repository({"acme/two", true, "{}", ""}, {})->kind,
            Kind::NoRoom);
  const Package small = Package::of({{"a", "1"}});
  const Package large = Package::of({{"a", std::string(2000, 'x')}});
  const Package many = Package::of({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  EXPECT_TRUE(testing::push(instance.shelf(), "acme/app", "1.0.0", small));
  EXPECT_FALSE(testing::push(instance.shelf(), "acme/app", "1.0.1", large));
  EXPECT_FALSE(testing::push(instance.shelf(), "acme/app", "1.0.1", many));
  EXPECT_FALSE(testing::push(instance.shelf(), "acme/app", "1.0.2", small));  // two tags are there
  EXPECT_TRUE(testing::push(instance.shelf(), "acme/app", "1.0.1", small));
}

TEST_P(Kept, OfAnotherProgramsVersionIsRefused) {
  database::Database database = folder.database();
  ASSERT_TRUE(Catalogue::open(database, {}));
  ASSERT_TRUE(database.transact(database::Mode::Write, [](database::Connection& in) {
    return in.run("UPDATE version SET number = 99", {});
  }));
  EXPECT_FALSE(Catalogue::open(database, {}));
}

TEST_P(Kept, IsMadeOnceByManyThatComeAtOnce) {
  const Folder other(GetParam());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      database::Database database = other.database();
      const auto opened = Catalogue::open(database, {});
      EXPECT_TRUE(opened) << opened.error().text;
    });
  }
  for (std::thread& each : threads) each.join();
}

TEST_P(Kept, NamesAreInTheOrderOfTheirBytes) {
  for (const char* name : {"acme/b", "acme/C", "acme/a-b", "acme/aa"}) {
    ASSERT_EQ(catalogue.add_repository({name, true, "{}", ""}, {})->kind, Kind::Done);
  }
  Catalogue::Query query;
  query.limit = 9;
  std::string names;
  const auto page = catalogue.repositories(query);
  for (const auto& each : page->found) names += each.name + " ";
  EXPECT_EQ(names, "acme/C acme/a-b acme/aa acme/app acme/b ");
}

}  // namespace
}  // namespace merlon::registry_store
