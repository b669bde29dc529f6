#include "merlon/simulate/enclave_keys.h"

#include <algorithm>

#include "merlon/base/byte_writer.h"
#include "merlon/core/check.h"
#include "merlon/crypto/aes_cmac.h"

namespace merlon::simulate {

using core::Result;
using crypto::SecretBytes;
using sgx::KeyName;
using sgx::KeyPolicy;
using sgx::KeyRequest;

namespace {

/// What every key is mixed of, whoever asks: a debug enclave has other keys.
constexpr std::uint64_t always_mixed = sgx::attribute_init | sgx::attribute_debug;

/// What a key depends on; what it does not depend on is zero.
struct Dependencies {
  KeyName name = KeyName::Reporting;
  std::uint16_t policy = 0;
  EnclaveIdentity enclave;
  std::uint8_t cet_attributes = 0;
  std::uint64_t flags_mask = 0, xfrm_mask = 0;
  std::uint32_t misc_mask = 0;
  sgx::KeyId key_id;
  sgx::CpuSvn cpu_svn;
};

/// Our rule, and no processor's. Every part has one size, so that no two of them give one block.
std::vector<std::uint8_t> block_of(const Dependencies& of) {
  base::ByteWriter out;
  out.text("merlon/SIMULATOR/enclave-key/1..");
  out.u16(static_cast<std::uint16_t>(of.name));
  out.u16(of.policy);
  out.u16(of.enclave.product_id);
  out.u16(of.enclave.svn);
  out.u16(of.enclave.config_svn);
  out.u8(of.cet_attributes);
  out.u64(of.enclave.flags);
  out.u64(of.enclave.xfrm);
  out.u64(of.flags_mask);
  out.u64(of.xfrm_mask);
  out.u32(of.enclave.misc_select);
  out.u32(of.misc_mask);
  for (const core::ByteView part :
       {of.enclave.mr_enclave.view(), of.enclave.mr_signer.view(), of.enclave.config_id.view(),
        of.enclave.family_id.view(), of.enclave.ext_product_id.view(), of.key_id.view(),
        of.cpu_svn.view()}) {
    out.bytes(part);
  }
  return out.take();
}

SecretBytes derive(const SecretBytes& fuse, const Dependencies& of) {
  const auto code = crypto::aes_cmac(fuse.reveal(), block_of(of));
  return SecretBytes({code.view().begin(), code.view().end()});
}

/// Of the target of a report.
Dependencies report_key(const sgx::TargetInfo& target, const sgx::KeyId& key_id,
                        const sgx::CpuSvn& cpu_svn) {
  Dependencies of;
  of.enclave.flags = target.flags;
  of.enclave.xfrm = target.xfrm;
  of.enclave.misc_select = target.misc_select;
  of.enclave.mr_enclave = target.mr_enclave;
  of.enclave.config_id = target.config_id;
  of.enclave.config_svn = target.config_svn;
  of.cet_attributes = target.cet_attributes;
  of.key_id = key_id;
  of.cpu_svn = cpu_svn;
  return of;
}

sgx::TargetInfo target_of(const EnclaveIdentity& enclave) {
  sgx::TargetInfo target;
  target.mr_enclave = enclave.mr_enclave;
  target.flags = enclave.flags;
  target.xfrm = enclave.xfrm;
  target.misc_select = enclave.misc_select;
  target.config_id = enclave.config_id;
  target.config_svn = enclave.config_svn;
  return target;
}

/// What all keys but that of reports have of the request, and of the enclave what masks let
/// through.
Dependencies masked(const EnclaveIdentity& self, const KeyRequest& request) {
  Dependencies of;
  of.name = request.name;
  of.enclave.svn = request.svn;
  of.enclave.flags = (request.flags_mask | always_mixed) & self.flags;
  of.enclave.xfrm = request.xfrm_mask & self.xfrm;
  of.enclave.misc_select = request.misc_mask & self.misc_select;
  of.flags_mask = request.flags_mask;
  of.xfrm_mask = request.xfrm_mask;
  of.misc_mask = request.misc_mask;
  of.cpu_svn = request.cpu_svn;
  return of;
}

Dependencies seal_key(const EnclaveIdentity& self, const KeyRequest& request) {
  Dependencies of = masked(self, request);
  of.policy = request.policy;
  of.key_id = request.key_id;
  if (request.has(KeyPolicy::OfEnclave)) of.enclave.mr_enclave = self.mr_enclave;
  if (request.has(KeyPolicy::OfSigner)) of.enclave.mr_signer = self.mr_signer;
  if (!request.has(KeyPolicy::NoProductId)) of.enclave.product_id = self.product_id;
  if (request.has(KeyPolicy::OfFamily)) of.enclave.family_id = self.family_id;
  if (request.has(KeyPolicy::OfExtendedProduct)) of.enclave.ext_product_id = self.ext_product_id;
  if (request.has(KeyPolicy::OfConfig)) {
    of.enclave.config_id = self.config_id;
    of.enclave.config_svn = request.config_svn;
  }
  return of;
}

/// Of launching and provisioning enclaves: by who signed them.
Dependencies signer_key(const EnclaveIdentity& self, const KeyRequest& request) {
  Dependencies of = masked(self, request);
  of.enclave.mr_signer = self.mr_signer;
  of.enclave.product_id = self.product_id;
  if (request.name == KeyName::EinitToken) of.key_id = request.key_id;
  return of;
}

/// Each part of the processor's TCB has a byte here, as in a PCK certificate.
bool is_reached(const sgx::CpuSvn& asked, const sgx::CpuSvn& have) {
  return std::ranges::equal(asked.view(), have.view(), std::ranges::less_equal());
}

Result<void, KeyError> judge(const EnclaveIdentity& self, const KeyRequest& request,
                             const sgx::CpuSvn& cpu_svn) {
  const bool kss = (self.flags & sgx::attribute_kss) != 0;
  const bool asks_kss = (request.policy & sgx::kss_key_policies) != 0 || request.config_svn != 0;
  if ((request.policy & ~unsigned{sgx::all_key_policies}) != 0 || (asks_kss && !kss) ||
      request.cet_mask != 0) {
    return KeyError::Fault;
  }
  switch (request.name) {
    case KeyName::Reporting: return {};
    case KeyName::Seal: break;
    case KeyName::EinitToken:
      if ((self.flags & sgx::attribute_einit_token_key) == 0) return KeyError::InvalidAttribute;
      break;
    case KeyName::Provision:
    case KeyName::ProvisionSeal:
      if ((self.flags & sgx::attribute_provision_key) == 0) return KeyError::InvalidAttribute;
      break;
    default: return KeyError::InvalidKeyName;
  }
  if (!is_reached(request.cpu_svn, cpu_svn)) return KeyError::InvalidCpuSvn;
  if (request.svn > self.svn || request.config_svn > self.config_svn) {
    return KeyError::InvalidIsvSvn;
  }
  return {};
}

sgx::ReportMac code_of(const SecretBytes& key, const sgx::ReportBody& body) {
  return sgx::ReportMac::from(crypto::aes_cmac(key.reveal(), body.to_bytes()).view()).value();
}

}  // namespace

EnclaveIdentity EnclaveIdentity::of(const sgx::ReportBody& body) noexcept {
  EnclaveIdentity made;
  made.flags = body.flags;
  made.xfrm = body.xfrm;
  made.misc_select = body.misc_select;
  made.mr_enclave = body.mr_enclave;
  made.mr_signer = body.mr_signer;
  made.product_id = body.product_id;
  made.svn = body.svn;
  made.config_id = body.config_id;
  made.config_svn = body.config_svn;
  made.family_id = body.family_id;
  made.ext_product_id = body.ext_product_id;
  return made;
}

EnclaveProcessor::EnclaveProcessor(SecretBytes fuse, const sgx::CpuSvn& cpu_svn) noexcept
    : fuse_(std::move(fuse)), cpu_svn_(cpu_svn) {
  MERLON_CHECK(fuse_.reveal().size() == fuse_size);
  constexpr std::string_view label = "merlon/SIMULATOR/report-key-id/1";
  static_assert(label.size() == sgx::KeyId::size);
  std::array<std::uint8_t, sgx::KeyId::size> id{};
  std::ranges::copy(crypto::aes_cmac(fuse_.reveal(), core::as_bytes(label)).view(), id.begin());
  report_key_id_ = sgx::KeyId::from(id).value();
}

sgx::Report EnclaveProcessor::ereport(const EnclaveIdentity& self, const sgx::TargetInfo& target,
                                      const sgx::ReportData& data) const {
  sgx::Report report;
  sgx::ReportBody& body = report.body;
  body.cpu_svn = cpu_svn_;
  body.misc_select = self.misc_select;
  body.flags = self.flags;
  body.xfrm = self.xfrm;
  body.mr_enclave = self.mr_enclave;
  body.mr_signer = self.mr_signer;
  body.product_id = self.product_id;
  body.svn = self.svn;
  body.config_id = self.config_id;
  body.config_svn = self.config_svn;
  body.family_id = self.family_id;
  body.ext_product_id = self.ext_product_id;
  body.report_data = data;
  report.key_id = report_key_id_;
  report.mac = code_of(derive(fuse_, report_key(target, report_key_id_, cpu_svn_)), body);
  return report;
}

Result<SecretBytes, KeyError> EnclaveProcessor::egetkey(const EnclaveIdentity& self,
                                                        const KeyRequest& request) const {
  TRY(judge(self, request, cpu_svn_));
  if (request.name == KeyName::Reporting) {
    return derive(fuse_, report_key(target_of(self), request.key_id, cpu_svn_));
  }
  const bool is_seal = request.name == KeyName::Seal;
  return derive(fuse_, is_seal ? seal_key(self, request) : signer_key(self, request));
}

bool EnclaveProcessor::is_genuine(const EnclaveIdentity& self, const sgx::Report& report) const {
  KeyRequest request;
  request.name = KeyName::Reporting;
  request.key_id = report.key_id;
  const auto key = egetkey(self, request);
  return key && crypto::is_same(code_of(*key, report.body).view(), report.mac.view());
}

}  // namespace merlon::simulate
