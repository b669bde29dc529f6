#include "merlon/registry_store/migration.h"

#include <gtest/gtest.h>

#include "merlon/registry_store/testing/memory_objects.h"
#include "merlon/registry_store/testing/shelves.h"

namespace merlon::registry_store {
namespace {

using database::Dialect;
using testing::Folder;
using testing::Instance;
using testing::MemoryObjects;
using testing::Package;

/// From the one database to the other.
class Migrating : public ::testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override {
    if (old_folder.dialect() == new_folder.dialect())
      GTEST_SKIP() << "PostgreSQL 15 is not installed";
    testing::prepare(old.catalogue(), "acme/app");
    ASSERT_TRUE(testing::push(old.shelf(), "acme/app", "1.0.0", first));
    ASSERT_TRUE(testing::push(old.shelf(), "acme/app", "1.1.0", second));
  }
  Result<Migrated> migrate(bool last) {
    return Migration({old_database, old_objects}, {new_database, new_objects},
                     [this](std::uint64_t bytes) { copied += bytes; })
        .run(last);
  }
  static Dialect other(Dialect dialect) {
    return dialect == Dialect::Sqlite ? Dialect::Postgres : Dialect::Sqlite;
  }

  Folder old_folder{GetParam()};
  Folder new_folder{other(GetParam())};
  MemoryObjects old_objects;
  MemoryObjects new_objects;
  Instance old{old_folder, old_objects};
  database::Database old_database = old_folder.database();
  database::Database new_database = new_folder.database();
  std::uint64_t copied = 0;
  const Package first =
      Package::of({{"main.wasm", std::string(300'000, 'x')}, {"lib/same", "of both"}});
  const Package second =
      Package::of({{"main.wasm", "code"}, {"lib/same", "of both"}, {"none", ""}});
};

INSTANTIATE_TEST_SUITE_P(Databases, Migrating,
                         ::testing::Values(Dialect::Sqlite, Dialect::Postgres),
                         [](const auto& each) {
                           return each.param == Dialect::Sqlite ? "FromSqlite" : "FromPostgres";
                         });

TEST_P(Migrating, WhatIsDeletedMeanwhileIsNotLost) {
  bool deleted = false;
  const auto done =
      Migration({old_database, old_objects}, {new_database, new_objects}, [&](std::uint64_t) {
        if (deleted) return;
        deleted = *old.shelf().delete_tag("acme/app", "1.0.0");
      }).run(true);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_TRUE(deleted);
  EXPECT_TRUE(done->lost.empty());
  Instance now(new_folder, new_objects);
  EXPECT_EQ((*now.catalogue().tag("acme/app", "1.0.0"))->state, TagState::Deleted);
  EXPECT_TRUE(testing::pull(now.shelf(), "acme/app", "1.1.0", second));
}

TEST_P(Migrating, BringsAllOfItAndWhatCameSince) {
  const auto begun = migrate(false);
  ASSERT_TRUE(begun) << begun.error().text;
  EXPECT_EQ(begun->tags, 2U);
  EXPECT_EQ(begun->contents, 7U);
  EXPECT_EQ(begun->bytes, copied);
  EXPECT_TRUE(begun->lost.empty());
  EXPECT_FALSE(Catalogue::open(new_database, {}));  // nobody serves it yet
  // What a service does meanwhile comes as well.
  auto& catalogue = old.catalogue();
  ASSERT_TRUE(testing::push(old.shelf(), "acme/app", "1.2.0", Package::of({{"a", "new"}})));
  ASSERT_TRUE(*catalogue.yank("acme/app", "1.1.0", std::string("why")));
  ASSERT_TRUE(testing::push(old.shelf(), "acme/app", "1.3.0", first));
  ASSERT_TRUE(*old.shelf().delete_tag("acme/app", "1.3.0"));
  ASSERT_TRUE(catalogue.set_admission("acme/app", "rule"));
  ASSERT_EQ(old.shelf().begin_tag(first.tag("acme/app", "9.0.0"), first.items[0].meta)->kind,
            Added::Kind::Done);
  const auto finished = migrate(true);
  ASSERT_TRUE(finished) << finished.error().text;
  EXPECT_EQ(finished->tags, 3U);
  EXPECT_EQ(finished->contents, 2U);
  Instance made(new_folder, new_objects);
  EXPECT_TRUE(testing::pull(made.shelf(), "acme/app", "1.0.0", first));
  EXPECT_TRUE(testing::pull(made.shelf(), "acme/app", "1.1.0", second));
  EXPECT_EQ((*made.catalogue().tag("acme/app", "1.1.0"))->yanked, "why");
  EXPECT_EQ((*made.catalogue().tag("acme/app", "1.3.0"))->state, TagState::Deleted);
  EXPECT_FALSE(*made.catalogue().tag("acme/app", "9.0.0"));
  EXPECT_EQ((*made.catalogue().repository("acme/app"))->admission, "rule");
  const auto findings = made.shelf().check(false, {});
  EXPECT_TRUE(findings->damaged.empty() && findings->contradictions.empty());
  EXPECT_EQ(findings->strangers, 0U);
  EXPECT_TRUE(testing::push(made.shelf(), "acme/app", "2.0.0", first));
  const auto again = migrate(false);
  ASSERT_FALSE(again);  // it would take back what was pushed
  EXPECT_NE(again.error().text.find("no migration has brought"), std::string::npos);
}

TEST_P(Migrating, WhatIsLostIsToldAndComesByAnotherPush) {
  const auto node = *old.catalogue().node({"acme/app", "1.0.0", "main.wasm"});
  old_objects.for_each([&](const ObjectName& name, std::vector<std::uint8_t>& bytes) {
    if (name == node->blob.object) bytes[5] ^= 1;
  });
  const auto finished = migrate(true);
  ASSERT_TRUE(finished) << finished.error().text;
  EXPECT_EQ(finished->lost, std::vector<std::string>{"acme/app:1.0.0 /main.wasm"});
  Instance made(new_folder, new_objects);
  EXPECT_TRUE(testing::pull(made.shelf(), "acme/app", "1.1.0", second));
  EXPECT_EQ((*made.catalogue().tag("acme/app", "1.0.0"))->state, TagState::Begun);
  EXPECT_TRUE(testing::push(made.shelf(), "acme/app", "1.0.0", first));
  EXPECT_TRUE(testing::pull(made.shelf(), "acme/app", "1.0.0", first));
}

TEST_P(Migrating, GoesOnWhereItBrokeOff) {
  new_objects.is_full = true;
  EXPECT_FALSE(migrate(false));
  new_objects.is_full = false;
  ASSERT_TRUE(migrate(false));
  const std::uint64_t once = copied;
  ASSERT_TRUE(migrate(false));
  EXPECT_EQ(copied, once);
}

}  // namespace
}  // namespace merlon::registry_store
