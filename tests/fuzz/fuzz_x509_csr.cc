// Any bytes as a certification request.

#include "merlon/x509/csr.h"

#include "tests/fuzz/evidence_harness.h"

MERLON_FUZZ_PARSER(merlon::x509::CertificateRequest::parse(bytes))
