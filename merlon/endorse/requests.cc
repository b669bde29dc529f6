#include "merlon/endorse/requests.h"

#include <algorithm>

#include "merlon/base/text.h"
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

Result<std::vector<Request>> for_quote(const sgx::Quote& quote, const Services& services) {
  const Platform platform = TRY(platform_of(quote));
  const bool tdx = quote.kind != sgx::BodyKind::Enclave;
  const std::string_view tee = tdx ? "tdx" : "sgx";
  const std::string_view ca = platform.processor_ca ? "processor" : "platform";
  const std::string_view intel = without_slash(services.intel);
  const std::string base = concat(intel, "/", tee, "/certification/v4/");
  return std::vector<Request>{
      {concat(base, "tcb?fmspc=", platform.fmspc), concat(tee, "-tcb-", platform.fmspc, ".json"),
       "tcb-info-issuer-chain", false},
      {concat(base, "qe/identity"), concat(tee, "-qe-identity.json"),
       "sgx-enclave-identity-issuer-chain", false},
      {concat(intel, "/sgx/certification/v4/pckcrl?ca=", ca, "&encoding=der"),
       concat("pck-", ca, ".crl"), "sgx-pck-crl-issuer-chain", false},
      {concat(without_slash(services.intel_root), "/IntelSGXRootCA.der"), "intel-root.crl", "",
       false}};
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
  const std::string_view amd = without_slash(services.amd);
  const std::string_view name = to_string(*product);
  const bool vlek = report.signing_key == snp::SigningKey::Vlek;
  const std::string base = concat(amd, vlek ? "/vlek/v1/" : "/vcek/v1/", name);
  std::vector<Request> all{
      {concat(base, "/cert_chain"), concat(vlek ? "vlek-" : "vcek-", name, ".pem"), "", false},
      {concat(amd, "/vcek/v1/", name, "/crl"), concat("ark-", name, ".crl"), "", false}};
  if (vlek) {
    // Two lists of one issuer: that of the other address has the ASVK, as its certificate says.
    all.push_back({concat(base, "/crl"), concat("ark-", name, "-vlek.crl"), "", false});
    return all;  // a VLEK comes from the provider alone
  }
  const snp::TcbComponents tcb = snp::components(report.reported_tcb, *product);
  const bool turin = *product == snp::Product::Turin;
  const std::string chip = base::hex(report.chip_id.view().first(turin ? 8 : 64));
  std::string levels = concat(spl("bl", tcb.bootloader), "&", spl("tee", tcb.tee), "&",
                              spl("snp", tcb.snp), "&", spl("ucode", tcb.microcode));
  if (turin) levels = concat(spl("fmc", tcb.fmc), "&", levels);
  all.push_back({concat(base, "/", chip, "?", levels),
                 concat("vcek-", std::string_view(chip).substr(0, 16), "-",
                        base::hex(report.reported_tcb.view()), ".der"),
                 "", false});
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

}  // namespace merlon::endorse
