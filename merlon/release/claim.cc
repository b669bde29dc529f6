#include "merlon/release/claim.h"

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"
#include "merlon/crypto/aes_gcm.h"
#include "merlon/delivery/sealed.h"
#include "merlon/release/deposit.h"

namespace merlon::release {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::string_view claim_magic = "MRLNCLAM";
constexpr std::string_view proof_magic = "MRLNPROF";
constexpr std::string_view answer_magic = "MRLNRLSE";

Result<void> expect(core::Reader& in, std::string_view magic, const char* otherwise) {
  if (core::as_text(TRY(in.bytes(magic.size()))) == magic) return {};
  return core::error(ErrorCode::Malformed, otherwise);
}

std::vector<std::uint8_t> copied(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

Result<std::vector<std::uint8_t>> encode(const Claim& claim) {
  base::ByteWriter out;
  out.text(claim_magic);
  out.bytes(claim.token.view());
  out.bytes(TRY(launch::encode(launch::ProofAnswer{claim.proof, {}})));
  return out.take();
}

Result<Claim> decode_claim(ByteView bytes) {
  if (bytes.size() > max_claim_size) {
    return core::error(ErrorCode::Exhausted, "the claim is too large", bytes.size());
  }
  core::Reader in(bytes);
  TRY(expect(in, claim_magic, "no claim"));
  Claim claim;
  claim.token = TRY(Token::read(in));
  TRY(expect(in, proof_magic, "no proof of a keep in the claim"));
  const std::uint32_t size = TRY(in.u32());
  if (size != in.remaining()) {
    return core::error(ErrorCode::Malformed, "a proof of another size than it says", size);
  }
  launch::ProofAnswer answer = TRY(launch::decode_proof(TRY(in.bytes(size))));
  if (!answer.refusal.empty()) return core::error(ErrorCode::NotFound, "the keep had no proof");
  claim.proof = std::move(answer.proof);
  return claim;
}

std::vector<std::uint8_t> encode(const Answer& answer) {
  base::ByteWriter body;
  for (const auto* each : {&answer.delivery, &answer.words}) {
    body.u32(static_cast<std::uint32_t>(each->size()));
    body.bytes(*each);
  }
  body.u8(answer.hearing ? 1 : 0);
  if (answer.hearing) {
    body.bytes(answer.hearing->key.reveal());
    body.bytes(answer.hearing->module.view());
  }
  base::ByteWriter out;
  out.text(answer_magic);
  out.u32(static_cast<std::uint32_t>(body.size()));
  out.bytes(body.take());
  return out.take();
}

Result<Answer> decode_answer(ByteView bytes) {
  if (bytes.size() > max_answer_size) {
    return core::error(ErrorCode::Exhausted, "the broker's answer is too large", bytes.size());
  }
  core::Reader in(bytes);
  TRY(expect(in, answer_magic, "no answer of a broker's"));
  const std::uint32_t size = TRY(in.u32());
  if (size != in.remaining()) {
    return core::error(ErrorCode::Malformed, "an answer of another size than it says", size);
  }
  Answer answer;
  for (auto* each : {&answer.delivery, &answer.words}) {
    const std::uint32_t part = TRY(in.u32());
    *each = copied(TRY(in.bytes(part)));
  }
  const std::uint8_t hears = TRY(in.u8());
  if (hears > 1) return core::error(ErrorCode::Malformed, "neither heard nor not", hears);
  if (hears == 1) {
    auto key = copied(TRY(in.bytes(crypto::AesGcmKey::size)));
    const auto module = TRY(crypto::Sha256Digest::read(in));
    answer.hearing = Hearing{crypto::SecretBytes(std::move(key)), module};
  }
  if (!in.at_end()) return core::error(ErrorCode::Malformed, "bytes behind the answer");
  return answer;
}

bool is_deliverable(const Answer& answer) {
  constexpr std::size_t room_for_records = 4096;
  return delivery::is_one_delivery(answer.delivery) &&
         answer.words.size() <= max_input + room_for_records;
}

}  // namespace merlon::release
