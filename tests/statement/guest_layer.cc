// Goes through all that merlon/guest/statement.hpp offers, in a keep, and through what is not to be
// believed. Prints what is not as it has to be; exit status: how many.

#include <cerrno>
#include <cstdio>
#include <string>

#include <merlon/guest/statement.hpp>

namespace {

using namespace merlon::guest;

int wrong = 0;

void expect(bool so, const char* what) {
  if (so) return;
  std::printf("not so: %s\n", what);
  ++wrong;
}

const Bytes context = bytes_of("who asks, 17");

void commitments(Statements& statements) {
  const auto one = statements.commit(41);
  const auto other = statements.commit(41);
  expect(bool(one) && bool(other), "commitments are made");
  if (!one || !other) return;
  expect(std::string(reinterpret_cast<const char*>(one->commitment.bytes), 33) !=
             std::string(reinterpret_cast<const char*>(other->commitment.bytes), 33),
         "another blinding each time");
  const auto again = statements.commitment_of({41, one->opening.blinding()});
  expect(bool(again) && std::equal(again->bytes, again->bytes + 33, one->commitment.bytes),
         "a kept opening opens the same");
  const std::uint8_t zero[MERLON_BLINDING_SIZE] = {};
  expect(statements.commitment_of({41, std::span(zero)}).status() == MERLON_FORM,
         "a blinding of zero");
}

void thresholds(Statements& statements) {
  const auto balance = statements.commit(1255);
  if (!balance) return expect(false, "a commitment");
  for (const unsigned bits : {8U, 32U, 63U}) {
    const auto proof = statements.prove_at_least(balance->opening, 1000, bits, context);
    expect(bool(proof), "a proof of a threshold");
    if (!proof) continue;
    expect(proof->size() == MERLON_AT_LEAST_PROOF_SIZE(bits), "its size");
    const auto verified = [&](std::uint64_t least, unsigned with, Bytes in, Bytes what) {
      return statements.verify_at_least(balance->commitment, least, with, in, what);
    };
    expect(verified(1000, bits, context, *proof) == MERLON_DONE, "it holds");
    expect(verified(1001, bits, context, *proof) == MERLON_PROOF, "another threshold");
    expect(verified(1000, bits - 1, context, *proof) == MERLON_PROOF, "other bits");
    expect(verified(1000, bits, bytes_of("x"), *proof) == MERLON_PROOF, "another context");
    expect(verified(1000, bits, context, Bytes(*proof).first(9)) == MERLON_PROOF, "cut off");
    expect(verified(1000, 64, context, *proof) == MERLON_FORM, "64 bits");
    Proof altered = *proof;
    altered[0] ^= 1;
    expect(verified(1000, bits, context, altered) == MERLON_PROOF, "altered");
    expect(verified(1000, bits, context, Proof(20000)) == MERLON_PROOF, "far too long");
  }
  const auto refused = [&](std::uint64_t least, unsigned bits) {
    return statements.prove_at_least(balance->opening, least, bits, context).status();
  };
  expect(refused(1256, 32) == MERLON_FALSE, "too small");
  expect(refused(999, 8) == MERLON_FALSE, "more than the bits hold");
  expect(refused(1000, 0) == MERLON_FORM && refused(1000, 64) == MERLON_FORM, "no bits, too many");
  expect(statements.prove_at_least(balance->opening, 0, 32, Proof(1025)).status() == MERLON_FORM,
         "a context that is too long");
}

void equalities(Statements& statements) {
  const auto one = statements.commit(7);
  const auto other = statements.commit(7);
  const auto third = statements.commit(8);
  if (!one || !other || !third) return expect(false, "commitments");
  const auto proof = statements.prove_equal(one->opening, other->opening, context);
  if (!proof) return expect(false, "a proof that two are equal");
  const auto verified = [&](const Committed& with, Bytes what) {
    return statements.verify_equal(one->commitment, with.commitment, context, what);
  };
  expect(verified(*other, *proof) == MERLON_DONE, "equal");
  expect(verified(*third, *proof) == MERLON_PROOF, "with another");
  expect(verified(*other, bytes_of("short")) == MERLON_PROOF, "of another size");
  expect(statements.prove_equal(one->opening, third->opening, context).status() == MERLON_FALSE,
         "7 is not 8");
  Commitment nonsense{};
  expect(statements.verify_equal(nonsense, one->commitment, context, *proof) == MERLON_FORM,
         "no point");
}

void sums(Statements& statements) {
  const auto one = statements.commit(10);
  const auto other = statements.commit(4);
  if (!one || !other) return expect(false, "commitments");
  const OwnPart own[] = {{1, one->opening}, {-3, other->opening}};
  const Part parts[] = {{1, one->commitment}, {-3, other->commitment}};
  const auto proof = statements.prove_sum(own, -2, context);
  if (!proof) return expect(false, "a proof of a sum");
  expect(statements.verify_sum(parts, -2, context, *proof) == MERLON_DONE, "the sum");
  expect(statements.verify_sum(parts, 2, context, *proof) == MERLON_PROOF, "another sum");
  expect(statements.prove_sum(own, -3, context).status() == MERLON_FALSE, "a false sum");
  expect(statements.prove_sum({}, 0, context).status() == MERLON_FORM, "a sum of nothing");
  const std::vector<OwnPart> many(32, {1, one->opening});
  expect(bool(statements.prove_sum(many, 320, context)), "a sum of 32");
  expect(statements.prove_sum(std::vector<OwnPart>(33, {1, one->opening}), 330, context).status() ==
             MERLON_FORM,
         "a sum of 33");
}

void hostile_bytes() {
  const int file = merlon_statement_open();
  expect(file >= 0, "the file");
  std::uint8_t answer[16];
  expect(read(file, answer, sizeof answer) == 0, "nothing before it was asked");
  static const std::uint8_t zeros[16385] = {};
  expect(write(file, zeros, sizeof zeros) < 0 && errno == EFBIG, "16385 bytes");
  for (std::size_t size : {1U, 2U, 3U, 100U, 16384U}) {
    expect(write(file, zeros, size) == static_cast<ssize_t>(size), "nonsense is answered");
    expect(read(file, answer, sizeof answer) == 2 && answer[0] == 1 && answer[1] != 0, "refused");
  }
  close(file);
}

}  // namespace

int main() {
  {
    Statements statements;
    expect(statements.is_open(), "/keep/statement");
    commitments(statements);
    thresholds(statements);
    equalities(statements);
    sums(statements);
  }
  hostile_bytes();
  expect(name_of(MERLON_FALSE) == "statement.false", "names");
  if (wrong == 0) std::puts("all as it has to be");
  return wrong;
}
