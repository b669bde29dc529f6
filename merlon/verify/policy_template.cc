#include "merlon/verify/policy.h"

namespace merlon::verify {

std::string_view policy_template() noexcept {
  return R"(# What one is willing to trust; for `merlon evidence verify --policy`. What stands here
# uncommented is the default. Unknown keys are refused. Byte strings are hexadecimal.

# Without this key: those of the tables [sgx], [tdx] and [snp] that are there, or all if none is.
# technologies = ["sgx", "tdx", "snp"]

# "required": a missing revocation list refuses. "if-present": only where there is no way to get one.
revocation = "required"

# Whether a revocation list that comes along with the evidence, whose sender chose it, can say that
# something is not revoked. That something is revoked every list can say; that a VLEK of AMD's is
# not, none of these.
carried_lists = false

# Revocation lists and Intel's documents must have been issued within so many days. The lists of the
# vendors' roots are issued about once a year.
# max_age_days = 400
# The same for each kind alone, in the place of that; without any they count as long as they say.
# max_list_age_days = 400
# max_tcb_info_age_days = 14
# max_identity_age_days = 14

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
# Of evidence that a workload asked for: SHA-256 of its /keep/launch.json and of what it said.
# launch_sha256 = "…64 digits…"
# said_sha256 = "…64 digits…"
# any = true

# SGX and TDX.
[dcap]
# Also: SWHardeningNeeded, ConfigurationNeeded, ConfigurationAndSWHardeningNeeded, OutOfDate,
# OutOfDateConfigurationNeeded. Revoked is never accepted. Beyond UpToDate each open advisory must
# be waived, up to and with a day; where Intel names none, the status itself, of the platform, its
# quoting enclave and its TDX module each.
statuses = ["UpToDate"]
# waivers = [{ advisory = "INTEL-SA-00615", until = 2027-03-01 }]
# Open advisories that are accepted of a platform that is UpToDate; any if the key is not there.
# advisories = ["INTEL-SA-00615"]
# Platforms, by the PPID that Intel gave each; any if the key is not there.
# ppid = ["…32 digits…"]
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
# Zero unless it is named, since whoever launches chooses it. "any" accepts every value.
# config_id = ["…128 digits…"]
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
# Each of these is zero unless it is named, since whoever launches chooses it. "any" accepts every
# value.
# mr_config_id = ["…96 digits…"]
# mr_owner = ["…96 digits…"]
# mr_owner_config = ["…96 digits…"]
# The service domains that are bound to it, which may read its keys where it may be migrated.
# mr_service_td = ["…96 digits…"]

[snp]
# measurement = ["…96 digits…"]
# refused_measurement = ["…96 digits…"]
# Each of id_key_sha384, author_key_sha384 and host_data is zero (there is no such key) unless it is
# named, since whoever launches chooses it. "any" accepts every value. An author key that is named
# vouches for whichever id key.
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
# What it asked for beside, of newer processors and firmware.
# cxl = false
# aes_256_xts = true
# rapl_disabled = true
# ciphertext_hiding = true
# page_swap_disabled = true
# products = ["Milan", "Genoa", "Turin"]
# signing_keys = ["VCEK", "VLEK"]
# CSP_ID of a VLEK; with or without "CN=".
# providers = ["CN=cc-us-east-2.amazonaws.com"]
# Machines, by the CHIP_ID of their processors; any if the key is not there.
# chip_id = ["…128 digits…"]
# Of smt, tsme, ecc, rapl-disabled, ciphertext-hiding, alias-check, tio.
# platform_on = ["alias-check", "ecc"]
# platform_off = ["smt"]
# AMD's bulletins set floors (docs/evidence.md has them). One that cannot be kept yet is waived, up to
# and with a day.
# waivers = [{ advisory = "AMD-SB-3030", until = 2027-03-01 }]
# Floors of your own. Their numbers are of one product: name it in products.
# min_reported_tcb = { bootloader = 4, tee = 0, snp = 24, microcode = 219, fmc = 0 }
# min_launch_tcb = { bootloader = 4, tee = 0, snp = 24, microcode = 219, fmc = 0 }
# min_firmware = "1.55.29"
provisional_firmware = false
# launch_mitigations = "0x3f"
# current_mitigations = "0x3f"
)";
}

}  // namespace merlon::verify
