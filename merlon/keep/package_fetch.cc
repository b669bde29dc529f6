#include "merlon/keep/package_fetch.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/crypto/hash.h"
#include "merlon/delivery/workload.h"
#include "merlon/files/selection.h"
#include "merlon/http_client/exchange.h"
#include "merlon/keep/trust.h"
#include "merlon/launch/dial.h"
#include "merlon/net/socket.h"
#include "merlon/net/wait.h"
#include "merlon/os/poll.h"
#include "merlon/registry/directory.h"
#include "merlon/sealed_package/sealed_package.h"
#include "merlon/tls/session.h"

namespace merlon::keep {

using base::concat;
using http_client::Answer;
using launch::RemotePackage;
using registry::Meta;

namespace {

template <typename T>
using Result = core::Result<T, std::string>;
using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view module_name = "main.wasm";
constexpr std::string_view sealed_name = "package.sealed";
constexpr unsigned ok = 200;
/// A refusal may be longer than what was asked for, whose size is compared afterwards.
constexpr std::uint64_t longest_refusal = std::uint64_t{64} << 10U;
/// Directories within directories.
constexpr std::size_t most_levels = 64;

bool has_digest(core::ByteView bytes, const RemotePackage::Digest& digest) noexcept {
  return std::ranges::equal(crypto::sha256({bytes}).view(), digest);
}

auto untrue(std::string_view what, std::string_view why) {
  return core::Unexpected(concat("the registry's ", base::quoted(what), " ", why));
}

/// One tree of a registry, as far as the launch wants it.
class Assembly {
 public:
  Assembly(const launch::Message& message, const Get& get) : message_(message), get_(get) {
    for (const launch::Mount& each : message.mounts) {
      if (each.source == launch::Mount::Source::Archive) directories_.push_back(each.from);
    }
  }

  Result<PackageContent> run() {
    const Answer root = TRY(get("", files::max_archive_size));
    if (!has_digest(root.body, package().tree)) {
      return untrue("tree", "has another digest than the tenant has named");
    }
    if (root.content_type != registry::directory_type) return module_alone(root.body);
    const auto listing = TRY(listing_of(root.body, "tree"));
    if (package().key) return TRY(unsealed(listing));
    TRY(walk(listing, "", 0));
    if (content_.module.empty()) return untrue("tree", "has no main.wasm");
    if (message_.needs_archive()) content_.archive = archive_.take();
    return checked();
  }

 private:
  [[nodiscard]] const RemotePackage& package() const noexcept { return *message_.package; }

  Result<Answer> get(const std::string& path, std::uint64_t most) {
    Answer answer = TRY(get_(concat(package().path, "/tree", path.empty() ? "" : "/", path),
                             static_cast<std::size_t>(std::max(most, longest_refusal))));
    if (answer.status == ok) return answer;
    constexpr std::size_t longest = 200;
    const std::string_view body = core::as_text(answer.body);
    return core::Unexpected(concat("the registry refuses ",
                                   path.empty() ? "the package" : base::quoted(path),
                                   " (HTTP status ", answer.status, ")", body.empty() ? "" : ": ",
                                   base::printable(body.substr(0, longest))));
  }

  /// What a listing names, held against it.
  Result<Bytes> content_of(const std::string& path, const Meta& meta) {
    if (meta.length > files::max_archive_size - taken_) {
      return core::Unexpected(std::string("the package is more than a keep is given"));
    }
    taken_ += meta.length;
    Answer answer = TRY(get(path, meta.length));
    if (answer.body.size() == meta.length && meta.digest.holds_for(answer.body)) {
      return std::move(answer.body);
    }
    return untrue(path, "is not what its directory says");
  }

  static Result<registry::Directory> listing_of(core::ByteView bytes, std::string_view what) {
    if (bytes.size() > registry::max_directory_size) return untrue(what, "is too long a listing");
    auto listing = registry::parse_directory(core::as_text(bytes));
    if (listing) return *std::move(listing);
    return untrue(what, concat("is no listing: ", listing.error().message()));
  }

  /// What is wanted of one directory, in the archive's order.
  Result<void> walk(const registry::Directory& directory, const std::string& above,
                    std::size_t level) {
    if (level == most_levels) return untrue(above, "is too deep");
    for (const auto& [name, meta] : directory) {
      const std::string path = concat(above, name);
      const bool is_module = path == module_name;
      const bool in_archive = files::is_selected(path, directories_);
      if (!is_module && !in_archive) continue;
      Bytes content = TRY(content_of(path, meta));
      if (meta.type == registry::directory_type) {
        TRY(put({files::ArchiveEntry::Kind::Directory, 0, path, {}}));
        const auto below = TRY(listing_of(content, path));
        TRY(walk(below, concat(path, "/"), level + 1));
        continue;
      }
      if (in_archive) TRY(put({files::ArchiveEntry::Kind::File, 0, path, content}));
      if (is_module) content_.module = std::move(content);
    }
    return {};
  }

  Result<void> put(const files::ArchiveEntry& entry) {
    const auto added = archive_.add(entry);
    if (added) return {};
    return core::Unexpected(concat(base::quoted(entry.path), ": ", added.error().message()));
  }

  Result<PackageContent> module_alone(Bytes bytes) {
    if (message_.needs_archive() || package().key) {
      return untrue("tree", "is one file, and the workload wants more");
    }
    content_.module = std::move(bytes);
    return checked();
  }

  Result<PackageContent> unsealed(const registry::Directory& listing) {
    const auto found = listing.find(sealed_name);
    if (found == listing.end()) return untrue("tree", "has no package.sealed");
    const Bytes sealed = TRY(content_of(found->first, found->second));
    const auto key = sealed_package::ContentKey::from(*package().key);
    if (!key) return core::Unexpected(std::string(key.error().message()));
    auto opened = sealed_package::open(sealed, *key);
    if (!opened) return untrue(sealed_name, concat("cannot be opened: ", opened.error().message()));
    const auto archive = files::Archive::read(std::make_shared<const Bytes>(*std::move(opened)));
    if (!archive)
      return untrue(sealed_name, concat("holds no package: ", archive.error().message()));
    for (const files::ArchiveEntry& each : archive->entries()) {
      if (each.path == module_name) content_.module.assign(each.bytes.begin(), each.bytes.end());
    }
    if (message_.needs_archive()) {
      auto selected = files::select(*archive, directories_);
      if (!selected) return core::Unexpected(std::string(selected.error().message()));
      content_.archive = *std::move(selected);
    }
    return checked();
  }

  /// The tenant's digests have the last word.
  Result<PackageContent> checked() {
    if (!has_digest(content_.module, package().module)) {
      return untrue(module_name, "has another digest than the tenant has named");
    }
    if (message_.needs_archive() && !has_digest(content_.archive, message_.archive)) {
      return untrue("files", "have another digest than the tenant has named");
    }
    return std::move(content_);
  }

  const launch::Message& message_;
  const Get& get_;
  std::vector<std::string> directories_;
  std::uint64_t taken_ = 0;
  files::ArchiveWriter archive_;
  PackageContent content_;
};

/// For a connection, and for its handshake.
constexpr std::uint64_t connect_time = 30'000'000'000;
/// Without a byte, and for all of an answer: files may be large, and lines slow.
constexpr http_client::Patience patience{std::chrono::seconds(30), std::chrono::hours(1)};

Result<os::Fd> dial(os::BorrowedFd dialer) {
  if (!launch::ask_for_connection(dialer)) {
    return core::Unexpected(std::string("the host connects with nobody any more"));
  }
  std::array items{os::PollItem{dialer.number(), POLLIN, 0}};
  if (os::poll(items, std::chrono::nanoseconds(connect_time)).value_or(0U) == 0) {
    return core::Unexpected(std::string("cannot be reached in time"));
  }
  auto connection = launch::receive_connection(dialer);
  if (connection) return *std::move(connection);
  return core::Unexpected(concat("cannot be reached: ", connection.error()));
}

Result<std::unique_ptr<tls::Session>> shaken(const tls::Context& context, os::Fd connection,
                                             const std::string& host) {
  auto session = tls::Session::connect(
      context, std::make_unique<net::SocketStream>(std::move(connection)), host);
  if (!session) return core::Unexpected(std::string(session.error().message()));
  const std::uint64_t deadline = net::deadline_after(connect_time);
  for (;;) {
    switch ((*session)->shake()) {
      case tls::Session::Handshake::Done: return *std::move(session);
      case tls::Session::Handshake::Failed:
        return core::Unexpected(std::string((*session)->trouble()));
      case tls::Session::Handshake::Waiting: break;
    }
    if (!net::wait(**session, net::Side::Read, deadline)) {
      return core::Unexpected(std::string("no TLS in time"));
    }
  }
}

}  // namespace

Get patiently(Get get, std::function<void(std::chrono::milliseconds)> rest) {
  return [get = std::move(get), rest = std::move(rest)](const std::string& path,
                                                        std::size_t most) -> Result<Answer> {
    constexpr unsigned first_away = 502;
    constexpr unsigned last_away = 504;
    for (const int pause : {300, 900}) {
      auto answer = get(path, most);
      if (answer && (answer->status < first_away || answer->status > last_away)) return answer;
      rest(std::chrono::milliseconds(pause));
    }
    return get(path, most);
  };
}

Result<PackageContent> assemble_package(const launch::Message& message, const Get& get) {
  return Assembly(message, get).run();
}

Result<Get> registry_over_https(const RemotePackage& package, os::BorrowedFd dialer,
                                const tls::Identity& identity, std::int64_t now) {
  tls::ClientSettings settings;
  settings.identity = identity;
  settings.trust = certificates_of(package.trust, {});
  settings.now = [now] { return now; };
  const auto context = tls::Context::client(settings);
  if (!context) return core::Unexpected(std::string(context.error().message()));
  return Get([&package, dialer, context = *context](const std::string& path,
                                                    std::size_t most) -> Result<Answer> {
    const auto named = [&](std::string_view why) {
      return core::Unexpected(concat(
          "registry ", base::printable(http_client::authority_of(package.host, package.port)), ": ",
          why));
    };
    auto connection = dial(dialer);
    if (!connection) return named(connection.error());
    auto session = shaken(context, *std::move(connection), package.host);
    if (!session) return named(session.error());
    auto request = http_client::to_bytes(
        {"GET", http_client::authority_of(package.host, package.port), path, "", "*/*", {}});
    if (!request) return named(request.error().message());
    http_client::Exchange exchange(*std::move(request), most);
    auto answer = http_client::carry_out(**session, exchange, patience);
    if (!answer) return named(answer.error().message());
    return *std::move(answer);
  });
}

}  // namespace merlon::keep
