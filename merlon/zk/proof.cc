#include "merlon/zk/proof.h"

#include <algorithm>
#include <array>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"

namespace merlon::zk {

using core::ByteView;
using core::ErrorCode;
using core::Reader;
using core::Result;

namespace {

using Bytes = std::vector<std::uint8_t>;

core::Error denied() { return core::error(ErrorCode::Denied, "the proof does not hold"); }

Result<Bytes> encode(std::span<const P256Point> points) {
  Bytes bytes;
  for (const P256Point& point : points) {
    const auto encoded = TRY(point.encode());
    bytes.insert(bytes.end(), encoded.view().begin(), encoded.view().end());
  }
  return bytes;
}

void append(Bytes& bytes, const P256Scalar& scalar) {
  const auto encoded = scalar.encode();
  bytes.insert(bytes.end(), encoded.view().begin(), encoded.view().end());
}

Result<std::vector<P256Scalar>> read_scalars(Reader& reader, std::size_t count) {
  std::vector<P256Scalar> scalars;
  scalars.reserve(count);  // copies that a growing vector leaves are wiped, but cost time
  while (scalars.size() < count) {
    scalars.push_back(TRY(P256Scalar::decode(TRY(reader.bytes(P256Scalar::size)))));
  }
  return scalars;
}

/// Of revision 01: no coefficients, each image one element, and the generator among the elements,
/// none of which may be there twice.
Result<Bytes> label_of_draft01(const LinearRelation& relation) {
  base::ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(relation.equations().size()));
  for (const Equation& equation : relation.equations()) {
    MERLON_CHECK(equation.image.size() == 1);
    writer.u32(static_cast<std::uint32_t>(equation.image[0].element));
    writer.u32(static_cast<std::uint32_t>(equation.terms.size()));
    for (const Term& term : equation.terms) {
      writer.u32(static_cast<std::uint32_t>(term.secret));
      writer.u32(static_cast<std::uint32_t>(term.element));
    }
  }
  std::vector<P256Point::Encoded> encoded;
  for (const P256Point& element : relation.elements()) {
    encoded.push_back(TRY(element.encode()));
    writer.bytes(encoded.back().view());
  }
  std::ranges::sort(encoded);
  if (std::ranges::adjacent_find(encoded) != encoded.end()) {
    return core::error(ErrorCode::Malformed, "a relation that has a point twice");
  }
  return writer.take();
}

Result<void> validate(const ProofUse& use, const LinearRelation& relation) {
  switch (use.transcript) {
    case Transcript::SigmaProofs: return relation.validate();
    case Transcript::Draft01: return relation.validate_with_unused_elements();
  }
  return core::error(ErrorCode::Internal, "no transcript");
}

/// As revision 01 begins: a name of the suite, and session and label with their lengths in front.
Result<DuplexSponge> sponge_of_draft01(std::string_view session, const LinearRelation& relation) {
  std::array<std::uint8_t, 64> suite{};
  std::ranges::copy(std::string_view("sigma-proofs_Shake128_P256"), suite.begin());
  DuplexSponge sponge(suite);
  const auto absorb_sized = [&sponge](ByteView bytes) {
    std::array<std::uint8_t, 4> size{};
    for (std::size_t i = 0; i < size.size(); ++i) {
      size[i] = static_cast<std::uint8_t>(bytes.size() >> (24 - 8 * i));
    }
    sponge.absorb(size);
    sponge.absorb(bytes);
  };
  absorb_sized(core::as_bytes(session));
  absorb_sized(TRY(label_of_draft01(relation)));
  return sponge;
}

/// [SIGMA §challenge-derivation]
Result<P256Scalar> challenge_of(const ProofUse& use, const LinearRelation& relation,
                                ByteView commitments) {
  std::array<std::uint8_t, 48> bytes{};
  switch (use.transcript) {
    case Transcript::SigmaProofs: {
      DuplexSponge sponge(session_id(core::as_bytes(use.tag)).view());
      sponge.absorb(TRY(relation.serialize()));
      sponge.absorb(commitments);
      sponge.squeeze(bytes);
      return P256Scalar::reduce_little_endian(bytes);
    }
    case Transcript::Draft01: {
      DuplexSponge sponge = TRY(sponge_of_draft01(use.tag, relation));
      sponge.absorb(commitments);
      sponge.squeeze(bytes);
      return P256Scalar::reduce_big_endian(bytes);
    }
  }
  return core::error(ErrorCode::Internal, "no transcript");
}

struct Said {
  Bytes commitments;
  P256Scalar challenge;
  std::vector<P256Scalar> responses;
};

Result<Said> converse(const ProofUse& use, const LinearRelation& relation,
                      std::span<const P256Scalar> secrets, ScalarSource& source) {
  MERLON_CHECK(secrets.size() == relation.secrets());
  TRY(validate(use, relation));
  std::vector<P256Scalar> blindings;
  blindings.reserve(secrets.size());
  while (blindings.size() < secrets.size()) {
    const auto blinding = source.next();
    if (!blinding) return core::error(ErrorCode::Internal, "no random numbers");
    blindings.push_back(*blinding);
  }
  Said said;
  said.commitments = TRY(encode(relation.map(blindings)));
  said.challenge = TRY(challenge_of(use, relation, said.commitments));
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    said.responses.push_back(blindings[i] + secrets[i] * said.challenge);
  }
  return said;
}

}  // namespace

Result<Bytes> prove_compact(const ProofUse& use, const LinearRelation& relation,
                            std::span<const P256Scalar> secrets, ScalarSource& blindings) {
  const Said said = TRY(converse(use, relation, secrets, blindings));
  Bytes proof;
  append(proof, said.challenge);
  for (const P256Scalar& response : said.responses) append(proof, response);
  return proof;
}

Result<Bytes> prove_batchable(const ProofUse& use, const LinearRelation& relation,
                              std::span<const P256Scalar> secrets, ScalarSource& blindings) {
  Said said = TRY(converse(use, relation, secrets, blindings));
  for (const P256Scalar& response : said.responses) append(said.commitments, response);
  return std::move(said.commitments);
}

Result<void> verify_compact(const ProofUse& use, const LinearRelation& relation, ByteView proof) {
  TRY(validate(use, relation));
  if (proof.size() != P256Scalar::size * (1 + relation.secrets())) {
    return core::error(ErrorCode::Malformed, "a proof of another size", proof.size());
  }
  Reader reader(proof);
  const auto challenge = TRY(P256Scalar::decode(TRY(reader.bytes(P256Scalar::size))));
  const auto responses = TRY(read_scalars(reader, relation.secrets()));
  const auto commitments = encode(relation.answered(responses, challenge));
  if (!commitments) return denied();  // the identity, which no prover says
  if (!(TRY(challenge_of(use, relation, *commitments)) == challenge)) return denied();
  return {};
}

Result<void> verify_batchable(const ProofUse& use, const LinearRelation& relation, ByteView proof) {
  TRY(validate(use, relation));
  const std::size_t size_of_commitments = P256Point::size * relation.equations().size();
  if (proof.size() != size_of_commitments + P256Scalar::size * relation.secrets()) {
    return core::error(ErrorCode::Malformed, "a proof of another size", proof.size());
  }
  Reader reader(proof);
  Conversation said;
  for (std::size_t i = 0; i < relation.equations().size(); ++i) {
    said.commitments.push_back(TRY(P256Point::decode(TRY(reader.bytes(P256Point::size)))));
  }
  said.responses = TRY(read_scalars(reader, relation.secrets()));
  said.challenge = TRY(challenge_of(use, relation, proof.first(size_of_commitments)));
  return verify_conversation(relation, said);
}

Result<Conversation> simulate(const LinearRelation& relation, const P256Scalar& challenge,
                              ScalarSource& blindings) {
  Conversation made{{}, challenge, {}};
  while (made.responses.size() < relation.secrets()) {
    const auto response = blindings.next();
    if (!response) return core::error(ErrorCode::Internal, "no random numbers");
    made.responses.push_back(*response);
  }
  made.commitments = relation.answered(made.responses, challenge);
  return made;
}

Result<void> verify_conversation(const LinearRelation& relation, const Conversation& said) {
  TRY(relation.validate());
  if (said.commitments.size() != relation.equations().size() ||
      said.responses.size() != relation.secrets() ||
      relation.answered(said.responses, said.challenge) != said.commitments) {
    return denied();
  }
  return {};
}

}  // namespace merlon::zk
