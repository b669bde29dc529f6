#include "merlon/launch/proof.h"

#include <array>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"
#include "merlon/launch/stream.h"

namespace merlon::launch {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::string_view magic = "MRLNPROF";
constexpr std::size_t head_size = 12;

void put(base::ByteWriter& out, core::ByteView bytes) {
  out.u32(static_cast<std::uint32_t>(bytes.size()));
  out.bytes(bytes);
}

Result<core::ByteView> take(core::Reader& in) { return in.bytes(TRY(in.u32())); }

Result<Proof::Bytes> take_bytes(core::Reader& in) {
  const core::ByteView view = TRY(take(in));
  return Proof::Bytes(view.begin(), view.end());
}

}  // namespace

Result<std::vector<std::uint8_t>> encode(const ProofAnswer& answer) {
  base::ByteWriter body;
  body.u8(answer.refusal.empty() ? 1 : 0);
  if (answer.refusal.empty()) {
    for (const Proof::Bytes* each :
         {&answer.proof.evidence, &answer.proof.certificates, &answer.proof.tls_key,
          &answer.proof.hpke_key, &answer.proof.request}) {
      put(body, *each);
    }
  } else {
    put(body, core::as_bytes(answer.refusal));
  }
  if (body.size() > max_proof_size) {
    return core::error(ErrorCode::Exhausted, "a proof that is too long", body.size());
  }
  base::ByteWriter out;
  out.text(magic);
  out.u32(static_cast<std::uint32_t>(body.size()));
  out.bytes(body.take());
  return out.take();
}

Result<ProofAnswer> decode_proof(core::ByteView body) {
  core::Reader in(body);
  const std::uint8_t is_proof = TRY(in.u8());
  if (is_proof > 1) return core::error(ErrorCode::Malformed, "neither a proof nor none", is_proof);
  ProofAnswer answer;
  if (is_proof == 1) {
    answer.proof.evidence = TRY(take_bytes(in));
    answer.proof.certificates = TRY(take_bytes(in));
    answer.proof.tls_key = TRY(take_bytes(in));
    answer.proof.hpke_key = TRY(take_bytes(in));
    answer.proof.request = TRY(take_bytes(in));
  } else {
    answer.refusal = std::string(core::as_text(TRY(take(in))));
    if (answer.refusal.empty()) return core::error(ErrorCode::Malformed, "no proof and no reason");
  }
  if (!in.at_end()) return core::error(ErrorCode::Malformed, "bytes behind a proof", in.offset());
  return answer;
}

Result<void> send(os::BorrowedFd channel, const ProofAnswer& answer) {
  return write_stream(channel, TRY(encode(answer)));
}

Result<ProofAnswer> receive_proof(os::BorrowedFd channel) {
  std::array<std::uint8_t, head_size> head{};
  TRY(read_stream(channel, head, true));
  core::Reader in(head);
  if (core::as_text(TRY(in.bytes(magic.size()))) != magic) {
    return core::error(ErrorCode::Malformed, "no proof of a keep");
  }
  const std::uint32_t size = TRY(in.u32());
  if (size > max_proof_size) {
    return core::error(ErrorCode::Exhausted, "a proof that is too long", size);
  }
  std::vector<std::uint8_t> body(size);
  TRY(read_stream(channel, body, false));
  return decode_proof(body);
}

}  // namespace merlon::launch
