// The certificates in the quote.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/verify/dcap/context.h"
#include "merlon/verify/roots.h"
#include "merlon/verify/text.h"
#include "merlon/x509/name.h"

namespace merlon::verify::dcap {

using base::concat;
using x509::Certificate;

namespace {

constexpr std::string_view leaf_name = "Intel SGX PCK Certificate";
constexpr std::string_view platform_name = "Intel SGX PCK Platform CA";
constexpr std::string_view processor_name = "Intel SGX PCK Processor CA";
constexpr std::string_view root_name = "Intel SGX Root CA";

/// As in the collateral where the same one is there: importing its key again takes time.
core::Result<Certificate> read_certificate(core::ByteView der, const Context& context) {
  for (const Certificate& each : context.collateral.certificates) {
    if (std::ranges::equal(each.der(), der)) return each;
  }
  return Certificate::parse(der);
}

/// The certificates of the quote in their order; an empty answer if one cannot be read.
std::vector<Certificate> read_chain(const Context& context, std::string& why) {
  std::vector<Certificate> all;
  if (!context.quote.pck_chain.empty() && context.quote.pck_chain[0] == 0x30) {
    why = "the quote has its certificates in DER; certification data of type 5 is PEM";
    return {};
  }
  const auto blocks =
      codec::pem_blocks(core::as_text(context.quote.pck_chain), codec::PemRule::OnlyBlocks);
  if (!blocks) {
    why = blocks.error().what;
    return {};
  }
  for (const codec::PemBlock& block : *blocks) {
    auto certificate = read_certificate(block.bytes, context);
    if (block.label != "CERTIFICATE" || !certificate) {
      why = certificate ? "a PEM block that is no certificate" : certificate.error().what;
      return {};
    }
    all.push_back(*std::move(certificate));
  }
  return all;
}

bool is_ca_name(std::string_view name) noexcept {
  return name == platform_name || name == processor_name;
}

/// The certificates of the quote in their three places. The order in the quote is the attacker's,
/// so it means nothing; nor does it matter where the two above the leaf come from, since what
/// counts is that they lead to a pinned key.
struct Places {
  const Certificate* leaf = nullptr;
  const Certificate* ca = nullptr;
  const Certificate* root = nullptr;
  bool surplus = false;  ///< a certificate without a place, or two for one

  void put(const Certificate*& place, const Certificate& certificate) {
    surplus = surplus || place != nullptr;
    place = &certificate;
  }
};

Places places_of(const std::vector<Certificate>& chain) {
  Places places;
  for (const Certificate& each : chain) {
    if (each.common_name() == leaf_name) {
      places.put(places.leaf, each);
    } else if (is_ca_name(each.common_name())) {
      places.put(places.ca, each);
    } else if (each.common_name() == root_name) {
      places.put(places.root, each);
    } else {
      places.surplus = true;
    }
  }
  return places;
}

/// Leaf, CA, root; shorter if one is nowhere to be found.
x509::Path path_of(const Places& places, const Context& context) {
  if (places.leaf == nullptr) return {};
  if (places.ca != nullptr && places.root != nullptr) {
    return {*places.leaf, *places.ca, *places.root};
  }
  std::vector<Certificate> pool = context.collateral.certificates;
  for (const Certificate* const given : {places.ca, places.root}) {
    if (given != nullptr) pool.push_back(*given);
  }
  x509::PathBuilder paths(pool, context.anchors, context.judge.now(), context.memo);
  x509::Path path{*places.leaf};
  for (const Certificate* const given : {places.ca, places.root}) {
    if (given != nullptr) {
      path.push_back(*given);
      continue;
    }
    const x509::Path rest = paths.build(path.back());
    if (rest.size() < 2) return path;
    path.push_back(rest[1]);
  }
  return path;
}

void read_extension(Context& context) {
  const auto* extension =
      x509::find_extension(context.pck_path[0].extensions(), sgx::pck_extension_oid);
  if (extension == nullptr) return;
  if (auto pck = sgx::PckExtension::parse(extension->value)) context.pck = *pck;
}

void judge_form(Context& context) {
  std::string why;
  const std::vector<Certificate> chain = read_chain(context, why);
  const Places places = places_of(chain);
  x509::Path path = path_of(places, context);
  std::string got;
  for (const Certificate& each : chain) {
    got += concat(got.empty() ? "" : ", ", base::printable(each.common_name(), 64));
  }
  if (chain.empty()) got = why.empty() ? "no certificate" : why;
  if (places.leaf != nullptr && path.size() < 3) {
    context.judge.appraisal().missing_issuer = x509::name_text(path.back().issuer());
    got += concat("; its issuer ", context.judge.appraisal().missing_issuer,
                  " is neither in the quote nor among the endorsements");
  }
  const bool whole = path.size() == 3 && !places.surplus && is_ca_name(path[1].common_name()) &&
                     path[2].common_name() == root_name;
  if (whole) {
    context.pck_path = std::move(path);
    read_extension(context);
    if (!context.pck) got += "; the leaf has no SGX extension that can be read";
  }
  const bool passed = whole && context.pck.has_value();
  const bool missing = !context.judge.appraisal().missing_issuer.empty();
  context.judge.record({Check::PckForm, passed, true,
                        "one PCK certificate, Platform CA or Processor CA, Root CA", got,
                        missing ? Cause::MissingEndorsement : Cause::Other});
}

void judge_known_platform(Context& context) {
  const Accept<sgx::Ppid>& accept = context.policy.dcap.ppid;
  if (!context.pck) {
    context.judge.check(Check::KnownPlatform, accept.is_any(), wanted_of(accept), "not told");
    return;
  }
  const sgx::Ppid& ppid = context.pck->ppid;
  const bool known = accept.is_any() || (!ppid.is_zero() && accept.contains(ppid));
  context.judge.check(Check::KnownPlatform, known, wanted_of(accept), hex_of(ppid),
                      in_policy("dcap", "ppid", hex_of(ppid)));
}

}  // namespace

void judge_pck(Context& context) {
  judge_form(context);
  judge_known_platform(context);
  const PathChecks checks{Check::PckAnchor, Check::PckSignatures, Check::PckNames,
                          Check::PckValidity, Check::PckConstraints};
  if (context.pck_path.empty()) {
    for (const Check check : {checks.anchor, checks.signatures, checks.names, checks.validity,
                              checks.constraints, Check::PckCaRevocation, Check::PckRevocation}) {
      context.judge.cannot(check, "the quote has no PCK chain");
    }
    return;
  }
  const x509::Path& path = context.pck_path;
  // Both are needed again for the TCB signing certificate.
  context.memo.learn(path[2].key(), path[2].signature());
  for (const x509::Crl& list : context.collateral.lists) {
    if (std::ranges::equal(list.issuer(), path[2].subject())) {
      context.memo.learn(path[2].key(), list.signature());
    }
  }
  const bool vouched = judge_path(context.judge, path, context.anchors, context.memo, checks);
  context.judge.use(path[0], "PCK certificate");
  context.judge.use(path[1], "PCK CA");
  context.judge.use(path[2], "root");
  const bool intels = vouched && is_vendors(path);
  std::vector<Check> rests_on{checks.anchor, checks.signatures, checks.names, checks.validity,
                              checks.constraints};
  judge_revocation(context.judge, Check::PckCaRevocation, path[1],
                   {path[2], ListsOfIssuer::One, intels, rests_on}, context.collateral,
                   context.policy, context.memo);
  rests_on.push_back(Check::PckCaRevocation);
  judge_revocation(context.judge, Check::PckRevocation, path[0],
                   {path[1], ListsOfIssuer::One, intels, rests_on}, context.collateral,
                   context.policy, context.memo);
}

}  // namespace merlon::verify::dcap
