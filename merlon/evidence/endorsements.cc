#include "merlon/evidence/endorsements.h"

#include <algorithm>
#include <optional>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/der.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json.h"
#include "merlon/codec/pem.h"
#include "merlon/codec/percent.h"
#include "merlon/sgx/platform_collateral.h"
#include "merlon/sgx/signed_json.h"
#include "merlon/snp/certificate_table.h"
#include "merlon/x509/crl.h"

namespace merlon::evidence {

using codec::JsonDocument;
using codec::JsonKind;
using codec::JsonValue;
using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

template <typename T>
Result<std::size_t> add_new(Endorsements& all, std::vector<T>& to, T item) {
  if (std::ranges::find(to, item) != to.end()) return std::size_t{0};
  if (all.size() == Endorsements::max_artefacts) {
    return core::error(ErrorCode::Exhausted, "more endorsements than can be taken");
  }
  to.push_back(std::move(item));
  return std::size_t{1};
}

bool has(const std::vector<Bytes>& all, const Bytes& item) {
  return std::ranges::find(all, item) != all.end();
}

core::Error unknown() noexcept {
  return core::error(ErrorCode::Malformed,
                     "neither certificate, revocation list nor document of Intel's");
}

/// Adds up what several parts gave. Of their errors the first is kept that is not about a part
/// which is simply none of ours.
class Sum {
 public:
  void add(const Result<std::size_t>& part) {
    if (part) {
      any_ = true;
      count_ += *part;
    } else if (!error_ || error_->code == ErrorCode::Malformed) {
      error_ = part.error();
    }
  }
  [[nodiscard]] Result<std::size_t> result() const {
    if (error_) return *error_;
    if (!any_) return unknown();
    return count_;
  }

 private:
  bool any_ = false;
  std::size_t count_ = 0;
  std::optional<core::Error> error_;
};

/// Of a file the last part of its name; an address has the word in its middle: ".../vlek/v1/...".
bool names_vleks(std::string_view name) noexcept {
  const bool address = name.find("://") != std::string_view::npos;
  if (!address) name.remove_prefix(name.rfind('/') + 1);  // npos + 1 is 0
  return base::contains_ignoring_case(name, "vlek");
}

/// A list that is not understood may revoke what is judged by it.
core::Error lost_list() noexcept {
  return core::error(ErrorCode::Unsupported, "a revocation list that cannot be read");
}

Result<std::size_t> add_list(Endorsements& to, ByteView der, std::string_view name) {
  const auto list = x509::Crl::parse(der);
  if (list) return to.add_revocation_list(der, name);
  if (list.error().code != ErrorCode::Malformed) return list.error();
  return lost_list();
}

Result<std::size_t> add_certificate(Endorsements& to, ByteView der) {
  if (const auto certificate = x509::Certificate::parse(der); !certificate) {
    return core::error(ErrorCode::Malformed, certificate.error().what, certificate.error().detail);
  }
  return to.add_certificate(der);
}

/// SEQUENCE OF Certificate; nothing if it is none.
std::optional<std::vector<ByteView>> pki_path(ByteView der) {
  const auto outer = codec::der_whole(der, codec::DerTag::Sequence);
  if (!outer) return std::nullopt;
  std::vector<ByteView> all;
  for (codec::DerReader path(outer->content); !path.at_end();) {
    const auto one = path.element(codec::DerTag::Sequence);
    if (!one) return std::nullopt;
    all.push_back(one->whole);
  }
  return all;
}

Result<std::size_t> add_lists(Endorsements& to, const std::vector<sgx::ListAt>& lists) {
  std::size_t count = 0;
  for (const sgx::ListAt& each : lists) count += TRY(add_list(to, each.der, each.url));
  return count;
}

Result<std::size_t> add_package(Endorsements& to, const sgx::TcbPackage& package) {
  std::size_t count = 0;
  for (const ByteView each : package.signers) count += TRY(add_certificate(to, each));
  TRY(sgx::SignedJson::parse(package.tcb_info));
  return count + TRY(to.add_document(package.tcb_info));
}

/// What hosts with SGX have of Intel's word, each file or all of it; nothing if it is none of that.
std::optional<Result<std::size_t>> add_collateral(Endorsements& to, ByteView der) {
  if (const auto lists = sgx::parse_crl_list(der)) return add_lists(to, *lists);
  if (const auto package = sgx::TcbPackage::parse(der)) return add_package(to, *package);
  const auto all = sgx::PlatformCollateral::parse(der);
  if (!all) return std::nullopt;
  Sum sum;
  sum.add(add_lists(to, all->lists));
  sum.add(add_package(to, all->tcb));
  if (!all->identity.empty()) {
    const auto identity = sgx::SignedJson::parse(all->identity);
    sum.add(identity ? to.add_document(all->identity) : Result<std::size_t>(unknown()));
  }
  return sum.result();
}

/// A certificate, a list, a PkiPath, or collateral.
Result<std::size_t> add_der(Endorsements& to, ByteView der, std::string_view name) {
  if (x509::is_shaped_as_crl(der)) return add_list(to, der, name);
  const auto whole = add_certificate(to, der);
  if (whole) return whole;
  if (const auto collateral = add_collateral(to, der)) return *collateral;
  const auto path = pki_path(der);
  if (!path) return whole;
  Sum sum;
  for (const ByteView one : *path) sum.add(add_certificate(to, one));
  return sum.result();
}

Result<std::size_t> add_pem(Endorsements& to, std::string_view text, std::string_view name) {
  constexpr std::string_view list_label = "X509 CRL";
  const auto blocks = codec::pem_blocks(text);
  if (!blocks && blocks.error().code == ErrorCode::Malformed &&
      text.find(list_label) != std::string_view::npos) {
    return lost_list();
  }
  Sum sum;
  for (const codec::PemBlock& block : TRY(blocks)) {
    if (block.label == "CERTIFICATE") sum.add(add_der(to, block.bytes, name));
    if (block.label == list_label) sum.add(add_list(to, block.bytes, name));
  }
  return sum.result();
}

std::optional<JsonDocument> json_object(std::string_view text) {
  auto document = JsonDocument::parse(text);
  if (!document || document->root().kind() != JsonKind::Object) return std::nullopt;
  return *std::move(document);
}

/// What stands in a text of a stored collateral object; Malformed if it is none of ours.
Result<std::size_t> add_text(Endorsements& to, std::string_view text, std::string_view name,
                             bool nested = false) {
  // Headers of Intel's services have PEM in the encoding of addresses.
  if (text.find("-----BEGIN%20") != std::string_view::npos) {
    return add_pem(to, codec::decode_percent(text), name);
  }
  if (text.find("-----BEGIN ") != std::string_view::npos) return add_pem(to, text, name);
  if (sgx::SignedJson::parse(text)) return to.add_document(text);
  for (const auto& decoded : {codec::decode_hex(text), codec::decode_any_base64(text)}) {
    if (!decoded || decoded->empty()) continue;
    if ((*decoded)[0] == 0x30) return add_der(to, *decoded, name);
    // PEM or JSON in base 64, once.
    const std::string_view inner = core::as_text(*decoded);
    if (!nested && inner.starts_with("-----BEGIN ")) return add_text(to, inner, name, true);
    const auto object = nested || !inner.starts_with('{') ? std::nullopt : json_object(inner);
    if (object) return to.add_object(object->root());
  }
  return unknown();
}

/// `tcb_info` beside `tcb_info_signature`, and the same for qe_identity.
Result<std::size_t> add_split_document(Endorsements& to, const JsonValue& body,
                                       const JsonValue& signature, std::string_view member) {
  const std::string text =
      base::concat("{\"", member, "\":", body.text(), ",\"signature\":\"", signature.text(), "\"}");
  TRY(sgx::SignedJson::parse(text));
  return to.add_document(text);
}

/// By what members are called in which revocation lists are stored, and not their issuers' chains.
bool names_a_list(std::string_view name) noexcept {
  return base::contains_ignoring_case(name, "crl") && !base::contains_ignoring_case(name, "chain");
}

/// Members that are none of ours are passed over, but not one that should be a revocation list.
Result<std::size_t> add_member(Endorsements& to, std::string_view name, const JsonValue& value) {
  const bool empty =
      value.kind() == JsonKind::Null || (value.kind() == JsonKind::String && value.text().empty());
  const bool address = value.text().find("://") != std::string::npos;
  const bool list = names_a_list(name) && !empty && !address;
  if (value.kind() != JsonKind::String) return list ? Result<std::size_t>(lost_list()) : unknown();
  const auto added = add_text(to, value.text(), name);
  const bool lost = list && !added && added.error().code == ErrorCode::Malformed;
  return lost ? Result<std::size_t>(lost_list()) : added;
}

Result<std::size_t> add_json(Endorsements& to, std::string_view text) {
  if (sgx::SignedJson::parse(text)) return to.add_document(text);
  const auto document = JsonDocument::parse(text);
  // Of a file that cannot be taken apart, only what may be lost with it matters.
  if (!document) return base::contains_ignoring_case(text, "crl") ? lost_list() : unknown();
  if (document->root().kind() != JsonKind::Object) return unknown();
  return to.add_object(document->root());
}

}  // namespace

Result<std::size_t> Endorsements::add(ByteView bytes, std::string_view name) {
  if (bytes.empty()) return unknown();
  if (bytes[0] == 0x30) return add_der(*this, bytes, name);
  if (snp::begins_as_certificate_table(bytes)) {
    const std::size_t before = size();
    TRY(add_table(bytes));
    return size() - before;
  }
  const std::string_view text = core::as_text(bytes);
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start != std::string_view::npos && text[start] == '{') return add_json(*this, text);
  return add_pem(*this, text, name);
}

Result<std::size_t> Endorsements::add_object(const JsonValue& object) {
  Sum sum;
  for (const auto& [name, member] :
       {std::pair{"tcb_info", "tcbInfo"}, std::pair{"qe_identity", "enclaveIdentity"}}) {
    const JsonValue* body = object.find(name);
    const JsonValue* signature = object.find(base::concat(name, "_signature"));
    if (body != nullptr && signature != nullptr) {
      sum.add(add_split_document(*this, *body, *signature, member));
    }
  }
  for (std::size_t i = 0; i < object.items().size(); ++i) {
    const std::size_t before = size();
    const auto added = add_member(*this, object.names()[i], object.items()[i]);
    if (added || added.error().code != ErrorCode::Malformed) sum.add(added);
    if (!added && size() > before) sum.add(size() - before);  // what could be read of it
  }
  return sum.result();
}

Result<std::vector<std::string>> Endorsements::add_table(ByteView table) {
  std::vector<std::string> notes;
  for (const snp::TableEntry& entry : TRY(snp::parse_certificate_table(table))) {
    const bool list = entry.kind == snp::TableEntryKind::Crl;
    if (entry.kind == snp::TableEntryKind::Other) {
      notes.push_back(base::concat("an entry of the certificate table is not known: ",
                                   snp::guid_text(entry.guid)));
    } else if (!entry.bytes.empty() && entry.bytes[0] == 0x30) {
      TRY(list ? add_revocation_list(entry.bytes) : add_certificate(entry.bytes));
    } else if (const auto added = add_pem(*this, core::as_text(entry.bytes), {}); !added) {
      // Hosts store PEM as well, and nothing else: an entry may be the table itself. What is
      // neither must not be lost without a word.
      if (list) return lost_list();
      notes.push_back(base::concat("an entry of the certificate table is no certificate: ",
                                   snp::guid_text(entry.guid)));
    }
  }
  return notes;
}

Result<std::size_t> Endorsements::merge(const Endorsements& other) {
  std::size_t count = 0;
  for (const Bytes& each : other.certificates) count += TRY(add_certificate(each));
  for (const Bytes& each : other.revocation_lists) {
    count += TRY(add_revocation_list(each, has(other.vlek_lists, each) ? "vlek" : ""));
  }
  for (const std::string& each : other.documents) count += TRY(add_document(each));
  return count;
}

Result<std::size_t> Endorsements::add_certificate(ByteView der) {
  return add_new(*this, certificates, Bytes(der.begin(), der.end()));
}
Result<std::size_t> Endorsements::add_revocation_list(ByteView der, std::string_view name) {
  const Bytes list(der.begin(), der.end());
  const std::size_t count = TRY(add_new(*this, revocation_lists, list));
  if (!names_vleks(name)) {
    std::erase(vlek_lists, list);
  } else if (count > 0) {
    vlek_lists.push_back(list);
  }
  return count;
}
Result<std::size_t> Endorsements::add_document(std::string_view text) {
  return add_new(*this, documents, std::string(text));
}

}  // namespace merlon::evidence
