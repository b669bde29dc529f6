#include "merlon/zk/linear_relation.h"

#include <algorithm>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"
#include "merlon/zk/linear_combination.h"

namespace merlon::zk {

using core::ByteView;
using core::ErrorCode;
using core::Reader;
using core::Result;

namespace {

constexpr std::size_t index(Element element) noexcept { return static_cast<std::size_t>(element); }
constexpr std::size_t index(Secret secret) noexcept { return static_cast<std::size_t>(secret); }

core::Error invalid(const char* what) { return core::error(ErrorCode::Malformed, what); }

/// Each element but the generator, and each secret, is somewhere, and nothing else is.
Result<void> check_indices(const LinearRelation& relation, bool may_be_unused) {
  std::vector<bool> elements(relation.elements().size(), may_be_unused);
  std::vector<bool> secrets(relation.secrets());
  elements[0] = true;
  const auto use = [](std::vector<bool>& used, std::size_t at) {
    if (at >= used.size()) return false;
    used[at] = true;
    return true;
  };
  for (const Equation& equation : relation.equations()) {
    if (equation.image.empty() || equation.terms.empty()) return invalid("an equation of one side");
    for (const ImageTerm& term : equation.image) {
      if (!use(elements, index(term.element))) return invalid("an element that is not there");
    }
    for (const Term& term : equation.terms) {
      if (!use(elements, index(term.element))) return invalid("an element that is not there");
      if (!use(secrets, index(term.secret))) return invalid("a secret that is not there");
    }
  }
  if (std::ranges::count(elements, false) != 0) return invalid("an element in no equation");
  if (std::ranges::count(secrets, false) != 0) return invalid("a secret in no equation");
  return {};
}

/// A secret whose elements add up to nothing could be anything.
bool counts(const LinearRelation& relation, Secret secret) {
  return std::ranges::any_of(relation.equations(), [&](const Equation& equation) {
    std::vector<const Term*> terms;
    for (const Term& term : equation.terms) {
      if (term.secret == secret) terms.push_back(&term);
    }
    if (terms.size() == 1) return !terms[0]->coefficient.is_zero();
    LinearCombination sum(relation.elements());
    for (const Term* term : terms) sum.add(term->element, term->coefficient);
    return !terms.empty() && !sum.sum().is_identity();
  });
}

Result<void> check_contents(const LinearRelation& relation) {
  if (relation.equations().empty()) return invalid("a relation without equations");
  if (std::ranges::any_of(relation.elements(), &P256Point::is_identity)) {
    return invalid("the identity");
  }
  if (std::ranges::any_of(relation.image(), &P256Point::is_identity)) {
    return invalid("an equation whose image is the identity");
  }
  for (std::size_t i = 0; i < relation.secrets(); ++i) {
    if (!counts(relation, Secret{static_cast<std::uint32_t>(i)})) {
      return invalid("a secret that drops out");
    }
  }
  return {};
}

void put(base::ByteWriter& writer, const P256Scalar& scalar) {
  writer.bytes(scalar.encode().view());
}

template <typename Index>
Result<Index> read_index(Reader& reader) {
  const std::uint32_t at = TRY(reader.u32());
  if (at >= LinearRelation::max_terms) {
    return core::error(ErrorCode::Exhausted, "a relation of too many points or secrets", at);
  }
  return Index{at};
}

Result<std::uint32_t> read_count(Reader& reader) {
  const std::uint32_t count = TRY(reader.u32());
  if (count == 0) return invalid("an equation of one side");
  if (count > LinearRelation::max_terms) {
    return core::error(ErrorCode::Exhausted, "a relation of too many terms", count);
  }
  return count;
}

Result<Equation> read_equation(Reader& reader) {
  Equation equation;
  for (std::uint32_t left = TRY(read_count(reader)); left > 0; --left) {
    const auto element = TRY(read_index<Element>(reader));
    equation.image.push_back(
        {element, TRY(P256Scalar::decode(TRY(reader.bytes(P256Scalar::size))))});
  }
  for (std::uint32_t left = TRY(read_count(reader)); left > 0; --left) {
    const auto secret = TRY(read_index<Secret>(reader));
    const auto element = TRY(read_index<Element>(reader));
    equation.terms.push_back(
        {secret, element, TRY(P256Scalar::decode(TRY(reader.bytes(P256Scalar::size))))});
  }
  return equation;
}

}  // namespace

LinearRelation::LinearRelation() { elements_.push_back(P256Point::generator()); }

Element LinearRelation::add_element(const P256Point& point) {
  elements_.push_back(point);
  return Element{static_cast<std::uint32_t>(elements_.size() - 1)};
}

Result<void> LinearRelation::validate() const {
  TRY(check_indices(*this, false));
  return check_contents(*this);
}

Result<void> LinearRelation::validate_with_unused_elements() const {
  TRY(check_indices(*this, true));
  return check_contents(*this);
}

Result<std::vector<std::uint8_t>> LinearRelation::serialize() const {
  base::ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(equations_.size()));
  for (const Equation& equation : equations_) {
    writer.u32(static_cast<std::uint32_t>(equation.image.size()));
    for (const ImageTerm& term : equation.image) {
      writer.u32(static_cast<std::uint32_t>(term.element));
      put(writer, term.coefficient);
    }
    writer.u32(static_cast<std::uint32_t>(equation.terms.size()));
    for (const Term& term : equation.terms) {
      writer.u32(static_cast<std::uint32_t>(term.secret));
      writer.u32(static_cast<std::uint32_t>(term.element));
      put(writer, term.coefficient);
    }
  }
  for (const P256Point& element : std::span(elements_).subspan(1)) {
    writer.bytes(TRY(element.encode()).view());
  }
  return writer.take();
}

Result<LinearRelation> LinearRelation::parse(ByteView bytes) {
  Reader reader(bytes);
  LinearRelation relation;
  std::size_t terms = 0;
  std::uint32_t highest_secret = 0;
  for (std::uint32_t left = TRY(read_count(reader)); left > 0; --left) {
    Equation equation = TRY(read_equation(reader));
    terms += equation.image.size() + equation.terms.size();
    if (terms > max_terms) return core::error(ErrorCode::Exhausted, "too many terms", terms);
    for (const Term& term : equation.terms) {
      highest_secret = std::max(highest_secret, static_cast<std::uint32_t>(term.secret));
    }
    relation.equations_.push_back(std::move(equation));
  }
  relation.secrets_ = highest_secret + 1;
  if (reader.remaining() % P256Point::size != 0 ||
      reader.remaining() / P256Point::size >= max_elements) {
    return invalid("no whole number of points");
  }
  while (!reader.at_end()) {
    relation.elements_.push_back(TRY(P256Point::decode(TRY(reader.bytes(P256Point::size)))));
  }
  return relation;
}

std::vector<P256Point> LinearRelation::map(std::span<const P256Scalar> secrets) const {
  MERLON_CHECK(secrets.size() == secrets_);
  std::vector<P256Point> sides;
  for (const Equation& equation : equations_) {
    LinearCombination side(elements_);
    for (const Term& term : equation.terms) {
      side.add(term.element, term.coefficient * secrets[index(term.secret)]);
    }
    sides.push_back(side.sum());
  }
  return sides;
}

std::vector<P256Point> LinearRelation::image() const {
  std::vector<P256Point> sides;
  for (const Equation& equation : equations_) {
    const ImageTerm& first = equation.image[0];
    if (equation.image.size() == 1 && first.coefficient == P256Scalar(1)) {
      sides.push_back(elements_[index(first.element)]);
      continue;
    }
    LinearCombination side(elements_);
    for (const ImageTerm& term : equation.image) side.add(term.element, term.coefficient);
    sides.push_back(side.sum());
  }
  return sides;
}

std::vector<P256Point> LinearRelation::answered(std::span<const P256Scalar> responses,
                                                const P256Scalar& challenge) const {
  MERLON_CHECK(responses.size() == secrets_);
  std::vector<P256Point> sides;
  for (const Equation& equation : equations_) {
    LinearCombination side(elements_);
    for (const Term& term : equation.terms) {
      side.add(term.element, term.coefficient * responses[index(term.secret)]);
    }
    for (const ImageTerm& term : equation.image) {
      side.add(term.element, -(term.coefficient * challenge));
    }
    sides.push_back(side.sum());
  }
  return sides;
}

}  // namespace merlon::zk
