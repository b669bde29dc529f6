#include "merlon/zk/linear_combination.h"

#include <algorithm>

namespace merlon::zk {

void LinearCombination::add(Element element, const P256Scalar& times) {
  if (element == Element::Generator) {
    of_generator_ = of_generator_.value_or(P256Scalar()) + times;
    return;
  }
  const auto found = std::ranges::find(parts_, element, &Part::element);
  if (found == parts_.end()) {
    parts_.push_back({element, times});
  } else {
    found->times = found->times + times;
  }
}

P256Point LinearCombination::sum() const {
  const auto point = [this](const Part& part) -> const P256Point& {
    return elements_[static_cast<std::size_t>(part.element)];
  };
  if (parts_.empty()) {
    return of_generator_ ? P256Point::times_generator(*of_generator_) : P256Point();
  }
  P256Point total = of_generator_
                        ? P256Point::combine(*of_generator_, point(parts_[0]), parts_[0].times)
                        : parts_[0].times * point(parts_[0]);
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    total = total + parts_[i].times * point(parts_[i]);
  }
  return total;
}

}  // namespace merlon::zk
