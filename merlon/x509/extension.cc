#include "merlon/x509/extension.h"

#include <algorithm>

namespace merlon::x509 {

using codec::DerReader;
using codec::DerTag;
using core::ErrorCode;
using core::Result;

Result<std::vector<Extension>> parse_extensions(DerReader reader) {
  constexpr std::size_t max_extensions = 64;
  std::vector<Extension> all;
  while (!reader.at_end()) {
    if (all.size() == max_extensions) {
      return core::error(ErrorCode::Exhausted, "more than 64 extensions", reader.offset());
    }
    DerReader entry = TRY(reader.enter(DerTag::Sequence));
    Extension extension;
    extension.oid = TRY(entry.oid());
    if (entry.next_is(DerTag::Boolean)) {
      extension.critical = TRY(entry.boolean());
      if (!extension.critical) {
        return core::error(ErrorCode::Malformed, "a default is written out", reader.offset());
      }
    }
    extension.value = TRY(entry.content(DerTag::OctetString));
    TRY(entry.finish());
    const bool twice = std::ranges::any_of(
        all, [&](const Extension& other) { return std::ranges::equal(other.oid, extension.oid); });
    if (twice) return core::error(ErrorCode::Malformed, "an extension twice", reader.offset());
    all.push_back(extension);
  }
  return all;
}

const Extension* find_extension(const std::vector<Extension>& all, const codec::Oid& oid) noexcept {
  const auto found =
      std::ranges::find_if(all, [&](const Extension& each) { return oid.is(each.oid); });
  return found == all.end() ? nullptr : &*found;
}

Result<BasicConstraints> parse_basic_constraints(core::ByteView value) noexcept {
  DerReader reader(TRY(codec::der_whole(value, DerTag::Sequence)).content);
  BasicConstraints constraints;
  if (reader.next_is(DerTag::Boolean)) constraints.ca = TRY(reader.boolean());
  if (!reader.at_end()) constraints.path_length = TRY(reader.number());
  TRY(reader.finish());
  if (constraints.path_length && !constraints.ca) {
    return core::error(ErrorCode::Malformed, "a path length without a CA");
  }
  return constraints;
}

codec::Oid oid_of(ExtendedKeyUsage usage) noexcept {
  constexpr codec::Oid server_auth{1, 3, 6, 1, 5, 5, 7, 3, 1};
  constexpr codec::Oid client_auth{1, 3, 6, 1, 5, 5, 7, 3, 2};
  switch (usage) {
    case ExtendedKeyUsage::ServerAuth: return server_auth;
    case ExtendedKeyUsage::ClientAuth: break;
  }
  return client_auth;
}

bool ExtendedKeyUsages::has(ExtendedKeyUsage usage) const noexcept {
  return std::ranges::any_of(purposes, [&](core::ByteView each) { return oid_of(usage).is(each); });
}

Result<ExtendedKeyUsages> ExtendedKeyUsages::parse(core::ByteView value) {
  constexpr std::size_t max_purposes = 16;
  DerReader reader(TRY(codec::der_whole(value, DerTag::Sequence)).content);
  ExtendedKeyUsages made;
  while (!reader.at_end()) {
    if (made.purposes.size() == max_purposes) {
      return core::error(ErrorCode::Exhausted, "more than 16 purposes of a key", reader.offset());
    }
    made.purposes.push_back(TRY(reader.oid()));
  }
  if (made.purposes.empty()) return core::error(ErrorCode::Malformed, "no purpose of a key");
  return made;
}

bool is_dns_name(std::string_view name) noexcept {
  constexpr std::size_t longest = 253;
  constexpr std::size_t longest_label = 63;
  if (name.size() > longest) return false;
  std::size_t labels = 0;
  bool wildcard = false;
  for (std::string_view rest = name;;) {
    const std::size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    const bool star = labels == 0 && label == "*";
    const bool plain = !label.empty() && label.size() <= longest_label && label.front() != '-' &&
                       label.back() != '-' && std::ranges::all_of(label, [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '-';
                       });
    if (!star && !plain) return false;
    wildcard = wildcard || star;
    ++labels;
    if (dot == std::string_view::npos) break;
    rest = rest.substr(dot + 1);
  }
  return !wildcard || labels >= 3;
}

Result<SubjectAltNames> SubjectAltNames::parse(core::ByteView value) {
  constexpr std::size_t max_names = 64;
  DerReader reader(TRY(codec::der_whole(value, DerTag::Sequence)).content);
  SubjectAltNames made;
  while (!reader.at_end()) {
    if (made.dns.size() + made.others == max_names) {
      return core::error(ErrorCode::Exhausted, "more than 64 names", reader.offset());
    }
    const codec::DerElement name = TRY(reader.any());
    if (name.tag != dns_name_tag) {
      ++made.others;
      continue;
    }
    const std::string_view text = core::as_text(name.content);
    if (!is_dns_name(text)) {
      return core::error(ErrorCode::Malformed, "a dNSName that is none", reader.offset());
    }
    made.dns.emplace_back(text);
  }
  if (made.dns.size() + made.others == 0) {
    return core::error(ErrorCode::Malformed, "a subjectAltName without names");
  }
  return made;
}

Result<core::ByteView> parse_subject_key_id(core::ByteView value) noexcept {
  return TRY(codec::der_whole(value, DerTag::OctetString)).content;
}

Result<core::ByteView> parse_authority_key_id(core::ByteView value) noexcept {
  DerReader reader(TRY(codec::der_whole(value, DerTag::Sequence)).content);
  const DerTag key_id = codec::context_tag(0, false);
  if (!reader.next_is(key_id)) return core::ByteView{};
  return reader.content(key_id);
}

}  // namespace merlon::x509
