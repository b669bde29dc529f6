#include "merlon/s3/client.h"

#include <algorithm>
#include <thread>

#include "merlon/base/text.h"
#include "merlon/os/clock.h"

namespace merlon::s3 {

using base::concat;
using core::ErrorCode;
using core::Result;
using http_client::Answer;

namespace {

constexpr unsigned ok = 200;
constexpr unsigned no_content = 204;
constexpr unsigned partial = 206;
constexpr unsigned not_found = 404;
constexpr unsigned too_many = 429;
constexpr unsigned server_errors = 500;
constexpr unsigned no_room = 507;
constexpr int most_tries = 4;
constexpr std::size_t largest_answer = std::size_t{4} << 20U;

/// [S3-API bucket naming rules]
bool is_bucket(std::string_view name) noexcept {
  return name.size() >= 3 && name.size() <= 63 && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

bool is_region(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (base::lower(c) >= 'a' && base::lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

core::Error unavailable(const char* what, std::uint64_t status = 0) {
  return core::error(ErrorCode::Unavailable, what, status);
}

}  // namespace

struct Client::Asked {
  std::string_view method;
  std::string path;
  std::vector<std::pair<std::string, std::string>> query{};
  core::ByteView body{};
  std::optional<Range> range{};
  std::size_t largest = largest_answer;
};

World real_world() {
  return {[] {
            constexpr std::uint64_t second = 1'000'000'000;
            const auto now = os::now(os::Clock::Realtime);
            return codec::UnixTime{now ? static_cast<std::int64_t>(*now / second) : 0};
          },
          [](std::chrono::nanoseconds time) { std::this_thread::sleep_for(time); }};
}

core::Result<Client, std::string> Client::create(Settings settings, World world) {
  if (!is_bucket(settings.bucket)) {
    return concat(base::quoted(settings.bucket), " is no name of a bucket");
  }
  if (!is_region(settings.region)) {
    return concat(base::quoted(settings.region), " is no name of a region");
  }
  std::string path;
  https_client::TlsFiles files;
  files.ca_bundle = settings.ca_bundle;
  auto http = TRY(https_client::HttpsClient::create(settings.endpoint, files, path));
  if (path != "/") return concat(base::quoted(settings.endpoint), ": must end behind its host");
  constexpr std::size_t kept = 32;
  http.keep_connections(kept);
  http.set_patience(std::chrono::seconds(20));
  return Client(std::move(http), std::move(settings), std::move(world));
}

https_client::Result<Answer> Client::once(const Asked& asked) const {
  Unsigned request;
  request.method = asked.method;
  request.path = asked.path;
  request.query = asked.query;
  request.host = http_.host_header();
  request.content = crypto::sha256({asked.body});
  if (asked.range) {
    const auto& [first, count] = *asked.range;
    request.fields.push_back({"range", concat("bytes=", first, "-", first + count - 1)});
  }
  const Signed made = sign(request, settings_.credentials, settings_.region, world_.now());
  https_client::Asking asking{asked.method, made.target, {}, made.authorization, made.fields};
  asking.largest_answer = asked.largest;
  // Not copied.
  core::ByteView rest = asked.body;
  if (!rest.empty()) {
    asking.source = {rest.size(), [&rest](core::ByteSpan into) -> Result<std::size_t> {
                       const std::size_t size = std::min(rest.size(), into.size());
                       std::copy_n(rest.begin(), size, into.begin());
                       rest = rest.subspan(size);
                       return size;
                     }};
  }
  return http_.ask(asking);
}

Result<Answer> Client::ask(const Asked& asked) const {
  core::Error last = unavailable("S3 does not answer");
  for (int i = 0; i < most_tries; ++i) {
    constexpr auto first_rest = std::chrono::milliseconds(100);
    if (i > 0) world_.rest(first_rest * (1 << (2 * (i - 1))));
    auto answer = once(asked);
    if (!answer) continue;
    const unsigned status = answer->status;
    if (status == no_room) return core::error(ErrorCode::Exhausted, "S3 has no room", status);
    if (status < server_errors && status != too_many) return *std::move(answer);
    last = unavailable("S3 is out of order", status);
  }
  return last;
}

Result<void> Client::put(const std::string& key, core::ByteView bytes) const {
  Asked asked{"PUT", concat("/", settings_.bucket, "/", key)};
  asked.body = bytes;
  const Answer answer = TRY(ask(asked));
  if (answer.status != ok) return unavailable("S3 does not take an object", answer.status);
  return {};
}

Result<std::vector<std::uint8_t>> Client::get(const std::string& key, Range range) const {
  Asked asked{"GET", concat("/", settings_.bucket, "/", key)};
  asked.range = range;
  // A refusal may be longer than what was asked for.
  asked.largest =
      std::max<std::size_t>(static_cast<std::size_t>(range.count), std::size_t{64} << 10U);
  Answer answer = TRY(ask(asked));
  if (answer.status == not_found) return core::error(ErrorCode::NotFound, "S3 has no such object");
  const bool is_whole = answer.status == ok && range.first == 0;
  if ((answer.status != partial && !is_whole) || answer.body.size() != range.count) {
    return unavailable("S3 gives another part than was asked for", answer.status);
  }
  return std::move(answer.body);
}

Result<void> Client::remove(const std::string& key) const {
  const Answer answer = TRY(ask({"DELETE", concat("/", settings_.bucket, "/", key)}));
  if (answer.status == ok || answer.status == no_content || answer.status == not_found) return {};
  return unavailable("S3 does not remove an object", answer.status);
}

Client::Asked Client::list_request(const std::string& prefix, bool flat, const std::string& token,
                                   unsigned most) const {
  Asked asked{"GET", concat("/", settings_.bucket)};
  asked.query = {{"list-type", "2"}, {"max-keys", concat(most)}, {"prefix", prefix}};
  if (flat) asked.query.emplace_back("delimiter", "/");
  if (!token.empty()) asked.query.emplace_back("continuation-token", token);
  return asked;
}

Result<Listing> Client::list(const std::string& prefix, bool flat, const std::string& token) const {
  constexpr unsigned most = 1000;
  const Answer answer = TRY(ask(list_request(prefix, flat, token, most)));
  if (answer.status != ok) return unavailable("S3 gives no listing", answer.status);
  auto listing = parse_listing(core::as_text(answer.body));
  if (!listing) return unavailable("S3 gives a listing that is none");
  return *std::move(listing);
}

core::Result<void, std::string> Client::probe() const {
  const auto answer = once(list_request({}, true, {}, 1));
  if (!answer) return concat("S3: ", answer.error());
  const std::string_view text = core::as_text(answer->body);
  if (answer->status == ok && parse_listing(text)) return {};
  constexpr unsigned redirection = 300;
  if (answer->status >= redirection && answer->status < 400) {
    return concat("S3: it refers to another address (status ", answer->status,
                  "), which is not followed; endpoint or region are others");
  }
  const std::string word = parse_refusal(text);
  return concat("S3: the bucket ", settings_.bucket, " cannot be listed: status ", answer->status,
                word.empty() ? "" : " ", word);
}

}  // namespace merlon::s3
