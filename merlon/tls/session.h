#pragma once

// One connection of TLS over any stream [RFC8446]. What the peer sends is attacker-controlled; the
// memory that it can make us hold is bounded.

#include <string>

#include "merlon/base/budget.h"
#include "merlon/net/stream.h"
#include "merlon/tls/carrier.h"
#include "merlon/tls/context.h"

struct ssl_st;

namespace merlon::tls {

class Session final : public net::Stream {
 public:
  enum class Handshake : std::uint8_t { Waiting, Done, Failed };

  /// What one takes at most until its handshake is over, besides what waits to be sent.
  static const std::uint64_t most_memory;

  // `memory` counts what the peer can make us hold and what waits to be sent; null: nobody does.
  // It outlives the session. Exhausted: it has not enough for one.

  /// As a server. Internal if there is no memory.
  [[nodiscard]] static core::Result<std::unique_ptr<Session>> accept(
      const Context& context, std::shared_ptr<net::Stream> below, base::Budget* memory = nullptr);
  /// As a client; the server must be `name`, a DNS name or an address in its usual form. Malformed:
  /// an empty name.
  [[nodiscard]] static core::Result<std::unique_ptr<Session>> connect(
      const Context& context, std::shared_ptr<net::Stream> below, const std::string& name,
      base::Budget* memory = nullptr);

  /// Goes on with the handshake as far as it can. The other calls do so too.
  [[nodiscard]] Handshake shake();
  /// The handshake is over, and what the other calls tell of the peer is true.
  [[nodiscard]] bool is_established() const noexcept { return done_; }
  /// Why there is no connection any more: "certificate verify failed: certificate has expired".
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }
  /// DER of the peer's own certificate; empty if it has shown none. After the handshake.
  [[nodiscard]] Certificate peer_certificate() const;
  /// By which the peer's certificate was verified, that one first, up to the one that is trusted;
  /// empty if it has shown none, or nobody has judged it. After the handshake.
  [[nodiscard]] std::vector<Certificate> verified_chain() const;
  /// Bytes that this connection's two ends know and nobody else can bring about in another one
  /// [RFC8446 §7.5], without a context. Unavailable: the handshake is not over.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> exported(std::string_view label,
                                                                 std::size_t size) const;
  /// The protocol that both want; empty: none was agreed on.
  [[nodiscard]] std::string protocol() const;

  [[nodiscard]] os::BorrowedFd descriptor() const noexcept override {
    return carrier_.below->descriptor();
  }
  // Errors: Again · Connreset (the peer, or who is between, ended it without the end that TLS has)
  // · Proto (what came is no TLS, or not for us) · Pipe (after shut_down) · Nomem (nothing waits to
  // be sent, and there is no memory for what is to be).
  [[nodiscard]] os::Result<os::Received> receive(os::IoVectors into,
                                                 os::ReceiveFlags flags) override;
  [[nodiscard]] os::Result<std::size_t> send(os::IoVectors from) override;
  /// Writing: says the end of TLS, then of the stream below, once all else is sent. Reading: what
  /// comes is not looked at any more.
  [[nodiscard]] os::Result<void> shut_down(bool reading, bool writing) override;
  [[nodiscard]] short awaits(net::Side side) const noexcept override;
  [[nodiscard]] net::Readiness look(net::Side side) override;
  [[nodiscard]] bool has_unsent() const noexcept override {
    return !carrier_.broken && carrier_.unsent_bytes() > 0;
  }
  void flush() override;
  void finish() override;

 private:
  Session(std::shared_ptr<const Context::Inner> context, std::shared_ptr<net::Stream> below,
          base::Budget* memory) noexcept;
  [[nodiscard]] core::Result<void> begin();
  [[nodiscard]] std::uint64_t memory() const;
  [[nodiscard]] os::Errno fail(int result);
  [[nodiscard]] os::Result<std::size_t> read_some(core::ByteSpan into, bool peek);
  [[nodiscard]] os::Result<void> write_record(core::ByteView bytes);
  void note_trouble();
  [[nodiscard]] os::Result<void> established();

  // In this order: the library's session goes before what it reaches through.
  std::shared_ptr<const Context::Inner> context_;
  Carrier carrier_;
  base::Share share_;  ///< besides what the carrier has
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  std::string trouble_;
  std::optional<os::Errno> failed_;
  bool done_ = false;  ///< the handshake
  bool reading_ended_ = false;
  bool writing_ended_ = false;
  bool ends_below_ = false;  ///< when all is sent
  bool starved_ = false;     ///< there was no memory for what was to be sent last
};

}  // namespace merlon::tls
