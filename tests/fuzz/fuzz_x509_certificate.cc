// Any bytes as a certificate: every view lies within its own copy.

#include "merlon/snp/endorsement.h"
#include "merlon/x509/certificate.h"
#include "merlon/x509/name.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto certificate = merlon::x509::Certificate::parse({data, size});
  if (!certificate) {
    merlon::fuzz::expect_no_defect(certificate.error());
    return 0;
  }
  const auto der = certificate->der();
  std::vector<merlon::snp::ExtensionView> views;
  for (const auto& extension : certificate->extensions()) {
    if (extension.value.data() < der.data() ||
        extension.value.data() + extension.value.size() > der.data() + der.size()) {
      std::abort();
    }
    views.push_back({extension.oid, extension.value});
    // Whatever the extension is: no value of one is a danger to the parser of another.
    if (const auto names = merlon::x509::SubjectAltNames::parse(extension.value)) {
      for (const std::string& each : names->dns) {
        if (!merlon::x509::is_dns_name(each)) std::abort();
      }
    }
    (void)merlon::x509::ExtendedKeyUsages::parse(extension.value);
    (void)merlon::x509::parse_subject_key_id(extension.value);
    (void)merlon::x509::parse_authority_key_id(extension.value);
  }
  (void)merlon::snp::EndorsementExtensions::parse(views);
  (void)merlon::x509::name_text(certificate->subject());
  return 0;
}
