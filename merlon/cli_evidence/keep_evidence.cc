// merlon keep evidence: a keep that only proves itself, and files for evidence verify.

#include <filesystem>
#include <optional>

#include "merlon/base/text.h"
#include "merlon/cli/output_file.h"
#include "merlon/cli/simulator_path.h"
#include "merlon/cli_evidence/commands.h"
#include "merlon/cli_evidence/files.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json_writer.h"
#include "merlon/codec/pem.h"
#include "merlon/crypto/hash.h"
#include "merlon/host/keep.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/random.h"
#include "merlon/sgx/quote.h"
#include "merlon/snp/report.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

using Nonce = std::array<std::uint8_t, launch::nonce_size>;

Failure keep_failed(const host::HostError& error) { return {error.text, Status::Unusable}; }

Result<Nonce> nonce_of(const cli::Arguments& arguments) {
  Nonce nonce{};
  if (!arguments.has("--nonce")) {
    if (os::fill_random(nonce)) return nonce;
    return Failure{"cannot make a nonce", Status::Unusable};
  }
  const auto bytes = codec::decode_hex(arguments.value("--nonce"));
  if (!bytes || bytes->size() != nonce.size()) {
    return Failure{"--nonce: wants 64 hexadecimal digits", Status::Usage};
  }
  std::ranges::copy(*bytes, nonce.begin());
  return nonce;
}

/// The table of options lets no other pass.
host::Backend backend_of(const cli::Arguments& arguments) {
  return host::find_backend(arguments.value("--backend")).value_or(host::Backend::SnpSim);
}

constexpr std::chrono::seconds limit{60};

Result<host::Keep> start_keep(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  host::MachineOptions machine;
  machine.world = terminal.variable("MERLON_KVM_WORLD");
  const host::Backend backend = backend_of(arguments);
  machine.simulator = arguments.value("--simulator", cli::simulator_path_of(backend, terminal));
  machine.signatures = arguments.value("--signatures");
  machine.proves = true;
  auto keep = host::Keep::start(backend, machine);
  if (!keep) return keep_failed(keep.error());
  return *std::move(keep);
}

Result<launch::Proof> proof_of(host::Keep& keep, const os::SignalRelay& relay, const Nonce& nonce) {
  const auto readiness = keep.readiness(relay, limit);
  if (!readiness) return keep_failed(readiness.error());
  if (!readiness->ready) {
    return Failure{
        concat("backend ", host::name_of(keep.backend()), ": ", base::printable(readiness->text)),
        Status::Unusable};
  }
  if (const auto launched = keep.launch(host::make_proof_plan(nonce)); !launched) {
    return keep_failed(launched.error());
  }
  auto proof = keep.proof(relay, limit);
  if (!proof) return keep_failed(proof.error());
  return *std::move(proof);
}

/// What is said and written.
struct Facts {
  host::Backend backend = host::Backend::SnpSim;
  std::string measurement;
  std::string host_data;  ///< of SEV-SNP; empty
  std::string signer;     ///< MRSIGNER of SGX; empty
  std::string nonce;
  std::string tls_key;   ///< SHA-256
  std::string hpke_key;  ///< likewise
  bool has_request = false;
};

Failure no_report(const core::Error& error) {
  return Failure{concat("the keep's report: ", error.message()), Status::Unusable};
}

Result<void> add_guest(const launch::Proof& proof, Facts& facts) {
  const auto report = snp::Report::parse(proof.evidence);
  if (!report) return no_report(report.error());
  facts.measurement = base::hex(report->measurement.view());
  facts.host_data = base::hex(report->host_data.view());
  return {};
}

Result<void> add_enclave(const launch::Proof& proof, Facts& facts) {
  const auto quote = sgx::Quote::parse(proof.evidence);
  if (!quote) return no_report(quote.error());
  const auto body = sgx::ReportBody::parse(quote->body);
  if (!body) return no_report(body.error());
  facts.measurement = base::hex(body->mr_enclave.view());
  facts.signer = base::hex(body->mr_signer.view());
  return {};
}

Result<Facts> facts_of(host::Backend backend, const launch::Proof& proof, const Nonce& nonce) {
  Facts facts;
  facts.backend = backend;
  facts.nonce = base::hex(nonce);
  facts.tls_key = base::hex(crypto::sha256({proof.tls_key}).view());
  facts.hpke_key = base::hex(crypto::sha256({proof.hpke_key}).view());
  facts.has_request = !proof.request.empty();
  TRY(host::has_enclaves(backend) ? add_enclave(proof, facts) : add_guest(proof, facts));
  return facts;
}

std::string policy_lines(const Facts& facts) {
  return concat("[report_data]\ntls_key_sha256 = \"", facts.tls_key, "\"\nhpke_key_sha256 = \"",
                facts.hpke_key, "\"\nnonce = \"", facts.nonce, "\"\n");
}

/// Not waiting for the disk: it is evidence for one moment, and asked for again after a crash.
Result<void> write_bytes(const std::string& path, core::ByteView bytes) {
  const auto written = cli::write_output(path, bytes, {.lasting = cli::Lasting::InTime});
  if (!written) return Failure{written.error(), Status::Unusable};
  return {};
}

Result<void> write_files(const std::string& folder, const launch::Proof& proof,
                         const Facts& facts) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return Failure{concat(base::printable(folder), ": cannot be made: ", error.message()),
                   Status::Unusable};
  }
  TRY(write_bytes(concat(folder, "/evidence.bin"), proof.evidence));
  TRY(write_bytes(concat(folder, "/certificates.bin"), proof.certificates));
  if (facts.has_request) {
    const std::string pem = codec::to_pem("CERTIFICATE REQUEST", proof.request);
    TRY(write_bytes(concat(folder, "/request.csr"), core::as_bytes(pem)));
  }
  return write_bytes(concat(folder, "/report_data.toml"), core::as_bytes(policy_lines(facts)));
}

std::string to_text(const Facts& facts, const std::string& folder) {
  std::string text;
  const auto line = [&](std::string_view name, std::string_view value) {
    constexpr std::size_t column = 15;
    text += concat(name, std::string(column - name.size(), ' '), value, "\n");
  };
  line("Backend",
       concat(host::name_of(facts.backend),
              host::is_simulated(facts.backend) ? ": a simulation, which protects nothing" : ""));
  line("Measurement", facts.measurement);
  if (!facts.host_data.empty()) line("Host data", facts.host_data);
  if (!facts.signer.empty()) line("Signer", facts.signer);
  line("Nonce", facts.nonce);
  line("TLS key", concat("sha256 ", facts.tls_key));
  line("HPKE key", concat("sha256 ", facts.hpke_key));
  line("Written to", base::printable(folder, folder.size()));
  if (!facts.has_request) text += "No request: the host has no certificate of its processor\n";
  return text;
}

std::string to_json(const Facts& facts, const std::string& folder) {
  codec::JsonWriter json;
  const auto member = [&](std::string_view name, std::string_view value) {
    json.key(name);
    json.text(value);
  };
  json.open_object();
  member("backend", host::name_of(facts.backend));
  member("measurement", facts.measurement);
  if (!facts.host_data.empty()) member("host_data", facts.host_data);
  if (!facts.signer.empty()) member("mr_signer", facts.signer);
  member("nonce", facts.nonce);
  member("tls_key_sha256", facts.tls_key);
  member("hpke_key_sha256", facts.hpke_key);
  json.key("request");
  json.boolean(facts.has_request);
  member("directory", base::printable(folder, folder.size()));
  json.close_object();
  return json.result() + "\n";
}

Result<std::string> get_evidence(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string folder = arguments.positional(0);
  const Nonce nonce = TRY(nonce_of(arguments));
  const os::SignalRelay relay;
  host::Keep keep = TRY(start_keep(arguments, terminal));
  const launch::Proof proof = TRY(proof_of(keep, relay, nonce));
  // While the keep's machine is taken apart.
  const Facts facts = TRY(facts_of(keep.backend(), proof, nonce));
  TRY(write_files(folder, proof, facts));
  static_cast<void>(keep.wait(relay, limit));
  return arguments.has("--json") ? to_json(facts, folder) : to_text(facts, folder);
}

}  // namespace

int keep_evidence(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto text = get_evidence(arguments, terminal);
  if (text) return cli::print(terminal, *text);
  return cli::fail(terminal, text.error().text, number(text.error().status));
}

}  // namespace merlon::cli_evidence
