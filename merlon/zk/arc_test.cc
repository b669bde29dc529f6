#include "merlon/zk/arc.h"

#include <set>

#include <gtest/gtest.h>

#include "merlon/zk/testing/vectors.h"

namespace merlon::zk {
namespace {

using codec::JsonValue;
using testing::bytes;
using testing::text;

/// The generator of random numbers of the vectors [ARC §seeded-prng]: revision 01's. Those that ARC
/// itself draws it reduces modulo the order less one, so they are told, and only passed over here.
class Scalars final : public ScalarSource {
 public:
  Scalars() : sponge_(start()) {
    std::array<std::uint8_t, 32> seed{};
    std::ranges::copy(std::string_view("test vector seed"), seed.begin());
    sponge_.absorb(seed);
  }
  void say(std::initializer_list<std::string_view> scalars) {
    for (const auto scalar : scalars) {
      said_.push_back(P256Scalar::decode(testing::bytes_of(scalar)).value());
    }
  }
  std::optional<P256Scalar> next() override {
    std::array<std::uint8_t, 48> drawn{};
    sponge_.squeeze(drawn);
    if (said_.empty()) return P256Scalar::reduce_big_endian(drawn);
    const P256Scalar next = said_.front();
    said_.erase(said_.begin());
    return next;
  }

 private:
  static std::array<std::uint8_t, 64> start() {
    std::array<std::uint8_t, 64> bytes{};
    std::ranges::copy(std::string_view("sigma-proofs/TestDRNG/SHAKE128"), bytes.begin());
    return bytes;
  }
  DuplexSponge sponge_;
  std::vector<P256Scalar> said_;
};

std::string hex(const P256Point& point) { return base::hex(point.encode().value().view()); }
std::string hex(const P256Scalar& scalar) { return base::hex(scalar.encode().view()); }

void check_presentation(ArcPresenter& presenter, Scalars& source, const JsonValue& vector,
                        const ArcPrivateKey& key, core::ByteView request_context) {
  source.say(
      {text(vector, "a"), text(vector, "r"), text(vector, "z"), text(vector, "nonce_blinding")});
  const auto shown = presenter.present({}, source).value();
  EXPECT_EQ(hex(shown.u), text(vector, "U"));
  EXPECT_EQ(hex(shown.u_prime_commitment), text(vector, "U_prime_commit"));
  EXPECT_EQ(hex(shown.m1_commitment), text(vector, "m1_commit"));
  EXPECT_EQ(hex(shown.nonce_commitment), text(vector, "nonce_commit"));
  EXPECT_EQ(hex(shown.tag), text(vector, "tag"));
  EXPECT_EQ(hex(shown.bit_commitments[0]), text(vector, "D_0"));
  EXPECT_EQ(hex(shown.bit_commitments[0]) + base::hex(shown.proof), text(vector, "proof"));
  const auto encoded = shown.encode().value();
  EXPECT_EQ(encoded.size(), ArcPresentation::size(2));
  EXPECT_TRUE(arc_verify(key, request_context, bytes(vector, "presentation_context"), {},
                         ArcPresentation::decode(encoded, 2).value(), 2));
}

// The whole transcript of [ARC §test-vectors].
TEST(Arc, IsThatOfTheVectors) {
  MERLON_NEEDS_VECTORS();
  const auto document = testing::vectors_of("arc_allVectors.json");
  const JsonValue& vectors = *document.root().find("ARCV1-P256");
  const JsonValue& of_key = *vectors.find("ServerKey");
  const JsonValue& of_request = *vectors.find("CredentialRequest");
  const JsonValue& of_response = *vectors.find("CredentialResponse");
  const JsonValue& of_credential = *vectors.find("Credential");
  Scalars source;
  source.say({text(of_key, "x0"), text(of_key, "x1"), text(of_key, "x2"), text(of_key, "xb")});
  const auto key = ArcPrivateKey::generate(source).value();
  const ArcPublicKey public_key = key.public_key();
  EXPECT_EQ(base::hex(public_key.encode().value()),
            base::concat(text(of_key, "X0"), text(of_key, "X1"), text(of_key, "X2")));

  source.say({text(of_request, "m1"), text(of_request, "r1"), text(of_request, "r2")});
  const auto context = bytes(of_request, "request_context");
  const auto requested = arc_request(context, source).value();
  EXPECT_EQ(hex(requested.secrets.m2), text(of_request, "m2"));
  EXPECT_EQ(base::hex(requested.request.encode().value()),
            base::concat(text(of_request, "m1_enc"), text(of_request, "m2_enc"),
                         text(of_request, "proof")));

  source.say({text(of_response, "b")});
  const auto response = arc_respond(key, requested.request, source).value();
  EXPECT_EQ(base::hex(response.encode().value()),
            base::concat(text(of_response, "U"), text(of_response, "enc_U_prime"),
                         text(of_response, "X0_aux"), text(of_response, "X1_aux"),
                         text(of_response, "X2_aux"), text(of_response, "H_aux"),
                         text(of_response, "proof")));

  const auto credential = arc_finalize(requested, public_key, response).value();
  EXPECT_EQ(hex(credential.m1), text(of_credential, "m1"));
  EXPECT_EQ(hex(credential.u), text(of_credential, "U"));
  EXPECT_EQ(hex(credential.u_prime), text(of_credential, "U_prime"));
  EXPECT_EQ(hex(credential.x1), text(of_credential, "X1"));

  const JsonValue& first = *vectors.find("Presentation1");
  ArcPresenter presenter(credential, bytes(first, "presentation_context"), 2);
  check_presentation(presenter, source, first, key, context);
  check_presentation(presenter, source, *vectors.find("Presentation2"), key, context);
  EXPECT_EQ(presenter.present({}, source).error().code, core::ErrorCode::Denied);
}

const std::vector<std::uint8_t> request_context{'r'};
const std::vector<std::uint8_t> presentation_context{'p'};
const std::vector<std::uint8_t> other{'o'};

struct Issued {
  ArcPrivateKey key;
  ArcRequested requested;
  ArcResponse response;
  ArcCredential credential;
};

Issued issue() {
  RandomScalars random;
  auto key = ArcPrivateKey::generate(random).value();
  auto requested = arc_request(request_context, random).value();
  auto response = arc_respond(key, requested.request, random).value();
  auto credential = arc_finalize(requested, key.public_key(), response).value();
  return {key, requested, response, credential};
}

TEST(Arc, IsShownAsOftenAsItMayBe) {
  const Issued issued = issue();
  RandomScalars random;
  for (const std::uint64_t limit : {2U, 3U, 5U, 8U, 13U}) {
    ArcPresenter presenter(issued.credential, presentation_context, limit);
    std::set<std::string> tags;
    for (std::uint64_t i = 0; i < limit; ++i) {
      const auto bytes = presenter.present({}, random).value().encode().value();
      const auto shown = ArcPresentation::decode(bytes, limit).value();
      EXPECT_TRUE(arc_verify(issued.key, request_context, presentation_context, {}, shown, limit));
      tags.insert(hex(shown.tag));
    }
    EXPECT_EQ(tags.size(), limit);
    EXPECT_FALSE(presenter.present({}, random));
    // A client that counts anew is seen by its tags.
    ArcPresenter again(issued.credential, presentation_context, limit);
    EXPECT_TRUE(tags.contains(hex(again.present({}, random).value().tag)));
  }
}

TEST(Arc, IsRefusedForAnythingElse) {
  const Issued issued = issue();
  const Issued stranger = issue();
  RandomScalars random;
  ArcPresenter presenter(issued.credential, presentation_context, 5);
  const auto shown = presenter.present(other, random).value();
  const auto verify = [&](const ArcPrivateKey& key, core::ByteView request,
                          core::ByteView presentation, core::ByteView bound, std::uint64_t limit) {
    return arc_verify(key, request, presentation, bound, shown, limit).has_value();
  };
  EXPECT_TRUE(verify(issued.key, request_context, presentation_context, other, 5));
  EXPECT_FALSE(verify(stranger.key, request_context, presentation_context, other, 5));
  EXPECT_FALSE(verify(issued.key, other, presentation_context, other, 5));
  EXPECT_FALSE(verify(issued.key, request_context, other, other, 5));
  EXPECT_FALSE(verify(issued.key, request_context, presentation_context, {}, 5));
  EXPECT_FALSE(verify(issued.key, request_context, presentation_context, request_context, 5));
  EXPECT_FALSE(verify(issued.key, request_context, presentation_context, other, 6));
  EXPECT_FALSE(verify(issued.key, request_context, presentation_context, other, 4));
  EXPECT_FALSE(verify(issued.key, request_context, presentation_context, other, 0));
  EXPECT_FALSE(verify(issued.key, request_context, presentation_context, other, 1));
  EXPECT_FALSE(verify(issued.key, request_context, presentation_context, other, ~0ULL));
}

TEST(Arc, AlteredAnywhereIsRefused) {
  const Issued issued = issue();
  RandomScalars random;
  ArcPresenter presenter(issued.credential, presentation_context, 3);
  const auto bytes = presenter.present({}, random).value().encode().value();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto altered = bytes;
    altered[i] ^= 1U;
    const auto shown = ArcPresentation::decode(altered, 3);
    EXPECT_FALSE(shown &&
                 arc_verify(issued.key, request_context, presentation_context, {}, *shown, 3))
        << i;
  }
  EXPECT_FALSE(ArcPresentation::decode(core::ByteView(bytes).first(bytes.size() - 1), 3));
}

TEST(Arc, RequestsAndAnswersAlteredAnywhereAreRefused) {
  const Issued issued = issue();
  RandomScalars random;
  const auto request = issued.requested.request.encode().value();
  for (std::size_t i = 0; i < request.size(); ++i) {
    auto altered = request;
    altered[i] ^= 1U;
    const auto read = ArcRequest::decode(altered);
    EXPECT_FALSE(read && arc_respond(issued.key, *read, random)) << i;
  }
  const auto response = issued.response.encode().value();
  for (std::size_t i = 0; i < response.size(); ++i) {
    auto altered = response;
    altered[i] ^= 1U;
    const auto read = ArcResponse::decode(altered);
    EXPECT_FALSE(read && arc_finalize(issued.requested, issued.key.public_key(), *read)) << i;
  }
}

// An issuer that has a key of its own for one client would know it again.
TEST(Arc, AnAnswerUnderAnotherKeyIsRefused) {
  const Issued issued = issue();
  RandomScalars random;
  const auto marked = ArcPrivateKey::generate(random).value();
  const auto response = arc_respond(marked, issued.requested.request, random).value();
  EXPECT_EQ(arc_finalize(issued.requested, issued.key.public_key(), response).error().code,
            core::ErrorCode::Denied);
}

TEST(Arc, KeysAreReadAsTheyAreWritten) {
  RandomScalars random;
  const auto key = ArcPrivateKey::generate(random).value();
  const auto bytes = key.encode();
  EXPECT_EQ(ArcPrivateKey::decode(bytes).value().encode(), bytes);
  const auto shown = key.public_key().encode().value();
  EXPECT_EQ(ArcPublicKey::decode(shown).value().encode().value(), shown);
  EXPECT_FALSE(ArcPrivateKey::decode(std::vector<std::uint8_t>(128, 0)));
  EXPECT_FALSE(ArcPrivateKey::decode(core::ByteView(bytes).first(127)));
  EXPECT_FALSE(ArcPublicKey::decode(std::vector<std::uint8_t>(99, 0)));
  testing::FewScalars few(2);
  EXPECT_FALSE(ArcPrivateKey::generate(few));
  EXPECT_FALSE(arc_request(request_context, few));
}

// No two messages of one credential have more in common than those of different ones: no 8 bytes of
// one presentation are anywhere in another, or in what was said when it was issued, beyond what all
// of them have.
TEST(Arc, CannotBeLinkedByItsBytes) {
  const Issued issued = issue();
  RandomScalars random;
  ArcPresenter presenter(issued.credential, presentation_context, 16);
  std::vector<std::vector<std::uint8_t>> messages{issued.requested.request.encode().value(),
                                                  issued.response.encode().value()};
  for (int i = 0; i < 16; ++i) {
    messages.push_back(presenter.present({}, random).value().encode().value());
  }
  std::set<std::vector<std::uint8_t>> seen;
  for (const auto& message : messages) {
    std::set<std::vector<std::uint8_t>> here;
    for (std::size_t at = 0; at + 8 <= message.size(); ++at) {
      here.insert({message.begin() + static_cast<std::ptrdiff_t>(at),
                   message.begin() + static_cast<std::ptrdiff_t>(at + 8)});
    }
    for (const auto& piece : here) EXPECT_FALSE(seen.contains(piece)) << base::hex(piece);
    seen.merge(here);
  }
}

}  // namespace
}  // namespace merlon::zk
