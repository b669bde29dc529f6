#include "merlon/verify/testing/fake_amd.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::verify::testing {

using base::concat;
using x509::testing::ca_template;

FakeAmd::FakeAmd(std::string_view product, bool vlek)
    : root(ca_template(concat("ARK-", product), concat("ARK-", product))),
      ca(ca_template(concat(vlek ? "SEV-VLEK-" : "SEV-", product), concat("ARK-", product))),
      report(1184, 0) {
  leaf.subject = vlek ? "SEV-VLEK" : "SEV-VCEK";
  leaf.issuer = ca.subject;
  leaf.serial = vlek ? 77 : 0;
  ca.serial = 8;
  list.issuer = root.subject;
  second_list = list;
  second_list.this_update.seconds -= codec::seconds_per_day;
  no_second_list = !vlek;
  const bool turin = product == "Turin";
  const bool simulator = product == "SIMULATOR";
  endorsed.product = vlek || turin || simulator ? std::string(product) : concat(product, "-B0");
  endorsed.tcb = turin ? snp::TcbComponents{1, 3, 0, 8, 115} : snp::TcbComponents{0, 3, 0, 29, 220};
  if (vlek) {
    endorsed.csp_id = "cloud.example";
  } else {
    endorsed.hwid = Bytes(turin ? 8U : 64U, 0xC1);
  }
  const auto put = [&](std::size_t at, std::initializer_list<std::uint8_t> bytes) {
    std::ranges::copy(bytes, report.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(0x00, {3});
  put(0x04, {2});         // GUEST_SVN
  put(0x08, {51, 1, 3});  // POLICY: ABI 1.51, SMT, bit 17
  put(0x34, {1});         // SIGNATURE_ALGO
  put(0x40, {0x24});      // PLATFORM_INFO: ECC, alias check
  put(0x48, {static_cast<std::uint8_t>(vlek ? 4 : 0)});
  std::fill(report.begin() + 0x160, report.begin() + 0x180, std::uint8_t{0xFF});  // REPORT_ID_MA
  for (const std::size_t at : std::initializer_list<std::size_t>{0x38, 0x180, 0x1E0, 0x1F0}) {
    if (turin) {
      put(at, {1, 3, 0, 8, 0, 0, 0, 115});
    } else {
      put(at, {3, 0, 0, 0, 0, 0, 29, 220});
    }
  }
  if (simulator) {
    put(0x188, {0, 0, 0});
  } else if (turin) {
    put(0x188, {0x1A, 0x02, 1});
  } else {
    put(0x188, {0x19, static_cast<std::uint8_t>(product == "Genoa" ? 0x11 : 0x01), 1});
  }
  if (!vlek)
    std::fill(report.begin() + 0x1A0, report.begin() + 0x1A0 + (turin ? 8 : 64),
              std::uint8_t{0xC1});
  put(0x1E8, {5, 55, 1});
  put(0x1EC, {5, 55, 1});
}

Bytes FakeAmd::signed_report() const {
  Bytes bytes = report;
  Bytes signature = leaf_key.sign(core::ByteView(bytes).first(0x2A0));
  if (bad_signature) signature[5] ^= 1U;
  for (std::size_t i = 0; i < 48; ++i) {
    bytes[0x2A0 + i] = signature[47 - i];
    bytes[0x2E8 + i] = signature[95 - i];
  }
  return bytes;
}

evidence::Endorsements FakeAmd::endorsements() const {
  evidence::Endorsements all;
  (void)all.add_certificate(x509::testing::issue(root, root_key.spki(), root_key));
  if (!no_ca) (void)all.add_certificate(x509::testing::issue(ca, ca_key.spki(), root_key));
  if (!no_leaf) {
    CertificateTemplate shape = leaf;
    for (const auto& [oid, value] : snp::testing::endorsement_extensions(endorsed)) {
      shape.extensions.push_back(
          codec::testing::sequence({codec::testing::der(codec::DerTag::ObjectIdentifier, oid),
                                    codec::testing::octets(value)}));
    }
    const SigningKey other(crypto::KeyKind::P256);
    (void)all.add_certificate(x509::testing::issue(shape,
                                                   p256_leaf ? other.spki() : leaf_key.spki(),
                                                   stranger_signs_leaf ? root_key : ca_key));
  }
  if (!no_list) (void)all.add_revocation_list(x509::testing::issue_crl(list, root_key));
  if (!no_second_list) {
    (void)all.add_revocation_list(
        x509::testing::issue_crl(second_list, stranger_signs_second_list ? ca_key : root_key),
        second_list_name);
  }
  return all;
}

Policy FakeAmd::policy() const {
  Policy made;
  made.roots = {x509::anchor_of(x509::testing::issued(root, root_key, root_key))};
  return made;
}

}  // namespace merlon::verify::testing
