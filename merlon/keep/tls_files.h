#pragma once

// A workload's connections that speak TLS, which begins and ends inside of the keep.

#include <memory>
#include <string>
#include <vector>

#include "merlon/keep/memory_account.h"
#include "merlon/keep/renewal.h"
#include "merlon/launch/message.h"
#include "merlon/tls/session.h"
#include "merlon/wasi/fd_table.h"

namespace merlon::keep {

class TlsFiles {
 public:
  /// `key` is the one that is vouched for, `memory` what connections may take; both outlive all
  /// files.
  TlsFiles(const crypto::PrivateKey& key, std::shared_ptr<const Shown> shown, Now now, Part& memory)
      : key_(key), shown_(std::move(shown)), now_(std::move(now)), memory_(memory) {}

  /// As Enarx has it, the listener does not wait until the workload says that it may. It shows the
  /// certificate of the moment, and serves nobody while that one is over. An error is a line for
  /// the user; so below.
  [[nodiscard]] core::Result<wasi::FdEntry, std::string> listener(
      const launch::TlsSettings& settings, os::Fd socket) const;
  /// To be shaken by whoever uses it; the other side must prove to be settings.server_name.
  /// Exhausted: no memory is left for it.
  [[nodiscard]] core::Result<std::shared_ptr<tls::Session>> session(
      const launch::TlsSettings& settings, std::shared_ptr<net::Stream> below) const;
  /// Once the other side has proved who it is; waits for that.
  [[nodiscard]] core::Result<wasi::FdEntry, std::string> connection(
      const launch::TlsSettings& settings, os::Fd socket) const;

 private:
  /// How connections are opened: one for all that trust the same, since a context holds whom it
  /// trusts, which for all of the web is more than a connection takes.
  struct Opening {
    launch::Trust trust;
    std::vector<std::string> alpn;
    std::uint64_t version;
    tls::Context context;
  };
  [[nodiscard]] core::Result<tls::Context> opening(const launch::TlsSettings& settings) const;

  const crypto::PrivateKey& key_;
  std::shared_ptr<const Shown> shown_;
  Now now_;
  Part& memory_;
  /// Shared by all copies of this.
  std::shared_ptr<std::vector<Opening>> openings_ = std::make_shared<std::vector<Opening>>();
};

}  // namespace merlon::keep
