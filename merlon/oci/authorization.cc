// Who asks: by a password, or by a token that another server gives for it [DOCKER-TOKEN].

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/percent.h"
#include "merlon/oci/client.h"

namespace merlon::oci {

using base::concat;
using http_client::Answer;
using https_client::Asking;
using https_client::HttpsClient;

namespace {

constexpr unsigned ok = 200;
constexpr std::size_t largest_token_answer = std::size_t{64} << 10U;

/// Of all headers of that name.
core::Result<std::vector<Challenge>> challenges_of(const Answer& answer) {
  std::vector<Challenge> all;
  for (const http_client::Field& each : answer.fields) {
    if (!base::equal_ignoring_case(each.name, "www-authenticate")) continue;
    auto more = TRY(parse_challenges(each.value));
    std::ranges::move(more, std::back_inserter(all));
  }
  return all;
}

const Challenge* find(const std::vector<Challenge>& all, std::string_view scheme) {
  const auto found = std::ranges::find(all, scheme, &Challenge::scheme);
  return found == all.end() ? nullptr : &*found;
}

std::string basic(const Credentials& credentials) {
  const std::string text = concat(credentials.user, ":", credentials.password);
  return concat("Basic ", codec::encode_base64(core::as_bytes(std::string_view(text))));
}

std::string host_part(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const bool bare = colon == std::string_view::npos || authority.ends_with(']');
  std::string host(authority.substr(0, bare ? authority.size() : colon));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

}  // namespace

bool may_have_credentials(const std::string& registry, const std::string& realm,
                          std::string_view named) noexcept {
  if (registry == realm || realm == named) return true;
  if (registry.ends_with("docker.io") && realm == "auth.docker.io") {
    return registry == "docker.io" || registry.ends_with(".docker.io");
  }
  // Who has a domain has what is in it; nobody has a last label, or an address.
  const bool is_name = std::ranges::any_of(realm, [](char c) { return c >= 'a' && c <= 'z'; });
  return is_name && realm.find('.') != std::string::npos && realm.find(':') == std::string::npos &&
         registry.ends_with(concat(".", realm));
}

/// Whether it is another one than was refused.
Result<bool> Client::use(std::string authorization) {
  if (authorization == authorization_) return false;
  authorization_ = std::move(authorization);
  return true;
}

Result<bool> Client::authorize(const Answer& answer) {
  const auto challenges = challenges_of(answer);
  if (!challenges) return unusable(challenges.error().message());
  Credentials credentials;
  if (reach_.credentials) {
    auto found = reach_.credentials();
    if (!found) {
      return Failure{
          concat(base::printable(reference_.host), ": wants to know who asks: ", found.error()),
          Trouble::NotAllowed};
    }
    credentials = *std::move(found);
  }
  if (!credentials.bearer.empty()) return use(concat("Bearer ", credentials.bearer));
  const Challenge* const bearer = find(*challenges, "bearer");
  if (bearer != nullptr) {
    const std::string token = TRY(token_of(*bearer, credentials));
    return use(concat("Bearer ", token));
  }
  if (find(*challenges, "basic") == nullptr) {
    return unusable("wants to know who asks, in a way that is not known here");
  }
  if (credentials.user.empty()) {
    return Failure{concat(base::printable(reference_.host),
                          ": wants a user and a password, and there are none (docker login)"),
                   Trouble::NotAllowed};
  }
  return use(basic(credentials));
}

Result<Answer> Client::ask_for_token(const Challenge& challenge, const Credentials& credentials) {
  const std::string realm(challenge.parameter("realm"));
  const auto origin = origin_of(realm);
  // Nobody elsewhere has this machine's own servers asked.
  if (!origin || (origin->is_plain && !reference_.is_plain)) {
    return unusable(concat("gives tokens at ", base::quoted(realm), ", which is no https:// URL"));
  }
  std::string path;
  auto server = HttpsClient::create(realm, reach_.files, path);
  if (!server) return Failure{server.error()};
  server->set_proxies(reach_.proxies);
  const bool trusted =
      may_have_credentials(host_part(reference_.host), origin->host, reach_.token_host);
  const bool has_any = !credentials.user.empty() || !credentials.identity_token.empty();
  withheld_from_ = has_any && !trusted ? origin->host : "";
  const std::string_view rights = rights_ == Rights::Write ? "pull,push" : "pull";
  std::string form = concat(
      "service=", codec::encode_percent(challenge.parameter("service")),
      "&scope=", codec::encode_percent(concat("repository:", reference_.repository, ":", rights)));
  if (trusted && !credentials.identity_token.empty()) {
    form += concat("&client_id=merlon&grant_type=refresh_token&refresh_token=",
                   codec::encode_percent(credentials.identity_token));
    Asking asking{"POST", path, "application/x-www-form-urlencoded"};
    asking.body = core::as_bytes(std::string_view(form));
    asking.largest_answer = largest_token_answer;
    auto answer = server->ask(asking);
    if (!answer) return Failure{answer.error()};
    return *std::move(answer);
  }
  Asking asking{"GET", concat(path, path.find('?') == std::string::npos ? "?" : "&", form)};
  if (trusted && !credentials.user.empty()) asking.authorization = basic(credentials);
  asking.largest_answer = largest_token_answer;
  auto answer = server->ask(asking);
  if (!answer) return Failure{answer.error()};
  return *std::move(answer);
}

Result<std::string> Client::token_of(const Challenge& challenge, const Credentials& credentials) {
  const auto answer = TRY(ask_for_token(challenge, credentials));
  if (answer.status != ok) {
    Failure failure = refusal(answer);
    failure.trouble = Trouble::NotAllowed;
    failure.text += concat("; that was ", base::printable(challenge.parameter("realm")));
    return failure;
  }
  auto token = parse_token(core::as_text(answer.body));
  if (!token) return unusable(token.error().message());
  return *std::move(token);
}

}  // namespace merlon::oci
