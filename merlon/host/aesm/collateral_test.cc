#include "merlon/host/aesm/collateral.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "merlon/sgx/platform_collateral.h"

namespace merlon::host::aesm {
namespace {

using core::ErrorCode;
using Bytes = std::vector<std::uint8_t>;

TEST(Collateral, IsOfTheFilesThatAreThere) {
  std::string folder = (std::filesystem::temp_directory_path() / "merlon-cache-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto write = [&](const std::string& name, core::ByteView bytes) {
    std::ofstream(folder + "/" + name, std::ios::binary | std::ios::trunc) << core::as_text(bytes);
  };
  EXPECT_EQ(read_collateral(folder).error().code, ErrorCode::NotFound);
  const Bytes element{0x30, 0x02, 0x05, 0x00};
  write("crls.der", sgx::crl_list({{"u", element}}));
  EXPECT_EQ(read_collateral(folder).error().code, ErrorCode::NotFound);
  write("tcb.der", sgx::tcb_package({element}, "{}"));
  const Bytes whole = read_collateral(folder).value();
  EXPECT_EQ(sgx::PlatformCollateral::parse(whole)->lists.size(), 1U);
  EXPECT_TRUE(sgx::PlatformCollateral::parse(whole)->identity.empty());
  write("qe-identity.json", core::as_bytes("{\"a\":1}"));
  const Bytes with_identity = read_collateral(folder).value();
  EXPECT_EQ(sgx::PlatformCollateral::parse(with_identity)->identity, "{\"a\":1}");
  const std::pair<std::string, Bytes> files[]{{"tcb.der", sgx::tcb_package({element}, "{}")},
                                              {"crls.der", sgx::crl_list({})}};
  for (const auto& [name, good] : files) {
    write(name, core::as_bytes("words"));
    const auto error = read_collateral(folder).error();
    EXPECT_EQ(error.code, ErrorCode::Malformed);
    EXPECT_NE(error.text.find(name), std::string::npos);
    write(name, Bytes(sgx::max_collateral_size + 1, 0));
    EXPECT_FALSE(read_collateral(folder).has_value());
    write(name, good);
  }
  EXPECT_TRUE(read_collateral(folder).has_value());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace merlon::host::aesm
