#pragma once

// A workload's connections that speak TLS, which begins and ends inside of the keep.

#include <functional>
#include <string>

#include "merlon/keep/vouching.h"
#include "merlon/launch/message.h"
#include "merlon/wasi/fd_table.h"

namespace merlon::keep {

class TlsFiles {
 public:
  /// `key` is the one that `vouching` is about; seconds since 1970 by `now`. Both outlive it.
  TlsFiles(const crypto::PrivateKey& key, const Vouching& vouching,
           std::function<std::int64_t()> now)
      : key_(key), vouching_(vouching), now_(std::move(now)) {}

  /// As Enarx has it, the listener does not wait until the workload says that it may. An error is a
  /// line for the user; so below.
  [[nodiscard]] core::Result<wasi::FdEntry, std::string> listener(
      const launch::TlsSettings& settings, os::Fd socket) const;
  /// Once the other side has proved who it is; waits for that.
  [[nodiscard]] core::Result<wasi::FdEntry, std::string> connection(
      const launch::TlsSettings& settings, os::Fd socket) const;

 private:
  [[nodiscard]] tls::Identity identity() const { return {vouching_.chain, &key_}; }

  const crypto::PrivateKey& key_;
  const Vouching& vouching_;
  std::function<std::int64_t()> now_;
};

}  // namespace merlon::keep
