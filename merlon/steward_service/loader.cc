#include "merlon/steward_service/loader.h"

#include <algorithm>
#include <tuple>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/os/open.h"
#include "merlon/steward/ca_store.h"
#include "merlon/steward_service/files.h"
#include "merlon/steward_service/made_ca.h"
#include "merlon/steward_service/table.h"
#include "merlon/x509/certificate.h"
#include "merlon/x509/name.h"

namespace merlon::steward_service {

using base::concat;

namespace {

constexpr std::size_t max_pem_size = 256U << 10U;

/// Certificates of a file in PEM, in their order.
Outcome<std::vector<tls::Certificate>> read_chain(const std::string& path) {
  const auto bytes = TRY(read_file(path, max_pem_size));
  auto chain = codec::pem_certificates(core::as_text(bytes));
  if (!chain) return concat(base::printable(path), ": ", chain.error().what);
  return *std::move(chain);
}

Outcome<crypto::SecretBytes> read_secret(const std::string& path) {
  return crypto::SecretBytes(TRY(read_file(path, crypto::PrivateKey::max_pem_size)));
}

struct OwnTls {
  tls::Context context;
  codec::UnixTime end;
};

Outcome<std::optional<OwnTls>> read_tls(const Options& options) {
  if (options.tls_key.empty()) return std::optional<OwnTls>();
  const auto chain = TRY(read_chain(options.tls_certificate));
  const crypto::SecretBytes pem = TRY(read_secret(options.tls_key));
  const auto key = crypto::PrivateKey::from_pem(pem.reveal());
  if (!key) return concat(base::printable(options.tls_key), ": ", key.error().what);
  const auto own = x509::Certificate::parse(chain.front());
  if (!own) return concat(base::printable(options.tls_certificate), ": ", own.error().what);
  tls::ServerSettings settings;
  settings.identity = {chain, &*key};
  settings.alpn = {"http/1.1"};
  auto context = tls::Context::server(settings);
  if (!context) {
    return concat(base::printable(options.tls_certificate), " and ",
                  base::printable(options.tls_key), ": ", context.error().what);
  }
  return std::optional<OwnTls>(OwnTls{*std::move(context), own->validity().not_after});
}

struct GivenPolicy {
  verify::Policy policy;
  std::string text;
};

Outcome<GivenPolicy> read_policy(const std::string& path) {
  // Without a file the default policy counts, and this is how that one is written.
  if (path.empty()) return GivenPolicy{{}, std::string(verify::policy_template())};
  const auto bytes = TRY(read_file(path, verify::max_policy_size));
  std::string text(core::as_text(bytes));
  auto policy = verify::Policy::parse_any(text, base::printable(path));
  if (!policy) return policy.error().text();
  return GivenPolicy{*std::move(policy), std::move(text)};
}

void add_expiries(std::vector<Expiry>& to, const verify::Collateral& collateral) {
  for (const x509::Crl& each : collateral.own_lists()) {
    to.push_back({"revocation_list", x509::name_text(each.issuer()), each.validity().not_after});
  }
  for (const verify::TcbInfoDocument& each : collateral.tcb_infos) {
    to.push_back({"tcb_info",
                  concat(each.info->is_tdx ? "TDX " : "SGX ", base::hex(each.info->fmspc.view())),
                  each.info->period.next_update});
  }
  for (const verify::IdentityDocument& each : collateral.identities) {
    to.push_back({"identity", std::string(sgx::to_string(each.identity->id)),
                  each.identity->period.next_update});
  }
  for (const x509::Certificate& each : collateral.certificates) {
    to.push_back({"certificate", x509::name_text(each.subject()), each.validity().not_after});
  }
}

/// Two of the same kind and name would be one for Prometheus: the one that ends last is what
/// counts.
void sort_expiries(std::vector<Expiry>& all) {
  std::ranges::sort(all, [](const Expiry& a, const Expiry& b) {
    return std::tie(a.kind, a.name, b.at) < std::tie(b.kind, b.name, a.at);
  });
  const auto doubles = std::ranges::unique(
      all, [](const Expiry& a, const Expiry& b) { return a.kind == b.kind && a.name == b.name; });
  all.erase(doubles.begin(), doubles.end());
  std::ranges::sort(all, [](const Expiry& a, const Expiry& b) {
    return std::tie(a.at, a.kind, a.name) < std::tie(b.at, b.kind, b.name);
  });
}

}  // namespace

Outcome<Loader> Loader::create(Options options, codec::UnixTime now) {
  Loader loader(std::move(options));
  if (!loader.options_.host.empty()) {
    MadeCa made = TRY(make_ca(loader.options_.host, now));
    loader.made_certificate_ = std::move(made.certificate);
    loader.made_key_ = std::move(made.key);
  }
  return loader;
}

Outcome<Loader::Signing> Loader::from_store(codec::UnixTime now) const {
  const steward::CaStore store = TRY(steward::CaStore::open(options_.ca));
  const auto longest = store.leaf_lifetime();
  if (options_.lifetime.value_or(longest) > longest) {
    return concat("--lifetime: ", base::printable(options_.ca), " was made for certificates of ",
                  longest.count(), " s at most, by which it knows when an authority can go");
  }
  return Signing{TRY(store.issuer(now)), options_.lifetime.value_or(longest), TRY(store.trust())};
}

Outcome<Loader::Signing> Loader::signing(codec::UnixTime now) const {
  if (!options_.ca.empty()) return from_store(now);
  const auto lifetime = options_.lifetime.value_or(std::chrono::hours(24));
  const auto signing = [&](Outcome<steward::Issuer> issuer) -> Outcome<Signing> {
    if (!issuer) return std::move(issuer.error());
    const std::string root =
        issuer->chain.empty() ? std::string() : codec::to_pem("CERTIFICATE", issuer->chain.back());
    return Signing{*std::move(issuer), lifetime, root};
  };
  if (!made_certificate_.empty()) {
    return signing(
        steward::Issuer::from_pem(core::as_bytes(made_certificate_), made_key_.reveal()));
  }
  const auto certificates = TRY(read_file(options_.certificate, max_pem_size));
  const crypto::SecretBytes key = TRY(read_secret(options_.key));
  auto issuer = steward::Issuer::from_pem(certificates, key.reveal());
  if (issuer) return signing(std::move(issuer));
  return concat(base::printable(options_.certificate), " and ", base::printable(options_.key), ": ",
                issuer.error());
}

Outcome<GenerationPointer> Loader::load(codec::UnixTime now) const {
  GivenPolicy given = TRY(read_policy(options_.policy));
  steward::Authority::Settings settings;
  settings.policy = std::move(given.policy);
  settings.policy_source = std::move(given.text);
  settings.dns_names = options_.names;
  Signing signing = TRY(this->signing(now));
  settings.lifetime = signing.lifetime;
  settings.development = options_.development;
  settings.build = concat(program().name, " ", program().version);
  if (!options_.early.empty()) {
    const GivenEndorsements early = TRY(read_endorsements(options_.early));
    settings.early =
        std::make_shared<const verify::Collateral>(verify::Collateral::prepare(early.all));
  }
  const auto authority =
      TRY(steward::Authority::create(std::move(signing.issuer), std::move(settings)));
  GivenEndorsements endorsements = TRY(read_endorsements(endorsement_paths()));
  auto made = std::make_shared<Generation>();
  const auto own =
      std::make_shared<const verify::Collateral>(verify::Collateral::prepare(endorsements.all));
  made->own = own;
  made->policy = authority.settings().policy;
  made->certify = [authority, own](steward::RequestForm form, core::ByteView body,
                                   const verify::Moment& moment) {
    return authority.certify(form, body, *own, moment);
  };
  made->admit = [authority, own](const credential::Request& request, const verify::Moment& moment) {
    return authority.admit(request, *own, moment);
  };
  made->policy_sha256 = authority.policy_digest();
  made->policy_digest = base::hex(authority.policy_digest().view());
  made->policy_file = options_.policy;
  made->issuer_end = authority.issuer_end();
  made->issuer = base::hex(crypto::sha256({authority.chain().front()}).view());
  made->trust = std::move(signing.trust);
  made->rules.assign(authority.effective_rules().begin(), authority.effective_rules().end());
  made->warnings.assign(authority.warnings().begin(), authority.warnings().end());
  made->warnings.insert(made->warnings.end(), endorsements.warnings.begin(),
                        endorsements.warnings.end());
  made->development = options_.development;
  made->expiries.push_back({"ca", "issuer", authority.issuer_end()});
  if (const auto service = TRY(read_tls(options_))) {
    made->tls = service->context;
    made->expiries.push_back({"tls", "service", service->end});
  }
  add_expiries(made->expiries, *own);
  sort_expiries(made->expiries);
  made->endorsements = std::move(endorsements.all);
  return GenerationPointer(std::move(made));
}

std::string Loader::fetched_directory() const {
  return options_.renew.empty() ? "" : concat(options_.state, "/endorsements");
}

std::vector<std::string> Loader::endorsement_paths() const {
  std::vector<std::string> paths = options_.endorsements;
  const std::string own = fetched_directory();
  // Before the first question it is not there; one that was named has to be.
  if (!own.empty() && os::exists(own)) paths.push_back(own);
  return paths;
}

Fingerprint Loader::fingerprint() const {
  Fingerprint found;
  for (const std::string* each : {&options_.key, &options_.certificate, &options_.policy,
                                  &options_.tls_key, &options_.tls_certificate}) {
    add_fingerprint(found.files, *each);
  }
  add_fingerprint(found.files, options_.ca);
  for (const std::string& each : options_.early) add_fingerprint(found.files, each);
  for (const std::string& each : endorsement_paths()) add_fingerprint(found.files, each);
  return found;
}

}  // namespace merlon::steward_service
