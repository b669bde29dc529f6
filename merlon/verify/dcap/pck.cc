// The certificates in the quote.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/verify/dcap/context.h"
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

/// Leaf, CA, root by their names; the order in the quote is the attacker's.
x509::Path ordered(const std::vector<Certificate>& chain) {
  x509::Path path;
  for (const auto& wanted :
       {std::array{leaf_name, leaf_name}, std::array{platform_name, processor_name},
        std::array{root_name, root_name}}) {
    for (const Certificate& each : chain) {
      if (each.common_name() == wanted[0] || each.common_name() == wanted[1]) path.push_back(each);
    }
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
  x509::Path path = ordered(chain);
  std::string got;
  for (const Certificate& each : chain) {
    got += concat(got.empty() ? "" : ", ", base::printable(each.common_name(), 64));
  }
  if (chain.empty()) got = why.empty() ? "no certificate" : why;
  const bool one_each = chain.size() == 3 && path.size() == 3 &&
                        path[0].common_name() == leaf_name && path[1].common_name() != leaf_name &&
                        path[1].common_name() != root_name && path[2].common_name() == root_name;
  if (one_each) {
    context.pck_path = std::move(path);
    read_extension(context);
    if (!context.pck) got += "; the leaf has no SGX extension that can be read";
  }
  context.judge.check(Check::PckForm, one_each && context.pck.has_value(),
                      "PCK certificate, Platform CA or Processor CA, Root CA", got);
}

}  // namespace

void judge_pck(Context& context) {
  judge_form(context);
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
  judge_path(context.judge, path, context.anchors, context.memo, checks);
  context.judge.use(path[0], "PCK certificate");
  context.judge.use(path[1], "PCK CA");
  context.judge.use(path[2], "root");
  judge_revocation(context.judge, Check::PckCaRevocation, path[1], path[2],
                   context.collateral.lists, context.policy, context.memo);
  judge_revocation(context.judge, Check::PckRevocation, path[0], path[1], context.collateral.lists,
                   context.policy, context.memo);
}

}  // namespace merlon::verify::dcap
