#include "merlon/verify/policy.h"

namespace merlon::verify {

std::string_view policy_template() noexcept {
  return R"(# What one is willing to trust; for `merlon evidence verify --policy`. What stands here
# uncommented is the default. Unknown keys are refused. Byte strings are hexadecimal.

# Without this key: those of the tables [sgx], [tdx] and [snp] that are there, or all if none is.
# technologies = ["sgx", "tdx", "snp"]

# "required": a missing revocation list refuses. "if-present": only where there is no way to get one.
revocation = "required"

# Revocation lists and Intel's documents must have been issued within so many days. The lists of the
# vendors' roots are issued about once a year.
# max_age_days = 400

# Keys of roots beside the vendors': SHA-256 of the DER SubjectPublicKeyInfo. For simulators and tests.
# roots = ["0000000000000000000000000000000000000000000000000000000000000000"]

# What the 64 bytes of report data must be. Without this table: the hash of the key of the
# certification request around the evidence, or anything where there is no request.
[report_data]
# There must be a request.
# request = true
# exact = "…128 digits…"
# spki = "…a DER SubjectPublicKeyInfo…"
# tls_key_sha256 = "…64 digits…"
# hpke_key_sha256 = "…64 digits…"
# nonce = "…64 digits…"
# any = true

# SGX and TDX.
[dcap]
# Also: SWHardeningNeeded, ConfigurationNeeded, ConfigurationAndSWHardeningNeeded, OutOfDate,
# OutOfDateConfigurationNeeded. Revoked is never accepted.
statuses = ["UpToDate"]
# Open advisories that are accepted; any if the key is not there.
# advisories = ["INTEL-SA-00615"]
min_evaluation_number = 0
tcb_info_v2 = false

[sgx]
# mr_enclave = ["…64 digits…"]
# refused_mr_enclave = ["…64 digits…"]
# mr_signer = ["…64 digits…"]
# product_id = 0
min_svn = 0
debug = false
# Bits that may be set; any if the key is not there.
# attributes = "0x5"
# xfrm = "0xe7"
# misc_select = 0
# ext_product_id = "…32 digits…"
# family_id = "…32 digits…"
# config_id = "…128 digits…"
min_config_svn = 0

[tdx]
# mr_td = ["…96 digits…"]
# rt_mr0 = ["…96 digits…"]
# rt_mr1 = ["…96 digits…"]
# rt_mr2 = ["…96 digits…"]
# rt_mr3 = ["…96 digits…"]
# mr_seam = ["…96 digits…"]
debug = false
migration = false
# Bits that may be set; without the key all that the TDX module's specification gives a meaning.
# attributes = "0x10000000"
# Bits that must be set: 28 is SEPT_VE_DISABLE, which Linux as a guest relies on.
# required_attributes = "0x10000000"
# Bits that may be set; any if the key is not there.
# xfam = "0xe7"
# mr_config_id = "…96 digits…"
# mr_owner = "…96 digits…"
# mr_owner_config = "…96 digits…"
# mr_service_td = "…96 digits…"

[snp]
# measurement = ["…96 digits…"]
# refused_measurement = ["…96 digits…"]
# id_key_sha384 = ["…96 digits…"]
# refused_id_key_sha384 = ["…96 digits…"]
# author_key_sha384 = ["…96 digits…"]
# host_data = ["…64 digits…"]
# family_id = "…32 digits…"
# image_id = "…32 digits…"
min_guest_svn = 0
vmpl = [0]
debug = false
migration = false
# The ABI that the guest asked for when it was launched.
# min_abi = "1.51"
# max_abi = "1.255"
# smt = false
# single_socket = true
# products = ["Milan", "Genoa", "Turin"]
# signing_keys = ["VCEK", "VLEK"]
# providers = ["cc-us-east-2.amazonaws.com"]
# Of smt, tsme, ecc, rapl-disabled, ciphertext-hiding, alias-check, tio.
# platform_on = ["alias-check", "ecc"]
# platform_off = ["smt"]
# Floors, since AMD publishes no list of what is up to date. Their numbers are of one product: name it
# in products.
# min_reported_tcb = { bootloader = 4, tee = 0, snp = 24, microcode = 219, fmc = 0 }
# min_launch_tcb = { bootloader = 4, tee = 0, snp = 24, microcode = 219, fmc = 0 }
# min_firmware = "1.55.29"
provisional_firmware = false
# launch_mitigations = "0x3f"
# current_mitigations = "0x3f"
)";
}

}  // namespace merlon::verify
