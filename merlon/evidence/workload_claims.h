#pragma once

// What a keep that took a sealed delivery says of it in its certification request, beside its
// evidence: a record [CMW §3.1] in the extension id-pe-cmw. The request is signed by the keep's TLS
// key, which the evidence speaks for and which nobody else has; so this is as true as the measured
// program that says it.
//
//   CBOR: [media type, {1: tenant, 2: module, 3: configuration}]    each a byte string of 32

#include "merlon/crypto/hash.h"
#include "merlon/evidence/evidence.h"
#include "merlon/x509/extension.h"

namespace merlon::evidence {

/// The value of the extension, DER.
[[nodiscard]] Bytes to_extension(const WorkloadClaims& claims);

/// Malformed · Unsupported (a message of another type). Attacker-controlled.
[[nodiscard]] core::Result<WorkloadClaims> parse_workload_claims(core::ByteView extension);

}  // namespace merlon::evidence
