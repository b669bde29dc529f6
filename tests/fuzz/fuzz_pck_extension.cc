// Any bytes as the SGX extension of a PCK certificate.

#include "merlon/sgx/pck_extension.h"

#include "tests/fuzz/evidence_harness.h"

MERLON_FUZZ_PARSER(merlon::sgx::PckExtension::parse(bytes))
