#include "merlon/registry_client/client.h"

#include "merlon/base/text.h"
#include "merlon/codec/json_writer.h"
#include "merlon/codec/percent.h"

namespace merlon::registry_client {

using base::concat;
using http_client::Answer;
using https_client::Asking;

namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::size_t largest_refusal = std::size_t{64} << 10U;
constexpr unsigned unauthorized = 401;
constexpr unsigned forbidden = 403;
constexpr unsigned not_found = 404;
constexpr unsigned conflict = 409;
constexpr unsigned gone = 410;

Trouble trouble_of(unsigned status) noexcept {
  switch (status) {
    case unauthorized:
    case forbidden: return Trouble::NotAllowed;
    case not_found: return Trouble::NotThere;
    case conflict: return Trouble::Taken;
    case gone: return Trouble::Withdrawn;
    default: return Trouble::Unusable;
  }
}

/// "HOST[:PORT]" of a URL or of itself.
std::string host_in(std::string_view place) {
  const std::size_t scheme = place.find("://");
  if (scheme != std::string_view::npos) place.remove_prefix(scheme + 3);
  while (place.ends_with('/')) place.remove_suffix(1);
  return std::string(place);
}

}  // namespace

std::string RepositoryName::path() const { return concat("/", user, "/", repository); }

std::string path_of_tag(const registry::Slug& slug) {
  return concat("/", slug.user, "/", slug.repository, "/_tag/", slug.tag);
}

std::string query_of(const registry::Slug& slug) {
  return slug.digest.empty() ? std::string() : concat("?digest=sha-256=", slug.digest);
}

Result<Client> Client::create(const Place& place, std::shared_ptr<Tokens> tokens) {
  const bool is_url = place.host.find("://") != std::string::npos;
  std::string path;
  auto https = https_client::HttpsClient::create(
      is_url ? place.host : concat("https://", place.host), place.files, path);
  if (!https) return Failure{https.error()};
  if (path != "/") {
    return Failure{concat(base::quoted(place.host), ": a registry is HOST[:PORT]")};
  }
  https->set_proxies(place.proxies);
  return Client(*std::move(https), host_in(place.host), std::move(tokens));
}

Failure Client::unusable(std::string_view what) const {
  return {concat(base::printable(host_), ": ", what)};
}

Failure Client::refusal(const Answer& answer) const {
  std::string_view text = core::as_text(answer.body);
  while (text.ends_with('\n')) text.remove_suffix(1);
  return {concat(base::printable(host_), ": ", text.empty() ? "refuses" : base::printable(text),
                 " (HTTP status ", answer.status, ")"),
          trouble_of(answer.status)};
}

Result<Answer> Client::ask(Asking asking) const {
  asking.path = concat(api, asking.path);
  if (asking.largest_answer < largest_refusal) asking.largest_answer = largest_refusal;
  std::string no_token;
  if (tokens_ != nullptr) {
    auto authorization = tokens_->authorization();
    if (authorization) {
      asking.authorization = *std::move(authorization);
    } else {
      no_token = authorization.error();  // which matters only if one is wanted
    }
  }
  auto answer = https_.ask(asking);
  // A body that comes from a source is somebody else's to begin again.
  const bool again = answer && answer->status == unauthorized && tokens_ != nullptr &&
                     !asking.source && tokens_->renew();
  if (again) {
    auto authorization = tokens_->authorization();
    if (authorization) {
      asking.authorization = *std::move(authorization);
      answer = https_.ask(asking);
    }
  }
  if (!answer) return Failure{answer.error()};
  constexpr unsigned first_redirect = 300;
  constexpr unsigned not_modified = 304;
  constexpr unsigned first_refusal = 400;
  if (answer->status >= first_redirect && answer->status < first_refusal &&
      answer->status != not_modified) {
    const auto location = answer->field("location");
    return unusable(concat("leads to ", base::quoted(location.value_or("nowhere")),
                           ", which is not followed: name that host if you trust it"));
  }
  if (answer->status == unauthorized && !no_token.empty()) {
    return Failure{concat(base::printable(host_), ": wants a token, and there is none: ", no_token),
                   Trouble::NotAllowed};
  }
  return *std::move(answer);
}

Result<Answer> Client::ask_well(Asking asking) const {
  auto answer = TRY(ask(std::move(asking)));
  constexpr unsigned first_refusal = 300;
  if (answer.status < first_refusal) return answer;
  return refusal(answer);
}

Result<Answer> Client::get(const std::string& path, std::size_t most) const {
  Asking asking{"GET", path};
  asking.largest_answer = most;
  return ask_well(std::move(asking));
}

Result<Answer> Client::send_json(std::string_view method, const std::string& path,
                                 const std::string& json) const {
  Asking asking{method, path, std::string(json_type)};
  asking.body = core::as_bytes(json);
  if (!json.empty()) {
    asking.fields.push_back(
        {"Content-Digest", registry::ContentDigest::of(core::as_bytes(json)).text()});
  }
  return ask_well(std::move(asking));
}

Result<void> Client::register_user(std::string_view user, std::string_view subject) const {
  codec::JsonWriter json;
  json.open_object();
  json.key("subject");
  json.text(subject);
  json.close_object();
  TRY(send_json("PUT", concat("/", user), json.result()));
  return {};
}

Result<std::string> Client::subject_of(std::string_view user) const {
  const auto answer = TRY(get(concat("/", user), max_tag_size));
  auto subject = parse_user(core::as_text(answer.body));
  if (!subject) return unusable(subject.error().message());
  return *std::move(subject);
}

Result<void> Client::register_repository(const RepositoryName& name, bool is_public) const {
  TRY(send_json("PUT", name.path(), is_public ? "{\"public\":true}" : "{\"public\":false}"));
  return {};
}

Result<bool> Client::is_public(const RepositoryName& name) const {
  const auto answer = TRY(get(name.path(), max_tag_size));
  const auto config = parse_repository(core::as_text(answer.body));
  if (!config) return unusable(config.error().message());
  return *config;
}

Result<std::vector<std::string>> Client::tags(const RepositoryName& name) const {
  const auto answer = TRY(get(concat(name.path(), "/_tag"), max_list_size));
  auto tags = parse_tags(core::as_text(answer.body));
  if (!tags) return unusable(tags.error().message());
  return *std::move(tags);
}

Result<std::vector<Version>> Client::versions(const RepositoryName& name) const {
  const auto answer = TRY(get(concat(name.path(), "/_versions"), max_list_size));
  auto versions = parse_versions(core::as_text(answer.body));
  if (!versions) return unusable(versions.error().message());
  return *std::move(versions);
}

Result<std::vector<Repository>> Client::repositories(std::string_view user, std::string_view words,
                                                     std::size_t most) const {
  constexpr int most_pages = 1000;
  std::vector<Repository> all;
  std::string after;
  for (int pages = 0; all.size() < most;) {
    std::string path = concat(user.empty() ? "" : "/", user, "/_repositories?limit=100");
    if (!words.empty()) path += concat("&search=", codec::encode_percent(words));
    if (!after.empty()) path += concat("&after=", codec::encode_percent(after));
    const auto answer = TRY(get(path, max_list_size));
    auto page = parse_repositories(core::as_text(answer.body));
    if (!page) return unusable(page.error().message());
    for (Repository& each : page->items) {
      if (all.size() < most) all.push_back(std::move(each));
    }
    // Pages go forward, or there would be no end of them. One may be empty: a registry looks at so
    // many names at a time.
    if (page->next.empty() || page->next <= after || ++pages == most_pages) break;
    after = std::move(page->next);
  }
  return all;
}

Result<void> Client::yank(const RepositoryName& name, std::string_view tag,
                          std::string_view reason) const {
  codec::JsonWriter json;
  json.open_object();
  json.key("reason");
  json.text(reason);
  json.close_object();
  TRY(send_json("PUT", concat(name.path(), "/_tag/", tag, "/yank"), json.result()));
  return {};
}

Result<void> Client::restore(const RepositoryName& name, std::string_view tag) const {
  TRY(ask_well({"DELETE", concat(name.path(), "/_tag/", tag, "/yank")}));
  return {};
}

Result<void> Client::remove(const RepositoryName& name, std::string_view tag) const {
  TRY(ask_well({"DELETE", concat(name.path(), "/_tag/", tag)}));
  return {};
}

Result<std::string> Client::admission(const RepositoryName& name) const {
  const auto answer = TRY(get(concat(name.path(), "/_admission"), max_tag_size));
  return std::string(core::as_text(answer.body));
}

Result<void> Client::set_admission(const RepositoryName& name, const std::string& json) const {
  TRY(send_json("PUT", concat(name.path(), "/_admission"), json));
  return {};
}

Result<IssuedToken> Client::create_token(const RepositoryName& name,
                                         const std::vector<std::string>& rights,
                                         std::uint64_t days) const {
  codec::JsonWriter json;
  json.open_object();
  json.key("rights");
  json.open_array();
  for (const std::string& each : rights) json.text(each);
  json.close_array();
  json.key("days");
  json.number(days);
  json.close_object();
  const auto answer = TRY(send_json("POST", concat(name.path(), "/_token"), json.result()));
  auto token = parse_issued_token(core::as_text(answer.body));
  if (!token) return unusable(token.error().message());
  return *std::move(token);
}

Result<std::vector<IssuedToken>> Client::tokens(const RepositoryName& name) const {
  const auto answer = TRY(get(concat(name.path(), "/_token"), max_list_size));
  auto list = parse_token_list(core::as_text(answer.body));
  if (!list) return unusable(list.error().message());
  return *std::move(list);
}

Result<void> Client::revoke_token(const RepositoryName& name, std::string_view id) const {
  TRY(ask_well({"DELETE", concat(name.path(), "/_token/", id)}));
  return {};
}

Result<Client::Tag> Client::tag(const registry::Slug& slug) const {
  const auto answer = TRY(get(concat(path_of_tag(slug), query_of(slug)), max_tag_size));
  Tag tag;
  tag.type = answer.content_type.substr(0, answer.content_type.find(';'));
  tag.text = core::as_text(answer.body);
  auto entry = parse_tag_entry(tag.type, tag.text);
  if (!entry) return unusable(entry.error().message());
  tag.entry = *std::move(entry);
  return tag;
}

}  // namespace merlon::registry_client
