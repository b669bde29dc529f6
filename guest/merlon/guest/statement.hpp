#ifndef MERLON_GUEST_STATEMENT_HPP_
#define MERLON_GUEST_STATEMENT_HPP_

// For workloads in C++20: claims about committed numbers, by the keep's file /keep/statement. A
// thin layer over statement.h, which says what each thing is; nothing throws.
//
//     merlon::guest::Statements statements;
//     const auto balance = statements.commit(5000);
//     if (!balance) return fail(balance.status());
//     const auto proof = statements.prove_at_least(balance->opening, 1000, 32, context);

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <merlon/guest/statement.h>

namespace merlon::guest {

using Status = merlon_status;
using Commitment = merlon_commitment;
using Part = merlon_part;
using Proof = std::vector<std::uint8_t>;
using Bytes = std::span<const std::uint8_t>;

[[nodiscard]] inline std::string_view name_of(Status status) { return merlon_status_name(status); }

[[nodiscard]] inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// What was asked for, or why not.
template <typename T>
class [[nodiscard]] Answer {
 public:
  Answer(Status status) : status_(status) {}
  Answer(T value) : value_(std::move(value)) {}

  [[nodiscard]] explicit operator bool() const { return value_.has_value(); }
  [[nodiscard]] Status status() const { return status_; }
  /// Of one that is there.
  [[nodiscard]] const T& operator*() const { return *value_; }
  [[nodiscard]] const T* operator->() const { return &*value_; }

 private:
  Status status_ = MERLON_DONE;
  std::optional<T> value_;
};

/// Overwritten when it goes.
class Opening {
 public:
  Opening() = default;
  Opening(const Opening&) = default;
  Opening& operator=(const Opening&) = default;
  ~Opening() { merlon_forget(&secret_, sizeof secret_); }
  /// Of a number and a blinding that were kept.
  Opening(std::uint64_t number, std::span<const std::uint8_t, MERLON_BLINDING_SIZE> blinding) {
    secret_.number = number;
    for (std::size_t i = 0; i < blinding.size(); ++i) secret_.blinding[i] = blinding[i];
  }

  [[nodiscard]] std::uint64_t number() const { return secret_.number; }
  [[nodiscard]] std::span<const std::uint8_t, MERLON_BLINDING_SIZE> blinding() const {
    return secret_.blinding;
  }
  [[nodiscard]] const merlon_opening& raw() const { return secret_; }
  [[nodiscard]] merlon_opening& raw() { return secret_; }

 private:
  merlon_opening secret_{};
};

struct Committed {
  Opening opening;
  Commitment commitment;
};

/// Some times a number that is one's own.
struct OwnPart {
  std::int64_t times;
  Opening opening;
};

/// The file, open for as long as this is there.
class Statements {
 public:
  Statements() : file_(merlon_statement_open()) {}
  ~Statements() {
    if (file_ >= 0) close(file_);
  }
  Statements(const Statements&) = delete;
  Statements& operator=(const Statements&) = delete;

  /// False: errno said why when this was made, and everything is MERLON_FILE.
  [[nodiscard]] bool is_open() const { return file_ >= 0; }

  [[nodiscard]] Answer<Committed> commit(std::uint64_t number) {
    Committed made;
    const Status status = merlon_commit(file_, number, &made.opening.raw(), &made.commitment);
    return status == MERLON_DONE ? Answer<Committed>(std::move(made)) : status;
  }
  [[nodiscard]] Answer<Commitment> commitment_of(const Opening& opening) {
    Commitment made;
    const Status status = merlon_commitment_of(file_, &opening.raw(), &made);
    return status == MERLON_DONE ? Answer<Commitment>(made) : status;
  }

  [[nodiscard]] Answer<Proof> prove_at_least(const Opening& opening, std::uint64_t least,
                                             unsigned bits, Bytes context) {
    if (bits > MERLON_MAX_BITS) return MERLON_FORM;
    Proof proof(MERLON_AT_LEAST_PROOF_SIZE(bits));
    return answer(
        merlon_prove_at_least(file_, &opening.raw(), least, bits, raw(context), proof.data()),
        std::move(proof));
  }
  [[nodiscard]] Answer<Proof> prove_equal(const Opening& one, const Opening& other, Bytes context) {
    Proof proof(MERLON_EQUAL_PROOF_SIZE);
    return answer(merlon_prove_equal(file_, &one.raw(), &other.raw(), raw(context), proof.data()),
                  std::move(proof));
  }
  [[nodiscard]] Answer<Proof> prove_sum(std::span<const OwnPart> parts, std::int64_t total,
                                        Bytes context) {
    if (parts.size() > MERLON_MAX_PARTS) return MERLON_FORM;
    merlon_own_part own[MERLON_MAX_PARTS];
    for (std::size_t i = 0; i < parts.size(); ++i)
      own[i] = {parts[i].times, parts[i].opening.raw()};
    Proof proof(MERLON_SUM_PROOF_SIZE);
    const Status status =
        merlon_prove_sum(file_, own, parts.size(), total, raw(context), proof.data());
    merlon_forget(own, sizeof own);
    return answer(status, std::move(proof));
  }

  /// MERLON_DONE: it holds.
  [[nodiscard]] Status verify_at_least(const Commitment& commitment, std::uint64_t least,
                                       unsigned bits, Bytes context, Bytes proof) {
    return merlon_verify_at_least(file_, &commitment, least, bits, raw(context), proof.data(),
                                  proof.size());
  }
  [[nodiscard]] Status verify_equal(const Commitment& one, const Commitment& other, Bytes context,
                                    Bytes proof) {
    return merlon_verify_equal(file_, &one, &other, raw(context), proof.data(), proof.size());
  }
  [[nodiscard]] Status verify_sum(std::span<const Part> parts, std::int64_t total, Bytes context,
                                  Bytes proof) {
    return merlon_verify_sum(file_, parts.data(), parts.size(), total, raw(context), proof.data(),
                             proof.size());
  }

 private:
  static merlon_context raw(Bytes context) { return {context.data(), context.size()}; }
  static Answer<Proof> answer(Status status, Proof proof) {
    return status == MERLON_DONE ? Answer<Proof>(std::move(proof)) : status;
  }

  int file_;
};

}  // namespace merlon::guest

#endif  // MERLON_GUEST_STATEMENT_HPP_
