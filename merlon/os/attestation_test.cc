#include "merlon/os/attestation.h"

#include <array>

#include <gtest/gtest.h>

namespace merlon::os {
namespace {

TEST(Attestation, AnOperatingSystemLendsNoneOfIt) {
  EXPECT_FALSE(is_enclave());
  EXPECT_FALSE(secrets_page().has_value());
  std::array<std::uint8_t, 16> room{};
  const auto answered = attest(core::AttestKind::GuestMessage, {}, room);
  ASSERT_FALSE(answered.has_value());
  EXPECT_EQ(answered.error(), Errno::Nosys);
}

}  // namespace
}  // namespace merlon::os
