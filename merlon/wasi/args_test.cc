#include <gtest/gtest.h>

#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using testing::Guest;

TEST(Args, AreHandedOverWithTheirSizes) {
  Guest guest({.arguments = {"main.wasm", "", "two words"}, .environment = {}});
  EXPECT_EQ((guest.call<&api::args_sizes_get>(8U, 12U)), Errno::Success);
  EXPECT_EQ(guest.get<std::uint32_t>(8), 3U);
  EXPECT_EQ(guest.get<std::uint32_t>(12), 21U);
  EXPECT_EQ((guest.call<&api::args_get>(16U, 100U)), Errno::Success);
  EXPECT_EQ(guest.get<std::uint32_t>(16), 100U);
  EXPECT_EQ(guest.get<std::uint32_t>(20), 110U);
  EXPECT_EQ(guest.get<std::uint32_t>(24), 111U);
  EXPECT_EQ(guest.string_at(100, 21), std::string("main.wasm\0\0two words\0", 21));
}

TEST(Environ, IsHandedOverInOrderWithDuplicates) {
  Guest guest({.arguments = {}, .environment = {"A=1", "FD_COUNT=3", "FD_COUNT=9"}});
  EXPECT_EQ((guest.call<&api::environ_sizes_get>(8U, 12U)), Errno::Success);
  EXPECT_EQ(guest.get<std::uint32_t>(8), 3U);
  EXPECT_EQ((guest.call<&api::environ_get>(16U, 100U)), Errno::Success);
  EXPECT_EQ(guest.string_at(guest.get<std::uint32_t>(24), 11), std::string("FD_COUNT=9\0", 11));
}

TEST(Args, NoneAreNoneAndTouchNoMemory) {
  Guest guest;
  EXPECT_EQ((guest.call<&api::args_sizes_get>(8U, 12U)), Errno::Success);
  EXPECT_EQ(guest.get<std::uint64_t>(8), 0U);
  EXPECT_EQ((guest.call<&api::args_get>(65536U, 65536U)), Errno::Success);
}

TEST(Args, OutsideOfMemoryFaultsAndWritesNothing) {
  Guest guest({.arguments = {"abc"}, .environment = {}});
  EXPECT_EQ((guest.call<&api::args_get>(16U, 65533U)), Errno::Fault);
  EXPECT_EQ((guest.call<&api::args_get>(65533U, 16U)), Errno::Fault);
  EXPECT_EQ((guest.call<&api::args_sizes_get>(65533U, 16U)), Errno::Fault);
  EXPECT_EQ(guest.get<std::uint32_t>(16), 0U);
}

TEST(Args, ANulInsideIsRefusedAtTheStart) {
  EXPECT_EQ(Context::create({.arguments = {std::string("a\0b", 3)}}).error().code,
            core::ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::wasi
