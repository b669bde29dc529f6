#include "merlon/simulate/sgx_store.h"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include "merlon/sgx/platform_collateral.h"
#include "merlon/simulate/store.h"
#include "merlon/simulate/testing/sgx_machine.h"

namespace merlon::simulate {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;
using testing::sgx_now;

class SgxStoreTest : public ::testing::Test {
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
  [[nodiscard]] std::string text_of(const std::string& name) const {
    std::ifstream file(place_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
  std::string place_;
};

TEST_F(SgxStoreTest, WhatWasMadeIsLoaded) {
  EXPECT_FALSE(is_sgx_platform(place_));
  const SgxChain made = create_sgx_platform(place_ + "/", sgx_now).value();
  EXPECT_TRUE(is_sgx_platform(place_));
  EXPECT_EQ(count(), 1U);  // nothing beside it is left
  const SgxPlatform loaded = load_sgx_platform(place_).value();
  EXPECT_EQ(load_sgx_chain(place_)->root(), made.root());
  EXPECT_EQ(loaded.tcb.ppid, made.platform().ppid);
  EXPECT_EQ(loaded.pck_chain, made.pck_chain());
  EXPECT_TRUE(is_key_of(loaded.pck_key, made.pck()));
  EXPECT_EQ(load_platform(place_).error().code, ErrorCode::NotFound);
}

TEST_F(SgxStoreTest, WhatRunsEnclavesAndWhatQuotesThemHaveOneProcessor) {
  ASSERT_TRUE(create_sgx_platform(place_, sgx_now).has_value());
  const EnclaveProcessor processor = load_enclave_processor(place_).value();
  const SgxPlatform platform = load_sgx_platform(place_).value();
  const QuotingEnclave quoting(platform);
  const auto report = processor.ereport(testing::keep_enclave(), quoting.target(), {});
  EXPECT_TRUE(quoting.quote(report.to_bytes()).has_value());
}

TEST_F(SgxStoreTest, OnlyItsOwnerGetsNearTheKeys) {
  ASSERT_TRUE(create_sgx_platform(place_, sgx_now).has_value());
  EXPECT_EQ(mode(place_), 0700U);
  for (const auto& each : fs::recursive_directory_iterator(place_)) {
    EXPECT_EQ(mode(each.path()), each.is_directory() ? 0700U : 0600U) << each.path();
  }
}

TEST_F(SgxStoreTest, NothingIsOverwritten) {
  const SgxChain made = create_sgx_platform(place_, sgx_now).value();
  EXPECT_EQ(create_sgx_platform(place_, sgx_now).error().code, ErrorCode::Denied);
  EXPECT_EQ(load_sgx_chain(place_)->root(), made.root());
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(create_sgx_platform(place_ + "/x/y", sgx_now).error().code, ErrorCode::NotFound);
}

TEST_F(SgxStoreTest, CachesAreAsEnarxHasThem) {
  const SgxChain made = create_sgx_platform(place_, sgx_now).value();
  const std::string lists_text = text_of("crls.der");
  const std::string package_text = text_of("tcb.der");
  const auto lists = sgx::parse_crl_list(core::as_bytes(lists_text)).value();
  const auto package = sgx::TcbPackage::parse(core::as_bytes(package_text)).value();
  ASSERT_EQ(lists.size(), 2U);
  EXPECT_TRUE(std::ranges::equal(lists[1].der, made.pck_list().der()));
  ASSERT_EQ(package.signers.size(), 2U);
  EXPECT_TRUE(std::ranges::equal(package.signers[0], made.signer().der()));
  EXPECT_EQ(package.tcb_info, made.tcb_info());
  EXPECT_EQ(text_of("qe-identity.json"), made.qe_identity());
}

TEST_F(SgxStoreTest, RevokingIsSeenByWhoeverLoadsItNext) {
  const SgxChain made = create_sgx_platform(place_, sgx_now).value();
  EXPECT_TRUE(revoke_sgx_platform(place_ + "/", {sgx_now.seconds + 1})->is_revoked());
  EXPECT_TRUE(load_sgx_chain(place_)->is_revoked());
  EXPECT_EQ(load_sgx_chain(place_)->root(), made.root());
  EXPECT_EQ(update_sgx_platform(place_, 9, sgx_now).error().code, ErrorCode::Denied);
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(mode(place_), 0700U);
}

TEST_F(SgxStoreTest, AnUpdateChangesTheVersionsAndNothingElse) {
  const SgxChain made = create_sgx_platform(place_, sgx_now).value();
  const std::string fuse = text_of("keys/fuse.bin");
  EXPECT_EQ(update_sgx_platform(place_, 2, sgx_now)->status(), sgx::TcbStatus::OutOfDate);
  const SgxChain chain = load_sgx_chain(place_).value();
  EXPECT_EQ(chain.status(), sgx::TcbStatus::OutOfDate);
  EXPECT_EQ(chain.root(), made.root());
  EXPECT_EQ(chain.tcb_info(), made.tcb_info());
  EXPECT_EQ(text_of("keys/fuse.bin"), fuse);
  EXPECT_EQ(load_enclave_processor(place_)->cpu_svn(), chain.platform().cpu_svn);
  EXPECT_TRUE(is_key_of(load_sgx_platform(place_)->pck_key, chain.pck()));
  EXPECT_EQ(count(), 1U);
}

TEST_F(SgxStoreTest, SomethingElseInThePlaceOfAFileIsRefused) {
  ASSERT_TRUE(create_sgx_platform(place_, sgx_now).has_value());
  const std::string other = (folder_ / "other").string();
  ASSERT_TRUE(create_sgx_platform(other, sgx_now).has_value());
  struct File {
    const char* name;
    bool quotes, vouches;  // who notices
  };
  for (const File& file :
       {File{"pck.pem", true, true}, File{"ca.pem", false, true}, File{"root.pem", false, true},
        File{"tcb-signer.pem", false, true}, File{"root-crl.pem", false, true},
        File{"pck-crl.pem", false, true}, File{"tcb-info.json", false, true},
        File{"qe-identity.json", false, true}, File{"keys/pck.pem", true, false}}) {
    const std::string path = place_ + "/" + file.name;
    const std::string own = text_of(file.name);
    fs::copy_file(other + "/" + file.name, path, fs::copy_options::overwrite_existing);
    EXPECT_EQ(load_sgx_platform(place_).has_value(), !file.quotes) << file.name;
    EXPECT_EQ(load_sgx_chain(place_).has_value(), !file.vouches) << file.name;
    for (const std::string& text :
         {std::string(), std::string("words"), own + own, std::string(100'000, '\n')}) {
      std::ofstream(path, std::ios::trunc | std::ios::binary) << text;
      const bool first_counts = !file.vouches && text.size() == 2 * own.size();  // of a key's file
      EXPECT_EQ(load_sgx_platform(place_) && load_sgx_chain(place_), first_counts) << file.name;
    }
    std::ofstream(path, std::ios::trunc | std::ios::binary) << own;
  }
  EXPECT_TRUE(load_sgx_platform(place_).has_value());
  fs::resize_file(place_ + "/keys/fuse.bin", 15);
  EXPECT_EQ(load_enclave_processor(place_).error().code, ErrorCode::Malformed);
  fs::remove(place_ + "/keys/fuse.bin");
  EXPECT_EQ(load_sgx_platform(place_).error().code, ErrorCode::NotFound);
}

TEST_F(SgxStoreTest, WithTheKeysOfAnotherNothingIsRevokedOrUpdated) {
  const SgxChain made = create_sgx_platform(place_, sgx_now).value();
  fs::copy_file(place_ + "/keys/root.pem", place_ + "/keys/ca.pem",
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(revoke_sgx_platform(place_, sgx_now).error().code, ErrorCode::Denied);
  EXPECT_EQ(update_sgx_platform(place_, 2, sgx_now).error().code, ErrorCode::Denied);
  EXPECT_FALSE(load_sgx_chain(place_)->is_revoked());
  EXPECT_EQ(count(), 1U);
}

}  // namespace
}  // namespace merlon::simulate
