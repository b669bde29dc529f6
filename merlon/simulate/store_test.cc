#include "merlon/simulate/store.h"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include "merlon/simulate/testing/fake_host.h"

namespace merlon::simulate {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;
using testing::test_now;

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "merlon-platform-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    place_ = (folder_ / "machine").string();
  }
  void TearDown() override { fs::remove_all(folder_); }

  static unsigned mode(const fs::path& path) {
    struct ::stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777U;
  }
  static void copy_over(const std::string& from, const std::string& to) {
    fs::copy_file(from, to, fs::copy_options::overwrite_existing);
  }
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
  std::string place_;
};

TEST_F(StoreTest, WhatWasMadeIsLoaded) {
  const Chain made = create_platform(place_ + "/", test_now).value();
  EXPECT_EQ(count(), 1U);  // nothing beside it is left
  const Platform loaded = load_platform(place_).value();
  EXPECT_EQ(load_chain(place_)->root(), made.root());
  EXPECT_EQ(loaded.endorsed.chip_id, made.endorsed().chip_id);
  EXPECT_EQ(loaded.endorsed.tcb, made.endorsed().tcb);
  EXPECT_EQ(loaded.table, table_of(made.parts()));
  EXPECT_TRUE(is_key_of(loaded.vcek_key, made.vcek()));
}

TEST_F(StoreTest, OnlyItsOwnerGetsNearTheKeys) {
  ASSERT_TRUE(create_platform(place_, test_now).has_value());
  EXPECT_EQ(mode(place_), 0700U);
  EXPECT_EQ(mode(place_ + "/keys"), 0700U);
  for (const auto& each : fs::recursive_directory_iterator(place_)) {
    EXPECT_EQ(mode(each.path()), each.is_directory() ? 0700U : 0600U) << each.path();
  }
}

TEST_F(StoreTest, NothingIsOverwritten) {
  const Chain made = create_platform(place_, test_now).value();
  EXPECT_EQ(create_platform(place_, test_now).error().code, ErrorCode::Denied);
  std::ofstream(folder_ / "file") << "words";
  EXPECT_EQ(create_platform((folder_ / "file").string(), test_now).error().code, ErrorCode::Denied);
  EXPECT_EQ(load_chain(place_)->root(), made.root());
  EXPECT_EQ(count(), 2U);
}

TEST_F(StoreTest, WithoutAParentNothingIsMade) {
  EXPECT_EQ(create_platform(place_ + "/deeper", test_now).error().code, ErrorCode::NotFound);
  EXPECT_EQ(count(), 0U);
}

TEST_F(StoreTest, RevokingIsSeenByWhoeverLoadsItNext) {
  ASSERT_TRUE(create_platform(place_, test_now).has_value());
  EXPECT_FALSE(load_chain(place_)->is_revoked());
  EXPECT_TRUE(revoke_platform(place_, {test_now.seconds + 1})->is_revoked());
  EXPECT_TRUE(load_chain(place_)->is_revoked());
  EXPECT_TRUE(revoke_platform(place_, {test_now.seconds + 2}).has_value());
}

TEST_F(StoreTest, AnUpdateChangesTheVersionsAndNothingElse) {
  const Chain made = create_platform(place_, test_now).value();
  const Platform before = load_platform(place_).value();
  const codec::UnixTime later{test_now.seconds + 100};
  for (const snp::TcbComponents& tcb :
       {snp::TcbComponents{0, 3, 1, 20, 200}, snp::TcbComponents{0, 1, 0, 1, 1}}) {
    EXPECT_TRUE(update_platform(place_ + "/", tcb, later).has_value());
    EXPECT_EQ(count(), 1U);
    const Chain chain = load_chain(place_).value();
    const Platform after = load_platform(place_).value();
    EXPECT_EQ(snp::components(after.endorsed.tcb, snp::Product::Simulator), tcb);
    EXPECT_EQ(chain.root(), made.root());
    EXPECT_EQ(after.endorsed.chip_id, before.endorsed.chip_id);
    EXPECT_TRUE(std::ranges::equal(chain.list().der(), made.list().der()));
    EXPECT_TRUE(std::ranges::equal(after.chip_secret.reveal(), before.chip_secret.reveal()));
    EXPECT_TRUE(is_key_of(after.vcek_key, chain.vcek()));
    EXPECT_FALSE(is_key_of(before.vcek_key, chain.vcek()));
  }
  EXPECT_EQ(mode(place_), 0700U);
}

TEST_F(StoreTest, ARevokedMachineIsNotUpdated) {
  ASSERT_TRUE(create_platform(place_, test_now).has_value());
  ASSERT_TRUE(revoke_platform(place_, test_now).has_value());
  EXPECT_EQ(update_platform(place_, {0, 9, 9, 9, 9}, test_now).error().code, ErrorCode::Denied);
  EXPECT_TRUE(load_chain(place_)->is_revoked());
  EXPECT_EQ(count(), 1U);
}

TEST_F(StoreTest, AMachineWithoutASecretOfItsChipStillSigns) {
  ASSERT_TRUE(create_platform(place_, test_now).has_value());
  EXPECT_EQ(load_platform(place_)->chip_secret.reveal().size(), chip_secret_size);
  fs::resize_file(place_ + "/keys/chip.bin", 31);
  EXPECT_EQ(load_platform(place_).error().code, ErrorCode::Malformed);
  fs::remove(place_ + "/keys/chip.bin");
  EXPECT_TRUE(load_platform(place_)->chip_secret.reveal().empty());
}

TEST_F(StoreTest, PartsOfAnotherMachineAreRefused) {
  const std::string other = (folder_ / "other").string();
  ASSERT_TRUE(create_platform(place_, test_now).has_value());
  ASSERT_TRUE(create_platform(other, test_now).has_value());
  for (const std::string name : {"ark.pem", "ask.pem", "vcek.pem", "crl.pem", "keys/vcek.pem"}) {
    const std::string own = place_ + "/" + name;
    const std::string kept = (folder_ / "kept").string();
    copy_over(own, kept);
    copy_over(other + "/" + name, own);
    // A security processor looks at nothing but its own key and certificate.
    const bool is_vcek = name.ends_with("vcek.pem");
    EXPECT_EQ(load_platform(place_).has_value(), !is_vcek) << name;
    EXPECT_EQ(load_chain(place_).has_value(), name.starts_with("keys")) << name;
    copy_over(kept, own);
  }
  EXPECT_TRUE(load_platform(place_).has_value());
  copy_over(other + "/keys/ark.pem", place_ + "/keys/ark.pem");
  EXPECT_EQ(revoke_platform(place_, test_now).error().code, ErrorCode::Denied);
  copy_over(place_ + "/keys/vcek.pem", place_ + "/keys/ark.pem");
  EXPECT_EQ(revoke_platform(place_, test_now).error().code, ErrorCode::Denied);
}

TEST_F(StoreTest, ALatePlatformIsLookedAtWhenItIsAskedFor) {
  EXPECT_EQ(LatePlatform::read(place_).error().code, ErrorCode::NotFound);
  const Chain made = create_platform(place_, test_now).value();
  LatePlatform good = LatePlatform::read(place_).value();
  std::ofstream(place_ + "/ask.pem", std::ios::trunc) << "words";
  LatePlatform bad = LatePlatform::read(place_).value();
  fs::remove_all(place_);
  const Platform* const platform = good.get().value();
  EXPECT_EQ(platform->table, table_of(made.parts()));
  LatePlatform moved = std::move(good);
  EXPECT_EQ(moved.get().value(), platform);
  EXPECT_FALSE(bad.get());
  EXPECT_FALSE(bad.get());
}

TEST_F(StoreTest, SomethingElseInThePlaceOfAFileIsRefused) {
  ASSERT_TRUE(create_platform(place_, test_now).has_value());
  const auto with = [&](const std::string& name, const std::string& text) {
    const std::string path = place_ + "/" + name;
    const std::string kept = (folder_ / "kept").string();
    copy_over(path, kept);
    std::ofstream(path, std::ios::trunc) << text;
    const auto loaded = load_platform(place_);
    const auto chain = load_chain(place_);
    copy_over(kept, path);
    EXPECT_EQ(chain.has_value(), name.starts_with("keys")) << name;
    // Only the system's own reasons have a number: an empty file gives way to no other.
    return !loaded.has_value() && (loaded.error().detail == 0 || text.size() > 99'999);
  };
  std::ifstream file(place_ + "/ark.pem");
  const std::string ark{std::istreambuf_iterator<char>(file), {}};
  for (const char* name : {"ark.pem", "ask.pem", "vcek.pem", "crl.pem", "keys/vcek.pem"}) {
    EXPECT_TRUE(with(name, "")) << name;
    EXPECT_TRUE(with(name, "words")) << name;
    EXPECT_TRUE(with(name, ark + ark)) << name;
    EXPECT_TRUE(with(name, ark.substr(0, ark.size() / 2))) << name;
    EXPECT_TRUE(with(name, ark + ark.substr(0, ark.size() / 2))) << name;
    EXPECT_TRUE(with(name, std::string(100'000, '\n'))) << name;
    fs::rename(place_ + "/" + name, folder_ / "away");
    EXPECT_EQ(load_platform(place_).error().code, ErrorCode::NotFound) << name;
    fs::rename(folder_ / "away", place_ + "/" + name);
  }
  EXPECT_TRUE(load_platform(place_).has_value());
}

}  // namespace
}  // namespace merlon::simulate
