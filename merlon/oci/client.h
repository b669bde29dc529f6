#pragma once

// An OCI registry as its client sees it [OCI-DIST 1.1.1], with tokens as Docker's have them
// [DOCKER-TOKEN]. It is not believed: content counts by its digest alone, which is compared over
// the bytes as they came. Who asks is said when the registry wants to know it and not before, and
// to nobody else. Errors are lines for people, with what kind of trouble it is, as of
// registry_client.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "merlon/https_client/https_client.h"
#include "merlon/oci/challenge.h"
#include "merlon/oci/manifest.h"
#include "merlon/oci/reference.h"
#include "merlon/registry_client/transfer.h"

namespace merlon::oci {

using registry_client::Failure;
using registry_client::Progress;
using registry_client::Trouble;
template <typename T>
using Result = registry_client::Result<T>;

/// Secrets: no error tells them.
struct Credentials {
  std::string user{};
  std::string password{};
  std::string identity_token{};  ///< by which the server of tokens gives one
  std::string bearer{};          ///< goes to the registry as it is
  bool operator==(const Credentials&) const = default;
};
/// Asked when the registry wants to know who asks, and again when that was refused.
using AskCredentials = std::function<core::Result<Credentials, std::string>()>;

enum class Rights : std::uint8_t { Read, Write };

/// How a registry is reached, and by whom.
struct Reach {
  https_client::TlsFiles files{};
  https_client::ProxyRules proxies{};
  AskCredentials credentials{};  ///< none: nobody
  /// Another host than the registry's whose tokens the user's credentials may buy.
  std::string token_host{};
};

/// Told how many bytes of the content that is carried are done.
using Carried = std::function<void(std::uint64_t done)>;

/// A manifest's or index' text.
struct Received {
  std::string type;
  std::string text;
  std::string digest;  ///< hexadecimal SHA-256 of the text
};

class Client {
 public:
  /// For one repository.
  [[nodiscard]] static Result<Client> create(const Reference& reference, Reach reach,
                                             Rights rights);

  /// By a tag, or by "sha256:HEX", which its text then has. NotThere · Untrue: the registry tells
  /// another digest than the text has.
  [[nodiscard]] Result<Received> manifest(const std::string& reference);
  /// All of it, compared. Goes on where it broke off. Untrue: other bytes than the digest says.
  [[nodiscard]] Result<std::vector<std::uint8_t>> blob(const Descriptor& wanted,
                                                       const Carried& carried);

  /// Whether it is there already.
  [[nodiscard]] Result<bool> has_blob(const std::string& digest);
  /// Goes on at the last byte that the registry has acknowledged.
  [[nodiscard]] Result<void> put_blob(const Descriptor& content, core::ByteView bytes,
                                      const Carried& carried);
  [[nodiscard]] Result<void> put_manifest(const std::string& tag, const std::string& text);

  [[nodiscard]] Failure unusable(std::string_view what) const;
  [[nodiscard]] Failure untrue(std::string_view what) const;

 private:
  friend class Upload;
  friend class Download;
  /// What an answer that leads elsewhere is.
  enum class Redirects : std::uint8_t { Refused, Given };

  Client(https_client::HttpsClient https, Reference reference, Reach reach, Rights rights)
      : https_(std::move(https)),
        reference_(std::move(reference)),
        reach_(std::move(reach)),
        rights_(rights) {}

  /// With what is known of who asks; once more if the registry wants to know it. `body` makes the
  /// source of the request's body anew each time.
  [[nodiscard]] Result<http_client::Answer> ask(
      const https_client::Asking& asking, Redirects redirects = Redirects::Refused,
      const std::function<http_client::BodySource()>& body = {});
  [[nodiscard]] Failure refusal(const http_client::Answer& answer) const;
  [[nodiscard]] std::string path_of(std::string_view kind, std::string_view what) const;

  [[nodiscard]] Result<bool> authorize(const http_client::Answer& answer);
  [[nodiscard]] Result<bool> use(std::string authorization);
  [[nodiscard]] Result<std::string> token_of(const Challenge& challenge,
                                             const Credentials& credentials);
  [[nodiscard]] Result<http_client::Answer> ask_for_token(const Challenge& challenge,
                                                          const Credentials& credentials);

  https_client::HttpsClient https_;
  Reference reference_;
  Reach reach_;
  Rights rights_;
  std::string authorization_;
  std::string withheld_from_;  ///< a server of tokens that did not get the user's credentials
};

/// A server by its name and port.
struct Origin {
  bool is_plain = false;
  std::string host;
  std::uint16_t port = 0;
  std::string path;
  bool operator==(const Origin&) const = default;
};
/// Of "https://HOST[:PORT]/PATH"; http:// of this machine alone. Nothing for anything else.
[[nodiscard]] std::optional<Origin> origin_of(const std::string& url);

/// Whether a user's credentials for `registry` may go to the server of tokens at `realm`: the same
/// host, a domain that the registry's host is in, Docker Hub's own, or what the user named.
[[nodiscard]] bool may_have_credentials(const std::string& registry, const std::string& realm,
                                        std::string_view named) noexcept;

}  // namespace merlon::oci
