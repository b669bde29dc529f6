#pragma once

// What a keep at a gatehouse is to hear, brought there whole and in order: a gatehouse that is away
// for a moment, or whose answer is lost, costs none of it.

#include <chrono>
#include <functional>
#include <string>

#include "merlon/cli_deploy/gatehouse_client.h"

namespace merlon::cli_deploy {

/// For one thread.
class InputSender {
 public:
  /// Rests; false if nobody wants the rest to be sent any more.
  using Rest = std::function<bool(std::chrono::milliseconds)>;

  /// Asks a gatehouse that is away again for as long as `patience`, and a keep that takes nothing
  /// as long as it does not. `gatehouse` outlives it.
  InputSender(const GatehouseClient& gatehouse, std::string id, std::chrono::milliseconds patience,
              Rest rest) noexcept
      : gatehouse_(gatehouse), id_(std::move(id)), patience_(patience), rest_(std::move(rest)) {}

  /// The next of it; false if it is of no use any more: the keep has ended, or so said `rest`. An
  /// error says why it cannot be brought, and nothing more may be.
  [[nodiscard]] cli_evidence::Result<bool> send(core::ByteView bytes);

 private:
  const GatehouseClient& gatehouse_;
  std::string id_;
  std::chrono::milliseconds patience_;
  Rest rest_;
  std::uint64_t position_ = 0;
};

/// All that a keep is to hear, which it may not take at once; tries for ten seconds or so.
[[nodiscard]] cli_evidence::Result<void> send_once(const GatehouseClient& gatehouse,
                                                   const std::string& id, core::ByteView words);

}  // namespace merlon::cli_deploy
