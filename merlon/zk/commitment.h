#pragma once

// Pedersen commitments: a point that fixes a number and tells nothing of it. Pure but for random
// numbers; any thread.

#include "merlon/zk/proof.h"

namespace merlon::zk {

/// The second generator: nobody knows how many times the first it is. [ARC §pog]
[[nodiscard]] const P256Point& blinding_generator();

/// What opens a commitment. Both are secrets.
struct Opening {
  P256Scalar value;
  P256Scalar blinding;
};

/// value · G + blinding · H
[[nodiscard]] P256Point commit(const Opening& opening);

}  // namespace merlon::zk
