// Users, repositories, and who may read them.

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"
#include "merlon/crypto/random.h"
#include "merlon/drawbridge/content.h"
#include "merlon/drawbridge/service.h"
#include "merlon/registry/records.h"

namespace merlon::drawbridge {

using base::concat;
using http::Response;
using registry::json_type;

namespace {

Refusal wrong_method() { return refuse(405, "Method not allowed"); }

}  // namespace

Result<Response> Service::user(const http::Request& request, const Target& target) {
  if (request.method == "PUT") return put_user(request, target);
  if (!reads(request)) return wrong_method();
  TRY(access_.user(request, target.user, Level::Read, Context::Users));
  const auto found = catalogue_.user(target.user);
  if (!found) return refuse(found.error());
  if (!*found) return refuse(404, not_found);
  return with_meta((*found)->record, json_type);
}

Result<Response> Service::put_user(const http::Request& request, const Target& target) {
  const oidc::Claims claims = TRY(access_.bearer(request, Level::Write, Context::Users));
  TRY(check_content(request, json_type, false));
  const auto subject = registry::parse_user(request.body);
  if (!subject) return refuse(400, concat("Not a user: ", subject.error().message()));
  if (*subject != claims.subject) return refuse(401, "OpenID Connect subject mismatch");
  if (world_.reserved.contains(target.user)) return refuse(409, "This name is reserved");
  const auto added =
      catalogue_.add_user({target.user, claims.issuer, claims.subject, request.body}, world_.now());
  if (!added) return refuse(added.error());
  return response_of(*added);
}

Result<Response> Service::repository(const http::Request& request, const Target& target) {
  if (request.method == "PUT") return put_repository(request, target);
  if (!reads(request)) return wrong_method();
  TRY(access_.user(request, target.user, Level::Read, Context::Repositories));
  const auto found = catalogue_.repository(target.full_name());
  if (!found) return refuse(found.error());
  if (!*found) return refuse(404, no_repository);
  return with_meta((*found)->record, json_type);
}

Result<Response> Service::put_repository(const http::Request& request, const Target& target) {
  TRY(access_.user(request, target.user, Level::Write, Context::Repositories));
  TRY(check_content(request, json_type, false));
  const auto is_public = registry::parse_repository(request.body);
  if (!is_public) return refuse(400, concat("Not a repository: ", is_public.error().message()));
  const auto added =
      catalogue_.add_repository({target.full_name(), *is_public, request.body, ""}, world_.now());
  if (!added) return refuse(added.error());
  return response_of(*added);
}

Result<Response> Service::repositories(const http::Request& request, const Target& target) {
  if (!reads(request)) return wrong_method();
  constexpr std::uint64_t usual = 50;
  constexpr std::uint64_t most = 500;
  constexpr std::size_t max_words = 8;
  registry_store::Catalogue::Query query;
  query.user = target.user;
  query.after = query_value(request.target, "after");
  query.limit = TRY(limit_of(request, usual, most));
  const std::string search = query_value(request.target, "search");
  for (std::string_view rest = search; !rest.empty() && query.words.size() < max_words;) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (!word.empty()) query.words.emplace_back(word);
  }
  if (const auto claims = access_.known(request)) {
    query.issuer = claims->issuer;
    query.subject = claims->subject;
  }
  const auto page = catalogue_.repositories(query);
  if (!page) return refuse(page.error());
  codec::JsonWriter writer;
  writer.open_object();
  writer.key("repositories");
  writer.open_array();
  for (const auto& each : page->found) {
    writer.open_object();
    writer.key("name");
    writer.text(each.name);
    writer.key("public");
    writer.boolean(each.is_public);
    writer.key("tags");
    writer.number(each.tags);
    writer.key("bytes");
    writer.number(each.length);
    writer.close_object();
  }
  writer.close_array();
  if (!page->next.empty()) {
    writer.key("next");
    writer.text(page->next);
  }
  writer.close_object();
  return json(200, writer.result());
}

Result<Response> Service::admission(const http::Request& request, const Target& target) {
  const bool puts = request.method == "PUT";
  if (!puts && !reads(request)) return wrong_method();
  TRY(access_.user(request, target.user, puts ? Level::Write : Level::Read, Context::Repositories));
  const auto found = catalogue_.repository(target.full_name());
  if (!found) return refuse(found.error());
  if (!*found) return refuse(404, no_repository);
  if (!puts) {
    const std::string& rule = (*found)->admission;
    return json(200, rule.empty() ? R"({"keeps":[]})" : rule);
  }
  TRY(check_content(request, json_type, false));
  const auto rule = Admission::parse(request.body);
  if (!rule) return refuse(400, concat("Not a rule: ", rule.error().message()));
  const auto set = catalogue_.set_admission(target.full_name(), request.body);
  if (!set) return refuse(set.error());
  return json(200, request.body);
}

// ---- tokens ----

namespace {

struct WantedToken {
  bool may_read = false;
  bool may_write = false;
  std::uint64_t days = 30;
};

Result<WantedToken> wanted_token(std::string_view body) {
  constexpr std::size_t most = 4096;
  constexpr std::uint64_t most_days = 366;
  const Refusal malformed = refuse(400, R"(Not a token: {"rights":["read"],"days":30})");
  if (body.size() > most) return malformed;
  const auto document = codec::JsonDocument::parse(body);
  if (!document) return malformed;
  const auto* const rights = document->root().find("rights");
  if (rights == nullptr || rights->kind() != codec::JsonKind::Array) return malformed;
  WantedToken wanted;
  for (const codec::JsonValue& each : rights->items()) {
    if (each.text() == "read") {
      wanted.may_read = true;
    } else if (each.text() == "write") {
      wanted.may_write = true;
    } else {
      return malformed;
    }
  }
  if (const auto* const days = document->root().find("days")) {
    const auto number = days->number();
    if (!number || *number < 1 || *number > most_days) return malformed;
    wanted.days = *number;
  }
  if (!wanted.may_read && !wanted.may_write) return malformed;
  return wanted;
}

void write(codec::JsonWriter& writer, const registry_store::RepositoryToken& token) {
  writer.key("id");
  writer.text(token.id);
  writer.key("rights");
  writer.open_array();
  if (token.may_read) writer.text("read");
  if (token.may_write) writer.text("write");
  writer.close_array();
  writer.key("expires");
  writer.text(codec::to_rfc3339(token.expires));
}

}  // namespace

Result<Response> Service::new_token(const http::Request& request, const Target& target) {
  const WantedToken wanted = TRY(wanted_token(request.body));
  std::array<std::uint8_t, 8> bytes{};
  MERLON_CHECK(crypto::fill_random(bytes));
  const NewToken made = new_repository_token();
  const registry_store::RepositoryToken token{
      base::hex(bytes),
      target.full_name(),
      made.hash,
      wanted.may_read,
      wanted.may_write,
      {world_.now().seconds + static_cast<std::int64_t>(wanted.days) * codec::seconds_per_day}};
  const auto added = catalogue_.add_token(token);
  if (!added) return refuse(added.error());
  if (added->kind != registry_store::Added::Kind::Done) {
    return refuse(507, "No room: too many tokens of this repository");
  }
  codec::JsonWriter writer;
  writer.open_object();
  write(writer, token);
  writer.key("token");
  writer.text(made.text);
  writer.close_object();
  return json(201, writer.result());
}

Result<Response> Service::tokens(const http::Request& request, const Target& target) {
  TRY(access_.user(request, target.user, reads(request) ? Level::Read : Level::Write,
                   Context::Repositories));
  const auto found = catalogue_.repository(target.full_name());
  if (!found) return refuse(found.error());
  if (!*found) return refuse(404, no_repository);
  if (target.what == Target::What::Token) {
    if (request.method != "DELETE") return wrong_method();
    const auto removed = catalogue_.remove_token(target.full_name(), target.id);
    if (!removed) return refuse(removed.error());
    if (!*removed) return refuse(404, not_found);
    return json(200, "{}");
  }
  if (request.method == "POST") return new_token(request, target);
  if (!reads(request)) return wrong_method();
  const auto all = catalogue_.tokens(target.full_name());
  if (!all) return refuse(all.error());
  codec::JsonWriter writer;
  writer.open_object();
  writer.key("tokens");
  writer.open_array();
  for (const auto& each : *all) {
    writer.open_object();
    write(writer, each);
    writer.close_object();
  }
  writer.close_array();
  writer.close_object();
  return json(200, writer.result());
}

}  // namespace merlon::drawbridge
