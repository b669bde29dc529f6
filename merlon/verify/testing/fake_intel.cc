#include "merlon/verify/testing/fake_intel.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"

namespace merlon::verify::testing {

using base::concat;
using sgx::testing::append;
using sgx::testing::put;
using x509::testing::ca_template;

namespace {

constexpr std::size_t td15_size = 648;  // [TDX-QUOTE §A.3.2]
constexpr std::string_view root_name = "Intel SGX Root CA";
constexpr std::string_view ca_name = "Intel SGX PCK Platform CA";

std::string array_of(std::string_view name, int svn) {
  std::string text = concat("\"", name, "\":[");
  for (int i = 0; i < 16; ++i) text += concat(i == 0 ? "" : ",", "{\"svn\":", svn, "}");
  return text + "]";
}

}  // namespace

std::string level(int svn, std::string_view status, bool tdx, int pce, int tdx_svn,
                  std::string_view advisories) {
  return concat("{\"tcb\":{", array_of("sgxtcbcomponents", svn),
                tdx ? "," + array_of("tdxtcbcomponents", tdx_svn) : std::string(),
                ",\"pcesvn\":", pce, "},\"tcbDate\":\"2024-01-01T00:00:00Z\",\"tcbStatus\":\"",
                status, "\",\"advisoryIDs\":[", advisories, "]}");
}

std::string tdx_1_0_level(int first, int second) {
  std::string text = level(5, "UpToDate", true);
  const std::string same = "\"tdxtcbcomponents\":[{\"svn\":3},{\"svn\":3}";
  const std::string own =
      concat("\"tdxtcbcomponents\":[{\"svn\":", first, "},{\"svn\":", second, "}");
  return text.replace(text.find(same), same.size(), own);
}

std::string isv_level(int svn, std::string_view status, std::string_view advisories) {
  return concat("{\"tcb\":{\"isvsvn\":", svn,
                "},\"tcbDate\":\"2024-01-01T00:00:00Z\",\"tcbStatus\":\"", status,
                "\",\"advisoryIDs\":[", advisories, "]}");
}

FakeIntel::FakeIntel(bool tdx)
    : is_tdx(tdx),
      root(ca_template(std::string(root_name), std::string(root_name))),
      ca(ca_template(std::string(ca_name), std::string(root_name))),
      body(tdx ? 584U : 384U, 0),
      qe_report(384, 0),
      version(tdx ? 4 : 3) {
  pck.subject = "Intel SGX PCK Certificate";
  pck.issuer = ca_name;
  pck.key_usage = x509::testing::usage_sign;
  signer.subject = "Intel SGX TCB Signing";
  signer.issuer = root_name;
  signer.serial = 9;
  signer.key_usage = x509::testing::usage_sign;
  ca.serial = 8;
  platform.components.fill(5);
  root_list.issuer = root_name;
  ca_list.issuer = ca_name;
  tcb_info.id = tdx ? "TDX" : "SGX";
  tcb_info.levels = level(5, "UpToDate", tdx);
  if (tdx) {
    const std::string zeros(96, '0');
    const std::string module =
        concat("\"mrsigner\":\"", zeros, "\",\"attributes\":\"", std::string(16, '0'),
               "\",\"attributesMask\":\"", std::string(16, 'F'), "\"");
    tcb_info.extra =
        concat("\"tdxModule\":{", module, "},\"tdxModuleIdentities\":[{\"id\":\"TDX_01\",", module,
               ",\"tcbLevels\":[", isv_level(3, "UpToDate"), ",", isv_level(2, "OutOfDate"), ",",
               isv_level(1, "Revoked"), "]}],");
    body[0] = 3;  // module's minor version
    body[1] = 1;  // and major
    std::fill(body.begin() + 2, body.begin() + 16, std::uint8_t{3});
  } else {
    put(body, 0x30, 5, 8);  // INIT, MODE64BIT
  }
  identity.id = tdx ? "TD_QE" : "QE";
  identity.version = 2;
  identity.levels =
      isv_level(8, "UpToDate") + "," + isv_level(6, "OutOfDate") + "," + isv_level(4, "Revoked");
  std::fill(qe_report.begin() + 0x80, qe_report.begin() + 0xA0, std::uint8_t{0x8C});
  put(qe_report, 0x30, 0x11, 8);
  put(qe_report, 0x100, tdx ? 2 : 1, 2);
  put(qe_report, 0x102, 8, 2);
}

namespace {

std::string document_body(const DocumentShape& shape, std::string_view extra) {
  return concat("{\"id\":\"", shape.id, "\",\"version\":", shape.version, ",\"issueDate\":\"",
                shape.issued, "\",\"nextUpdate\":\"", shape.next,
                "\",\"tcbEvaluationDataNumber\":", shape.evaluation, ",", shape.extra, extra,
                "\"tcbLevels\":[", shape.levels, "]}");
}

std::string document(std::string_view member, const std::string& body, const SigningKey& key,
                     bool bad) {
  Bytes signature = key.sign(core::as_bytes(body));
  if (bad) signature[40] ^= 1U;
  return concat("{\"", member, "\":", body, ",\"signature\":\"", base::hex(signature), "\"}");
}

}  // namespace

evidence::Endorsements FakeIntel::endorsements() const {
  evidence::Endorsements all;
  (void)all.add_certificate(x509::testing::issue(root, root_key.spki(), root_key));
  if (!no_signer) {
    (void)all.add_certificate(x509::testing::issue(signer, signer_key.spki(), root_key));
  }
  if (!no_root_list) (void)all.add_revocation_list(x509::testing::issue_crl(root_list, root_key));
  if (!no_ca_list) (void)all.add_revocation_list(x509::testing::issue_crl(ca_list, ca_key));
  if (!no_tcb_info) {
    const std::string extra = R"("fmspc":"00906EA10000","pceId":"0000","tcbType":0,)";
    (void)all.add_document(
        document("tcbInfo", document_body(tcb_info, extra), signer_key, bad_tcb_info_signature));
  }
  if (!no_identity) {
    const std::string extra = concat(
        R"("miscselect":"00000000","miscselectMask":"FFFFFFFF","attributes":"11000000000000000000000000000000",)",
        R"("attributesMask":")", identity_mask, R"(","mrsigner":")",
        [] {
          std::string signer_hex;
          for (int i = 0; i < 32; ++i) signer_hex += "8C";
          return signer_hex;
        }(),
        R"(","isvprodid":)", is_tdx ? 2 : 1, ",");
    (void)all.add_document(document("enclaveIdentity", document_body(identity, extra), signer_key,
                                    bad_identity_signature));
  }
  return all;
}

Bytes FakeIntel::quote() const {
  CertificateTemplate leaf = pck;
  leaf.extensions.push_back(x509::testing::extension(sgx::pck_extension_oid, false,
                                                     sgx::testing::pck_extension(platform)));
  std::string pem = codec::to_pem(
      "CERTIFICATE",
      x509::testing::issue(leaf, pck_key.spki(), stranger_signs_leaf ? root_key : ca_key));
  if (!no_pck_ca) {
    pem += codec::to_pem("CERTIFICATE", x509::testing::issue(ca, ca_key.spki(), root_key));
  }
  if (!no_pck_root) {
    pem += codec::to_pem("CERTIFICATE", x509::testing::issue(root, root_key.spki(), root_key));
  }

  Bytes bytes;
  append(bytes, version, 2);
  append(bytes, 2, 2);
  append(bytes, is_tdx ? 0x81U : 0U, 4);
  append(bytes, 0, 4);
  append(bytes, Bytes{0x93, 0x9A, 0x72, 0x33, 0xF7, 0x9C, 0x4C, 0xA9, 0x94, 0x0A, 0x0D, 0xB3, 0x95,
                      0x7F, 0x06, 0x07});
  bytes.resize(48);
  if (version == 5) {
    append(bytes, body.size() == td15_size ? 3 : 2, 2);
    append(bytes, body.size(), 4);
  }
  append(bytes, body);
  Bytes signature = attestation_key.sign(bytes);
  if (bad_quote_signature) signature[3] ^= 1U;

  Bytes key = attestation_key.point();
  if (bad_attestation_key) key[63] ^= 1U;
  Bytes qe = qe_report;
  const auto digest = crypto::sha256({key, authentication});
  std::ranges::copy(digest.view(), qe.begin() + 320);
  if (bad_binding) qe[320] ^= 1U;
  if (bad_binding_tail) qe[383] = 1;
  Bytes qe_signature = pck_key.sign(qe);
  if (bad_qe_signature) qe_signature[3] ^= 1U;

  Bytes certified = qe;
  append(certified, qe_signature);
  append(certified, authentication.size(), 2);
  append(certified, authentication);
  append(certified, 5, 2);
  append(certified, pem.size(), 4);
  append(certified, core::as_bytes(pem));

  append(signature, key);
  if (version > 3) {
    append(signature, 6, 2);
    append(signature, certified.size(), 4);
  }
  append(signature, certified);
  append(bytes, signature.size(), 4);
  append(bytes, signature);
  return bytes;
}

void FakeIntel::report_as_tdx_1_5() {
  version = 5;
  body.resize(td15_size);
  std::copy_n(body.begin(), 16, body.begin() + 584);  // no other module since
}

Policy FakeIntel::policy() const {
  Policy made;
  made.roots = {x509::anchor_of(x509::testing::issued(root, root_key, root_key))};
  return made;
}

}  // namespace merlon::verify::testing
