#pragma once

// Private to the room: a sum of points, each some times.

#include <optional>
#include <span>
#include <vector>

#include "merlon/zk/linear_relation.h"

namespace merlon::zk {

class LinearCombination {
 public:
  explicit LinearCombination(std::span<const P256Point> elements) : elements_(elements) {}

  /// What is said of one element several times is added up, so that it is multiplied once.
  void add(Element element, const P256Scalar& times);
  [[nodiscard]] P256Point sum() const;

 private:
  struct Part {
    Element element;
    P256Scalar times;
  };
  std::span<const P256Point> elements_;
  std::optional<P256Scalar> of_generator_;
  std::vector<Part> parts_;
};

}  // namespace merlon::zk
