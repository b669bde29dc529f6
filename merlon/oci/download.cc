// Blobs from a registry, or from where it says that they lie.

#include "merlon/base/text.h"
#include "merlon/crypto/hash.h"
#include "merlon/oci/client.h"
#include "merlon/os/poll.h"

namespace merlon::oci {

using base::concat;
using http_client::Answer;
using https_client::Asking;
using https_client::HttpsClient;

namespace {

constexpr unsigned ok = 200;
constexpr unsigned partial = 206;
constexpr unsigned most_tries = 4;
constexpr unsigned most_redirects = 3;
/// So that what is a little too long is called so.
constexpr std::uint64_t slack = std::uint64_t{64} << 10U;

bool is_redirect(unsigned status) noexcept {
  constexpr unsigned moved = 301;
  constexpr unsigned found = 302;
  constexpr unsigned other = 303;
  constexpr unsigned temporary = 307;
  constexpr unsigned permanent = 308;
  return status == moved || status == found || status == other || status == temporary ||
         status == permanent;
}

}  // namespace

class Download {
 public:
  Download(Client& client, const Descriptor& wanted, const Carried& carried)
      : client_(client), wanted_(wanted), carried_(carried) {}

  Result<std::vector<std::uint8_t>> run() {
    for (unsigned tries = 1;; ++tries) {
      const std::size_t before = bytes_.size();
      auto done = more();
      if (done) break;
      const bool broke = done.error().trouble == Trouble::Unusable && bytes_.size() > before;
      if (!broke || tries >= most_tries) return done.error();
      static_cast<void>(os::poll({}, std::chrono::milliseconds(50) * (1U << tries)));
    }
    const bool same = bytes_.size() == wanted_.size &&
                      base::hex(crypto::sha256({bytes_}).view()) == wanted_.digest;
    if (!same)
      return client_.untrue(concat("sha256:", wanted_.digest, " is not what its digest says"));
    return std::move(bytes_);
  }

 private:
  /// What is still missing of it.
  Result<void> more() {
    const std::size_t had = bytes_.size();
    bool too_long = false;
    std::vector<std::uint8_t> piece;  // a server may begin at the beginning after all
    Asking asking{"GET", client_.path_of("blobs", concat("sha256:", wanted_.digest))};
    if (had > 0) asking.fields.push_back({"Range", concat("bytes=", had, "-")});
    asking.largest_in_sink = wanted_.size + slack;
    asking.sink = [&](core::ByteView part) -> core::Result<void> {
      too_long = part.size() > wanted_.size - piece.size();
      if (too_long) return core::error(core::ErrorCode::Exhausted, "more than was announced");
      piece.insert(piece.end(), part.begin(), part.end());
      if (carried_) carried_(std::min<std::uint64_t>(had + piece.size(), wanted_.size));
      return {};
    };
    const auto answer = follow(asking);
    if (too_long)
      return client_.untrue(concat("sha256:", wanted_.digest, " is longer than announced"));
    if (!answer) {
      // Of a first try the beginning is good as far as it goes; of a later one nobody knows.
      if (had == 0 && answer.error().trouble == Trouble::Unusable) bytes_ = std::move(piece);
      return answer.error();
    }
    if (answer->status != ok && answer->status != partial) return client_.refusal(*answer);
    const bool continues =
        had > 0 && answer->field("content-range") ==
                       concat("bytes ", had, "-", wanted_.size - 1, "/", wanted_.size);
    if (answer->status == partial && !continues) {
      return client_.untrue(
          concat("sha256:", wanted_.digest, " came in another part than asked for"));
    }
    if (answer->status == ok) bytes_.clear();
    bytes_.insert(bytes_.end(), piece.begin(), piece.end());
    return {};
  }

  /// Storage of others is asked without a word of who asks.
  Result<Answer> follow(const Asking& asking) {
    auto answer = TRY(client_.ask(asking, Client::Redirects::Given));
    const Origin registry = origin_of(client_.reference_.url()).value_or(Origin());
    Origin here = registry;
    for (unsigned hops = 0; is_redirect(answer.status); ++hops) {
      const auto location = answer.field("location");
      if (!location || hops >= most_redirects) {
        return client_.unusable("leads from one place to another, and to no end");
      }
      auto next = next_of(*location, here);
      if (!next) {
        return client_.unusable(concat("leads to ", base::quoted(*location),
                                       ", which is not followed: it is no https:// URL"));
      }
      here = *std::move(next);
      answer = TRY(ask_at(here, asking, registry));
    }
    return answer;
  }

  static std::optional<Origin> next_of(std::string_view location, const Origin& here) {
    if (location.starts_with('/') && !location.starts_with("//")) {
      Origin next = here;
      next.path = location;
      return next;
    }
    auto next = origin_of(std::string(location));
    // Without TLS nobody is gone on to: not even from this machine to itself.
    if (next && next->is_plain) return std::nullopt;
    return next;
  }

  Result<Answer> ask_at(const Origin& there, const Asking& asking, const Origin& registry) {
    Asking now = asking;
    now.path = there.path;
    const bool home = there.host == registry.host && there.port == registry.port &&
                      there.is_plain == registry.is_plain;
    now.authorization = home ? client_.authorization_ : std::string();
    const bool colons = there.host.find(':') != std::string::npos;
    std::string ignored;
    auto server =
        HttpsClient::create(concat(there.is_plain ? "http://" : "https://", colons ? "[" : "",
                                   there.host, colons ? "]" : "", ":", there.port),
                            {client_.reach_.files.ca_bundle, {}, {}}, ignored);
    if (!server) return Failure{server.error()};
    server->set_proxies(client_.reach_.proxies);
    auto answer = server->ask(now);
    if (!answer) return Failure{answer.error()};
    return *std::move(answer);
  }

  Client& client_;
  const Descriptor& wanted_;
  const Carried& carried_;
  std::vector<std::uint8_t> bytes_;
};

Result<std::vector<std::uint8_t>> Client::blob(const Descriptor& wanted, const Carried& carried) {
  if (wanted.size > max_content) return unusable("is more than a keep could be given");
  return Download(*this, wanted, carried).run();
}

}  // namespace merlon::oci
