#include "merlon/evidence/wrapping.h"

#include <array>

#include "merlon/evidence/json_form.h"
#include "merlon/evidence/message_wrapper.h"
#include "merlon/evidence/open_enclave.h"
#include "merlon/evidence/pem_form.h"
#include "merlon/evidence/structure.h"
#include "merlon/evidence/text_form.h"

namespace merlon::evidence {

namespace {

constexpr auto table = std::array{
    Wrapping{"MSG_REPORT_RSP", "SNP-ABI §7.3", true, &unwrap_report_response},
    Wrapping{"HCL report", "Azure's paravisor", true, &unwrap_hcl},
    Wrapping{"Open Enclave header", "Open Enclave, OE_REPORT_HEADER", true, &unwrap_open_enclave},
    Wrapping{"Open Enclave evidence", "Open Enclave, oe_attestation_header_t", true,
             &unwrap_open_enclave_evidence},
    Wrapping{"certificate", "RA-TLS: TCG DICE tagged evidence, CMW, Gramine, Open Enclave", false,
             &unwrap_certificate},
    Wrapping{"CBOR", "RA-TLS, CBOR tag 60000; CMW: record, tag", false, &unwrap_cbor},
    Wrapping{"message collection in CBOR", "CMW: collection", false, &unwrap_cbor_collection},
    Wrapping{"PEM", "RFC7468; labels that tools write", false, &unwrap_pem},
    Wrapping{"message collection in JSON", "CMW: collection", false, &unwrap_json_collection},
    Wrapping{"JSON", "services, by the names of members", false, &unwrap_json},
    Wrapping{"message wrapper in JSON", "CMW: record", false, &unwrap_json_cmw},
    Wrapping{"array of bytes", "C, Go, JSON", false, &unwrap_array},
    Wrapping{"hexadecimal dump", "xxd, hexdump -C", false, &unwrap_dump},
    Wrapping{"hexadecimal", "xxd -p, od -An -v -tx1", false, &unwrap_hexadecimal},
    Wrapping{"base 64", "RFC4648 §4, §5", false, &unwrap_base64},
};

}  // namespace

std::span<const Wrapping> wrappings() noexcept { return table; }

}  // namespace merlon::evidence
