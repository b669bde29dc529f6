#include "merlon/host/snp/launcher.h"

#include <fstream>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "merlon/base/text.h"
#include "merlon/host/snp/testing/deviant_device.h"
#include "merlon/host/snp/testing/fake_device.h"
#include "merlon/host/snp/testing/story.h"
#include "merlon/image/first_registers.h"
#include "merlon/measure/keep_digest.h"
#include "merlon/os/testing/child.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MERLON_ALLOCATES_BY_ITSELF 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MERLON_ALLOCATES_BY_ITSELF 1
#endif
#endif

namespace merlon::host::snp {
namespace {

using os::Errno;
using testing::DeviantDevice;
using testing::Deviation;
using testing::Ending;
using testing::FakeDevice;
using testing::FakeExit;
using testing::FakeMachine;
using Bytes = std::vector<std::uint8_t>;

::merlon::snp::LaunchDigest predicted() {
  return measure::launch_digest(testing::small_shim(), testing::small_keep(),
                                sallyport::World::Ring0)
      ->digest;
}

/// A machine whose firmware knows who signed signed_options().
FakeMachine knowing() {
  FakeMachine machine;
  machine.known_auth = testing::signed_options().id_auth;
  return machine;
}

/// Pages that the keep shares and takes back, and its end.
std::vector<FakeExit> a_keeps_life() {
  return {
      {KVM_EXIT_HYPERCALL, {12, image::main_base, 512, 0, 0, 0, 0, 77}},
      {KVM_EXIT_HYPERCALL, {12, image::main_base, 512, 16, 0, 0, 0, 77}},
      {KVM_EXIT_SYSTEM_EVENT, {kernel::event_sev_terminated | std::uint64_t{1} << 32U, 0x1100}}};
}

std::string told(const Ending& ending) {
  return ending.trouble ? ending.trouble->name() : std::string(name_of(ending.stop.kind));
}

TEST(SnpLaunch, TheOneRightOrderIsTakenAndMeasuredAsPredicted) {
  FakeDevice device({}, a_keeps_life());
  const Ending ending = testing::launch_and_run(device, {});
  ASSERT_FALSE(ending.trouble.has_value()) << told(ending);
  EXPECT_TRUE(device.is_launched());
  EXPECT_EQ(device.digest(), predicted());
  const auto measured =
      measure::launch_digest(testing::small_shim(), testing::small_keep(), sallyport::World::Ring0);
  EXPECT_EQ(device.pages(), measured->pages);
  EXPECT_EQ(ending.stop.kind, StopKind::Terminated);
  EXPECT_EQ(ending.stop.detail, 0x1100U);
  EXPECT_EQ(ending.stop.conversions, 2U);
  EXPECT_EQ(device.open_files(), 0U);
  for (std::size_t i = 0; i < step_count; ++i) {
    const auto step = static_cast<Step>(i);
    EXPECT_EQ(ending.journal.count(step) != 0, step != Step::RequestCertificates) << name_of(step);
  }
}

TEST(SnpLaunch, RequestsComeInTheOrderOfTheDocumentation) {
  FakeDevice device;
  ASSERT_FALSE(testing::launch_and_run(device, {}).trouble.has_value());
  std::string order;
  for (const std::string& request : device.requests()) {
    if (!order.ends_with(request)) order += base::concat(order.empty() ? "" : " ", request);
  }
  // Capabilities; machine, its two, INIT2; memory (guest_memfd, region, attributes), the block
  // (region), memory; processor, its area, CPUID; START and UPDATE; registers; FINISH; RUN.
  EXPECT_EQ(order,
            "open kvm 00 03 open sev 00 01 a3 ba d4 49 d2 49 d4 49 d2 41 04 map 05 90 ba 83 84 82 "
            "ba 80");
}

TEST(SnpLaunch, ABlockOfTheOwnerIsHandedOver) {
  FakeDevice device(knowing());
  EXPECT_EQ(told(testing::launch_and_run(device, testing::signed_options())), "shutdown");
  EXPECT_TRUE(device.is_launched());
}

TEST(SnpLaunch, AnotherKeepThanTheOwnerMeantIsRefused) {
  LaunchOptions options = testing::signed_options();
  options.id_block[0] ^= 1;
  FakeDevice device(knowing());
  EXPECT_EQ(told(testing::launch_and_run(device, options)),
            "launch-finish: firmware: bad measurement (0xb)");
  options = testing::signed_options();
  options.id_auth[100] ^= 1;
  FakeDevice second(knowing());
  EXPECT_EQ(told(testing::launch_and_run(second, options)),
            "launch-finish: firmware: bad signature (0xa)");
}

TEST(SnpLaunch, OptionsThatCannotBeAreRefusedBeforeAnythingIsStarted) {
  LaunchOptions half = testing::signed_options();
  half.id_auth.clear();
  LaunchOptions alone;
  alone.has_author_key = true;
  LaunchOptions small = testing::signed_options();
  small.id_block.pop_back();
  for (const LaunchOptions& options : {half, alone, small}) {
    FakeDevice device;
    EXPECT_EQ(told(testing::launch_and_run(device, options)), "launch-start: image");
    EXPECT_FALSE(device.is_launched());
  }
}

TEST(SnpLaunch, WhatTheKernelTakesPieceByPieceIsMeasuredAllTheSame) {
  for (const unsigned every : {0U, 2U, 3U}) {
    for (const std::uint64_t pages : {1U, 2U, 3U, 7U}) {
      FakeMachine machine = knowing();
      machine.pages_at_once = pages;
      machine.again_every = every;
      FakeDevice device(machine);
      EXPECT_EQ(told(testing::launch_and_run(device, testing::signed_options())), "shutdown");
      EXPECT_EQ(device.digest(), predicted());
    }
  }
}

TEST(SnpLaunch, ACpuidPageIsCorrectedOnceAndToldOf) {
  FakeMachine machine = knowing();
  machine.cpuid_rejections = 1;
  FakeDevice device(machine);
  const Ending ending = testing::launch_and_run(device, testing::signed_options());
  EXPECT_EQ(told(ending), "shutdown");
  ASSERT_EQ(ending.journal.corrections.size(), 1U);
  EXPECT_EQ(ending.journal.corrections[0].leaf, 0U);
  EXPECT_NE(ending.journal.corrections[0].asked, ending.journal.corrections[0].corrected);
}

TEST(SnpLaunch, ACpuidPageThatIsRefusedTwiceEndsTheLaunch) {
  FakeMachine machine;
  machine.cpuid_rejections = 2;
  FakeDevice device(machine);
  EXPECT_EQ(told(testing::launch_and_run(device, {})),
            "launch-update-cpuid: firmware: invalid parameter (0x16)");
  EXPECT_FALSE(device.is_launched());
}

TEST(SnpLaunch, WhatAMachineLacksIsNamedWithWhatToDo) {
  const auto ending_of = [](const FakeMachine& machine) {
    FakeDevice device(machine);
    const Ending ending = testing::launch_and_run(device, {});
    EXPECT_TRUE(ending.trouble.has_value());
    EXPECT_EQ(device.open_files(), 0U);
    EXPECT_FALSE(ending.trouble->remedy().empty()) << told(ending);
    return told(ending);
  };
  FakeMachine machine;
  machine.has_kvm = false;
  EXPECT_EQ(ending_of(machine), "open-kvm: refused: No such file or directory");
  machine = {};
  machine.has_sev = false;
  EXPECT_EQ(ending_of(machine), "open-sev: refused: No such file or directory");
  const std::map<unsigned, std::string> needed{
      {kernel::machine_types, "machine-types: missing"},
      {kernel::guest_memory, "guest-memory: missing"},
      {kernel::memory_attributes, "memory-attributes: missing"},
      {kernel::memory_regions, "memory-regions: missing"},
      {kernel::exit_hypercall, "hypercall-exits: missing"}};
  for (const auto& [extension, name] : needed) {
    machine = {};
    machine.extensions[extension] = 0;
    EXPECT_EQ(ending_of(machine), name);
  }
  machine = {};
  machine.extensions[kernel::machine_types] = 0xf;  // SEV-ES, and no SNP
  EXPECT_EQ(ending_of(machine), "machine-types: missing");
  machine = {};
  machine.platform.api_minor = 50;
  EXPECT_EQ(ending_of(machine), "platform-status: missing");
  machine.platform.api_minor = 51;
  machine.platform.state = 0;
  EXPECT_EQ(ending_of(machine), "platform-status: missing");
}

TEST(SnpLaunch, APolicyThatTheFirmwareCannotHoldIsRefusedByName) {
  FakeMachine machine;
  machine.platform.api_minor = 51;
  LaunchOptions options;
  options.policy = 0x3'0134;  // 1.52
  FakeDevice device(machine);
  EXPECT_EQ(told(testing::launch_and_run(device, options)),
            "launch-start: firmware: policy failure (0x7)");
}

/// A launch that gives every sink's caller what it must, and no more.
class Sink : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = Machine::create(device_, journal_, testing::host_processor());
    ASSERT_TRUE(made.has_value());
    machine_.emplace(*std::move(made));
    launcher_.emplace(*machine_, LaunchOptions{});
  }
  std::string after(image::PageKind kind, std::uint64_t address, const Bytes& bytes) {
    const auto put = launcher_->put(kind, address, bytes);
    return put ? "taken" : launcher_->trouble()->name();
  }

  FakeDevice device_;
  Journal journal_;
  std::optional<Machine> machine_;
  std::optional<Launcher> launcher_;
};

TEST_F(Sink, PagesComeAfterTheStart) {
  EXPECT_EQ(after(image::PageKind::Normal, image::main_base, Bytes(4096)), "launch-update: image");
}

/// A launcher whose limit of memory lies just above what it has.
TEST_F(Sink, WithoutMemoryOfItsOwnNothingIsStarted) {
#ifdef MERLON_ALLOCATES_BY_ITSELF
  GTEST_SKIP() << "a sanitizer's runtime ends where there is no memory";
#endif
  const auto ended = os::testing::in_child([&] {
    std::ifstream of_memory("/proc/self/statm");
    std::uint64_t size = 0, resident = 0, shared = 0, text = 0, library = 0, data = 0;
    of_memory >> size >> resident >> shared >> text >> library >> data;
    constexpr std::uint64_t more = std::uint64_t{1} << 20U;
    const std::uint64_t most = data * kernel::page_size + more;
    const ::rlimit limit{most, most};
    if (::setrlimit(RLIMIT_DATA, &limit) != 0) return 1;
    const auto started = launcher_->start();
    return !started && started.error().name() == "own-memory: refused: Cannot allocate memory" ? 0
                                                                                               : 2;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
}

TEST_F(Sink, PagesLieInPrivateMemory) {
  for (const std::uint64_t address :
       {image::block_base, image::main_base + 1, std::uint64_t{0}, image::table_end - 4096,
        image::main_base + image::main_size, ~std::uint64_t{0} << 12U}) {
    launcher_.emplace(*machine_, LaunchOptions{});
    static_cast<void>(launcher_->start());
    EXPECT_NE(after(image::PageKind::Normal, address, Bytes(8192)), "taken") << address;
  }
}

TEST_F(Sink, WhatHasFailedStaysFailedAndAsksNothingMore) {
  ASSERT_TRUE(launcher_->start().has_value());
  EXPECT_EQ(after(image::PageKind::Normal, image::block_base, Bytes(4096)), "launch-update: image");
  const std::size_t asked = device_.requests().size();
  EXPECT_EQ(after(image::PageKind::Normal, image::main_base, Bytes(4096)), "launch-update: image");
  EXPECT_EQ(launcher_->finish().error().name(), "launch-update: image");
  EXPECT_EQ(launcher_->start().error().name(), "launch-update: image");
  EXPECT_EQ(device_.requests().size(), asked);
}

TEST_F(Sink, FirstRegistersAreTheLastAndMustBe) {
  ASSERT_TRUE(launcher_->start().has_value());
  const auto vmsa = image::first_registers(image::low_base, image::table_base).page();
  EXPECT_EQ(after(image::PageKind::Vmsa, image::vmsa_address, {vmsa.begin(), vmsa.end()}), "taken");
  EXPECT_EQ(after(image::PageKind::Normal, image::main_base, Bytes(4096)), "launch-update: image");
}

TEST_F(Sink, ALaunchWithoutRegistersIsNotFinished) {
  ASSERT_TRUE(launcher_->start().has_value());
  EXPECT_EQ(launcher_->finish().error().name(), "launch-finish: image");
  EXPECT_EQ(machine_->run().error().name(), "run: image");
}

TEST_F(Sink, RegistersThatKvmCannotMakeAreRefused) {
  ASSERT_TRUE(launcher_->start().has_value());
  auto vmsa = image::first_registers(image::low_base, image::table_base);
  vmsa.xcr0 = 7;
  const auto page = vmsa.page();
  EXPECT_EQ(after(image::PageKind::Vmsa, image::vmsa_address, {page.begin(), page.end()}),
            "set-special-registers: image");
}

TEST_F(Sink, APageTwiceIsRefusedByTheKernel) {
  ASSERT_TRUE(launcher_->start().has_value());
  EXPECT_EQ(after(image::PageKind::Zero, image::main_base, Bytes(4096)), "taken");
  EXPECT_EQ(after(image::PageKind::Zero, image::main_base, Bytes(4096)),
            "launch-update: refused: File exists");
}

TEST_F(Sink, MoreThanTheStagingHoldsGoesInPieces) {
  ASSERT_TRUE(launcher_->start().has_value());
  const Bytes many((std::size_t{5} << 20U) + 5, 0x33);
  EXPECT_EQ(after(image::PageKind::Normal, image::main_base, many), "taken");
  measure::LaunchChain chain;
  ASSERT_TRUE(chain.put(image::PageKind::Normal, image::main_base, many).has_value());
  EXPECT_EQ(device_.digest(), chain.digest());
}

struct Tally {
  std::map<std::string, unsigned> endings;
  unsigned legal = 0;
  unsigned refused = 0;
};

/// One launch with one deviation; what must hold of every one of them.
void tell_deviation(Deviation deviation, std::size_t at, std::uint32_t seed, Tally& tally) {
  FakeMachine machine = knowing();
  if (seed % 4 == 1) machine.pages_at_once = 1 + seed % 5;
  if (seed % 4 == 2) machine.again_every = 2 + seed % 3;
  machine.cpuid_rejections = seed % 8 == 3 ? 1 : 0;
  FakeDevice device(machine, a_keeps_life());
  DeviantDevice deviant(device, deviation, at, seed);
  const Ending ending = testing::launch_and_run(deviant, testing::signed_options());
  const std::string name = told(ending);
  const std::string which = base::concat("deviation ", static_cast<unsigned>(deviation), " at ", at,
                                         " seed ", seed, ": ", name);
  ASSERT_FALSE(deviant.went_on()) << which;
  ASSERT_FALSE(name.empty());
  if (!ending.trouble) {
    // Nobody noticed: then the launch must be the one that was meant.
    ASSERT_TRUE(device.is_launched()) << which;
    ASSERT_EQ(device.digest(), predicted()) << which;
    ++tally.legal;
  } else {
    ++tally.refused;
  }
  if (deviation == Deviation::Fail || deviation == Deviation::Stuck) {
    ASSERT_EQ(device.open_files(), 0U) << which;
  }
  ++tally.endings[name];
}

/// Two rounds each: all of them in one test take minutes on a busy machine with sanitizers.
class SnpDeviationPairs : public ::testing::TestWithParam<std::uint32_t> {};
constexpr std::uint32_t pairs = 4;

TEST_P(SnpDeviationPairs, EachEndsByNameOrIsTheLaunchThatWasMeant) {
  FakeDevice device(knowing(), a_keeps_life());
  DeviantDevice counted(device, Deviation::None, 0, 0);
  ASSERT_FALSE(testing::launch_and_run(counted, testing::signed_options()).trouble.has_value());
  const std::size_t requests = counted.requests();
  Tally tally;
  unsigned cases = 0;
  for (std::uint32_t round = 2 * GetParam(); round < 2 * GetParam() + 2; ++round) {
    for (std::size_t kind = 1; kind < testing::deviation_count; ++kind) {
      for (std::size_t at = 0; at < requests; ++at) {
        const auto seed = static_cast<std::uint32_t>(1000 * round + at + 97 * kind);
        tell_deviation(static_cast<Deviation>(kind), at, seed, tally);
        if (HasFatalFailure()) return;
        ++cases;
      }
    }
  }
  EXPECT_GE(cases, 1000U / pairs);
  EXPECT_GE(tally.endings.size(), 40U);
  // What the kernel cannot have meant, what never ends, and what only the measurement shows.
  for (const char* name : {"launch-update: nonsense", "launch-update: stuck",
                           "launch-finish: firmware: bad measurement (0xb)"}) {
    EXPECT_GT(tally.endings[name], 0U) << name;
  }
  RecordProperty("cases", static_cast<int>(cases));
  RecordProperty("refused", static_cast<int>(tally.refused));
  RecordProperty("names", static_cast<int>(tally.endings.size()));
}

INSTANTIATE_TEST_SUITE_P(Seeds, SnpDeviationPairs, ::testing::Range(0U, pairs));

TEST(SnpDeviations, AnErrnoAtAnyStepIsThatStepsOwn) {
  FakeDevice device(knowing(), a_keeps_life());
  DeviantDevice counted(device, Deviation::None, 0, 0);
  ASSERT_FALSE(testing::launch_and_run(counted, testing::signed_options()).trouble.has_value());
  std::set<std::string> steps;
  for (std::size_t at = 0; at < counted.requests(); ++at) {
    FakeDevice inner(knowing(), a_keeps_life());
    DeviantDevice deviant(inner, Deviation::Fail, at, 1);
    const Ending ending = testing::launch_and_run(deviant, testing::signed_options());
    if (ending.trouble) steps.insert(std::string(name_of(ending.trouble->step)));
  }
  // All but our own memory, and certificates, which nobody wanted.
  EXPECT_EQ(steps.size(), step_count - 2);
}

}  // namespace
}  // namespace merlon::host::snp
