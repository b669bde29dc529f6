#include "merlon/host/snp/keep_guest.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/core/attest_call.h"
#include "merlon/host/snp/testing/fake_device.h"
#include "merlon/host/snp/testing/story.h"
#include "merlon/os/system.h"
#include "merlon/sallyport/item.h"

// A keep that is served, on a device that plays processor and keep.

namespace merlon::host::snp {
namespace {

using sallyport::Block;
using sallyport::Call;
using sallyport::Header;
using testing::FakeDevice;
using testing::FakeExit;

constexpr std::uint64_t doorbell = 1U | 1U << 8U | 0xe9U << 16U | std::uint64_t{1} << 32U;

/// The keep asks for this, and rings.
struct Ask {
  Call call;
  sallyport::Arguments arguments{};
  std::string sent{};
  std::uint64_t room = 0;
};

struct Answer {
  std::int64_t result;
  std::uint64_t first;  ///< word of the bytes that came with it
};

/// What the keep was answered, seen at its next exit.
class Keep {
 public:
  FakeExit ask(Ask ask) {
    return {KVM_EXIT_IO, {doorbell}, [this, ask = std::move(ask)](core::ByteSpan memory) {
              look(memory);
              const Block block(memory);
              block.store(Header::Call, static_cast<std::uint64_t>(ask.call));
              for (std::size_t i = 0; i < ask.arguments.size(); ++i) {
                block.store_argument(i, ask.arguments[i]);
              }
              block.copy_out(core::as_bytes(ask.sent));
              block.store(Header::Sent, ask.sent.size());
              block.store(Header::Room, ask.room);
              block.store(Header::Sequence, ++sequence_);
            }};
  }
  FakeExit ends(std::uint64_t status) { return ask({Call::Exit, {status}}); }
  [[nodiscard]] const std::vector<Answer>& answers() const { return answers_; }

 private:
  void look(core::ByteSpan memory) {
    if (sequence_ == 0) return;
    const auto at = [&](Header field) { return word(memory, static_cast<std::size_t>(field)); };
    answers_.push_back(
        {static_cast<std::int64_t>(at(Header::Result)), word(memory, sallyport::data_offset)});
    EXPECT_EQ(at(Header::Answered), sequence_);
  }
  static std::uint64_t word(core::ByteView memory, std::size_t offset) {
    std::uint64_t value = 0;
    std::memcpy(&value, memory.subspan(offset).data(), sizeof value);
    return value;
  }

  std::uint64_t sequence_ = 0;
  std::vector<Answer> answers_;
};

/// Both programs, which a guest is made of.
struct Programs {
  std::vector<std::uint8_t> shim_file = testing::small_shim();
  std::vector<std::uint8_t> keep_file = testing::small_keep();
  image::Program shim = *image::parse_elf(shim_file);
  image::Program keep = *image::parse_elf(keep_file);
};

auto make(FakeDevice& device, LaunchOptions options = {},
          std::vector<std::uint8_t> certificates = {}) {
  static const Programs programs;
  return KeepGuest::create(
      device, testing::host_processor(),
      {programs.shim, programs.keep, std::move(options), std::move(certificates)});
}

TEST(SnpGuest, IsServedUntilItEnds) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const os::Fd reader = os::Fd::adopt(pipe[0]);
  Keep keep;
  FakeDevice device({}, {keep.ask({Call::Write, {0}, "hello"}), {KVM_EXIT_INTR, {}}, keep.ends(7)});
  auto guest = make(device);
  ASSERT_TRUE(guest.has_value()) << guest.error().text;
  ASSERT_EQ((*guest)->descriptors().insert(os::Fd::adopt(pipe[1])), 0U);
  const auto ended = (*guest)->run();
  ASSERT_TRUE(ended.has_value()) << ended.error().text;
  EXPECT_EQ(*ended, 7);
  ASSERT_EQ(keep.answers().size(), 1U);
  EXPECT_EQ(keep.answers()[0].result, 5);
  std::array<char, 8> got{};
  EXPECT_EQ(::read(reader.number(), got.data(), got.size()), 5);
  EXPECT_STREQ(got.data(), "hello");
  std::uint64_t asked = 0;
  for (const std::uint64_t count : (*guest)->counts()) asked += count;
  EXPECT_EQ(asked, 2U);
}

FakeExit growth(Keep& keep, std::uint64_t bytes) {
  return keep.ask({Call::GrowMemory, {bytes}, {}, sizeof(sallyport::MemoryRange)});
}

TEST(SnpGuest, GetsMorePrivateMemory) {
  constexpr std::uint64_t size = std::uint64_t{4} << 20U;
  Keep keep;
  FakeDevice device({}, {growth(keep, size), growth(keep, size), keep.ends(0)});
  auto guest = make(device);
  ASSERT_TRUE(guest.has_value()) << guest.error().text;
  const std::uint64_t pages = device.pages();
  ASSERT_TRUE((*guest)->run().has_value());
  ASSERT_EQ(keep.answers().size(), 2U);
  EXPECT_GE(keep.answers()[0].result, 0);
  EXPECT_EQ(keep.answers()[0].first, image::grown_base);
  EXPECT_EQ(keep.answers()[1].first, image::grown_base + size);
  EXPECT_TRUE(device.is_private(image::grown_base));
  EXPECT_TRUE(device.is_private(image::grown_base + 2 * size - 1));
  EXPECT_FALSE(device.is_private(image::grown_base + 2 * size));
  EXPECT_EQ(device.pages(), pages) << "the launch is over";
}

TEST(SnpGuest, RunsOnWithoutMemoryThatItDoesNotGet) {
  const std::uint64_t all = (os::physical_memory() >> 21U << 21U) + (std::uint64_t{2} << 20U);
  Keep keep;
  FakeDevice device({}, {growth(keep, 4096), growth(keep, (std::uint64_t{2} << 20U) + 4096),
                         growth(keep, all), growth(keep, ~std::uint64_t{0} << 21U), keep.ends(3)});
  auto guest = make(device);
  ASSERT_TRUE(guest.has_value()) << guest.error().text;
  const auto ended = (*guest)->run();
  ASSERT_TRUE(ended.has_value()) << ended.error().text;
  EXPECT_EQ(*ended, 3);
  for (const Answer& answer : keep.answers()) EXPECT_EQ(answer.result, -ENOMEM);
  EXPECT_FALSE(device.is_private(image::grown_base));
}

TEST(SnpGuest, GetsNothingThatIsNotTheHosts) {
  Keep keep;
  FakeDevice device({}, {keep.ask({Call::ReleaseMemory, {image::main_base, 4096}}),
                         keep.ask({Call::Read, {5}, {}, 8}),
                         keep.ask({Call::Attest, {}, "report", 64}), keep.ends(0)});
  auto guest = make(device);
  ASSERT_TRUE(guest.has_value()) << guest.error().text;
  ASSERT_TRUE((*guest)->run().has_value());
  ASSERT_EQ(keep.answers().size(), 3U);
  for (const Answer& answer : keep.answers()) EXPECT_LT(answer.result, 0);
  EXPECT_TRUE(device.is_private(image::main_base));
}

TEST(SnpGuest, GetsItsHostsCertificatesByItsSallyport) {
  const auto kind = [](core::AttestKind one) { return static_cast<std::uint64_t>(one); };
  testing::FakeMachine old;
  old.asks_for_certificates = false;
  Keep keep;
  FakeDevice device(
      old, {keep.ask({Call::Attest, {kind(core::AttestKind::Certificates)}, {}, 64}),
            keep.ask({Call::Attest, {kind(core::AttestKind::Certificates)}, {}, 7}),
            keep.ask({Call::Attest, {kind(core::AttestKind::GuestMessage)}, "sealed", 64}),
            keep.ask({Call::Attest, {kind(core::AttestKind::Collateral)}, {}, 64}), keep.ends(0)});
  auto guest = make(device, {}, {1, 2, 3, 4, 5, 6, 7, 8});
  ASSERT_TRUE(guest.has_value()) << guest.error().text;
  ASSERT_TRUE((*guest)->run().has_value());
  ASSERT_EQ(keep.answers().size(), 4U);
  EXPECT_EQ(keep.answers()[0].result, 8);
  EXPECT_EQ(keep.answers()[0].first, 0x0807'0605'0403'0201U);
  EXPECT_EQ(keep.answers()[1].result, -ENOSPC);
  EXPECT_EQ(keep.answers()[2].result, -EOPNOTSUPP);
  EXPECT_EQ(keep.answers()[3].result, -EOPNOTSUPP);
}

TEST(SnpGuest, IsNotRunOnAfterWhatNoKeepAsks) {
  Keep keep;
  FakeExit twice = keep.ask({Call::Write, {0}, "hello"});
  twice.before = [](core::ByteSpan memory) { Block(memory).store(Header::Sequence, 9); };
  FakeDevice device({}, {twice, keep.ends(0)});
  auto guest = make(device);
  ASSERT_TRUE(guest.has_value());
  const auto ended = (*guest)->run();
  ASSERT_FALSE(ended.has_value());
  EXPECT_EQ(ended.error().code, core::ErrorCode::Malformed);
  EXPECT_TRUE(ended.error().text.starts_with("backend snp: ")) << ended.error().text;
}

TEST(SnpGuest, SaysWhatItDiedOf) {
  struct Case {
    FakeExit exit;
    std::string_view text;
  };
  const std::vector<Case> cases{
      {{KVM_EXIT_SHUTDOWN, {}}, "its processor shut down"},
      {{KVM_EXIT_SYSTEM_EVENT, {kernel::event_sev_terminated | std::uint64_t{1} << 32U, 0x15100}},
       "its shim ended the machine (GHCB 86272)"},
      {{kernel::exit_memory_fault, {8, 0x123000, 4096}},
       "it used memory otherwise than was agreed"},
      {{KVM_EXIT_HLT, {}}, "its processor stopped (KVM exit 5)"}};
  for (const Case& each : cases) {
    FakeDevice device({}, {each.exit});
    auto guest = make(device);
    ASSERT_TRUE(guest.has_value());
    const auto ended = (*guest)->run();
    ASSERT_FALSE(ended.has_value());
    EXPECT_EQ(ended.error().text, "the keep crashed: " + std::string(each.text));
  }
}

TEST(SnpGuest, IsNotMadeWhereALaunchFails) {
  testing::FakeMachine without;
  without.has_sev = false;
  FakeDevice device(without);
  const auto guest = make(device);
  ASSERT_FALSE(guest.has_value());
  EXPECT_EQ(guest.error().code, core::ErrorCode::Unavailable);
  EXPECT_TRUE(guest.error().text.starts_with("open-sev: refused")) << guest.error().text;
  EXPECT_EQ(device.open_files(), 0U);
}

TEST(SnpGuest, IsThatOfItsOwnersSignatureOrNone) {
  const LaunchOptions options = testing::signed_options();
  testing::FakeMachine machine;
  machine.known_auth = options.id_auth;
  FakeDevice device(machine);
  EXPECT_TRUE(make(device, options).has_value());
  LaunchOptions of_another = options;
  of_another.id_block[0] ^= 1U;
  FakeDevice refusing(machine);
  const auto guest = make(refusing, of_another);
  ASSERT_FALSE(guest.has_value());
  EXPECT_TRUE(guest.error().text.starts_with("launch-finish: firmware: bad measurement"))
      << guest.error().text;
}

}  // namespace
}  // namespace merlon::host::snp
