#include "merlon/registry_store/shelf.h"

#include <cstdlib>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/registry_store/object_folder.h"
#include "merlon/registry_store/testing/memory_objects.h"
#include "merlon/registry_store/testing/shelves.h"

namespace merlon::registry_store {
namespace {

using base::concat;
using Kind = Added::Kind;
using testing::Folder;
using testing::Instance;
using testing::MemoryObjects;
using testing::Package;

class OnShelf : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::prepare(instance.catalogue(), "acme/app");
    ASSERT_EQ(
        instance.shelf().begin_tag(package.tag("acme/app", "1.0.0"), package.items[0].meta)->kind,
        Kind::Done);
    ASSERT_EQ(testing::bring(shelf, {"acme/app", "1.0.0", ""}, package.items[0]).kind, Kind::Done);
  }

  Folder folder;
  MemoryObjects objects;
  Instance instance{folder, objects};
  Shelf& shelf = instance.shelf();
  const std::string large = std::string(600'000, 'x') + "end";
  const Package package = Package::of({{"large", large}, {"small", "1"}});
  const Package::Item& item = package.items[1];
  const Place place{"acme/app", "1.0.0", "large"};
};

TEST_F(OnShelf, AnUploadThatBrokeOffGoesOnWhereItWas) {
  {
    auto begun = shelf.begin(place, item.meta);
    ASSERT_TRUE(begun && begun->incoming);
    ASSERT_TRUE(begun->incoming->append(core::as_bytes(large).first(300'000)));
  }
  EXPECT_EQ(**shelf.kept(place), 300'000U);
  const auto wrong = shelf.go_on(place, item.meta, 200'000);
  ASSERT_TRUE(wrong);
  EXPECT_FALSE(wrong->incoming);
  EXPECT_EQ(wrong->offset, 300'000U);
  auto right = shelf.go_on(place, item.meta, 300'000);
  ASSERT_TRUE(right && right->incoming);
  ASSERT_TRUE(right->incoming->append(core::as_bytes(large).subspan(300'000)));
  const auto finished = right->incoming->finish();
  ASSERT_TRUE(finished && finished->is_as_told);
  EXPECT_EQ(finished->added.kind, Kind::Done);
  EXPECT_EQ(testing::bring(shelf, {"acme/app", "1.0.0", "small"}, package.items[2]).kind,
            Kind::Done);
  EXPECT_TRUE(testing::pull(shelf, "acme/app", "1.0.0", package));
  EXPECT_FALSE(shelf.kept(place)->has_value());
}

TEST_F(OnShelf, WhereAnObjectHasOneWriterAnUploadGoesOnInAnother) {
  objects.has_one_writer = true;
  auto first = shelf.begin(place, item.meta);
  ASSERT_TRUE(first && first->incoming);
  ASSERT_TRUE(first->incoming->append(core::as_bytes(large).first(300'000)));
  // Two go on at once, while the first one still lives.
  Instance other(folder, objects);
  auto second = other.shelf().go_on(place, item.meta, 300'000);
  ASSERT_TRUE(second && second->incoming);
  const auto third = shelf.go_on(place, item.meta, 200'000);
  ASSERT_TRUE(third);
  EXPECT_FALSE(third->incoming);
  EXPECT_EQ(third->offset, 300'000U);
  ASSERT_TRUE(first->incoming->append(core::as_bytes(large).subspan(300'000)));
  EXPECT_EQ(first->incoming->finish()->added.kind, Kind::Differs);  // it is not the upload any more
  ASSERT_TRUE(second->incoming->append(core::as_bytes(large).subspan(300'000)));
  const auto finished = second->incoming->finish();
  ASSERT_TRUE(finished && finished->is_as_told);
  EXPECT_EQ(finished->added.kind, Kind::Done);
  EXPECT_EQ(testing::bring(shelf, {"acme/app", "1.0.0", "small"}, package.items[2]).kind,
            Kind::Done);
  EXPECT_TRUE(testing::pull(shelf, "acme/app", "1.0.0", package));
  EXPECT_EQ(objects.count(), 3U);
}

TEST_F(OnShelf, WhatWasBroughtToAnotherObjectInVainGoes) {
  objects.has_one_writer = true;
  auto first = shelf.begin(place, item.meta);
  ASSERT_TRUE(first->incoming->append(core::as_bytes(large).first(300'000)));
  const auto upload = **instance.catalogue().upload(place);
  ASSERT_EQ(instance.catalogue().begin_copy(place, new_object_name(), {})->kind, Kind::Done);
  EXPECT_EQ((*instance.catalogue().upload(place))->object, upload.object);  // not the copy
  objects.for_each([&](const ObjectName& name, std::vector<std::uint8_t>& bytes) {
    if (name == upload.object) bytes.resize(100);
  });
  const std::size_t before = objects.count();
  EXPECT_FALSE(shelf.go_on(place, item.meta, 300'000)->incoming);
  EXPECT_TRUE(shelf.go_on(place, item.meta, 100)->incoming);
  EXPECT_EQ(objects.count(), before);
  EXPECT_FALSE(*instance.catalogue().take_over(upload.object, new_object_name()));
}

TEST_F(OnShelf, AnotherUploadTakesThePlaceOfOneThatBrokeOff) {
  auto first = shelf.begin(place, item.meta);
  ASSERT_TRUE(first->incoming->append(core::as_bytes(large).first(10)));
  EXPECT_EQ(testing::bring(shelf, place, item).kind, Kind::Done);
  ASSERT_TRUE(first->incoming->append(core::as_bytes(large).subspan(10)));
  const auto late = first->incoming->finish();
  EXPECT_EQ(late->added.kind, Kind::Differs);  // dropped; nothing is lost by it
  EXPECT_EQ(testing::bring(shelf, place, item).kind, Kind::Exists);
}

TEST_F(OnShelf, OtherBytesThanWereToldLeaveNothing) {
  const std::size_t before = objects.count();
  auto begun = shelf.begin(place, item.meta);
  std::string other = large;
  other[500'000] = 'y';
  ASSERT_TRUE(begun->incoming->append(core::as_bytes(other)));
  EXPECT_FALSE(begun->incoming->finish()->is_as_told);
  auto shorter = shelf.begin(place, item.meta);
  ASSERT_TRUE(shorter->incoming->append(core::as_bytes(large).first(99)));
  EXPECT_FALSE(shorter->incoming->finish()->is_as_told);
  auto longer = shelf.begin(place, item.meta);
  EXPECT_FALSE(longer->incoming->append(core::as_bytes(large + "x")));
  EXPECT_EQ(objects.count(), before);
  EXPECT_EQ(testing::bring(shelf, place, item).kind, Kind::Done);
}

TEST_F(OnShelf, ADirectoryThatIsNoneIsRefused) {
  const std::string text = R"({"..":{"digest":{},"length":0,"type":"x/y"}})";
  const auto meta = registry::Meta::of(core::as_bytes(text), registry::directory_type);
  Tag tag;
  tag.repository = "acme/app";
  tag.name = "2.0.0";
  ASSERT_EQ(instance.shelf().begin_tag(tag, meta)->kind, Kind::Done);
  auto begun = shelf.begin({"acme/app", "2.0.0", ""}, meta);
  ASSERT_TRUE(begun->incoming->append(core::as_bytes(text)));
  EXPECT_FALSE(begun->incoming->finish());
}

TEST_F(OnShelf, AFullStoreSaysSoAndALaterTryDoes) {
  auto begun = shelf.begin(place, item.meta);
  objects.is_full = true;
  const auto failed = begun->incoming->append(core::as_bytes(large));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, database::Failure::Kind::Full);
  objects.is_full = false;
  begun->incoming.reset();
  EXPECT_EQ(objects.count(), 1U);  // the directory's; nothing stays of what found no room
  EXPECT_FALSE(shelf.kept(place)->has_value());
  EXPECT_EQ(testing::bring(shelf, place, item).kind, Kind::Done);
}

TEST_F(OnShelf, NoAlteredByteLeavesAndAnotherPushMendsIt) {
  ASSERT_EQ(testing::bring(shelf, place, item).kind, Kind::Done);
  ASSERT_EQ(testing::bring(shelf, {"acme/app", "1.0.0", "small"}, package.items[2]).kind,
            Kind::Done);
  const auto node = *instance.catalogue().node(place);
  for (const bool shorter : {false, true}) {
    objects.for_each([&](const ObjectName& name, std::vector<std::uint8_t>& bytes) {
      if (name != node->blob.object) return;
      if (shorter) {
        bytes.pop_back();
      } else {
        bytes[300'000] ^= 1;
      }
    });
    const auto outgoing = shelf.open(node->blob);
    ASSERT_TRUE(outgoing);
    EXPECT_FALSE(outgoing->piece(1));
    EXPECT_EQ(outgoing->piece(0).has_value(), !shorter);
  }
  EXPECT_FALSE(testing::pull(shelf, "acme/app", "1.0.0", package));
  // The same content under another tag: what is here is found bad and replaced.
  EXPECT_TRUE(testing::push(shelf, "acme/app", "1.0.1", package));
  EXPECT_TRUE(testing::pull(shelf, "acme/app", "1.0.1", package));
  EXPECT_TRUE(testing::pull(shelf, "acme/app", "1.0.0", package));
}

TEST_F(OnShelf, ACheckFindsWhatIsLostAndARepairLetsItComeAgain) {
  ASSERT_TRUE(testing::push(shelf, "acme/app", "1.0.0", package));
  EXPECT_TRUE(shelf.check(false, {})->damaged.empty());
  const auto lost = *instance.catalogue().node(place);
  const auto root = *instance.catalogue().node({"acme/app", "1.0.0", ""});
  ASSERT_TRUE(objects.remove(lost->blob.object));
  ASSERT_TRUE(objects.remove(root->blob.object));
  const auto found = shelf.check(false, {});
  ASSERT_EQ(found->damaged.size(), 2U);
  EXPECT_EQ(found->blobs, 3U);
  EXPECT_EQ(shelf.check(true, {})->damaged.size(), 2U);
  const auto after = shelf.check(false, {});
  EXPECT_TRUE(after->damaged.empty());
  EXPECT_TRUE(after->contradictions.empty());
  EXPECT_EQ((*instance.catalogue().tag("acme/app", "1.0.0"))->state, TagState::Begun);
  EXPECT_TRUE(testing::push(shelf, "acme/app", "1.0.0", package));
  EXPECT_TRUE(testing::pull(shelf, "acme/app", "1.0.0", package));
  EXPECT_EQ((*instance.catalogue().tag("acme/app", "1.0.0"))->nodes, 3U);
  EXPECT_TRUE(shelf.check(false, {})->contradictions.empty());
}

TEST_F(OnShelf, ASweepTakesWhatNobodyNeedsAndNothingElse) {
  ASSERT_TRUE(testing::push(shelf, "acme/app", "1.0.0", package));
  ASSERT_TRUE(testing::push(shelf, "acme/app", "1.1.0", Package::of({{"own", "only here"}})));
  // As a version left it that let a sweep take what a tag had.
  auto database = folder.database();
  const auto forgotten = database.transact(
      database::Mode::Write, [](database::Connection& in) -> database::Result<database::Rows> {
        TRY(in.run("DELETE FROM nodes WHERE tag = '1.1.0'", {}));
        return in.run("DELETE FROM tags WHERE name = '1.1.0'", {});
      });
  ASSERT_TRUE(forgotten);
  ASSERT_TRUE(objects.create(new_object_name()));
  ASSERT_TRUE(instance.shelf().begin_tag(package.tag("acme/app", "2.0.0"), package.items[0].meta));
  const auto going_on = shelf.begin({"acme/app", "2.0.0", ""}, package.items[0].meta);
  const auto swept = shelf.sweep(3600);
  ASSERT_TRUE(swept);
  EXPECT_EQ(swept->blobs, 2U);
  EXPECT_EQ(swept->uploads, 0U);
  EXPECT_EQ(swept->strangers, 1U);
  EXPECT_TRUE(testing::pull(shelf, "acme/app", "1.0.0", package));
  instance.now += 3601;
  EXPECT_EQ(shelf.sweep(3600)->uploads, 1U);
  EXPECT_EQ(objects.count(), 3U);
}

// Its user's room is free with it, so the disk must be.
TEST_F(OnShelf, WhatATagHadGoesWithIt) {
  ASSERT_TRUE(testing::push(shelf, "acme/app", "1.0.0", package));
  const std::size_t before = objects.count();
  for (const char* name : {"1.1.0", "1.2.0", "1.3.0"}) {
    ASSERT_TRUE(
        testing::push(shelf, "acme/app", name, Package::of({{"own", name}, {"small", "1"}})));
    EXPECT_EQ(objects.count(), before + 2) << "what both have is there once";
    ASSERT_TRUE(*shelf.delete_tag("acme/app", name));
    EXPECT_EQ(objects.count(), before);
  }
  // One that was begun over and over, each time with another tree.
  for (const char* content : {"one", "two", "three"}) {
    const Package other = Package::of({{"large", content}, {"new", concat("more of ", content)}});
    const Package::Item& first = other.items[1];
    ASSERT_EQ(shelf.begin_tag(other.tag("acme/app", "2.0.0"), other.items[0].meta)->kind,
              Kind::Done);
    ASSERT_EQ(testing::bring(shelf, {"acme/app", "2.0.0", ""}, other.items[0]).kind, Kind::Done);
    ASSERT_EQ(testing::bring(shelf, {"acme/app", "2.0.0", first.path}, first).kind, Kind::Done);
    const auto half = shelf.begin({"acme/app", "2.0.0", "new"}, other.items[2].meta);
    ASSERT_TRUE(half->incoming->append(core::as_bytes("more")));
    EXPECT_EQ(objects.count(), before + 3) << content;
  }
  ASSERT_TRUE(*shelf.delete_tag("acme/app", "2.0.0"));
  EXPECT_EQ(objects.count(), before);
  EXPECT_TRUE(testing::pull(shelf, "acme/app", "1.0.0", package));
  EXPECT_TRUE(shelf.check(false, {})->contradictions.empty());
}

TEST_F(OnShelf, AnUploadWhosePlaceIsTakenEnds) {
  const auto append = [](Shelf::Begun& begun, std::string_view bytes) {
    return begun.incoming->append(core::as_bytes(bytes));
  };
  auto first = shelf.begin(place, item.meta);
  ASSERT_TRUE(append(*first, large.substr(0, 10)));
  auto second = shelf.begin(place, item.meta);
  ASSERT_TRUE(append(*second, large.substr(0, 10)));
  instance.now += 60;
  const auto told = append(*first, large.substr(10, 10));
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().kind, database::Failure::Kind::Unavailable);
  EXPECT_TRUE(append(*second, large.substr(10)));
  EXPECT_EQ(second->incoming->finish()->added.kind, Kind::Done);
}

// ---- a folder ----

TEST(ObjectFolder, KeepsWhatItWasGivenAndKnowsItsOwn) {
  const Folder folder;
  auto objects = ObjectFolder::at(folder.path());
  ASSERT_TRUE(objects);
  const ObjectName name = new_object_name();
  {
    auto writer = (*objects)->create(name);
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->append(core::as_bytes("hel")));
    EXPECT_FALSE((*objects)->create(name));
    EXPECT_EQ((*objects)->resume(name).error().code, core::ErrorCode::Denied);
  }
  {
    auto writer = (*objects)->resume(name);
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->append(core::as_bytes("lo")));
    ASSERT_TRUE((*writer)->finish());
  }
  auto again = ObjectFolder::at(folder.path());
  EXPECT_EQ(*(*again)->kept(name), 5U);
  auto reader = (*again)->open(name, 5);
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->size(), 5U);
  std::array<std::uint8_t, 4> bytes{};
  ASSERT_TRUE((*reader)->read(1, bytes));
  EXPECT_EQ(core::as_text(bytes), "ello");
  EXPECT_FALSE((*reader)->read(2, bytes));
  std::size_t found = 0;
  for (unsigned part = 0; part < ObjectStore::parts; ++part) {
    found += (*again)->list(part)->size();
  }
  EXPECT_EQ(found, 1U);
  ASSERT_TRUE((*again)->remove(name));
  ASSERT_TRUE((*again)->remove(name));
  EXPECT_EQ((*again)->open(name, 5).error().code, core::ErrorCode::NotFound);
  EXPECT_FALSE((*again)->open("../../etc/passwd", 5));
  EXPECT_FALSE(ObjectFolder::at("/nowhere/at/all"));
}

TEST(ObjectFolder, LeavesRoomForWhatMustBeNoted) {
  const Folder folder;
  auto objects = ObjectFolder::at(folder.path());
  ASSERT_TRUE(objects);
  const ObjectName name = new_object_name();
  {
    auto writer = (*objects)->create(name);
    ASSERT_TRUE(writer && (*writer)->append(core::as_bytes("here")));
    EXPECT_TRUE((*objects)->room());
  }
  auto full = ObjectFolder::at(folder.path(), std::uint64_t{1} << 62U);
  ASSERT_TRUE(full);
  EXPECT_EQ((*full)->room().error().code, core::ErrorCode::Exhausted);
  auto writer = (*full)->resume(name);
  ASSERT_TRUE(writer);
  EXPECT_EQ((*writer)->append(core::as_bytes("more")).error().code, core::ErrorCode::Exhausted);
  EXPECT_EQ(*(*full)->kept(name), 4U);
  EXPECT_TRUE((*full)->remove(name));
}

// ---- many at once ----

/// Pushes, pushes of the same again, deletions and sweeps by two instances, each step of which may
/// come between two of another's.
class Interleaving {
 public:
  Interleaving(database::Dialect dialect, unsigned seed) : random_(seed), folder_(dialect) {
    objects_.has_one_writer = seed % 2 == 1;
    testing::prepare(first_.catalogue(), "acme/app");
    for (int i = 0; i < 4; ++i) {  // they share contents
      packages_.push_back(Package::of(
          {{"main.wasm", concat("code ", i / 2)}, {"lib/shared", "the same"}, {"own", concat(i)}}));
    }
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
    while (!running_.empty()) advance(0);
    ASSERT_TRUE(first_.shelf().sweep(0));
    for (const auto& [tag, package] : acknowledged_) {
      EXPECT_TRUE(testing::pull(second_.shelf(), "acme/app", tag, *package)) << tag;
    }
    const auto findings = second_.shelf().check(false, {});
    ASSERT_TRUE(findings);
    EXPECT_TRUE(findings->damaged.empty());
    EXPECT_TRUE(findings->contradictions.empty());
    EXPECT_EQ(findings->strangers, 0U);
  }

 private:
  struct Push {
    Instance* instance;
    std::string tag;
    const Package* package;
    std::size_t next = 0;
    std::unique_ptr<Incoming> incoming{};
    bool is_half = false;
  };

  std::size_t below(std::size_t most) { return random_() % most; }
  Instance& any() { return below(2) == 0 ? first_ : second_; }

  void step() {
    switch (below(9)) {
      case 0: begin_push(); break;
      case 1: {
        // Uploads of others that have gone on for no time are given up, as after a day.
        ASSERT_TRUE(any().shelf().sweep(below(4) == 0 ? -1 : 3600));
        break;
      }
      case 2: {
        const std::string tag = concat("1.0.", below(6));
        if (!*any().shelf().delete_tag("acme/app", tag)) break;
        acknowledged_.erase(tag);
        break;
      }
      case 3: {
        static_cast<void>(
            any().catalogue().yank("acme/app", concat("1.0.", below(6)), std::string("why")));
        break;
      }
      case 4:
        if (!running_.empty()) go_on(running_[below(running_.size())]);
        break;
      default:
        if (!running_.empty()) advance(below(running_.size()));
    }
  }

  void begin_push() {
    if (running_.size() > 3) return;
    Push push{&any(), concat("1.0.", below(6)), &packages_[below(packages_.size())]};
    const auto begun = push.instance->shelf().begin_tag(push.package->tag("acme/app", push.tag),
                                                        push.package->items[0].meta);
    ASSERT_TRUE(begun);
    if (begun->kind == Kind::Done) running_.push_back(std::move(push));
  }

  void advance(std::size_t index) {
    Push& push = running_[index];
    const bool goes_on = push.incoming ? finish(push) : begin_node(push);
    if (goes_on && push.next < push.package->items.size()) return;
    if (goes_on) acknowledged_[push.tag] = push.package;
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  /// The client has lost its connection and goes on at any instance; the first may not know yet.
  void go_on(Push& push) {
    if (!push.incoming || !push.is_half) return;
    const Package::Item& item = push.package->items[push.next];
    const Place place{"acme/app", push.tag, item.path};
    if (objects_.has_one_writer) lost_.push_back(std::move(push.incoming));
    push.incoming.reset();
    push.instance = &any();
    const auto kept = push.instance->shelf().kept(place);
    ASSERT_TRUE(kept);
    const std::uint64_t offset = kept->value_or(0);
    auto begun = kept->has_value() ? push.instance->shelf().go_on(place, item.meta, offset)
                                   : push.instance->shelf().begin(place, item.meta);
    if (!begun || !begun->incoming) return;
    push.incoming = std::move(begun->incoming);
    static_cast<void>(push.incoming->append(core::as_bytes(item.content).subspan(offset)));
    push.is_half = false;
  }

  bool begin_node(Push& push) {
    const Package::Item& item = push.package->items[push.next];
    auto begun = push.instance->shelf().begin({"acme/app", push.tag, item.path}, item.meta);
    if (!begun) return false;
    if (begun->added.kind == Kind::Exists) {
      ++push.next;
      return true;
    }
    if (!begun->incoming) return false;
    push.incoming = std::move(begun->incoming);
    push.is_half = below(2) == 0;
    const std::size_t size = push.is_half ? item.content.size() / 2 : item.content.size();
    return push.incoming->append(core::as_bytes(item.content).first(size)).has_value();
  }

  bool finish(Push& push) {
    if (push.is_half) {
      const std::string& content = push.package->items[push.next].content;
      push.is_half = false;
      return push.incoming->append(core::as_bytes(content).subspan(content.size() / 2)).has_value();
    }
    if (!lost_.empty() && below(2) == 0) {  // one that was lost comes to its end
      static_cast<void>(lost_.back()->finish());
      lost_.pop_back();
    }
    const auto finished = push.incoming->finish();
    push.incoming.reset();
    if (!finished || !finished->is_as_told) return false;
    ++push.next;
    return finished->added.kind == Kind::Done || finished->added.kind == Kind::Exists;
  }

  std::mt19937 random_;
  Folder folder_;
  MemoryObjects objects_;
  Instance first_{folder_, objects_};
  Instance second_{folder_, objects_};
  std::vector<Package> packages_;
  std::vector<Push> running_;
  std::vector<std::unique_ptr<Incoming>> lost_;
  std::map<std::string, const Package*> acknowledged_;
};

class Interleavings : public ::testing::TestWithParam<database::Dialect> {};

INSTANTIATE_TEST_SUITE_P(Databases, Interleavings,
                         ::testing::Values(database::Dialect::Sqlite, database::Dialect::Postgres),
                         [](const auto& each) {
                           return each.param == database::Dialect::Sqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(Interleavings, LoseNothingThatWasAcknowledged) {
  if (Folder(GetParam()).dialect() != GetParam()) GTEST_SKIP() << "PostgreSQL 15 is not installed";
  const char* const wanted = std::getenv("MERLON_REGISTRY_CASES");
  const int usual = GetParam() == database::Dialect::Sqlite ? 25 : 5;
  const int cases = wanted == nullptr ? usual : std::atoi(wanted);
  for (int seed = 0; seed < cases && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Interleaving(GetParam(), static_cast<unsigned>(seed)).run(60);
  }
}

}  // namespace
}  // namespace merlon::registry_store
