#include "merlon/steward_service/deputy.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json_writer.h"
#include "merlon/crypto/hash.h"
#include "merlon/database/sqlite.h"
#include "merlon/os/open.h"
#include "merlon/steward_service/files.h"
#include "merlon/steward_service/problem.h"
#include "merlon/steward_service/statistics.h"

namespace merlon::steward_service {

using base::concat;
using http::Response;
using release::Listing;
using release::Reason;
using release::Refusal;
using release::refuse;

namespace {

constexpr std::string_view all_deposits = "/release/v1/deposits";
constexpr std::string_view octets = "application/octet-stream";

Response json_response(unsigned status, std::string json) {
  return {status,
          {{"Content-Type", "application/json"},
           {"Cache-Control", "no-store"},
           {"X-Content-Type-Options", "nosniff"}},
          std::move(json) + "\n"};
}

unsigned status_of(const Refusal& refusal) noexcept {
  using Kind = Refusal::Kind;
  switch (refusal.kind) {
    case Kind::Malformed: return 400;
    case Kind::NoToken: return 401;
    case Kind::Forbidden: return 403;
    case Kind::Unknown: return 404;
    case Kind::Conflict: return 409;
    case Kind::Gone: return 410;
    case Kind::TooLarge: return 413;
    case Kind::TooMany: return 429;
    case Kind::NotNow: return 503;
    case Kind::Internal: break;
  }
  return 500;
}

std::string_view title_of(const Refusal& refusal) noexcept {
  using Kind = Refusal::Kind;
  switch (refusal.kind) {
    case Kind::Malformed: return "This cannot be read, or asks for what cannot be.";
    case Kind::NoToken: return "Nobody is known by this request.";
    case Kind::Forbidden: return "This is refused.";
    case Kind::Unknown: return "There is no such deposit.";
    case Kind::Conflict: return "Something came before this.";
    case Kind::Gone: return "This deposit gives nothing any more.";
    case Kind::TooLarge: return "The request is too large.";
    case Kind::TooMany: return "This is more than may be.";
    case Kind::NotNow: return "This cannot be done now.";
    case Kind::Internal: break;
  }
  return "The broker cannot answer, for a reason of its own.";
}

/// How one proves who one is [RFC6750 §3]; nothing of a token is said again.
Response refused(const Refusal& refusal, const http::Request& request) {
  Problem problem{status_of(refusal), refusal.code, std::string(title_of(refusal)), refusal.wanted,
                  refusal.got};
  constexpr unsigned soon = 60;
  if (problem.status == 429 || problem.status == 503) problem.retry_after = soon;
  Response response = answer(problem, request);
  for (http::Header& note : response.notes) {
    if (note.name == note_code) note.name = note_release_code;
  }
  if (problem.status == 401) {
    response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"merlon-steward\""});
  }
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

void write(codec::JsonWriter& json, const Listing& listing) {
  const auto text = [&](std::string_view name, std::string_view value) {
    json.key(name);
    json.text(value);
  };
  const auto number = [&](std::string_view name, std::uint64_t value) {
    json.key(name);
    json.number(value);
  };
  json.open_object();
  text("id", base::hex(listing.id.view()));
  text("name", listing.name);
  number("version", listing.version);
  number("released", listing.released);
  number("left", listing.left);
  text("until", codec::to_rfc3339(listing.until));
  text("created", codec::to_rfc3339(listing.created));
  text("changed", codec::to_rfc3339(listing.changed));
  json.key("last_release");
  if (listing.last.seconds == 0) {
    json.null();
  } else {
    json.text(codec::to_rfc3339(listing.last));
  }
  json.key("host_hears");
  json.boolean(listing.host_hears);
  text("policy_sha256", base::hex(listing.policy.view()));
  text("module_sha256", base::hex(listing.module.view()));
  json.close_object();
}

void write_key(codec::JsonWriter& json, const std::optional<crypto::Sha256Digest>& name) {
  json.key("tenant");
  if (name) {
    json.text(base::hex(name->view()));
  } else {
    json.null();
  }
}

Outcome<crypto::SecretBytes> read_key(const std::string& path) {
  constexpr std::size_t longest = 128;
  const crypto::SecretBytes text(TRY(read_file(path, longest)));
  std::string_view digits = core::as_text(text.reveal());
  while (digits.ends_with('\n') || digits.ends_with('\r')) digits.remove_suffix(1);
  auto key = codec::decode_hex(digits);
  if (key && key->size() == release::Keyring::key_size) {
    return crypto::SecretBytes(*std::move(key));
  }
  return core::Unexpected(
      concat(base::printable(path), ": must be 64 hexadecimal digits: openssl rand -hex 32"));
}

/// So that it is nobody else's to read from its first byte on.
Outcome<void> make_file(const std::string& path) {
  const auto made = os::create_private_file(path);
  if (made || made.error() == os::Errno::Exist) return {};
  return concat(base::printable(path), ": cannot be made: ", os::describe(made.error()));
}

Response nothing_here(const http::Request& request) {
  return answer(problem_of_status(404, "there is nothing here"), request);
}

Response wrong_method(std::string_view allowed, const http::Request& request) {
  Response response = answer(problem_of_status(405, concat("allowed are ", allowed)), request);
  response.headers.push_back({"Allow", std::string(allowed)});
  return response;
}

}  // namespace

std::string path_in_log(std::string_view path) {
  if (!path.starts_with(release_path)) return std::string(path);
  constexpr auto own =
      std::array<std::string_view, 5>{"", "release", "v1", "deposits", "challenge"};
  constexpr std::size_t told = 6;
  std::string shown;
  for (;;) {
    const std::string_view segment = path.substr(0, path.find('/'));
    const bool is_own = std::ranges::find(own, segment) != own.end();
    shown +=
        is_own
            ? std::string(segment)
            : concat("~", base::hex(crypto::sha256({core::as_bytes(segment)}).view().first(told)));
    if (segment.size() == path.size()) return shown;
    path.remove_prefix(segment.size() + 1);
    shown.push_back('/');
  }
}

Deputy::Deputy(const std::string& file, core::ByteView key, const ReleaseOptions& options)
    : database_([file] { return database::connect_sqlite(file); }),
      keyring_(key),
      pace_(options.per_minute) {}

Outcome<std::unique_ptr<Deputy>> Deputy::open(const ReleaseOptions& options,
                                              const std::string& state) {
  const crypto::SecretBytes key = TRY(read_key(options.key));
  TRY(make_file(options.store));
  std::unique_ptr<Deputy> deputy(new Deputy(options.store, key.reveal(), options));
  auto mark = TRY(release::Mark::open(concat(state, "/release.mark")));
  deputy->store_ = TRY(
      release::Store::open(deputy->database_, deputy->keyring_, std::move(mark), options.quota));
  deputy->broker_ = std::make_unique<release::Broker>(*deputy->store_, deputy->keyring_);
  return deputy;
}

Outcome<void> Deputy::check(const ReleaseOptions& options, const std::string& state) {
  TRY(read_key(options.key));
  if (os::exists(options.store)) TRY(open(options, state));
  return {};
}

Response Deputy::handle(const http::Request& request) {
  auto answered = route(request);
  if (answered) return *std::move(answered);
  return refused(answered.error(), request);
}

/// Who bears a token is who its issuer says; which right he has, its scopes.
release::Outcome<release::TenantId> Deputy::tenant(const http::Request& request,
                                                   Right right) const {
  constexpr std::string_view scheme = "bearer ";
  // Two such headers would be one text that is no token.
  const std::string authorization = request.joined("authorization");
  if (!base::equal_ignoring_case(std::string_view(authorization).substr(0, scheme.size()),
                                 scheme)) {
    return refuse(Reason::Token, "none");
  }
  if (world_.issuers == nullptr) return refuse(Reason::Token, "no issuer is believed here");
  const auto claims = world_.issuers->judge(std::string_view(authorization).substr(scheme.size()));
  if (!claims) {
    const bool later = claims.error() == oidc::TokenRefusal::Keys;
    Refusal refusal = refuse(
        Reason::Token, concat(oidc::code_of(claims.error()), ": ", oidc::describe(claims.error())));
    if (later) refusal.kind = Refusal::Kind::NotNow;
    return refusal;
  }
  const std::string_view scope = right == Right::Administer ? "write:release" : "read:release";
  if (!claims->has_scope(scope)) return refuse(Reason::Scope, concat("not ", scope));
  return release::tenant_of(claims->issuer, claims->subject);
}

release::Outcome<Response> Deputy::route(const http::Request& request) {
  std::string_view path = request.path();
  if (!path.starts_with(all_deposits)) return nothing_here(request);
  path.remove_prefix(all_deposits.size());
  if (path.empty()) return deposits(request);
  if (path.front() != '/') return nothing_here(request);
  path.remove_prefix(1);
  const std::size_t slash = std::min(path.find('/'), path.size());
  const auto id = release::parse_deposit_id(path.substr(0, slash));
  if (!id) return nothing_here(request);
  if (slash == path.size()) return one(request, *id);
  return hand_over(request, *id, path.substr(slash + 1));
}

release::Outcome<Response> Deputy::told(const release::TenantId& tenant, const Listing& listing,
                                        unsigned status) {
  codec::JsonWriter json;
  json.open_object();
  write_key(json, TRY(broker_->key_name(tenant)));
  json.key("deposit");
  write(json, listing);
  json.close_object();
  return json_response(status, json.result());
}

release::Outcome<Response> Deputy::deposits(const http::Request& request) {
  if (request.method == "POST") {
    const auto who = TRY(tenant(request, Right::Administer));
    const auto listing = TRY(broker_->deposit(who, core::as_bytes(request.body), world_.now()));
    constexpr unsigned created = 201;
    Response response = TRY(told(who, listing, created));
    response.headers.push_back(
        {"Location", concat(all_deposits, "/", base::hex(listing.id.view()))});
    response.notes.push_back({std::string(note_deposit), "made"});
    return response;
  }
  if (request.method != "GET") return wrong_method("GET, POST", request);
  const auto who = TRY(tenant(request, Right::List));
  const auto listings = TRY(broker_->list(who));
  codec::JsonWriter json;
  json.open_object();
  write_key(json, TRY(broker_->key_name(who)));
  json.key("deposits");
  json.open_array();
  for (const Listing& each : listings) write(json, each);
  json.close_array();
  json.close_object();
  return json_response(200, json.result());
}

release::Outcome<Response> Deputy::one(const http::Request& request, const release::DepositId& id) {
  if (request.method == "GET") {
    const auto who = TRY(tenant(request, Right::List));
    return told(who, TRY(broker_->show(who, id)), 200);
  }
  if (request.method == "PUT") {
    const auto who = TRY(tenant(request, Right::Administer));
    const auto listing = TRY(broker_->change(who, id, core::as_bytes(request.body), world_.now()));
    Response response = TRY(told(who, listing, 200));
    response.notes.push_back({std::string(note_deposit), "changed"});
    return response;
  }
  if (request.method != "DELETE") return wrong_method("DELETE, GET, PUT", request);
  const auto who = TRY(tenant(request, Right::Administer));
  TRY(broker_->remove(who, id, world_.now()));
  constexpr unsigned done = 204;
  Response response{done, {}, {}};
  response.notes.push_back({std::string(note_deposit), "removed"});
  return response;
}

release::Outcome<Response> Deputy::hand_over(const http::Request& request,
                                             const release::DepositId& id, std::string_view what) {
  if (what != "challenge" && what != "release") return nothing_here(request);
  if (request.method != "POST") return wrong_method("POST", request);
  const codec::UnixTime now = world_.now();
  if (!pace_.take(request.peer, now)) return refuse(Reason::Pace, "more");
  if (what == "challenge") {
    const auto invitation = TRY(broker_->challenge(id, now));
    codec::JsonWriter json;
    json.open_object();
    json.key("token");
    json.text(base::hex(invitation.token.view()));
    json.key("nonce");
    json.text(base::hex(invitation.nonce.view()));
    json.key("offer");
    json.text(invitation.offer);
    json.close_object();
    Response response = json_response(200, json.result());
    response.notes.push_back({std::string(note_challenge), "made"});
    return response;
  }
  const auto own = world_.own();
  verify::Memory seen;
  const auto released =
      broker_->release(id, core::as_bytes(request.body), {*own, world_.moment()}, now, seen);
  // What vendors had signed counts from then on, whatever became of it.
  world_.learn(seen);
  if (!released) return released.error();
  Response response{200,
                    {{"Content-Type", std::string(octets)}, {"Cache-Control", "no-store"}},
                    std::string(core::as_text(released->answer))};
  const auto note = [&](std::string_view name, std::string value) {
    response.notes.push_back({std::string(name), std::move(value)});
  };
  note(note_release, std::string(evidence::to_string(released->technology)));
  note("version", concat(released->version));
  note("left", concat(released->left));
  note("measurement", released->measurement);
  if (released->simulator) note("simulator", "true");
  return response;
}

}  // namespace merlon::steward_service
