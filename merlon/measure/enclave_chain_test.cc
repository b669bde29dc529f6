#include "merlon/measure/enclave_chain.h"

#include <vector>

#include <gtest/gtest.h>

#include "merlon/codec/testing/vectors.h"
#include "merlon/sgx/sigstruct.h"

namespace merlon::measure {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::uint64_t word(core::ByteView bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) value = value << 8U | bytes[at + i];
  return value;
}

/// Another implementation's stream: the records as they are hashed, one behind the other.
TEST(EnclaveChain, ARecordedEnclaveIsMeasuredAsItsSignerDid) {
  MERLON_NEEDS_VECTORS();
  const Bytes stream = codec::testing::vector_file("measurement/test_enclave.sgxs");
  const Bytes signature = codec::testing::vector_file("measurement/test_enclave.sig");
  const core::ByteView bytes(stream);
  EnclaveChain chain(static_cast<std::uint32_t>(word(bytes, 8)),
                     word(bytes, 8) >> 32U | word(bytes, 16) << 32U);
  for (std::size_t at = 64; at < bytes.size(); at += 64) {
    const std::string_view name = core::as_text(bytes.subspan(at, 8));
    if (name.starts_with("EADD")) {
      chain.add_page(word(bytes, at + 8), word(bytes, at + 16));
    } else {
      ASSERT_TRUE(name.starts_with("EEXTEND")) << at;
      chain.extend(word(bytes, at + 8), bytes.subspan(at + 64, 256));
      at += 256;
    }
  }
  const auto signed_enclave = sgx::Sigstruct::parse(signature);
  ASSERT_TRUE(signed_enclave);
  EXPECT_EQ(std::move(chain).finish(), signed_enclave->mr_enclave);
}

TEST(EnclaveChain, PagesAreMeasuredWhole) {
  const Bytes bytes(5000, 7);
  Bytes padded = bytes;
  padded.resize(3 * image::page_size);
  EnclaveChain one(1, 1U << 20U);
  EnclaveChain other(1, 1U << 20U);
  ASSERT_TRUE(one.add(image::EnclavePage::Read, 0x4000, bytes, padded.size()));
  for (std::size_t at = 0; at < padded.size(); at += image::page_size) {
    ASSERT_TRUE(other.add(image::EnclavePage::Read, 0x4000 + at,
                          core::ByteView(padded).subspan(at, image::page_size), image::page_size));
  }
  EXPECT_EQ(one.pages(), 3U);
  EXPECT_EQ(std::move(one).finish(), std::move(other).finish());
}

TEST(EnclaveChain, EverythingCounts) {
  const Bytes bytes(4096, 7);
  const auto measured = [](std::uint32_t frames, std::uint64_t size, image::EnclavePage page,
                           std::uint64_t offset, const Bytes& contents) {
    EnclaveChain chain(frames, size);
    EXPECT_TRUE(chain.add(page, offset, contents, image::page_size));
    return std::move(chain).finish();
  };
  constexpr std::uint64_t size = std::uint64_t{1} << 46U;
  const auto first = measured(1, size, image::EnclavePage::Read, 0, bytes);
  EXPECT_EQ(measured(1, size, image::EnclavePage::Read, 0, bytes), first);
  EXPECT_NE(measured(2, size, image::EnclavePage::Read, 0, bytes), first);
  EXPECT_NE(measured(1, size * 2, image::EnclavePage::Read, 0, bytes), first);
  EXPECT_NE(measured(1, size, image::EnclavePage::ReadWrite, 0, bytes), first);
  EXPECT_NE(measured(1, size, image::EnclavePage::Read, 4096, bytes), first);
  Bytes other = bytes;
  other.back() ^= 1U;
  EXPECT_NE(measured(1, size, image::EnclavePage::Read, 0, other), first);
}

TEST(EnclaveChain, RefusesWhatIsNoPage) {
  EnclaveChain chain(1, 1U << 20U);
  const Bytes bytes(5000, 7);
  EXPECT_FALSE(chain.add(image::EnclavePage::Read, 1, bytes, 8192));
  EXPECT_FALSE(chain.add(image::EnclavePage::Read, 0, bytes, 5000));
  EXPECT_FALSE(chain.add(image::EnclavePage::Read, 0, bytes, 4096));
}

}  // namespace
}  // namespace merlon::measure
