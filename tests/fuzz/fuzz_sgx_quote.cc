// Any bytes as a DCAP quote.

#include "merlon/sgx/quote.h"

#include "tests/fuzz/evidence_harness.h"

MERLON_FUZZ_PARSER(merlon::sgx::Quote::parse(bytes))
