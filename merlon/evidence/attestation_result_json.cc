// AttestationResult::to_json.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/json_writer.h"
#include "merlon/evidence/attestation_result.h"

namespace merlon::evidence {

namespace {

using codec::JsonWriter;

void member(JsonWriter& out, std::string_view name, std::string_view value) {
  out.key(name);
  out.text(value);
}

void member(JsonWriter& out, std::string_view name, std::uint64_t value) {
  out.key(name);
  out.number(value);
}

void flag(JsonWriter& out, std::string_view name, bool value) {
  out.key(name);
  out.boolean(value);
}

void write_vector(JsonWriter& out, const TrustVector& vector) {
  out.key("ear.trustworthiness-vector");
  out.open_object();
  for (const auto& [name, value] :
       {std::pair{"executables", vector.executables}, std::pair{"hardware", vector.hardware},
        std::pair{"runtime-opaque", vector.memory}}) {
    if (value != 0) member(out, name, std::uint64_t{value});
  }
  out.close_object();
}

void write_attester(JsonWriter& out, const AttestationResult& result) {
  member(out, "ear.status", to_string(result.status));
  write_vector(out, result.vector);
  out.key("ear.appraisal-policy-ids");
  out.open_array();
  out.text(base::concat("sha256:", base::hex(result.policy.view())));
  out.close_array();
  member(out, "technology", to_string(result.technology));
  member(out, "measurement", base::hex(result.measurement));
  out.key("signers");
  out.open_array();
  for (const WorkloadSigner& each : result.signers) {
    out.open_object();
    member(out, "role", each.role);
    member(out, "digest", base::hex(each.digest));
    out.close_object();
  }
  out.close_array();
  if (result.workload) {
    out.key("workload");
    out.open_object();
    member(out, "tenant_key_sha256", base::hex(result.workload->tenant.view()));
    member(out, "sha256", base::hex(result.workload->module.view()));
    member(out, "message_sha256", base::hex(result.workload->configuration.view()));
    out.close_object();
  }
  flag(out, "debug", result.debug);
  member(out, "tcb_status", result.tcb_status);
  flag(out, "simulator", result.simulator);
  member(out, "evidence", base::concat("sha256:", base::hex(result.evidence.view())));
  out.key("remarks");
  out.open_array();
  for (const std::string& each : result.remarks) out.text(each);
  out.close_array();
}

}  // namespace

std::string AttestationResult::to_json() const {
  JsonWriter out;
  out.open_object();
  member(out, "eat_profile", ear_profile);
  member(out, "iat", static_cast<std::uint64_t>(std::max<std::int64_t>(issued.seconds, 0)));
  out.key("ear.verifier-id");
  out.open_object();
  member(out, "developer", ear_developer);
  member(out, "build", build);
  out.close_object();
  out.key("submods");
  out.open_object();
  out.key(ear_submodule);
  out.open_object();
  write_attester(out, *this);
  out.close_object();
  out.close_object();
  out.close_object();
  return out.result() + "\n";
}

}  // namespace merlon::evidence
