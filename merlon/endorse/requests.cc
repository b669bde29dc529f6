#include "merlon/endorse/requests.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/pem.h"
#include "merlon/sgx/pck_extension.h"
#include "merlon/x509/certificate.h"

namespace merlon::endorse {

using base::concat;
using core::ErrorCode;
using core::Result;

namespace {

/// An address to which a path is added, with or without slashes at its end.
std::string_view without_slash(std::string_view url) noexcept {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

struct Platform {
  std::string fmspc;
  bool processor_ca = false;
};

/// Out of the certificates in the quote.
Result<Platform> platform_of(const sgx::Quote& quote) {
  for (const codec::PemBlock& block :
       TRY(codec::pem_blocks(core::as_text(quote.pck_chain), codec::PemRule::OnlyBlocks))) {
    const auto certificate = x509::Certificate::parse(block.bytes);
    if (!certificate) continue;
    const auto* extension = x509::find_extension(certificate->extensions(), sgx::pck_extension_oid);
    if (extension == nullptr) continue;
    const auto pck = TRY(sgx::PckExtension::parse(extension->value));
    const std::string issuer(core::as_text(certificate->issuer()));
    return Platform{base::hex(pck.fmspc.view()), issuer.find("Processor CA") != std::string::npos};
  }
  return core::error(ErrorCode::NotFound, "the quote carries no PCK certificate");
}

/// TCB info and the identity of the quoting enclave. Not every platform has TDX.
void add_documents(std::vector<Request>& all, const Services& services, std::string_view tee,
                   std::string_view fmspc, bool optional) {
  const std::string base = concat(without_slash(services.intel), "/", tee, "/certification/v4/");
  all.push_back({concat(base, "tcb?fmspc=", fmspc), concat(tee, "-tcb-", fmspc, ".json"),
                 "tcb-info-issuer-chain", optional});
  all.push_back({concat(base, "qe/identity"), concat(tee, "-qe-identity.json"),
                 "sgx-enclave-identity-issuer-chain", optional});
}

void add_pck_list(std::vector<Request>& all, const Services& services, std::string_view ca) {
  all.push_back({concat(without_slash(services.intel), "/sgx/certification/v4/pckcrl?ca=", ca,
                        "&encoding=der"),
                 concat("pck-", ca, ".crl"), "sgx-pck-crl-issuer-chain", false});
}

void add_root_list(std::vector<Request>& all, const Services& services) {
  all.push_back({concat(without_slash(services.intel_root), "/IntelSGXRootCA.der"),
                 "intel-root.crl", "", false});
}

Result<std::vector<Request>> for_quote(const sgx::Quote& quote, const Services& services) {
  const Platform platform = TRY(platform_of(quote));
  std::vector<Request> all;
  add_documents(all, services, quote.kind == sgx::BodyKind::Enclave ? "sgx" : "tdx", platform.fmspc,
                false);
  add_pck_list(all, services, platform.processor_ca ? "processor" : "platform");
  add_root_list(all, services);
  return all;
}

/// The certificates above VCEKs or VLEKs.
void add_amd_chain(std::vector<Request>& all, const Services& services, std::string_view product,
                   std::string_view kind) {
  all.push_back({concat(without_slash(services.amd), "/", kind, "/v1/", product, "/cert_chain"),
                 concat(kind, "-", product, ".pem"), "", false});
}

/// Two lists of one issuer: that under "vlek" has the ASVK, as its certificate says.
void add_amd_list(std::vector<Request>& all, const Services& services, std::string_view product,
                  std::string_view kind) {
  all.push_back({concat(without_slash(services.amd), "/", kind, "/v1/", product, "/crl"),
                 concat("ark-", product, kind == "vlek" ? "-vlek.crl" : ".crl"), "", false});
}

std::string spl(std::string_view name, std::uint8_t value) {
  return concat(name, "SPL=", value < 10 ? "0" : "", unsigned{value});
}

Result<std::vector<Request>> for_report(const snp::Report& report, const Services& services,
                                        std::optional<snp::Product> product) {
  if (report.cpuid) {
    product = snp::product_of_cpuid(report.cpuid->family, report.cpuid->model);
    if (!product) {
      return core::error(ErrorCode::Unsupported,
                         "the report's processor is neither Milan, Genoa nor Turin");
    }
  }
  if (!product) {
    return core::error(ErrorCode::NotFound,
                       "the report does not say which product made it: add --product Milan, Genoa "
                       "or Turin");
  }
  if (*product == snp::Product::Simulator) {
    return core::error(ErrorCode::NotFound,
                       "a simulator's evidence: nobody but the simulator endorses it");
  }
  const std::string_view name = to_string(*product);
  const bool vlek = report.signing_key == snp::SigningKey::Vlek;
  std::vector<Request> all;
  add_amd_chain(all, services, name, vlek ? "vlek" : "vcek");
  add_amd_list(all, services, name, "vcek");
  if (vlek) {
    add_amd_list(all, services, name, "vlek");
    return all;  // a VLEK comes from the provider alone
  }
  const snp::Chip chip{*product, report.chip_id, snp::components(report.reported_tcb, *product)};
  Request vcek = vcek_request(chip, services);
  vcek.file = concat("vcek-", name, "-", chip.id_digits(), "-",
                     base::hex(report.reported_tcb.view()), ".der");
  all.push_back(std::move(vcek));
  return all;
}

struct ForEvidence {
  const Services& services;
  std::optional<snp::Product> product;

  Result<std::vector<Request>> operator()(const evidence::KvmEvidence&) const {
    return core::error(ErrorCode::NotFound, "nothing endorses a KVM keep");
  }
  Result<std::vector<Request>> operator()(const evidence::SgxEvidence& e) const {
    return for_quote(e.quote, services);
  }
  Result<std::vector<Request>> operator()(const evidence::TdxEvidence& e) const {
    return for_quote(e.quote, services);
  }
  Result<std::vector<Request>> operator()(const evidence::SnpEvidence& e) const {
    return for_report(e.report, services, product);
  }
};

}  // namespace

Request vcek_request(const snp::Chip& chip, const Services& services) {
  std::string levels = concat(spl("bl", chip.tcb.bootloader), "&", spl("tee", chip.tcb.tee), "&",
                              spl("snp", chip.tcb.snp), "&", spl("ucode", chip.tcb.microcode));
  if (chip.product == snp::Product::Turin) levels = concat(spl("fmc", chip.tcb.fmc), "&", levels);
  return {concat(without_slash(services.amd), "/vcek/v1/", to_string(chip.product), "/",
                 chip.id_digits(), "?", levels),
          chip.file(), "", false};
}

Request vcek_chain_request(snp::Product product, const Services& services) {
  std::vector<Request> all;
  add_amd_chain(all, services, to_string(product), "vcek");
  return all.front();
}

bool is_this_machine(std::string_view url) noexcept {
  for (const std::string_view start : {"http://127.0.0.1:", "http://localhost:"}) {
    if (!url.starts_with(start)) continue;
    // A port and nothing else: it could be the name of a user at another machine.
    const std::string_view port =
        url.substr(start.size(), url.find('/', start.size()) - start.size());
    return !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
  }
  return false;
}

bool may_be_asked(std::string_view url) noexcept {
  return url.starts_with("https://") || is_this_machine(url);
}

bool lacks_vlek(const evidence::Evidence& evidence) {
  const auto* snp = std::get_if<evidence::SnpEvidence>(&evidence.report);
  if (snp == nullptr || snp->report.signing_key != snp::SigningKey::Vlek) return false;
  return std::ranges::none_of(evidence.endorsements.certificates, [](const auto& der) {
    const auto certificate = x509::Certificate::parse(der);
    return certificate && certificate->common_name() == "SEV-VLEK";
  });
}

Result<std::vector<Request>> requests_for(const evidence::Evidence& evidence,
                                          const Services& services,
                                          std::optional<snp::Product> product) {
  return std::visit(ForEvidence{services, product}, evidence.report);
}

Result<std::vector<Request>> requests_for_platform(std::string_view platform,
                                                   const Services& services) {
  std::vector<Request> all;
  const auto product = snp::product_of_name(platform);
  if (product && to_string(*product) == platform) {
    for (const std::string_view kind : {"vcek", "vlek"}) {
      add_amd_chain(all, services, platform, kind);
      add_amd_list(all, services, platform, kind);
    }
    return all;
  }
  const auto fmspc = codec::decode_hex(platform);
  if (!fmspc || fmspc->size() != sgx::Fmspc::size) {
    return core::error(ErrorCode::Malformed,
                       "neither Milan, Genoa or Turin nor an FMSPC of 12 hexadecimal digits");
  }
  const std::string digits = base::hex(*fmspc);
  add_documents(all, services, "sgx", digits, false);
  add_documents(all, services, "tdx", digits, true);
  for (const std::string_view ca : {"processor", "platform"}) add_pck_list(all, services, ca);
  add_root_list(all, services);
  return all;
}

}  // namespace merlon::endorse
