#include "merlon/simulate/sgx_chain.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/sgx/enclave_identity.h"
#include "merlon/sgx/signed_json.h"
#include "merlon/sgx/tcb_info.h"
#include "merlon/simulate/issue.h"
#include "merlon/simulate/sgx_documents.h"

namespace merlon::simulate {

using core::ErrorCode;
using core::Result;
using crypto::KeyKind;
using crypto::PrivateKey;
using x509::Certificate;

namespace {

constexpr std::string_view root_name = "Intel SGX Root CA";
constexpr std::string_view ca_name = "Intel SGX PCK Processor CA";
constexpr std::string_view pck_name = "Intel SGX PCK Certificate";
constexpr std::string_view signer_name = "Intel SGX TCB Signing";

core::Error denied(const char* what) { return core::error(ErrorCode::Denied, what); }

/// Whether these are valid now is the verifier's to judge; when they were made they were.
Result<void> judge_path(const x509::Path& path) {
  const x509::AnchorId root = x509::anchor_of(path.back());
  const auto problems =
      x509::judge_path(path, {&root, 1}, path.front().validity().not_before, x509::SignatureMemo());
  return problems.empty() ? Result<void>() : denied("certificates that are not each other's");
}

bool is_list_of(const x509::Crl& list, const Certificate& issuer) {
  return std::ranges::equal(list.issuer(), issuer.subject()) &&
         x509::verify(issuer.key(), list.signature());
}

/// A document of Intel's kind that `signer` has signed.
Result<sgx::SignedJson> signed_by(const Certificate& signer, std::string_view text) {
  sgx::SignedJson json = TRY(sgx::SignedJson::parse(text));
  const auto numbers = TRY(crypto::EcdsaSignature::from_halves(json.signature.view()));
  const auto digest = crypto::Digest::of(crypto::HashKind::Sha256, core::as_bytes(json.body));
  if (!signer.key().key.verify_ecdsa(digest, numbers)) {
    return denied("a document that its signer has not signed");
  }
  return json;
}

sgx::TcbStatus status_of(const sgx::PckExtension& platform, const sgx::TcbInfo& info) {
  const auto found = std::ranges::find_if(info.levels, [&](const sgx::TcbLevel& level) {
    return platform.pce_svn >= level.pce_svn &&
           std::ranges::equal(platform.components, level.sgx, std::ranges::greater_equal());
  });
  return found == info.levels.end() ? sgx::TcbStatus::Revoked : found->status;
}

x509::NewCertificate authority(std::string_view name, const codec::DerBytes& serial,
                               const codec::DerBytes& spki, codec::UnixTime now,
                               std::uint64_t below) {
  return {serial,
          named(root_name),
          named(name),
          now,
          after(now, certificate_days),
          spki,
          {x509::new_basic_constraints(true, below),
           x509::new_key_usage({x509::KeyUsage::KeyCertSign, x509::KeyUsage::CrlSign})}};
}

/// Of the TCB signer and of a platform: neither signs certificates.
x509::NewCertificate leaf(std::string_view issuer, std::string_view name,
                          const codec::DerBytes& serial, const codec::DerBytes& spki,
                          codec::UnixTime now) {
  return {serial,
          named(issuer),
          named(name),
          now,
          after(now, certificate_days),
          spki,
          {x509::new_basic_constraints(false),
           x509::new_key_usage({x509::KeyUsage::DigitalSignature})}};
}

Result<codec::DerBytes> issue_authority(std::string_view name, const PrivateKey& key,
                                        const PrivateKey& root, codec::UnixTime now) {
  const auto serial = TRY(new_serial());
  const auto spki = TRY(spki_of(key));
  return issue(authority(name, serial, spki, now, name == root_name ? 1 : 0), root);
}

Result<codec::DerBytes> issue_signer(const PrivateKey& key, const PrivateKey& root,
                                     codec::UnixTime now) {
  const auto serial = TRY(new_serial());
  const auto spki = TRY(spki_of(key));
  return issue(leaf(root_name, signer_name, serial, spki, now), root);
}

Result<codec::DerBytes> issue_pck(const PrivateKey& key, const PrivateKey& ca,
                                  const sgx::PckExtension& platform, codec::UnixTime now) {
  const auto serial = TRY(new_serial());
  const auto spki = TRY(spki_of(key));
  x509::NewCertificate made = leaf(ca_name, pck_name, serial, spki, now);
  made.extensions.push_back(x509::new_extension(sgx::pck_extension_oid, false, platform.to_der()));
  return issue(std::move(made), ca);
}

Result<codec::DerBytes> list_of(std::string_view issuer, const PrivateKey& key, codec::UnixTime now,
                                std::uint64_t number, std::vector<codec::DerBytes> serials) {
  return issue(x509::NewCrl{named(issuer), now, after(now, list_days), number, std::move(serials)},
               key);
}

sgx::PckExtension at_level(const sgx::Ppid& ppid, std::uint8_t level) {
  sgx::PckExtension platform;
  platform.ppid = ppid;
  platform.components.fill(level);
  platform.pce_svn = pce_svn;
  platform.cpu_svn = cpu_svn_of(level);
  platform.fmspc = sgx::simulator_fmspc();
  return platform;
}

/// A number that nobody takes for a platform's.
Result<sgx::Ppid> new_ppid() {
  constexpr std::string_view mark = "SIMULATOR";
  std::array<std::uint8_t, sgx::Ppid::size> bytes{};
  TRY(fill_random(bytes));
  std::ranges::copy(mark, bytes.begin());
  return sgx::Ppid::from(bytes);
}

/// One after the other, since each can fail.
Result<SgxKeys> new_keys() {
  auto root = TRY(PrivateKey::generate(KeyKind::P256));
  auto ca = TRY(PrivateKey::generate(KeyKind::P256));
  auto signer = TRY(PrivateKey::generate(KeyKind::P256));
  auto pck = TRY(PrivateKey::generate(KeyKind::P256));
  auto attestation = TRY(PrivateKey::generate(KeyKind::P256));
  std::vector<std::uint8_t> fuse(EnclaveProcessor::fuse_size);
  TRY(fill_random(fuse));
  return SgxKeys{std::move(root), std::move(ca),          std::move(signer),
                 std::move(pck),  std::move(attestation), crypto::SecretBytes(std::move(fuse))};
}

}  // namespace

Result<sgx::PckExtension> sgx_platform_of(const Certificate& pck) {
  const x509::Extension* found = x509::find_extension(pck.extensions(), sgx::pck_extension_oid);
  if (found == nullptr || pck.common_name() != pck_name || !has_remark(pck)) {
    return denied("the PCK certificate is not a simulator's");
  }
  const auto platform = TRY(sgx::PckExtension::parse(found->value));
  if (!is_simulator(platform.fmspc) || pck.key().key.kind() != KeyKind::P256) {
    return denied("the PCK certificate is not a simulator's");
  }
  return platform;
}

Result<void> SgxChain::judge_certificates() const {
  const std::array<std::pair<const Certificate*, std::string_view>, 4> all{
      {{&root_, root_name}, {&ca_, ca_name}, {&pck_, pck_name}, {&signer_, signer_name}}};
  for (const auto& [each, name] : all) {
    if (each->common_name() != name) return denied("a certificate of another name");
    if (each->key().key.kind() != KeyKind::P256) return denied("a key of another kind");
    if (!has_remark(*each)) return denied("a certificate that does not say SIMULATOR");
  }
  TRY(judge_path({pck_, ca_, root_}));
  TRY(judge_path({signer_, root_}));
  if (!is_list_of(root_list_, root_) || !is_list_of(pck_list_, ca_)) {
    return denied("a revocation list that its issuer did not sign");
  }
  return {};
}

Result<void> SgxChain::take_documents(const Parts& parts) {
  const auto tcb_json = TRY(signed_by(signer_, parts.tcb_info));
  const auto info = TRY(sgx::TcbInfo::parse(tcb_json.value()));
  const auto identity_json = TRY(signed_by(signer_, parts.qe_identity));
  const auto identity = TRY(sgx::EnclaveIdentity::parse(identity_json.value()));
  if (info.is_tdx || info.fmspc != platform_.fmspc || info.pce_id != platform_.pce_id ||
      identity.id != sgx::EnclaveId::Qe) {
    return denied("a document about something else");
  }
  tcb_info_ = parts.tcb_info;
  qe_identity_ = parts.qe_identity;
  status_ = status_of(platform_, info);
  next_update_ = std::min({info.period.next_update, identity.period.next_update,
                           root_list_.validity().not_after, pck_list_.validity().not_after});
  return {};
}

Result<SgxChain> SgxChain::parse(const Parts& parts) {
  auto root = TRY(Certificate::parse(parts.root));
  auto ca = TRY(Certificate::parse(parts.ca));
  auto pck = TRY(Certificate::parse(parts.pck));
  auto signer = TRY(Certificate::parse(parts.signer));
  auto root_list = TRY(x509::Crl::parse(parts.root_list));
  auto pck_list = TRY(x509::Crl::parse(parts.pck_list));
  SgxChain made(std::move(root), std::move(ca), std::move(pck), std::move(signer),
                std::move(root_list), std::move(pck_list));
  TRY(made.judge_certificates());
  made.platform_ = TRY(sgx_platform_of(made.pck_));
  TRY(made.take_documents(parts));
  return made;
}

SgxChain::Parts SgxChain::parts() const noexcept {
  return {root_.der(),      ca_.der(),       pck_.der(), signer_.der(),
          root_list_.der(), pck_list_.der(), tcb_info_,  qe_identity_};
}

std::string SgxChain::pck_chain() const {
  constexpr std::string_view label = "CERTIFICATE";
  return base::concat(codec::to_pem(label, pck_.der()), codec::to_pem(label, ca_.der()),
                      codec::to_pem(label, root_.der()));
}

Result<NewSgxMachine> make_sgx_machine(codec::UnixTime now) {
  SgxKeys keys = TRY(new_keys());
  const auto root = TRY(issue_authority(root_name, keys.root, keys.root, now));
  const auto ca = TRY(issue_authority(ca_name, keys.ca, keys.root, now));
  const auto signer = TRY(issue_signer(keys.signer, keys.root, now));
  const auto ppid = TRY(new_ppid());
  const auto pck = TRY(issue_pck(keys.pck, keys.ca, at_level(ppid, newest_sgx_level), now));
  const auto root_list = TRY(list_of(root_name, keys.root, now, 1, {}));
  const auto pck_list = TRY(list_of(ca_name, keys.ca, now, 1, {}));
  const std::string tcb_info = TRY(new_tcb_info(keys.signer, now));
  const std::string identity = TRY(new_qe_identity(keys.signer, now));
  auto chain =
      TRY(SgxChain::parse({root, ca, pck, signer, root_list, pck_list, tcb_info, identity}));
  return NewSgxMachine{std::move(chain), std::move(keys)};
}

Result<SgxChain> revoke(const SgxChain& chain, const PrivateKey& ca_key, codec::UnixTime now) {
  if (!is_key_of(ca_key, chain.ca())) return denied("the PCK CA's key is another's");
  const core::ByteView serial = chain.pck().serial();
  std::vector<codec::DerBytes> serials;
  serials.emplace_back(serial.begin(), serial.end());
  const std::uint64_t number = TRY(number_of(chain.pck_list())) + 1;
  const auto list = TRY(list_of(ca_name, ca_key, now, number, std::move(serials)));
  SgxChain::Parts parts = chain.parts();
  parts.pck_list = list;
  return SgxChain::parse(parts);
}

Result<UpdatedSgxMachine> update(const SgxChain& chain, const PrivateKey& ca_key,
                                 std::uint8_t level, codec::UnixTime now) {
  if (!is_key_of(ca_key, chain.ca())) return denied("the PCK CA's key is another's");
  if (chain.is_revoked()) return denied("a revoked machine is not updated");
  auto pck_key = TRY(PrivateKey::generate(KeyKind::P256));
  const auto pck = TRY(issue_pck(pck_key, ca_key, at_level(chain.platform().ppid, level), now));
  SgxChain::Parts parts = chain.parts();
  parts.pck = pck;
  auto updated = TRY(SgxChain::parse(parts));
  return UpdatedSgxMachine{std::move(updated), std::move(pck_key)};
}

}  // namespace merlon::simulate
