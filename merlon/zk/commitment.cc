#include "merlon/zk/commitment.h"

#include "merlon/crypto/hash_to_curve.h"

namespace merlon::zk {

const P256Point& blinding_generator() {
  static const P256Point made = crypto::hash_to_curve(
      P256Point::generator().encode().value().view(), "HashToGroup-ARCV1-P256generatorH");
  return made;
}

P256Point commit(const Opening& opening) {
  return P256Point::combine(opening.value, blinding_generator(), opening.blinding);
}

}  // namespace merlon::zk
