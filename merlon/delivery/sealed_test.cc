#include "merlon/delivery/sealed.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "merlon/base/byte_writer.h"
#include "merlon/os/channel.h"

namespace merlon::delivery {
namespace {

using core::ErrorCode;
using Bytes = std::vector<std::uint8_t>;

class SealedDelivery : public ::testing::Test {
 protected:
  static Challenge new_challenge() {
    return Challenge::make(crypto::PrivateKey::generate(crypto::KeyKind::P256).value()).value();
  }
  [[nodiscard]] Bytes delivery() const {
    return seal(challenge_, evidence_, keep_.public_key(), workload()).value().bytes;
  }
  static Workload workload() {
    Workload made;
    made.message.program = "main.wasm";
    made.message.arguments = {"main.wasm"};
    made.module = {0, 'a', 's', 'm', 1, 0, 0, 0};
    return made;
  }
  [[nodiscard]] Recipient recipient() const { return {evidence_, challenge_.nonce()}; }

  Challenge challenge_ = new_challenge();
  crypto::X25519Key keep_ = crypto::X25519Key::generate().value();
  Bytes evidence_ = Bytes(1184, 0xe5);
};

TEST_F(SealedDelivery, IsOpenedByTheKeepThatItIsFor) {
  auto sealed = seal(challenge_, evidence_, keep_.public_key(), workload()).value();
  const auto opened = open(keep_, recipient(), std::move(sealed.bytes));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->workload, workload());
  EXPECT_EQ(opened->tenant, challenge_.tenant());
  const auto here = sealed.exporter.secret({}, 32);
  const auto there = opened->exporter.secret({}, 32);
  EXPECT_TRUE(std::ranges::equal(here.reveal(), there.reveal()));
}

TEST_F(SealedDelivery, EndsWhereItsHeaderSays) {
  Bytes bytes = delivery();
  EXPECT_TRUE(is_one_delivery(bytes));
  bytes.push_back(0);
  EXPECT_FALSE(is_one_delivery(bytes));
  bytes.resize(bytes.size() - 2);
  EXPECT_FALSE(is_one_delivery(bytes));
  bytes.resize(sealed_header_size - 1);
  EXPECT_FALSE(is_one_delivery(bytes));
  EXPECT_FALSE(is_one_delivery({}));
  Bytes other = delivery();
  other[0] ^= 1;
  EXPECT_FALSE(is_one_delivery(other));
}

TEST_F(SealedDelivery, ShowsNothingOfTheWorkloadOrTheTenant) {
  const Bytes bytes = delivery();
  const auto holds = [&](core::ByteView part) {
    return std::search(bytes.begin(), bytes.end(), part.begin(), part.end()) != bytes.end();
  };
  EXPECT_FALSE(holds(core::as_bytes("main.wasm")));
  EXPECT_FALSE(holds(workload().module));
  EXPECT_FALSE(holds(challenge_.tenant().view()));
  EXPECT_FALSE(holds(challenge_.nonce().view()));
}

TEST_F(SealedDelivery, IsRefusedByAnyOtherKeepEvidenceAndChallenge) {
  const auto other_keep = crypto::X25519Key::generate().value();
  Bytes other_evidence = evidence_;
  other_evidence[17] ^= 1;
  const Challenge other_challenge = new_challenge();
  const auto expect_denied = [&](const crypto::X25519Key& keep, const Recipient& given) {
    const auto opened = open(keep, given, delivery());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::Denied);
  };
  expect_denied(other_keep, recipient());
  expect_denied(keep_, {other_evidence, challenge_.nonce()});
  expect_denied(keep_, {evidence_, other_challenge.nonce()});
  expect_denied(keep_, {{}, challenge_.nonce()});
}

// A host that pushes its own workload: it seals to the right key and evidence, and even knows the
// nonce, but not the key that the nonce was made of.
TEST_F(SealedDelivery, IsRefusedFromWhoDidNotChallenge) {
  const Challenge host = new_challenge();
  base::ByteWriter info;
  info.text("merlon/deliver/1");
  info.bytes(crypto::sha256({evidence_}).view());
  info.bytes(challenge_.nonce().view());
  const Bytes content = encode(workload()).value();
  const auto digest = crypto::Digest::of(
      crypto::sha256({core::as_bytes("merlon/signed/v1"), crypto::sha256({evidence_}).view(),
                      challenge_.nonce().view(), crypto::sha256({content}).view()}));
  const auto forge = [&](core::ByteView tenant, core::ByteView salt) {
    base::ByteWriter inner;
    inner.bytes(tenant);
    inner.bytes(salt);
    inner.bytes(host.key().sign_ecdsa(digest).value());
    inner.bytes(content);
    const Bytes plain = inner.take();
    base::ByteWriter out;
    out.text("MRLNSEAL");
    out.u32(1);
    out.u32(static_cast<std::uint32_t>(plain.size() + 16));
    const Bytes header = out.take();
    const auto sealed = crypto::hpke_seal(keep_.public_key(), info.take(), header, plain).value();
    out.bytes(header);
    out.bytes(sealed.encapsulated.view());
    out.bytes(sealed.text);
    return open(keep_, recipient(), out.take());
  };
  const auto own = forge(host.tenant().view(), host.salt().view());
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().message(), "the delivery is not of the tenant who challenged");
  info.text("merlon/deliver/1");
  info.bytes(crypto::sha256({evidence_}).view());
  info.bytes(challenge_.nonce().view());
  const auto posing = forge(challenge_.tenant().view(), challenge_.salt().view());
  ASSERT_FALSE(posing);
  EXPECT_EQ(posing.error().message(), "the tenant's signature does not hold");
}

TEST_F(SealedDelivery, IsRefusedWithAnyByteChanged) {
  const Bytes bytes = delivery();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= 0x40;
    EXPECT_FALSE(open(keep_, recipient(), std::move(changed))) << i;
  }
}

TEST_F(SealedDelivery, IsRefusedWhereverItIsCut) {
  const Bytes bytes = delivery();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(open(keep_, recipient(), Bytes(bytes.data(), bytes.data() + size))) << size;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(open(keep_, recipient(), std::move(longer)));
}

TEST_F(SealedDelivery, IsReadFromAStreamWithoutWhatFollows) {
  os::Channel channel = os::open_channel().value();
  Bytes sent = delivery();
  const std::size_t size = sent.size();
  sent.push_back('x');
  ASSERT_EQ(::write(os::BorrowedFd(channel.there).number(), sent.data(), sent.size()),
            static_cast<ssize_t>(sent.size()));
  const auto received = receive(channel.here);
  ASSERT_TRUE(received);
  EXPECT_EQ(received->size(), size);
  char behind = 0;
  EXPECT_EQ(::read(os::BorrowedFd(channel.here).number(), &behind, 1), 1);
  EXPECT_EQ(behind, 'x');
}

TEST_F(SealedDelivery, IsToldFromAHostThatBringsNone) {
  os::Channel channel = os::open_channel().value();
  channel.there.close();
  const auto received = receive(channel.here);
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, ErrorCode::Unavailable);
}

TEST(SealedHeader, BoundsWhatItAsksFor) {
  const auto header = [](std::string_view magic, std::uint32_t version, std::uint32_t size) {
    base::ByteWriter out;
    out.text(magic);
    out.u32(version);
    out.u32(size);
    return out.take();
  };
  EXPECT_EQ(size_behind(header("MRLNSEAL", 1, 5)).value(), 37U);
  EXPECT_EQ(size_behind(header("MRLNSEAL", 2, 5)).error().code, ErrorCode::Unsupported);
  EXPECT_EQ(size_behind(header("MRLNLNCH", 1, 5)).error().code, ErrorCode::Malformed);
  EXPECT_EQ(size_behind(header("MRLNSEAL", 1, 0xffffffff)).error().code, ErrorCode::Exhausted);
}

}  // namespace
}  // namespace merlon::delivery
