#pragma once

// The connections that a workload opens while it runs: to the launch's list and nowhere else. A
// name of the list is not looked up here; it gets an address that stands for it in this keep only,
// and whoever connects to that address asks the host for the name (launch/dial_allowed.h). Which
// machine the host then connects with only TLS can tell, and does, by the name.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "merlon/keep/tls_files.h"
#include "merlon/launch/dial_allowed.h"
#include "merlon/launch/tls_settings.h"
#include "merlon/os/fd.h"
#include "merlon/wasi/network.h"

namespace merlon::keep {

class Outgoing;

/// Which address stands for which name: 240.0.0.1 and on, or fd4d:6572:6c6f:6e00::1 and on, both of
/// ranges that nobody has. Pure.
class StandIns {
 public:
  explicit StandIns(const std::vector<launch::Allowed>& allowed);

  [[nodiscard]] std::optional<wasi::Endpoint> of(std::string_view name, wasi::Family family) const;
  /// The place in the list of what `to` stands for. An IPv4 address that is itself in the list
  /// stands for itself too.
  [[nodiscard]] std::optional<std::uint16_t> place_of(const wasi::Endpoint& to) const;

 private:
  const std::vector<launch::Allowed>& allowed_;
  std::vector<std::string> names_;  ///< each once
};

class Dialler final : public wasi::Network, public std::enable_shared_from_this<Dialler> {
 public:
  /// `allowed` outlives it. `tls` must be there if any of them speaks it. `report` tells people why
  /// TLS with somebody has failed.
  Dialler(const std::vector<launch::Allowed>& allowed, os::Fd channel, std::optional<TlsFiles> tls,
          std::function<void(std::string_view)> report)
      : allowed_(allowed),
        stand_ins_(allowed),
        channel_(std::move(channel)),
        tls_(std::move(tls)),
        report_(std::move(report)) {}

  [[nodiscard]] wasi::Result<wasi::Endpoint> resolve(std::string_view name,
                                                     wasi::Family family) override;
  [[nodiscard]] std::shared_ptr<wasi::OutgoingStream> open() override;

 private:
  friend class Outgoing;

  [[nodiscard]] const launch::Allowed& at(std::uint16_t place) const { return allowed_[place]; }
  /// What the channel holds without anybody reading; to write more could wait for the host.
  static constexpr std::size_t most_asked = 128;
  /// More than a workload has sockets.
  static constexpr std::size_t most_queued = 65'536;

  struct Queued {
    std::uint16_t place = 0;
    std::weak_ptr<Outgoing> who;
  };

  /// Errors: Netdown · Again (too many wait already).
  [[nodiscard]] wasi::Result<void> ask(std::uint16_t place, std::weak_ptr<Outgoing> who);
  /// Puts questions that wait to the host, as far as there is room.
  void put_queued();
  /// Hands all answers that are there to who asked.
  void collect();
  /// There is no descriptor for what would come.
  void give_up();
  void end();
  void tell(const launch::Allowed& with, std::string_view why);

  const std::vector<launch::Allowed>& allowed_;
  StandIns stand_ins_;
  os::Fd channel_;
  std::optional<TlsFiles> tls_;
  std::function<void(std::string_view)> report_;
  std::map<std::uint32_t, std::weak_ptr<Outgoing>> asked_;  ///< and not answered
  std::deque<Queued> queued_;                               ///< and not asked
  std::uint32_t next_id_ = 0;
  unsigned told_ = 0;
  bool over_ = false;  ///< nobody answers any more
};

/// A socket that the workload has opened.
class Outgoing final : public wasi::OutgoingStream, public std::enable_shared_from_this<Outgoing> {
 public:
  explicit Outgoing(std::shared_ptr<Dialler> dialler) : dialler_(std::move(dialler)) {}

  [[nodiscard]] wasi::Result<void> begin(const wasi::Endpoint& to) override;
  [[nodiscard]] wasi::Result<State> progress() override;
  [[nodiscard]] std::optional<wasi::Endpoint> remote() const noexcept override;
  /// What it is once it is connected; null before.
  [[nodiscard]] const net::Stream* connected() const noexcept {
    return stage_ == Stage::Open ? stream_.get() : nullptr;
  }

  [[nodiscard]] os::BorrowedFd descriptor() const noexcept override;
  [[nodiscard]] os::Result<os::Received> receive(os::IoVectors into,
                                                 os::ReceiveFlags flags) override;
  [[nodiscard]] os::Result<std::size_t> send(os::IoVectors from) override;
  [[nodiscard]] os::Result<void> shut_down(bool reading, bool writing) override;
  [[nodiscard]] short awaits(net::Side side) const noexcept override;
  [[nodiscard]] net::Readiness look(net::Side side) override;
  [[nodiscard]] bool has_unsent() const noexcept override;
  void flush() override;
  void finish() override;

 private:
  friend class Dialler;
  enum class Stage : std::uint8_t { Idle, Dial, Shake, Open, Failed };

  /// By the dialler; nothing: there will be none.
  void take(std::optional<launch::DialAnswer> answer);
  void step();
  void fail(wasi::Errno why);
  /// What a call on a stream that is not connected comes to.
  [[nodiscard]] os::Errno not_ready();

  std::shared_ptr<Dialler> dialler_;
  Stage stage_ = Stage::Idle;
  std::uint16_t place_ = 0;
  wasi::Endpoint to_;
  std::shared_ptr<net::Stream> stream_;
  tls::Session* session_ = nullptr;  ///< the same, while it is shaken
  wasi::Errno failure_ = wasi::Errno::Success;
  /// Somebody polled for what awaits() said since it was connected: only then what a poll found is
  /// about this connection.
  mutable bool polled_ = false;
};

}  // namespace merlon::keep
