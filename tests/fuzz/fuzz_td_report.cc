// Any bytes as the report of a trust domain.

#include "merlon/tdx/td_report.h"

#include "tests/fuzz/evidence_harness.h"

MERLON_FUZZ_PARSER(merlon::tdx::TdReport::parse(bytes))
