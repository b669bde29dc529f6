#pragma once

// Private to the room: what contexts of ARC become.

#include "merlon/crypto/hash_to_curve.h"
#include "merlon/zk/proof.h"

namespace merlon::zk {

[[nodiscard]] inline P256Scalar request_scalar(core::ByteView request_context) {
  return crypto::hash_to_scalar(request_context, "HashToScalar-ARCV1-P256requestContext");
}

[[nodiscard]] inline P256Point tag_generator(core::ByteView presentation_context) {
  return crypto::hash_to_curve(presentation_context, "HashToGroup-ARCV1-P256Tag");
}

[[nodiscard]] inline core::Result<P256Scalar> draw(ScalarSource& source) {
  const auto drawn = source.next();
  if (!drawn) return core::error(core::ErrorCode::Internal, "no random numbers");
  return *drawn;
}

}  // namespace merlon::zk
