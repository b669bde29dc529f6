// Any bytes as a revocation list.

#include "merlon/x509/crl.h"

#include "tests/fuzz/evidence_harness.h"

MERLON_FUZZ_PARSER(merlon::x509::Crl::parse(bytes))
