#include "merlon/drawbridge/service.h"

#include <algorithm>

#include "merlon/base/characters.h"
#include "merlon/base/text.h"
#include "merlon/codec/percent.h"
#include "merlon/drawbridge/openapi.h"
#include "merlon/registry/records.h"

namespace merlon::drawbridge {

using base::concat;
using http::Response;
using What = Target::What;

http::Response json(unsigned status, std::string content) {
  return {status,
          {{"Content-Type", "application/json"},
           {"Cache-Control", "no-store"},
           {"X-Content-Type-Options", "nosniff"}},
          std::move(content)};
}

http::Response with_meta(std::string content, std::string_view type) {
  const auto digest = registry::ContentDigest::of(core::as_bytes(content));
  return {200,
          {{"Content-Type", std::string(type)},
           {"Content-Digest", digest.text()},
           {"X-Content-Type-Options", "nosniff"}},
          std::move(content)};
}

namespace {

/// Header lines of one name are one text; its parser takes no blanks, as Enarx' does not.
std::string digest_header(const http::Request& request) {
  std::string all;
  for (const http::Header& each : request.headers) {
    if (each.name == "content-digest") all += concat(all.empty() ? "" : ",", each.value);
  }
  return all;
}

/// What every database can hold.
bool is_text(std::string_view text) noexcept {
  return base::well_formed_size(text) == text.size() && text.find('\0') == std::string_view::npos;
}

/// Browsers say that they take HTML; other programs get what Enarx answers.
bool wants_page(const http::Request& request) {
  const auto accept = request.header("accept");
  return reads(request) && !request.path().starts_with("/api/") && accept &&
         accept->find("text/html") != std::string_view::npos;
}

/// "type/subtype", of printable characters.
bool is_media_type(std::string_view type) noexcept {
  constexpr std::size_t most = 255;
  const std::size_t slash = type.find('/');
  return type.size() <= most && slash != std::string_view::npos && slash > 0 &&
         slash + 1 < type.size() &&
         std::ranges::all_of(type, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

Result<registry::Meta> told_meta(const http::Request& request, bool digest_needed) {
  registry::Meta meta;
  const auto length = request.header("content-length");
  const auto number = base::parse_decimal(length.value_or(""));
  if (!number) return refuse(400, "Content-Length header missing or malformed");
  meta.length = *number;
  const auto type = request.header("content-type");
  if (!type || !is_media_type(*type)) {
    return refuse(400, "Content-Type header missing or malformed");
  }
  meta.type = *type;
  const std::string header = digest_header(request);
  if (!header.empty()) {
    auto digest = registry::ContentDigest::parse(header);
    if (!digest) return refuse(400, concat("Content-Digest header: ", digest.error().message()));
    meta.digest = *std::move(digest);
  }
  if (digest_needed && meta.digest.empty()) {
    return refuse(400, "At least one content digest value must be specified");
  }
  return meta;
}

Result<void> check_content(const http::Request& request, std::string_view type,
                           bool digest_needed) {
  const registry::Meta meta = TRY(told_meta(request, digest_needed));
  if (meta.type != type) return refuse(400, "Invalid content type");
  if (meta.length != request.body.size()) {
    return refuse(400, concat("Content length mismatch, expected: ", meta.length, ", got ",
                              request.body.size()));
  }
  if (!meta.digest.empty() && !meta.digest.holds_for(core::as_bytes(request.body))) {
    return refuse(400, "Content digest mismatch");
  }
  return {};
}

Result<std::uint64_t> limit_of(const http::Request& request, std::uint64_t usual,
                               std::uint64_t most) {
  const std::string text = query_value(request.target, "limit");
  if (text.empty()) return usual;
  const auto number = base::parse_decimal(text);
  if (!number || *number < 1) return refuse(400, "limit: must be a number from 1 on");
  return std::min(*number, most);
}

std::optional<Response> Service::quick(const http::Request& request) {
  auto found = quick_.find(request);
  if (found) ++counts_.given;
  return found;
}

Response Service::handle(const http::Request& request) {
  auto answered = answer(request);
  if (answered) return *std::move(answered);
  ++counts_.refused;
  return response_of(answered.error());
}

Result<Response> Service::answer(const http::Request& request) {
  const std::string_view path = request.path();
  if (path == "/health") return Response{200, {}, {}};
  if (path == "/ready" && reads(request)) {
    if (const auto ready = catalogue_.ready(); !ready) return refuse(ready.error());
    return Response{200, {{"Content-Type", "text/plain; charset=utf-8"}}, "ready\n"};
  }
  if (path == "/metrics" && reads(request)) {
    return Response{200, {{"Content-Type", "text/plain; version=0.0.4"}}, metrics()};
  }
  // Names in the path are judged by who reads it.
  if (!is_text(codec::decode_percent(request.target.substr(path.size())))) {
    return refuse(400, "The query is no text in UTF-8");
  }
  if (path == "/openapi.json" && reads(request)) return json(200, std::string(openapi()));
  if (wants_page(request)) return page(request);
  return answer_target(request, TRY(parse_target(path)));
}

Result<Response> Service::answer_target(const http::Request& request, const Target& target) {
  // What is to go, or is to be withdrawn, has to be noted where there is no room for more.
  const bool brings = (request.method == "PUT" || request.method == "POST") &&
                      target.what != What::Yank && target.what != What::Admission;
  if (brings) {
    if (const auto room = shelf_.room(); !room) return refuse(room.error());
  }
  switch (target.what) {
    case What::User: return user(request, target);
    case What::Repository: return repository(request, target);
    case What::Tags: return tags(request, target);
    case What::Tag: return tag(request, target);
    case What::Tree: return tree(request, target);
    case What::Repositories: return repositories(request, target);
    case What::Versions: return versions(request, target);
    case What::Yank: return yank(request, target);
    case What::Upload: return upload(request, target);
    case What::Admission: return admission(request, target);
    case What::Tokens:
    case What::Token: return tokens(request, target);
  }
  return refuse(404, not_found);
}

http::Reception Service::receive(const http::Request& request) {
  const auto target = parse_target(request.path());
  if (!target || target->what != What::Tree || request.method != "PUT") return {};
  auto reception = receive_node(request, *target);
  if (reception) return *std::move(reception);
  ++counts_.refused;
  return {nullptr, response_of(reception.error())};
}

std::string Service::metrics() {
  const auto kept = kept_.get([this] { return catalogue_.counts(); });
  const registry_store::Catalogue::Counts none{};
  const auto& now = kept ? *kept : none;
  const http::Counters server = world_.counters();
  std::string text;
  const auto metric = [&](std::string_view name, std::string_view type, std::string_view help,
                          std::uint64_t value) {
    text += concat("# HELP merlon_drawbridge_", name, " ", help, "\n# TYPE merlon_drawbridge_",
                   name, " ", type, "\nmerlon_drawbridge_", name, " ", value, "\n");
  };
  metric("users", "gauge", "Users.", now.users);
  metric("repositories", "gauge", "Repositories.", now.repositories);
  metric("tags", "gauge", "Tags that are whole.", now.tags);
  metric("contents", "gauge", "Contents that are kept.", now.blobs);
  metric("contents_bytes", "gauge", "Bytes of these.", now.bytes);
  metric("uploads", "gauge", "Uploads that are not over.", now.uploads);
  metric("stored_total", "counter", "Contents that were brought.", counts_.stored);
  metric("stored_bytes_total", "counter", "Bytes of these.", counts_.stored_bytes);
  metric("given_total", "counter", "Contents that were asked for and there.", counts_.given);
  metric("altered_total", "counter", "Contents that the store had lost or altered.",
         counts_.altered);
  metric("refused_total", "counter", "Requests that were refused.", counts_.refused);
  metric("requests_total", "counter", "Requests that got an answer.", server.requests);
  metric("connections_open", "gauge", "Connections that are open.", server.open_connections);
  metric("bytes_in_total", "counter", "Bytes of requests.", server.bytes_in);
  metric("bytes_out_total", "counter", "Bytes of answers.", server.bytes_out);
  return text;
}

}  // namespace merlon::drawbridge
