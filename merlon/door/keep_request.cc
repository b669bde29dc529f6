#include "merlon/door/keep_request.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"

namespace merlon::door {

using base::concat;
using codec::JsonKind;
using codec::JsonValue;
using core::Result;

namespace {

constexpr std::size_t most_wishes = 64;
constexpr std::size_t longest_host = 253;

struct KindName {
  host::Wish::Kind kind;
  std::string_view name;
};
constexpr auto kind_names = std::array{KindName{host::Wish::Kind::Listen, "listen"},
                                       KindName{host::Wish::Kind::Connect, "connect"},
                                       KindName{host::Wish::Kind::Steward, "steward"},
                                       KindName{host::Wish::Kind::Volume, "volume"},
                                       KindName{host::Wish::Kind::Registry, "registry"},
                                       KindName{host::Wish::Kind::Allowed, "allowed"}};

/// Every member of the object is one of these.
Result<void, std::string> check_names(const JsonValue& object, std::string_view what,
                                      std::initializer_list<std::string_view> known) {
  if (object.kind() != JsonKind::Object) return concat(what, ": must be an object");
  for (const std::string_view name : object.names()) {
    if (std::ranges::find(known, name) == known.end()) {
      return concat(what, ": there is no member ", base::quoted(name, 40));
    }
  }
  return {};
}

Result<std::string_view, std::string> text_of(const JsonValue& object, std::string_view name) {
  const auto text = object.string_member(name);
  if (!text) return concat(name, ": must be there, and a text");
  return *text;
}

/// 0 if it is left out.
Result<std::uint64_t, std::string> number_of(const JsonValue& object, std::string_view name,
                                             std::uint64_t most) {
  if (object.find(name) == nullptr) return std::uint64_t{0};
  const auto number = object.number_member(name, most);
  if (!number) return concat(name, ": must be a number up to ", most);
  return *number;
}

/// A name or a numeric address: nothing that a program could take for anything else.
bool is_host(std::string_view text) noexcept {
  constexpr std::string_view others = ".-:_";
  return !text.empty() && text.size() <= longest_host && text.front() != '-' &&
         std::ranges::all_of(text, [&](char c) {
           const bool word =
               (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
           return word || others.find(c) != std::string_view::npos;
         });
}

Result<host::Wish, std::string> wish_of(const JsonValue& value) {
  TRY(check_names(value, "wishes", {"kind", "host", "port", "tls"}));
  host::Wish wish;
  const std::string_view kind = TRY(text_of(value, "kind"));
  const auto* const named = std::ranges::find(kind_names, kind, &KindName::name);
  if (named == kind_names.end())
    return std::string("kind: must be listen, connect, steward, registry, volume or allowed");
  wish.kind = named->kind;
  wish.host = TRY(text_of(value, "host"));
  if (wish.kind == host::Wish::Kind::Volume) {
    TRY(check_names(value, "wishes", {"kind", "host"}));
    if (base::is_label(wish.host)) return wish;
    return std::string("host: must be the name of a volume, of a-z, 0-9, - and _");
  }
  if (!is_host(wish.host)) return std::string("host: must be a name or an address");
  constexpr std::uint64_t last_port = 65535;
  wish.port = static_cast<std::uint16_t>(TRY(number_of(value, "port", last_port)));
  if (wish.port == 0) return std::string("port: must be from 1 to 65535");
  if (const JsonValue* const tls = value.find("tls")) {
    if (tls->kind() != JsonKind::Boolean) return std::string("tls: must be true or false");
    wish.speaks_tls = tls->is_true();
  }
  return wish;
}

Result<void, std::string> read_wishes(const JsonValue& root, host::Offer& offer) {
  const JsonValue* const wishes = root.find("wishes");
  if (wishes == nullptr) return {};
  if (wishes->kind() != JsonKind::Array || wishes->items().size() > most_wishes) {
    return concat("wishes: must be a list of at most ", most_wishes);
  }
  bool steward = false;
  bool registry = false;
  bool volume = false;
  for (const JsonValue& each : wishes->items()) {
    offer.wishes.push_back(TRY(wish_of(each)));
    const host::Wish::Kind kind = offer.wishes.back().kind;
    if (kind == host::Wish::Kind::Steward && std::exchange(steward, true)) {
      return std::string("wishes: more than one Steward");
    }
    if (kind == host::Wish::Kind::Registry && std::exchange(registry, true)) {
      return std::string("wishes: more than one registry");
    }
    if (kind == host::Wish::Kind::Volume && std::exchange(volume, true)) {
      return std::string("wishes: more than one volume");
    }
  }
  return {};
}

}  // namespace

Result<KeepRequest, std::string> parse_keep_request(std::string_view json) {
  const auto document = codec::JsonDocument::parse(json);
  if (!document) return std::string(document.error().message());
  const JsonValue& root = document->root();
  TRY(check_names(root, "request",
                  {"backend", "nonce", "wishes", "max_memory_bytes", "timeout_nanoseconds"}));
  KeepRequest request;
  const std::string_view backend = TRY(text_of(root, "backend"));
  const auto found = host::find_backend(backend);
  if (!found) return concat("backend: there is no ", base::quoted(backend, 40));
  request.backend = *found;
  const auto nonce = codec::decode_hex(TRY(text_of(root, "nonce")));
  if (!nonce || nonce->size() != request.offer.nonce.size()) {
    return std::string("nonce: must be 64 hexadecimal digits");
  }
  std::ranges::copy(*nonce, request.offer.nonce.begin());
  TRY(read_wishes(root, request.offer));
  constexpr std::uint64_t most = std::uint64_t{1} << 62U;
  request.offer.max_memory_bytes = TRY(number_of(root, "max_memory_bytes", most));
  request.offer.timeout_nanoseconds = TRY(number_of(root, "timeout_nanoseconds", most));
  return request;
}

std::string to_json(const KeepRequest& request) {
  codec::JsonWriter json;
  json.open_object();
  json.key("backend");
  json.text(host::name_of(request.backend));
  json.key("nonce");
  json.text(base::hex(request.offer.nonce));
  json.key("wishes");
  json.open_array();
  for (const host::Wish& wish : request.offer.wishes) {
    json.open_object();
    json.key("kind");
    json.text(std::ranges::find(kind_names, wish.kind, &KindName::kind)->name);
    json.key("host");
    json.text(wish.host);
    if (wish.kind != host::Wish::Kind::Volume) {
      json.key("port");
      json.number(std::uint64_t{wish.port});
      json.key("tls");
      json.boolean(wish.speaks_tls);
    }
    json.close_object();
  }
  json.close_array();
  json.key("max_memory_bytes");
  json.number(request.offer.max_memory_bytes);
  json.key("timeout_nanoseconds");
  json.number(request.offer.timeout_nanoseconds);
  json.close_object();
  return json.result();
}

}  // namespace merlon::door
