#pragma once

// What a proof is about: secret scalars by which given points are linear in other given points
// [SIGMA §representation]. Each equation is
//
//     coefficient · element + … = coefficient · scalar · element + …
//
// whose left side, the image, everybody can compute. Pure; one thread at a time. Elements may be
// anybody's; whoever verifies builds the relation himself and takes only the points from elsewhere.

#include <cstdint>
#include <span>
#include <vector>

#include "merlon/crypto/p256_point.h"

namespace merlon::zk {

using crypto::P256Point;
using crypto::P256Scalar;

/// Which of a relation's points; 0 is the generator.
enum class Element : std::uint32_t { Generator = 0 };
/// Which of its secrets.
enum class Secret : std::uint32_t {};

struct ImageTerm {
  Element element;
  P256Scalar coefficient = P256Scalar(1);
};

struct Term {
  Secret secret;
  Element element;
  P256Scalar coefficient = P256Scalar(1);
};

struct Equation {
  std::vector<ImageTerm> image;
  std::vector<Term> terms;
};

class LinearRelation {
 public:
  /// So that foreign ones cost little.
  static constexpr std::size_t max_elements = 1024;
  static constexpr std::size_t max_terms = 4096;

  LinearRelation();

  [[nodiscard]] Element add_element(const P256Point& point);
  [[nodiscard]] Secret add_secret() noexcept { return Secret{secrets_++}; }
  void add_equation(Equation equation) { equations_.push_back(std::move(equation)); }
  /// With 1 for each coefficient.
  void add_equation(Element image, std::vector<Term> terms) {
    equations_.push_back({{{image, P256Scalar(1)}}, std::move(terms)});
  }

  /// Malformed for what proves nothing or could be read in two ways: no equations, an element or
  /// secret that is out of range or in no equation, the identity as element or image, a secret
  /// that drops out of every equation. [SIGMA §instance-validation]
  [[nodiscard]] core::Result<void> validate() const;
  /// The same, but that elements may be in no equation: they are part of the transcript only, as
  /// revision 01 allows and ARC does.
  [[nodiscard]] core::Result<void> validate_with_unused_elements() const;

  [[nodiscard]] std::size_t secrets() const noexcept { return secrets_; }
  [[nodiscard]] std::span<const Equation> equations() const noexcept { return equations_; }
  [[nodiscard]] std::span<const P256Point> elements() const noexcept { return elements_; }

  /// SerializeLinearRelation; Internal if an element is the identity.
  /// [SIGMA §serialize-linear-relations]
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> serialize() const;
  /// Its inverse. Malformed: anything else. Exhausted: beyond the bounds above. Not yet validated.
  [[nodiscard]] static core::Result<LinearRelation> parse(core::ByteView bytes);

  /// The right side of each equation for these secrets, as many as there are; time does not depend
  /// on them. [SIGMA §map-evaluation]
  [[nodiscard]] std::vector<P256Point> map(std::span<const P256Scalar> secrets) const;
  [[nodiscard]] std::vector<P256Point> image() const;
  /// map(responses) - challenge · image(): the commitments to which these are an answer.
  [[nodiscard]] std::vector<P256Point> answered(std::span<const P256Scalar> responses,
                                                const P256Scalar& challenge) const;

 private:
  std::vector<P256Point> elements_;
  std::vector<Equation> equations_;
  std::uint32_t secrets_ = 0;
};

}  // namespace merlon::zk
