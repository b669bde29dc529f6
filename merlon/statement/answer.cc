#include "merlon/statement/request.h"

namespace merlon::statement {

using core::ByteView;
using core::ErrorCode;
using core::Result;
using crypto::SecretBytes;

namespace {

/// Does what requests ask.
class Answerer {
 public:
  Answerer(ByteView context, zk::ScalarSource& source) : context_(context), source_(source) {}

  Result<SecretBytes, Refusal> operator()(const Commit& commit) const {
    std::optional<zk::P256Scalar> blinding = commit.blinding;
    if (!blinding) blinding = source_.next();
    if (!blinding) return Refusal::Random;
    if (blinding->is_zero()) return Refusal::Form;
    const auto point = zk::commit({zk::P256Scalar(commit.number), *blinding}).encode();
    if (!point) return Refusal::Form;
    Bytes both;
    both.reserve(zk::P256Point::size + zk::P256Scalar::size);
    both.insert(both.end(), point->view().begin(), point->view().end());
    both.resize(zk::P256Point::size + zk::P256Scalar::size);
    const auto encoded = blinding->encode();
    std::ranges::copy(encoded.view(), both.begin() + zk::P256Point::size);
    return SecretBytes(std::move(both));
  }

  Result<SecretBytes, Refusal> operator()(const ProveAtLeast& prove) const {
    return proof(zk::prove_threshold(prove.threshold, prove.opening.number, prove.opening.blinding,
                                     context_, source_));
  }

  Result<SecretBytes, Refusal> operator()(const ProveEqual& prove) const {
    const zk::Opening one = prove.one.opening();
    const zk::Opening other = prove.other.opening();
    return proof(
        zk::prove_equal(zk::commit(one), one, zk::commit(other), other, context_, source_));
  }

  Result<SecretBytes, Refusal> operator()(const ProveSum& prove) const {
    std::vector<zk::Summand> summands;
    std::vector<zk::Opening> openings;
    for (const OwnPart& part : prove.parts) {
      openings.push_back(part.opening.opening());
      summands.push_back({scalar_of(part.times), zk::commit(openings.back())});
    }
    return proof(zk::prove_sum(summands, scalar_of(prove.total), openings, context_, source_));
  }

  Result<SecretBytes, Refusal> operator()(const Verify& verify) const {
    const auto verified = statement::verify(verify.claim, context_, verify.proof);
    if (!verified) return verified.error();
    return SecretBytes();
  }

 private:
  static Result<SecretBytes, Refusal> proof(Result<Bytes> made) {
    if (made) return SecretBytes(*std::move(made));
    if (made.error().code == ErrorCode::Denied) return Refusal::False;
    // What is not valid as a relation: commitments that cancel each other out.
    return made.error().code == ErrorCode::Internal ? Refusal::Random : Refusal::Form;
  }

  ByteView context_;
  zk::ScalarSource& source_;
};

}  // namespace

Answer answer(const Request& request, zk::ScalarSource& source) {
  auto done = std::visit(Answerer(request.context, source), request.what);
  Answer answer;
  if (done) {
    answer.content = *std::move(done);
  } else {
    answer.refusal = done.error();
  }
  return answer;
}

SecretBytes answer(ByteView bytes, zk::ScalarSource& source) {
  const auto request = Request::parse(bytes);
  Answer done;
  if (request) {
    done = answer(*request, source);
  } else {
    done.refusal = request.error();
  }
  return done.encode();
}

}  // namespace merlon::statement
