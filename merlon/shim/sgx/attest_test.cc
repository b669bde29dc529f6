// Which questions reach the processor, and what of its answers the keep. The processor is the
// test's: it would end the enclave for what is reserved.

#include "merlon/shim/sgx/attest.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/core/attest_call.h"
#include "merlon/shim/sgx/leaves.h"

namespace merlon::shim::sgx {
namespace {

namespace abi = linux::abi;
using core::AttestKind;
using Bytes = std::vector<std::uint8_t>;

struct Played {
  int reports = 0;
  int keys = 0;
  bool gives_keys = true;
  Target target{};
  GivenData data{};
  KeyRequest request{};
  std::uint8_t key_before = 0;  ///< what lay where the key is to be put
};
Played played;

}  // namespace

void make_report(const Target& target, const GivenData& data, Report& report) noexcept {
  ++played.reports;
  played.target = target;
  played.data = data;
  report.bytes.fill(0x11);
}

bool get_key(const KeyRequest& request, Key& key) noexcept {
  ++played.keys;
  played.request = request;
  played.key_before = key.bytes[0];
  key.bytes.fill(0x22);
  return played.gives_keys;
}

namespace {

class EnclaveAttest : public ::testing::Test {
 protected:
  void SetUp() override { played = {}; }
  std::optional<abi::SystemResult> ask(AttestKind kind, const Bytes& sent, std::size_t room) {
    room_.assign(room + 1, 0x77);
    return ask_processor(static_cast<std::uint64_t>(kind), sent, core::ByteSpan(room_).first(room));
  }
  /// How many bytes of the room were written, from its start.
  [[nodiscard]] std::ptrdiff_t written() const {
    return std::ranges::find(room_, 0x77) - room_.begin();
  }

  Bytes room_;
  Bytes report_question_ = Bytes(target_size + report_data_size);
  Bytes key_question_ = Bytes(key_request_size);
};

TEST_F(EnclaveAttest, AReportIsOfTheTargetAndTheData) {
  report_question_[0] = 1;
  report_question_[127] = 2;
  report_question_[512] = 3;
  report_question_[575] = 4;
  EXPECT_EQ(ask(AttestKind::Report, report_question_, report_size), 432);
  EXPECT_EQ(written(), 432);
  EXPECT_EQ(room_[431], 0x11);
  EXPECT_EQ(played.target.bytes[0], 1);
  EXPECT_EQ(played.target.bytes[127], 2);
  EXPECT_EQ(played.data.bytes[0], 3);
  EXPECT_EQ(played.data.bytes[63], 4);
}

/// TARGETINFO [SDM vol. 3D]: everything that EREPORT takes, and nothing that it faults on.
TEST_F(EnclaveAttest, ATargetWithReservedBytesIsNoQuestion) {
  for (std::size_t at = 0; at < target_size; ++at) {
    const bool reserved = at == 49 || (at >= 56 && at < 64) || at >= 128;
    report_question_[at] = 1;
    EXPECT_EQ(ask(AttestKind::Report, report_question_, report_size), reserved ? -abi::Inval : 432)
        << at;
    report_question_[at] = 0;
  }
  EXPECT_EQ(played.reports, 512 - 1 - 8 - 384);
}

/// KEYREQUEST [SDM vol. 3D], of an enclave without KSS.
TEST_F(EnclaveAttest, AKeyRequestThatWouldFaultIsNoQuestion) {
  for (std::size_t at = 0; at < key_request_size; ++at) {
    const bool faults = at == 3 || at == 6 || at == 7 || at >= 76;
    key_question_[at] = 1;
    EXPECT_EQ(ask(AttestKind::Key, key_question_, enclave_key_size), faults ? -abi::Inval : 16)
        << at;
    key_question_[at] = 0;
  }
  EXPECT_EQ(played.keys, 76 - 3);
  for (unsigned bit = 0; bit < 8; ++bit) {
    key_question_[2] = static_cast<std::uint8_t>(1U << bit);
    EXPECT_EQ(ask(AttestKind::Key, key_question_, enclave_key_size), bit < 2 ? 16 : -abi::Inval)
        << bit;
  }
}

TEST_F(EnclaveAttest, AKeyIsTheKeepsAloneAndStaysNowhereElse) {
  key_question_[40] = 9;
  EXPECT_EQ(ask(AttestKind::Key, key_question_, enclave_key_size), 16);
  EXPECT_EQ(written(), 16);
  EXPECT_EQ(room_[15], 0x22);
  EXPECT_EQ(played.request.bytes[40], 9);
  EXPECT_EQ(ask(AttestKind::Key, key_question_, enclave_key_size), 16);
  EXPECT_EQ(played.key_before, 0) << "the one before is gone";
}

TEST_F(EnclaveAttest, AKeyThatTheProcessorRefusesIsNone) {
  played.gives_keys = false;
  EXPECT_EQ(ask(AttestKind::Key, key_question_, enclave_key_size), -abi::Acces);
  EXPECT_EQ(written(), 0);
}

TEST_F(EnclaveAttest, QuestionsAndRoomsHaveTheirSize) {
  for (const std::size_t size : {std::size_t{0}, report_question_.size() - 1,
                                 report_question_.size() + 1, key_question_.size()}) {
    EXPECT_EQ(ask(AttestKind::Report, Bytes(size), report_size), -abi::Inval) << size;
  }
  EXPECT_EQ(ask(AttestKind::Report, report_question_, report_size - 1), -abi::Inval);
  EXPECT_EQ(ask(AttestKind::Report, report_question_, report_size + 1), 432);
  for (const std::size_t size : {std::size_t{0}, key_request_size - 1, key_request_size + 1}) {
    EXPECT_EQ(ask(AttestKind::Key, Bytes(size), enclave_key_size), -abi::Inval) << size;
  }
  EXPECT_EQ(ask(AttestKind::Key, key_question_, enclave_key_size - 1), -abi::Inval);
  EXPECT_EQ(ask(AttestKind::Key, key_question_, enclave_key_size + 1), 16);
  EXPECT_EQ(written(), 16);
}

TEST_F(EnclaveAttest, WhatTheHostCarriesIsNotTheProcessors) {
  for (const AttestKind kind :
       {AttestKind::GuestMessage, AttestKind::Certificates, AttestKind::QuoteTarget,
        AttestKind::Quote, AttestKind::Collateral}) {
    EXPECT_FALSE(ask(kind, report_question_, report_size));
  }
  EXPECT_EQ(played.reports + played.keys, 0);
}

}  // namespace
}  // namespace merlon::shim::sgx
