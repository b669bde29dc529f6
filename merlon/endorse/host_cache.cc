#include "merlon/endorse/host_cache.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/pem.h"
#include "merlon/endorse/store.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/sgx/enclave_identity.h"
#include "merlon/sgx/pck_extension.h"
#include "merlon/sgx/platform_collateral.h"
#include "merlon/sgx/signed_json.h"
#include "merlon/x509/crl.h"

namespace merlon::endorse {

using base::concat;
using core::Unexpected;
template <typename T>
using OrText = core::Result<T, std::string>;
using Bytes = std::vector<std::uint8_t>;

namespace {

std::string_view without_slash(std::string_view url) noexcept {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

std::string address(const Services& services, std::string_view path) {
  return concat(without_slash(services.intel), "/sgx/", path);
}

std::string day(codec::UnixTime time) { return codec::to_rfc3339(time).substr(0, 10); }

/// One answer that is an endorsement.
OrText<Fetched> ask(Fetcher& fetcher, const Request& request) {
  auto all = collect({request}, fetcher);
  if (!all[0].failure.empty()) {
    return Unexpected(concat(base::printable(request.url), ": ", all[0].failure));
  }
  return std::move(all[0]);
}

OrText<void> put(const std::string& directory, const std::string& name, core::ByteView bytes) {
  if (const auto made = make_directory(directory); !made) {
    return Unexpected(concat(base::printable(directory), ": ", os::describe(made.error())));
  }
  if (const auto stored = store(directory, name, bytes); !stored) {
    return Unexpected(
        concat(base::printable(concat(directory, "/", name)), ": ", stored.error().what));
  }
  return {};
}

/// Lists come as DER or, from caches, as hexadecimal digits or PEM; what is stored is DER.
OrText<x509::Crl> list_of(const Fetched& fetched) {
  evidence::Endorsements all;
  static_cast<void>(all.add(fetched.body));
  if (all.revocation_lists.size() == 1) {
    if (auto list = x509::Crl::parse(all.revocation_lists[0])) return *std::move(list);
  }
  return Unexpected(concat(base::printable(fetched.request.url), ": not one revocation list"));
}

/// The TCB signing certificate and its root, as the answer's header has them.
OrText<std::vector<Bytes>> signers_of(const Fetched& fetched) {
  const auto blocks = codec::pem_blocks(fetched.chain, codec::PemRule::OnlyBlocks);
  if (!blocks || blocks->size() != 2) {
    return Unexpected(concat(base::printable(fetched.request.url),
                             ": came without the two certificates of who signed it"));
  }
  return std::vector<Bytes>{(*blocks)[0].bytes, (*blocks)[1].bytes};
}

template <typename Document>
OrText<Document> document_of(const Fetched& fetched) {
  const auto json = sgx::SignedJson::parse(core::as_text(fetched.body));
  if (json) {
    if (auto document = Document::parse(json->value())) return *std::move(document);
  }
  return Unexpected(concat(base::printable(fetched.request.url), ": not the document asked for"));
}

/// What fmspc.txt says, in lower case.
OrText<std::string> known_fmspc(const std::string& directory) {
  const std::string path = concat(directory, "/fmspc.txt");
  const auto file = os::open_file(path);
  const auto bytes = file ? os::read_all(*file, 64) : os::Result<Bytes>(file.error());
  if (!bytes) {
    return Unexpected(concat(base::printable(path), ": ", os::describe(bytes.error()),
                             "; merlon platform sgx cache-pck makes it"));
  }
  std::string_view text = core::as_text(*bytes);
  text = text.substr(0, text.find_last_not_of(" \r\n") + 1);
  const auto fmspc = codec::decode_hex(text);
  if (!fmspc || fmspc->size() != sgx::Fmspc::size) {
    return Unexpected(concat(base::printable(path), ": not an FMSPC of 12 hexadecimal digits"));
  }
  return base::hex(*fmspc);
}

/// Of the one PCK certificate in an answer.
OrText<sgx::PckExtension> pck_of(const Fetched& fetched) {
  evidence::Endorsements all;
  static_cast<void>(all.add(fetched.body));
  for (const Bytes& der : all.certificates) {
    const auto certificate = x509::Certificate::parse(der);
    if (!certificate) continue;
    const auto* found = x509::find_extension(certificate->extensions(), sgx::pck_extension_oid);
    if (found == nullptr) continue;
    if (const auto pck = sgx::PckExtension::parse(found->value)) return *pck;
  }
  return Unexpected(concat(base::printable(fetched.request.url), ": not a PCK certificate"));
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

/// All lists at these addresses, or none.
Told cache_lists(Fetcher& fetcher, const std::vector<std::string>& urls,
                 const std::string& directory) {
  std::vector<x509::Crl> lists;
  std::string told;
  for (const std::string& url : urls) {
    const auto fetched = TRY(ask(fetcher, {url, "", "", false}));
    lists.push_back(TRY(list_of(fetched)));
    const x509::Validity& validity = lists.back().validity();
    told += concat("✔ ", base::printable(url), ": of ", day(validity.not_before), ", the next by ",
                   day(validity.not_after), "\n");
  }
  std::vector<sgx::ListAt> entries;
  for (std::size_t i = 0; i < lists.size(); ++i) entries.push_back({urls[i], lists[i].der()});
  TRY(put(directory, "crls.der", sgx::crl_list(entries)));
  return told + concat(base::printable(concat(directory, "/crls.der")), "\n");
}

}  // namespace

Told cache_crl(Fetcher& fetcher, const Services& services, const std::string& directory) {
  std::vector<std::string> urls{concat(without_slash(services.intel_root), "/IntelSGXRootCA.der")};
  for (const std::string_view ca : {"processor", "platform"}) {
    urls.push_back(address(services, concat("certification/v4/pckcrl?ca=", ca, "&encoding=der")));
  }
  return cache_lists(fetcher, urls, directory);
}

Told cache_amd_crl(Fetcher& fetcher, const Services& services, const std::string& directory) {
  std::vector<std::string> urls;
  for (const snp::Product product : snp::all_products) {
    urls.push_back(concat(without_slash(services.amd), "/vcek/v1/", to_string(product), "/crl"));
  }
  return cache_lists(fetcher, urls, directory);
}

namespace {

/// The one certificate in an answer, of this chip at these versions.
OrText<x509::Certificate> vcek_of(const Fetched& fetched, const snp::Chip& chip) {
  evidence::Endorsements all;
  static_cast<void>(all.add(fetched.body));
  const auto other = [&] {
    return Unexpected(
        concat(base::printable(fetched.request.url), ": not the certificate of this processor"));
  };
  if (all.certificates.size() != 1) return other();
  auto certificate = x509::Certificate::parse(all.certificates[0]);
  if (!certificate) return other();
  std::vector<snp::ExtensionView> views;
  for (const x509::Extension& each : certificate->extensions()) {
    views.push_back({each.oid, each.value});
  }
  const auto extensions = snp::EndorsementExtensions::parse(views);
  if (!extensions || !chip.is_of(*extensions)) return other();
  return *std::move(certificate);
}

std::string ends(std::string_view url, const x509::Validity& validity) {
  return concat("✔ ", base::printable(url, url.size()), ": of ", day(validity.not_before),
                ", until ", day(validity.not_after), "\n");
}

}  // namespace

Told cache_vcek(Fetcher& fetcher, const Services& services, const snp::Chip& chip,
                const std::string& directory) {
  const auto vcek = TRY(ask(fetcher, vcek_request(chip, services)));
  const auto certificate = TRY(vcek_of(vcek, chip));
  const auto chain = TRY(ask(fetcher, vcek_chain_request(chip.product, services)));
  evidence::Endorsements above;
  static_cast<void>(above.add(chain.body));
  std::string told = ends(vcek.request.url, certificate.validity());
  if (above.certificates.size() != 2) {
    return Unexpected(concat(base::printable(chain.request.url), ": not two certificates"));
  }
  for (const Bytes& der : above.certificates) {
    const auto each = x509::Certificate::parse(der);
    if (!each) {
      return Unexpected(concat(base::printable(chain.request.url), ": not two certificates"));
    }
    told += ends(chain.request.url, each->validity());
  }
  TRY(put(directory, chain.request.file, chain.body));
  TRY(put(directory, vcek.request.file, certificate.der()));
  return told + concat(base::printable(concat(directory, "/", chain.request.file)), "\n",
                       base::printable(concat(directory, "/", vcek.request.file)), "\n");
}

core::Result<PckId> PckId::parse(std::string_view csv) {
  constexpr std::array<std::size_t, 4> digits{768, 4, 32, 4};
  while (!csv.empty()) {
    std::string_view line = csv.substr(0, csv.find('\n'));
    csv.remove_prefix(std::min(csv.size(), line.size() + 1));
    std::array<std::string, 4> words;
    bool good = true;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string_view word = line.substr(0, line.find_first_of(",\r"));
      line.remove_prefix(std::min(line.size(), word.size() + 1));
      good = good && word.size() == digits[i] && codec::decode_hex(word).has_value();
      words[i] = word;
    }
    if (good) return PckId{words[0], words[1], words[2], words[3]};
  }
  return core::error(core::ErrorCode::Malformed,
                     "no line with encrypted PPID, PCEID, CPUSVN and PCESVN in hexadecimal");
}

Request pck_request(const PckId& id, const Services& services) {
  return {address(services,
                  concat("certification/v4/pckcert?encrypted_ppid=", id.encrypted_ppid,
                         "&cpusvn=", id.cpu_svn, "&pcesvn=", id.pce_svn, "&pceid=", id.pce_id)),
          "pck.pem", "sgx-pck-certificate-issuer-chain", false};
}

Told cache_pck(Fetcher& fetcher, const Services& services, const PckId& id,
               const std::string& directory) {
  const auto fetched = TRY(ask(fetcher, pck_request(id, services)));
  const auto pck = TRY(pck_of(fetched));
  const std::string fmspc = upper(base::hex(pck.fmspc.view()));
  TRY(put(directory, "fmspc.txt", core::as_bytes(fmspc)));
  return concat("✔ this platform's FMSPC is ", fmspc, "\n",
                base::printable(concat(directory, "/fmspc.txt")), "\n");
}

Told cache_tcb(Fetcher& fetcher, const Services& services, const std::string& directory) {
  const std::string fmspc = TRY(known_fmspc(directory));
  const std::string tcb_url = address(services, concat("certification/v4/tcb?fmspc=", fmspc));
  const auto tcb = TRY(ask(fetcher, {tcb_url, "", "tcb-info-issuer-chain", false}));
  const auto info = TRY(document_of<sgx::TcbInfo>(tcb));
  if (info.is_tdx || base::hex(info.fmspc.view()) != fmspc) {
    return Unexpected(concat(base::printable(tcb_url), ": TCB info of another platform"));
  }
  const auto signers = TRY(signers_of(tcb));
  const std::string identity_url = address(services, "certification/v4/qe/identity");
  const auto fetched = TRY(ask(fetcher, {identity_url, "", "", false}));
  const auto identity = TRY(document_of<sgx::EnclaveIdentity>(fetched));
  if (identity.id != sgx::EnclaveId::Qe) {
    return Unexpected(concat(base::printable(identity_url), ": identity of another enclave"));
  }
  TRY(put(directory, "tcb.der",
          sgx::tcb_package({signers[0], signers[1]}, core::as_text(tcb.body))));
  TRY(put(directory, "qe-identity.json", fetched.body));
  const auto line = [](std::string_view url, const sgx::IssuePeriod& period) {
    return concat("✔ ", base::printable(url), ": of ", day(period.issued), ", the next by ",
                  day(period.next_update), "\n");
  };
  return concat(line(tcb_url, info.period), line(identity_url, identity.period),
                base::printable(concat(directory, "/tcb.der")), "\n",
                base::printable(concat(directory, "/qe-identity.json")), "\n");
}

Told register_platform(Fetcher& fetcher, const Services& services, core::ByteView variable) {
  if (variable.size() <= registration_head) {
    return Unexpected(
        std::string("the firmware has no request for Intel's registration service: "
                    "this platform is registered already, or needs no registration"));
  }
  const std::string url = address(services, "registration/v1/platform");
  const auto response = fetcher.post(url, variable.subspan(registration_head));
  if (!response) return Unexpected(concat(base::printable(url), ": ", response.error().what));
  if (response->status != 200 && response->status != 201) {
    return Unexpected(concat(base::printable(url), ": HTTP status ", response->status));
  }
  const std::string_view answer = core::as_text(response->body);
  const bool named = answer.size() == 32 && codec::decode_hex(answer).has_value();
  return concat("✔ Intel knows this platform now", named ? concat("; its PPID is ", answer) : "",
                "\n");
}

}  // namespace merlon::endorse
