#include "merlon/cli_keys/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "merlon/os/testing/scratch.h"

namespace merlon::cli_keys {
namespace {

using launch::ExitStatus;
using os::testing::ScratchDirectory;

/// A private key in a file of `scratch`.
crypto::PrivateKey put_key(const ScratchDirectory& scratch, const std::string& name,
                           crypto::KeyKind kind) {
  auto key = crypto::PrivateKey::generate(kind).value();
  EXPECT_TRUE(write_secret(scratch / name, key.to_pem().value(), false).has_value());
  return key;
}

template <typename T>
std::string refusal(const Result<T>& result) {
  return result ? "accepted" : result.error().text;
}

TEST(KeyFiles, AreReadAsTheyWereWritten) {
  const ScratchDirectory scratch;
  const auto key = put_key(scratch, "key", crypto::KeyKind::P384);
  const auto read = read_private_key(scratch / "key", Purpose::Snp);
  ASSERT_TRUE(read.has_value()) << refusal(read);
  EXPECT_EQ(read->point().value(), key.point().value());
  EXPECT_EQ(read_public_half(scratch / "key", Purpose::Snp).value(),
            crypto::public_half_of(key).value());
}

TEST(KeyFiles, ThatDoNotFitAreNamedWithWhatDoes) {
  const ScratchDirectory scratch;
  put_key(scratch, "p256", crypto::KeyKind::P256);
  const std::string snp = refusal(read_private_key(scratch / "p256", Purpose::Snp));
  EXPECT_EQ(snp, (scratch / "p256") +
                     ": a key of P-256; SEV-SNP wants one of P-384, as merlon key "
                     "snp create makes it");
  EXPECT_NE(refusal(read_public_half(scratch / "p256", Purpose::Sgx)).find("merlon key sgx create"),
            std::string::npos);
}

TEST(KeyFiles, WithAPrivateKeyAreReplacedByAnotherKeyAloneAndByForce) {
  const ScratchDirectory scratch;
  const auto key = put_key(scratch, "key", crypto::KeyKind::P384);
  const auto text = key.to_pem().value();
  const std::string before = scratch.content("key");
  EXPECT_NE(refusal(write_result(scratch / "key", core::as_bytes("x"))).find("private key"),
            std::string::npos);
  EXPECT_NE(refusal(write_secret(scratch / "key", text, false)).find("--force"), std::string::npos);
  EXPECT_EQ(scratch.content("key"), before);
  const auto other = crypto::PrivateKey::generate(crypto::KeyKind::P384).value().to_pem().value();
  EXPECT_TRUE(write_secret(scratch / "key", other, true).has_value());
  EXPECT_EQ(scratch.content("key"), core::as_text(other.reveal()));
}

TEST(KeyFiles, OfOtherContentAreReplacedByResults) {
  const ScratchDirectory scratch;
  scratch.make_file("digest", "old");
  EXPECT_TRUE(write_result(scratch / "digest", core::as_bytes("new")).has_value());
  EXPECT_EQ(scratch.content("digest"), "new");
}

TEST(KeyFiles, AtMostOneIsStandardInput) {
  EXPECT_TRUE(expect_one_standard_input({"a", "-", "b"}).has_value());
  const auto refused = expect_one_standard_input({"-", "b", "-"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().status, ExitStatus::Usage);
}

TEST(KeyFiles, ADefectOfOursIsNotTheUsers) {
  const auto status = [](core::ErrorCode code) {
    return broken("x", core::error(code, "y")).status;
  };
  EXPECT_EQ(status(core::ErrorCode::Internal), ExitStatus::KeepFailed);
  EXPECT_EQ(status(core::ErrorCode::Malformed), ExitStatus::Unusable);
}

}  // namespace
}  // namespace merlon::cli_keys
