#include "merlon/host/sgx/quoting.h"

#include <algorithm>
#include <cerrno>

#include <gtest/gtest.h>

#include "merlon/core/attest_call.h"
#include "merlon/host/aesm/testing/fake_aesmd.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::host::sgx {
namespace {

using aesm::testing::FakeAesmd;
using aesm::testing::Service;
using core::AttestKind;
using Bytes = std::vector<std::uint8_t>;

/// What a keep that asks for `kind`, showing `sent`, gets into a room of `room` bytes.
struct Asked {
  sallyport::Outcome outcome;
  Bytes got;
};

Asked ask(Quoting& quoting, std::uint64_t kind, const Bytes& sent, std::size_t room) {
  std::vector<std::uint64_t> words(std::max(sent.size(), room) / sallyport::word_size + 1);
  const sallyport::SharedMemory memory(
      {reinterpret_cast<std::uint8_t*>(words.data()), words.size() * sallyport::word_size});
  memory.copy_out(sent, 0);
  const auto& info = sallyport::info_of(sallyport::Call::Attest);
  Asked asked{quoting.answer({sallyport::Call::Attest,
                              info.reply,
                              1,
                              {kind, 0x33, 0x33, 0x33},
                              {memory, 0, sent.size()},
                              {memory, 0, room}}),
              {}};
  asked.got.resize(asked.outcome.returned);
  memory.copy_in(asked.got, 0);
  return asked;
}

Asked ask(Quoting& quoting, AttestKind kind, const Bytes& sent = {}, std::size_t room = 8192) {
  return ask(quoting, static_cast<std::uint64_t>(kind), sent, room);
}

class QuotingTest : public ::testing::Test {
 protected:
  os::testing::ScratchDirectory scratch_;
  Bytes collateral_ = Bytes(100, 0x17);
};

TEST_F(QuotingTest, CarriesWhatTheServiceSaysAndWhatTheHostHas) {
  const FakeAesmd aesmd(scratch_ / "socket", [](const launch::AesmRequest& request) {
    return std::optional(launch::aesm_frame(Service().answer(request).bytes()));
  });
  Quoting quoting(aesm::QuoteService::at(scratch_ / "socket"), collateral_);
  EXPECT_EQ(ask(quoting, AttestKind::QuoteTarget).got, Service().target);
  EXPECT_EQ(ask(quoting, AttestKind::Quote, Bytes(432, 1)).got, Service().quote);
  const Asked collateral = ask(quoting, AttestKind::Collateral);
  EXPECT_EQ(collateral.got, collateral_);
  EXPECT_EQ(collateral.outcome.result, 100);
}

TEST_F(QuotingTest, RefusesWhatIsNoQuestionAndWhatHasNoRoom) {
  Quoting quoting(aesm::QuoteService::at(scratch_ / "nobody"), collateral_);
  EXPECT_EQ(ask(quoting, AttestKind::Quote, Bytes(431, 1)).outcome.result, -EINVAL);
  EXPECT_EQ(ask(quoting, 4711, {}, 8192).outcome.result, -EINVAL);
  EXPECT_EQ(ask(quoting, AttestKind::Collateral, {}, 99).outcome.result, -ENOSPC);
  EXPECT_EQ(ask(quoting, AttestKind::Collateral, {}, 100).outcome.result, 100);
}

TEST_F(QuotingTest, SaysOnceWhyThereIsNoQuote) {
  Quoting quoting(aesm::QuoteService::at(scratch_ / "nobody"), {});
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(ask(quoting, AttestKind::QuoteTarget).outcome.result, -EIO);
  EXPECT_EQ(ask(quoting, AttestKind::Quote, Bytes(432, 1)).outcome.result, -EIO);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(said.starts_with("merlon: aesmd ")) << said;
  EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
}

TEST_F(QuotingTest, OneThatHasNoTimeIsAskedLater) {
  const FakeAesmd aesmd(scratch_ / "socket", [](const launch::AesmRequest& request) {
    auto answer = Service().answer(request);
    if (request.command == launch::AesmCommand::Quote) answer.error = launch::aesm_busy;
    return std::optional(launch::aesm_frame(answer.bytes()));
  });
  Quoting quoting(aesm::QuoteService::at(scratch_ / "socket"), {});
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(ask(quoting, AttestKind::Quote, Bytes(432, 1)).outcome.result, -EAGAIN);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace merlon::host::sgx
