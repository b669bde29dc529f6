#include "merlon/steward/authority.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "merlon/base/text.h"
#include "merlon/steward/issuing.h"
#include "merlon/steward/judging.h"
#include "merlon/steward/policy_rules.h"
#include "merlon/steward/refusal.h"

namespace merlon::steward {

using base::concat;
using core::ByteView;
using core::Result;
using core::Unexpected;

struct Authority::State {
  Issuer issuer;
  LeafIssuer leaf_issuer;
  Settings settings;
  crypto::Sha256Digest policy_digest;
  std::vector<std::string> rules;
  std::vector<std::string> warnings;
  /// A key signs for one thread at a time.
  std::unique_ptr<std::mutex> key_mutex = std::make_unique<std::mutex>();
};

namespace {

Unexpected<std::string> wrong(std::string what) { return Unexpected<std::string>(std::move(what)); }

/// A certificate speaks for the key of the request, so evidence must.
Result<void, std::string> check_binding(verify::Policy& policy) {
  auto* request = std::get_if<verify::BindToRequest>(&policy.binding);
  if (request == nullptr) {
    return wrong(
        "the policy asks for report data of its own; of a Steward's it is the hash of the key in "
        "the request");
  }
  request->required = true;
  return {};
}

Result<void, std::string> check_policy(Authority::Settings& settings) {
  verify::Policy& policy = settings.policy;
  TRY(check_binding(policy));
  const auto& product = policy.snp.product;
  const bool simulator = !product.is_any() && product.contains(snp::Product::Simulator);
  if (simulator && !settings.development) {
    return wrong("the policy accepts SIMULATOR, which proves nothing: for development only");
  }
  const auto impossible = impossible_rules(policy);
  if (impossible.empty()) return {};
  // Without a table an Enarx Steward's file accepts nothing; in development keeps without hardware
  // are all that is wanted then.
  if (settings.development && policy.technologies.empty()) return {};
  return wrong(concat("the policy has a rule that nothing can meet: ", impossible.front()));
}

Result<void, std::string> check_settings(Authority::Settings& settings) {
  using std::chrono::hours;
  using std::chrono::seconds;
  constexpr auto longest = hours(24) * 366;
  if (settings.lifetime < seconds(5) || settings.lifetime > longest) {
    return wrong("certificates live from 5 seconds to 366 days");
  }
  if (settings.backdate < seconds(0) || settings.backdate > hours(24)) {
    return wrong("certificates begin at most a day before now");
  }
  constexpr std::size_t max_names = 16;
  if (settings.dns_names.size() > max_names) return wrong("more than 16 names");
  for (const std::string& name : settings.dns_names) {
    if (!x509::is_dns_name(name)) return wrong(concat(base::quoted(name, 80), " is no DNS name"));
  }
  return check_policy(settings);
}

std::vector<std::string> warnings_of(const Authority::Settings& settings) {
  std::vector<std::string> all = policy_warnings(settings.policy);
  if (settings.development) {
    all.emplace_back(
        "development: simulators and keeps without hardware get certificates, which prove nothing");
  }
  if (settings.dns_names.empty()) {
    all.emplace_back("no names: TLS clients that look for one in a certificate will not find any");
  }
  return all;
}

codec::DerBytes sequence_of(std::span<const Bytes> parts) {
  codec::DerBytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return codec::der_value(codec::DerTag::Sequence, all);
}

Bytes answer_of(RequestForm form, std::span<const Bytes> chain, std::span<const Bytes> issued) {
  if (form == RequestForm::Bundle) {
    return codec::der_sequence({sequence_of(chain), sequence_of(issued)});
  }
  // A PkiPath runs from the anchor down.
  std::vector<Bytes> path(chain.rbegin(), chain.rend());
  path.insert(path.end(), issued.begin(), issued.end());
  return sequence_of(path);
}

}  // namespace

Result<Authority, std::string> Authority::create(Issuer issuer, Settings settings) {
  LeafIssuer leaf_issuer = TRY(check_issuer(issuer));
  TRY(check_settings(settings));
  const auto digest = crypto::sha256({core::as_bytes(settings.policy_source)});
  auto rules = steward::effective_rules(settings.policy);
  auto warnings = warnings_of(settings);
  auto state =
      std::make_shared<State>(State{std::move(issuer), std::move(leaf_issuer), std::move(settings),
                                    digest, std::move(rules), std::move(warnings)});
  return Authority(std::move(state));
}

Result<void, Refusal> Authority::issue(std::span<const Granted> granted, RequestForm form,
                                       codec::UnixTime now, Certified& made) const {
  const State& state = *state_;
  std::vector<Bytes> issued;
  for (std::size_t i = 0; i < granted.size(); ++i) {
    auto serial = new_serial();
    if (!serial) return refuse(Reason::Signing, serial.error().what, i);
    NewLeaf leaf =
        TRY(new_leaf(granted[i], *std::move(serial), state.leaf_issuer, state.settings, now, i));
    const std::scoped_lock lock(*state.key_mutex);
    auto certificate = sign(leaf.certificate, state.leaf_issuer.algorithm, state.issuer.key);
    if (!certificate) return refuse(Reason::Signing, certificate.error().what, i);
    issued.push_back(*std::move(certificate));
    made.issuances.push_back(std::move(leaf.issuance));
  }
  made.body = answer_of(form, state.issuer.chain, issued);
  return {};
}

Result<Certified, Refusal> Authority::certify(RequestForm form, ByteView body,
                                              const verify::Collateral& own,
                                              const verify::Moment& moment) const {
  const State& state = *state_;
  const auto requests = TRY(split(form, body));
  Certified made;
  const auto granted =
      judge(requests, Judging{state.settings, state.policy_digest, own, moment}, made.seen);
  const auto done =
      granted ? issue(*granted, form, moment.now, made) : Result<void, Refusal>(granted.error());
  if (done) return made;
  Refusal refusal = done.error();
  refusal.seen = std::move(made.seen);
  return refusal;
}

Result<Admitted, Refusal> Authority::admit(const credential::Request& request,
                                           const verify::Collateral& own,
                                           const verify::Moment& moment) const {
  const State& state = *state_;
  const auto digest = credential::request_digest(request.key, request.request);
  if (!digest) return refuse(Reason::Form, digest.error().what);
  Settings settings = state.settings;
  settings.policy.binding = verify::BindToCredential{*digest};
  Admitted made;
  const std::array requests{ByteView(request.certification)};
  const auto granted =
      judge(requests, Judging{settings, state.policy_digest, own, moment}, made.seen);
  Refusal refusal =
      granted ? refuse(Reason::NoHardware, "a keep without hardware") : granted.error();
  if (!granted || granted->front().kvm) {
    refusal.seen = std::move(made.seen);
    return refusal;
  }
  const Granted& keep = granted->front();
  made.key_digest = crypto::sha256({keep.spki});
  made.technology = keep.result.technology;
  made.measurement = keep.result.measurement;
  made.simulator = keep.result.simulator;
  return made;
}

const crypto::Sha256Digest& Authority::policy_digest() const noexcept {
  return state_->policy_digest;
}
std::span<const Bytes> Authority::chain() const noexcept { return state_->issuer.chain; }
codec::UnixTime Authority::issuer_end() const noexcept {
  return state_->leaf_issuer.validity.not_after;
}
const Authority::Settings& Authority::settings() const noexcept { return state_->settings; }
std::span<const std::string> Authority::effective_rules() const noexcept { return state_->rules; }
std::span<const std::string> Authority::warnings() const noexcept { return state_->warnings; }

}  // namespace merlon::steward
