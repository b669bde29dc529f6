#pragma once

// A broker (docs/release.md), as its tenants and those who start keeps for them ask it. Its answers
// are its word, which TLS vouches for.

#include <string>

#include "merlon/cli_deploy/token_source.h"
#include "merlon/https_client/https_client.h"
#include "merlon/release/claim.h"

namespace merlon::cli_deploy {

class BrokerClient {
 public:
  /// Of --broker and --ca-bundle, or their variables. `token` goes with what only a tenant may ask.
  [[nodiscard]] static cli_evidence::Result<BrokerClient> create(const cli::Arguments& arguments,
                                                                 const cli::Terminal& terminal,
                                                                 TokenSource token);

  /// Texts of JSON: the tenant's name there, and the deposit, or all of them.
  [[nodiscard]] cli_evidence::Result<std::string> deposit(core::ByteView document) const;
  [[nodiscard]] cli_evidence::Result<std::string> replace(const std::string& id,
                                                          core::ByteView document) const;
  [[nodiscard]] cli_evidence::Result<std::string> list() const;
  [[nodiscard]] cli_evidence::Result<std::string> show(const std::string& id) const;
  [[nodiscard]] cli_evidence::Result<void> remove(const std::string& id) const;

  struct Invitation {
    release::Token token;
    delivery::Nonce nonce;
    std::string offer;  ///< JSON, of the tenant's
  };
  /// Without a token, as the next. Refused: the broker says no.
  [[nodiscard]] cli_evidence::Result<Invitation> challenge(const std::string& id) const;
  [[nodiscard]] cli_evidence::Result<release::Answer> release(const std::string& id,
                                                              const release::Claim& claim) const;

 private:
  BrokerClient(https_client::HttpsClient client, TokenSource token) noexcept
      : client_(std::move(client)), token_(std::move(token)) {}

  [[nodiscard]] cli_evidence::Result<http_client::Answer> ask(std::string_view method,
                                                              std::string path,
                                                              core::ByteView body) const;
  [[nodiscard]] cli_evidence::Result<std::string> ask_as_tenant(std::string_view method,
                                                                std::string path,
                                                                core::ByteView body) const;

  https_client::HttpsClient client_;
  TokenSource token_;
};

/// Whether it can be a deposit's id: nothing else becomes part of an address.
[[nodiscard]] cli_evidence::Result<std::string> deposit_id(std::string text);

}  // namespace merlon::cli_deploy
