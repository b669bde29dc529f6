#include "merlon/evidence/endorsements.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/der.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json.h"
#include "merlon/codec/pem.h"
#include "merlon/sgx/signed_json.h"
#include "merlon/x509/crl.h"

namespace merlon::evidence {

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
    return core::error(ErrorCode::Exhausted, "more than 256 endorsements");
  }
  to.push_back(std::move(item));
  return std::size_t{1};
}

core::Error unknown() noexcept {
  return core::error(ErrorCode::Malformed,
                     "neither certificate, revocation list nor document of Intel's");
}

/// A certificate, a list, or a SEQUENCE OF certificates.
Result<std::size_t> add_der(Endorsements& to, ByteView der) {
  if (x509::Certificate::parse(der)) return to.add_certificate(der);
  const auto list = x509::Crl::parse(der);
  if (list) return to.add_revocation_list(der);
  // A list that is not understood may revoke what is judged by it.
  if (list.error().code != ErrorCode::Malformed) return list.error();
  codec::DerReader path(TRY(codec::der_whole(der, codec::DerTag::Sequence)).content);
  std::size_t count = 0;
  bool any = false;
  while (!path.at_end()) {
    const ByteView one = TRY(path.element(codec::DerTag::Sequence)).whole;
    TRY(x509::Certificate::parse(one));
    count += TRY(to.add_certificate(one));
    any = true;
  }
  if (!any) return unknown();
  return count;
}

Result<std::size_t> add_pem(Endorsements& to, std::string_view text) {
  std::size_t count = 0;
  bool any = false;
  for (const codec::PemBlock& block : TRY(codec::pem_blocks(text))) {
    const bool known = block.label == "CERTIFICATE" || block.label == "X509 CRL";
    if (!known) continue;
    any = true;
    count += TRY(add_der(to, block.bytes));
  }
  if (!any) return unknown();
  return count;
}

/// A member of a stored collateral object; members that are none of ours are passed over, but not a
/// revocation list that cannot be read.
Result<std::size_t> add_text_member(Endorsements& to, std::string_view name,
                                    std::string_view text) {
  if (text.find("-----BEGIN ") != std::string_view::npos) return add_pem(to, text);
  if (sgx::SignedJson::parse(text)) return to.add_document(text);
  for (const auto& decoded : {codec::decode_hex(text), codec::decode_base64(text)}) {
    if (decoded && !decoded->empty() && (*decoded)[0] == 0x30) {
      const auto added = add_der(to, *decoded);
      if (added || added.error().code != ErrorCode::Malformed) return added;
    }
  }
  if (name.ends_with("crl") && !text.empty()) return unknown();
  return std::size_t{0};
}

/// `tcb_info` beside `tcb_info_signature`, and the same for qe_identity.
Result<std::size_t> add_split_document(Endorsements& to, const JsonValue& root,
                                       std::string_view name, std::string_view member) {
  const JsonValue* body = root.find(name);
  const JsonValue* signature = root.find(base::concat(name, "_signature"));
  if (body == nullptr || signature == nullptr) return std::size_t{0};
  const std::string text = base::concat("{\"", member, "\":", body->text(), ",\"signature\":\"",
                                        signature->text(), "\"}");
  TRY(sgx::SignedJson::parse(text));
  return to.add_document(text);
}

Result<std::size_t> add_json(Endorsements& to, std::string_view text) {
  if (sgx::SignedJson::parse(text)) return to.add_document(text);
  const JsonValue root = TRY(JsonValue::parse(text));
  if (root.kind() != JsonKind::Object) return unknown();
  const std::size_t before = to.size();
  TRY(add_split_document(to, root, "tcb_info", "tcbInfo"));
  TRY(add_split_document(to, root, "qe_identity", "enclaveIdentity"));
  for (std::size_t i = 0; i < root.items().size(); ++i) {
    const JsonValue& item = root.items()[i];
    if (item.kind() == JsonKind::String) TRY(add_text_member(to, root.names()[i], item.text()));
  }
  if (to.size() == before) return unknown();
  return to.size() - before;
}

}  // namespace

Result<std::size_t> Endorsements::add(ByteView bytes) {
  if (bytes.empty()) return unknown();
  if (bytes[0] == 0x30) return add_der(*this, bytes);
  const std::string_view text = core::as_text(bytes);
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start != std::string_view::npos && text[start] == '{') return add_json(*this, text);
  return add_pem(*this, text);
}

Result<std::size_t> Endorsements::merge(const Endorsements& other) {
  std::size_t count = 0;
  for (const Bytes& each : other.certificates) count += TRY(add_certificate(each));
  for (const Bytes& each : other.revocation_lists) count += TRY(add_revocation_list(each));
  for (const std::string& each : other.documents) count += TRY(add_document(each));
  return count;
}

Result<std::size_t> Endorsements::add_certificate(ByteView der) {
  return add_new(*this, certificates, Bytes(der.begin(), der.end()));
}
Result<std::size_t> Endorsements::add_revocation_list(ByteView der) {
  return add_new(*this, revocation_lists, Bytes(der.begin(), der.end()));
}
Result<std::size_t> Endorsements::add_document(std::string_view text) {
  return add_new(*this, documents, std::string(text));
}

}  // namespace merlon::evidence
