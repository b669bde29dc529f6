// What serves an enclave, with a driver that plays kernel, processor and keep.

#include "merlon/host/sgx/keep_enclave.h"

#include <cerrno>
#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "merlon/base/instructions.h"
#include "merlon/image/testing/elf_file.h"
#include "merlon/os/open.h"
#include "merlon/os/testing/scratch.h"
#include "merlon/sallyport/enclave.h"

#ifdef __SANITIZE_THREAD__
#define MERLON_ADDRESSES_ARE_TAKEN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MERLON_ADDRESSES_ARE_TAKEN 1
#endif
#endif

namespace merlon::host::sgx {
namespace {

using image::testing::ElfFile;
using sallyport::Access;
using sallyport::Call;
using sallyport::EnclaveExit;
using sallyport::Header;
using sallyport::PageChange;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t page = 4096;

/// What the enclave does, one entry after the other, and what was asked of the driver.
struct Story {
  std::vector<std::function<Left()>> entries;
  std::size_t entered = 0;
  std::vector<Leaf> leaves;
  std::string changes;
  std::string fails = {};  ///< the request that the driver refuses
};

class Played final : public Driver {
 public:
  explicit Played(Story& story) : story_(story) {}
  os::Result<void> create() override { return unless_refused("create"); }
  os::Result<void> add(image::EnclavePage, Pages, core::ByteView) override {
    return unless_refused("add");
  }
  core::Result<void, HostError> start(core::ByteView) override {
    if (story_.fails == "start") return HostError{core::ErrorCode::Denied, "not signed"};
    return {};
  }
  os::Result<void> reach(Pages pages, Access access) override {
    return note("reach", pages, static_cast<int>(access));
  }
  os::Result<void> restrict_rights(Pages pages, Access access) override {
    return note("restrict", pages, static_cast<int>(access));
  }
  os::Result<void> trim(Pages pages) override { return note("trim", pages, 0); }
  os::Result<void> remove(Pages pages) override {
    static_cast<void>(note("remove", pages, 0));
    return os::Errno::Perm;
  }
  Left enter(Leaf leaf) override {
    story_.leaves.push_back(leaf);
    return story_.entries.at(story_.entered++)();
  }

 private:
  os::Result<void> note(std::string_view what, Pages pages, int access) {
    story_.changes += std::string(what) + " " + std::to_string(pages.address / page) + " " +
                      std::to_string(pages.size / page) + " " + std::to_string(access) + "; ";
    return unless_refused(what);
  }
  [[nodiscard]] os::Result<void> unless_refused(std::string_view what) const {
    if (story_.fails == what) return os::Errno::Nomem;
    return {};
  }
  Story& story_;
};

Left exit_with(EnclaveExit reason) { return {.reason = static_cast<std::uint64_t>(reason)}; }

/// A request of the keep's, as it stands in the block.
Left asks(std::uint64_t sequence, Call call, std::uint64_t argument) {
  auto* const memory = reinterpret_cast<std::uint8_t*>(sallyport::enclave_block);
  const sallyport::Block block({memory, sallyport::enclave_block_size});
  block.store(Header::Call, static_cast<std::uint64_t>(call));
  block.store_argument(0, argument);
  block.store(Header::Sequence, sequence);
  return exit_with(EnclaveExit::Asks);
}

class KeepEnclaveTest : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef MERLON_ADDRESSES_ARE_TAKEN
    GTEST_SKIP() << "a sanitizer's runtime lets nothing be mapped there";
#endif
    auto made = make(shim_file(), keep_file());
    if (!made && made.error().code == core::ErrorCode::Unavailable) {
      GTEST_SKIP() << made.error().text;  // an old processor
    }
    ASSERT_TRUE(made.has_value()) << made.error().text;
    enclave_ = *std::move(made);
    made_with_ = std::exchange(story_.changes, {});
  }
  void TearDown() override { forget(); }
  core::Result<std::unique_ptr<KeepEnclave>, HostError> make(const Bytes& shim, const Bytes& keep) {
    return KeepEnclave::create(std::make_unique<Played>(story_),
                               Quoting(aesm::QuoteService::at("nobody"), {}),
                               {mapped("shim", shim), mapped("keep", keep), {}});
  }
  /// Its process would end now.
  void forget() {
    enclave_.reset();
    ::munmap(reinterpret_cast<void*>(sallyport::enclave_block), sallyport::enclave_block_size);
  }
  /// Why there is no such enclave.
  HostError refusal(const Bytes& shim, const Bytes& keep) {
    forget();
    auto made = make(shim, keep);
    EXPECT_FALSE(made.has_value());
    return made ? HostError{} : made.error();
  }
  static Bytes shim_file() {
    ElfFile file;
    file.put<std::uint16_t>(16, 2).put<std::uint64_t>(24, sallyport::shim_start);
    file.segment(1, 5, 0x1000, sallyport::shim_start, 0x1000, 0x1000)
        .segment(1, 6, 0x2000, sallyport::shim_start + 4 * page, 0x10, 0x1000);
    return file.content(0x1000, Bytes(0x1010, 0x90)).bytes();
  }
  static Bytes keep_file() {
    ElfFile file;
    file.segment(1, 5, 0x1000, 0, 0x2000, 0x2000);
    return file.content(0x1000, Bytes(0x2000, 0x90)).bytes();
  }
  os::FileMapping mapped(const std::string& name, const Bytes& bytes) const {
    scratch_.make_file(name, std::string(core::as_text(bytes)));
    return os::FileMapping::create(os::open_file(scratch_ / name).value(), bytes.size()).value();
  }
  std::int64_t change(std::uint64_t address, std::uint64_t size, PageChange what,
                      std::uint64_t access = 0) {
    const auto [result, returned] =
        enclave_->change_pages({address, size, static_cast<std::uint64_t>(what), access});
    EXPECT_EQ(returned, 0U);
    return result;
  }

  Story story_;
  std::unique_ptr<KeepEnclave> enclave_;
  std::string made_with_;  ///< what was asked of the driver before the first entry

 private:
  os::testing::ScratchDirectory scratch_;
};

TEST_F(KeepEnclaveTest, AnswersUntilTheKeepEnds) {
  story_.entries = {[] { return asks(1, Call::SetTimer, 0); },
                    [] { return asks(2, Call::ReleaseMemory, 0); },
                    [] { return asks(3, Call::Exit, 0x107); }};
  const auto ended = enclave_->run();
  ASSERT_TRUE(ended.has_value()) << ended.error().text;
  EXPECT_EQ(*ended, 7);
  EXPECT_EQ(story_.leaves, std::vector<Leaf>(3, Leaf::Enter));
  const auto& info = sallyport::info_of(Call::Exit);
  EXPECT_EQ(enclave_->counts()[static_cast<std::size_t>(&info - sallyport::call_table.data())], 1U);
}

TEST_F(KeepEnclaveTest, GoesBackWhereTheShimHasLookedAtAnException) {
  story_.entries = {[] { return Left{.way = Left::Way::Exception, .vector = 14}; },
                    [] { return exit_with(EnclaveExit::Resume); },
                    [] { return Left{.way = Left::Way::Refused}; },
                    [] { return asks(1, Call::Exit, 0); }};
  ASSERT_TRUE(enclave_->run().has_value());
  EXPECT_EQ(story_.leaves,
            (std::vector<Leaf>{Leaf::Enter, Leaf::Enter, Leaf::Resume, Leaf::Resume}));
  EXPECT_EQ(enclave_->exceptions(), 2U);
}

TEST_F(KeepEnclaveTest, OneThatCannotGoOnHasCrashed) {
  story_.entries = {[] { return exit_with(EnclaveExit::Stuck); }};
  EXPECT_EQ(enclave_->run().error().text, "the keep crashed: its shim was interrupted");
  story_.entries.emplace_back([] { return Left{.reason = 4711}; });
  EXPECT_EQ(enclave_->run().error().text, "the keep crashed: it was left for no reason");
  story_.entries.emplace_back([] { return asks(2, Call::Exit, 0); });
  EXPECT_EQ(enclave_->run().error().code, core::ErrorCode::Malformed) << "out of order";
}

/// So that the shim reaches its book and the keep its stack, wherever they come.
TEST_F(KeepEnclaveTest, IsMadeWithItsBookAndItsStackMapped) {
  constexpr std::uint64_t book = sallyport::page_book_start / page;
  constexpr std::uint64_t stack = (sallyport::stack_end - sallyport::stack_size) / page;
  const std::string rights = " " + std::to_string(static_cast<int>(Access::ReadWrite)) + "; ";
  EXPECT_EQ(made_with_, "reach " + std::to_string(book) + " " +
                            std::to_string(sallyport::page_book_end / page - book) + rights +
                            "reach " + std::to_string(stack) + " " +
                            std::to_string(sallyport::stack_size / page) + rights);
}

TEST_F(KeepEnclaveTest, IsNoneWhereTheDriverRefuses) {
  struct Case {
    std::string request, text;
    core::ErrorCode code;
  };
  for (const Case& each :
       {Case{"create", "cannot make an enclave: ", core::ErrorCode::Internal},
        Case{"add", "cannot lay out the keep: cannot add pages", core::ErrorCode::Exhausted},
        Case{"start", "not signed", core::ErrorCode::Denied},
        Case{"reach", "cannot map the enclave: ", core::ErrorCode::Internal}}) {
    story_.fails = each.request;
    const HostError error = refusal(shim_file(), keep_file());
    EXPECT_TRUE(error.text.starts_with(each.text)) << error.text;
    EXPECT_EQ(error.code, each.code) << error.text;
  }
}

TEST_F(KeepEnclaveTest, IsNoneOfFilesThatAreNoPrograms) {
  const Bytes other(2 * page, 0x7f);
  EXPECT_TRUE(refusal(other, keep_file()).text.starts_with("merlon-shim-sgx: "));
  EXPECT_TRUE(refusal(shim_file(), other).text.starts_with("merlon-keep: "));
}

/// Whatever lies there, it is not written over.
TEST_F(KeepEnclaveTest, IsNoneWhereItsBlockIsTaken) {
  const auto second = make(shim_file(), keep_file());
  ASSERT_FALSE(second.has_value());
  EXPECT_TRUE(second.error().text.starts_with("cannot make the block: ")) << second.error().text;
}

/// Pages come and go by its page book, and not by these calls.
TEST_F(KeepEnclaveTest, HasNoMemoryOfItsHostsToGrowInto) {
  EXPECT_FALSE(enclave_->grow(2U << 20U));
  EXPECT_FALSE(enclave_->release({sallyport::page_book_start, page}));
}

TEST_F(KeepEnclaveTest, ChangesPagesOfTheEnclaveOnly) {
  constexpr std::uint64_t first = sallyport::page_book_start;
  constexpr std::uint64_t end = sallyport::enclave_size;
  constexpr auto write = static_cast<std::uint64_t>(Access::ReadWrite);
  constexpr auto read = static_cast<std::uint64_t>(Access::Read);
  EXPECT_EQ(change(first, page, PageChange::Reach, write), 0);
  EXPECT_EQ(change(first, 2 * page, PageChange::Restrict, read), 0);
  EXPECT_EQ(change(end - page, page, PageChange::Trim), 0);
  EXPECT_EQ(change(first, page, PageChange::Remove), -EPERM) << "the driver's word";
  const std::string at = std::to_string(first / page);
  const std::string last = std::to_string(end / page - 1);
  EXPECT_EQ(story_.changes, "reach " + at + " 1 " + std::to_string(write) + "; restrict " + at +
                                " 2 " + std::to_string(read) + "; trim " + last + " 1 0; remove " +
                                at + " 1 0; ");
  story_.changes.clear();
  struct Case {
    std::uint64_t address, size, access;
  };
  for (const Case& bad :
       {Case{first - page, page, read}, Case{first, 0, read}, Case{first + 1, page, read},
        Case{first, page + 1, read}, Case{end, page, read}, Case{end - page, 2 * page, read},
        Case{first, ~std::uint64_t{0} - page + 1, read}, Case{first, page, 4711}}) {
    EXPECT_EQ(change(bad.address, bad.size, PageChange::Reach, bad.access), -EINVAL) << bad.address;
  }
  EXPECT_EQ(change(first, page, static_cast<PageChange>(4711), read), -EINVAL);
  EXPECT_EQ(story_.changes, "");
}

TEST_F(KeepEnclaveTest, ALimitOfTheUsersIsNotTheKeepsToLift) {
  using namespace std::chrono_literals;
  ASSERT_TRUE(enclave_->limit_time(1h));
  EXPECT_TRUE(enclave_->set_timer(0, 0));
  EXPECT_TRUE(enclave_->set_timer(1'000'000'000'000'000, 0));
}

/// A processor that has of these three words what is promised, and nothing else.
base::CpuidTable promised() {
  return base::CpuidTable(
      {{1, 0, false, {.ecx = sallyport::enclave_instructions_1}},
       {7, 0, true, {.ebx = sallyport::enclave_instructions_7}},
       {0x8000'0001, 0, false, {.ecx = sallyport::enclave_instructions_extended}}});
}

TEST(Enclaves, AProcessorWithWhatIsPromisedLacksNothing) {
  EXPECT_EQ(lacking_in_enclaves(promised()), "");
}

TEST(Enclaves, WhatAProcessorLacksIsNamed) {
  std::string all;
  for (const base::Instructions& each : base::instruction_sets) {
    const base::CpuidRegisters has = promised().answer(each.leaf, each.subleaf);
    base::CpuidTable without = promised();
    base::CpuidRegisters* const leaf = without.find(each.leaf, each.subleaf);
    base::CpuidRegisters copy = has;
    if (leaf == nullptr || (base::word_of(copy, each.where) & each.mask()) == 0) continue;
    base::word_of(*leaf, each.where) &= ~each.mask();
    EXPECT_EQ(lacking_in_enclaves(without), each.name);
    all.append(all.empty() ? "" : ", ").append(each.name);
  }
  EXPECT_EQ(lacking_in_enclaves({}), all);
  for (const std::string_view name : {"AVX2", "BMI1", "LZCNT", "POPCNT"}) {
    EXPECT_NE(all.find(name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace merlon::host::sgx
