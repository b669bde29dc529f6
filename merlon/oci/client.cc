#include "merlon/oci/client.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/crypto/hash.h"
#include "merlon/oci/media_types.h"
#include "merlon/workload/url.h"

namespace merlon::oci {

using base::concat;
using http_client::Answer;
using https_client::Asking;

namespace {

constexpr unsigned ok = 200;
constexpr unsigned created = 201;
constexpr unsigned unauthorized = 401;
constexpr unsigned forbidden = 403;
constexpr unsigned not_found = 404;
constexpr std::size_t largest_refusal = std::size_t{64} << 10U;

bool leads_elsewhere(unsigned status) noexcept {
  constexpr unsigned first = 300;
  constexpr unsigned last = 399;
  constexpr unsigned not_modified = 304;
  return status >= first && status <= last && status != not_modified;
}

std::string hex_of(std::string_view text) {
  return base::hex(crypto::sha256({core::as_bytes(text)}).view());
}

}  // namespace

std::optional<Origin> origin_of(const std::string& url) {
  constexpr std::string_view plain = "http://";
  const bool is_plain = url.starts_with(plain);
  auto parsed =
      workload::parse_https_url(is_plain ? concat("https://", url.substr(plain.size())) : url);
  if (!parsed || (is_plain && !https_client::is_of_this_machine(parsed->host))) return std::nullopt;
  std::ranges::transform(parsed->host, parsed->host.begin(), base::lower);
  return Origin{is_plain, std::move(parsed->host), parsed->port, std::move(parsed->path)};
}

Result<Client> Client::create(const Reference& reference, Reach reach, Rights rights) {
  std::string path;
  auto https = https_client::HttpsClient::create(reference.url(), reach.files, path);
  if (!https) return Failure{https.error()};
  https->set_proxies(reach.proxies);
  return Client(*std::move(https), reference, std::move(reach), rights);
}

Failure Client::unusable(std::string_view what) const {
  return {concat(base::printable(reference_.host), ": ", what)};
}

Failure Client::untrue(std::string_view what) const {
  return {concat(reference_.text(), ": ", what), Trouble::Untrue};
}

Failure Client::refusal(const Answer& answer) const {
  const std::string_view body = core::as_text(answer.body);
  const std::string said = error_text(body);
  std::string text = concat(base::printable(reference_.host), ": ", said.empty() ? "refuses" : said,
                            " (HTTP status ", answer.status, ")");
  const bool denied = answer.status == unauthorized || answer.status == forbidden;
  if (denied && !withheld_from_.empty()) {
    text += concat("; your credentials were not sent to ", base::printable(withheld_from_),
                   ", which gives its tokens: --token-host names it if you trust it");
  }
  if (denied) return {std::move(text), Trouble::NotAllowed};
  return {std::move(text), answer.status == not_found ? Trouble::NotThere : Trouble::Unusable};
}

std::string Client::path_of(std::string_view kind, std::string_view what) const {
  return concat("/v2/", reference_.repository, "/", kind, "/", what);
}

Result<Answer> Client::ask(const Asking& asking, Redirects redirects,
                           const std::function<http_client::BodySource()>& body) {
  for (bool again = false;; again = true) {
    Asking now = asking;
    now.authorization = authorization_;
    now.largest_answer = std::max(now.largest_answer, largest_refusal);
    if (body) now.source = body();
    auto answer = https_.ask(now);
    if (!answer) return Failure{answer.error()};
    if (answer->status == unauthorized && !again) {
      const bool other = TRY(authorize(*answer));
      if (other) continue;
    }
    if (leads_elsewhere(answer->status) && redirects == Redirects::Refused) {
      const auto location = answer->field("location");
      return unusable(concat("leads to ", base::quoted(location.value_or("nowhere")),
                             ", which is not followed: name that host if you trust it"));
    }
    return *std::move(answer);
  }
}

Result<Received> Client::manifest(const std::string& reference) {
  Asking asking{"GET", path_of("manifests", reference)};
  asking.accept =
      concat(manifest_type, ", ", index_type, ", ", docker_manifest_type, ", ", docker_index_type);
  asking.largest_answer = max_manifest_size;
  const auto answer = TRY(ask(asking));
  if (answer.status != ok) return refusal(answer);
  Received document;
  document.type = answer.content_type.substr(0, answer.content_type.find(';'));
  while (document.type.ends_with(' ')) document.type.pop_back();
  document.text = core::as_text(answer.body);
  document.digest = hex_of(document.text);
  constexpr std::string_view sha256 = "sha256:";
  const auto told = answer.field("docker-content-digest");
  const bool lies = told && told->starts_with(sha256) && told->substr(7) != document.digest;
  if (lies) return untrue("its manifest is not what the registry says its digest is");
  if (reference.starts_with(sha256) && reference.substr(7) != document.digest) {
    return untrue(concat("its manifest is not what its digest says, but sha256:", document.digest));
  }
  return document;
}

Result<bool> Client::has_blob(const std::string& digest) {
  const auto answer =
      TRY(ask({"HEAD", path_of("blobs", concat("sha256:", digest))}, Redirects::Given));
  if (answer.status == not_found) return false;
  // Where it would be had is not asked.
  if (answer.status == ok || leads_elsewhere(answer.status)) return true;
  return refusal(answer);
}

Result<void> Client::put_manifest(const std::string& tag, const std::string& text) {
  Asking asking{"PUT", path_of("manifests", tag), std::string(manifest_type)};
  asking.body = core::as_bytes(text);
  const auto answer = TRY(ask(asking));
  if (answer.status != created && answer.status != ok) return refusal(answer);
  const auto told = answer.field("docker-content-digest");
  if (told && *told != concat("sha256:", hex_of(text))) {
    return untrue("the registry keeps another manifest than the one that was sent");
  }
  return {};
}

}  // namespace merlon::oci
