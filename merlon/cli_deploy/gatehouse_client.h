#pragma once

// A gatehouse, as its tenant asks it. Nothing that it says is believed: the keep's evidence is
// judged, and all else that comes is opened by keys that it does not have.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "merlon/cli_deploy/token_source.h"
#include "merlon/door/keep_request.h"
#include "merlon/https_client/https_client.h"
#include "merlon/launch/proof.h"

namespace merlon::cli_deploy {

/// Where it is, and who one is to it.
struct GatehouseAddress {
  std::string url;  ///< https://HOST[:PORT]; http:// only on this machine
  https_client::TlsFiles files;
  TokenSource token{};
  bool operator==(const GatehouseAddress&) const = default;
};

/// The same text for each way to write one address: scheme and host in small letters, no port that
/// is the scheme's own, no path. Nothing for what is no gatehouse's address.
[[nodiscard]] std::optional<std::string> normalised(std::string_view url);

/// Of --to, --ca-bundle, --cert, --cert-key and --token, or their variables. Reads a token that
/// comes on standard input.
[[nodiscard]] cli_evidence::Result<GatehouseAddress> gatehouse_address(
    const cli::Arguments& arguments, const cli::Terminal& terminal);

class GatehouseClient {
 public:
  [[nodiscard]] static cli_evidence::Result<GatehouseClient> create(
      const GatehouseAddress& address);

  struct Started {
    std::string id;
    launch::Proof proof;  ///< its word
  };
  /// A new keep that has answered the challenge of the request.
  [[nodiscard]] cli_evidence::Result<Started> start(const door::KeepRequest& request) const;
  [[nodiscard]] cli_evidence::Result<void> deliver(const std::string& id,
                                                   core::ByteView sealed) const;
  struct InputAnswer {
    enum class Kind : std::uint8_t {
      Taken,
      Later,      ///< the keep does not take it now
      Elsewhere,  ///< its input does not go on at `at`
      Gone,       ///< the keep has ended
      Unknown,    ///< no answer, or one that does not say: it may have been taken
    };
    Kind kind = Kind::Unknown;
    std::string why{};  ///< a line, for Elsewhere and Unknown
  };
  /// All of `bytes` or nothing.
  [[nodiscard]] cli_evidence::Result<InputAnswer> input(const std::string& id, std::uint64_t at,
                                                        core::ByteView bytes) const;

  struct Output {
    std::vector<std::uint8_t> bytes;
    bool is_over = false;  ///< there will be no more
    std::string away{};    ///< why the gatehouse could not be asked; empty: it answered
  };
  /// What the keep has said from byte `from` on; empty if there was nothing for so long, or for a
  /// second at least, whatever the gatehouse does: whoever asks again does not do so at once.
  [[nodiscard]] cli_evidence::Result<Output> output(const std::string& id, std::uint64_t from,
                                                    std::chrono::milliseconds wait) const;
  /// What the keep proved at its start; the gatehouse's word.
  [[nodiscard]] cli_evidence::Result<launch::Proof> proof(const std::string& id) const;
  struct State {
    bool lives = false;    ///< waits or runs
    bool stopped = false;  ///< the tenant had it stopped
  };
  /// The gatehouse's word; nothing if it knows no such keep.
  [[nodiscard]] cli_evidence::Result<std::optional<State>> state(const std::string& id) const;
  /// Whether the tenant himself had it stopped; the gatehouse's word.
  [[nodiscard]] bool was_stopped(const std::string& id) const;
  [[nodiscard]] cli_evidence::Result<void> stop(const std::string& id) const;
  [[nodiscard]] cli_evidence::Result<void> forget(const std::string& id) const;
  /// Takes away a sealed volume of the tenant's.
  [[nodiscard]] cli_evidence::Result<void> remove_volume(const std::string& name) const;
  /// A text of JSON, or of lines.
  [[nodiscard]] cli_evidence::Result<std::string> read(const std::string& path) const;

 private:
  GatehouseClient(https_client::HttpsClient client, TokenSource token) noexcept
      : client_(std::move(client)), token_(std::move(token)) {}

  [[nodiscard]] cli_evidence::Result<http_client::Answer> ask(std::string_view method,
                                                              const std::string& path,
                                                              core::ByteView body) const;

  [[nodiscard]] cli_evidence::Result<http_client::Answer> ask_well(std::string_view method,
                                                                   const std::string& path,
                                                                   core::ByteView body) const;

  https_client::HttpsClient client_;
  TokenSource token_;
};

}  // namespace merlon::cli_deploy
