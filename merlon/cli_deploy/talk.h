#pragma once

// The tenant's side of the private talk (delivery/records.h): whoever carries the bytes is not
// trusted with any of them.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "merlon/crypto/hash.h"
#include "merlon/delivery/records.h"
#include "merlon/delivery/volume_mark.h"

namespace merlon::cli_deploy {

/// Where the workload's words go.
struct Listener {
  virtual ~Listener() = default;
  virtual void output(core::ByteView bytes) = 0;
  virtual void errors(core::ByteView bytes) = 0;
  /// Lines of the keep's own.
  virtual void remark(std::string_view text) = 0;
};

class Talk {
 public:
  /// `module` is what was delivered.
  Talk(const crypto::HpkeExporter& exporter, const crypto::Sha256Digest& module);
  /// Of somebody who hears and cannot say anything.
  Talk(crypto::AesGcmKey hearing, const crypto::Sha256Digest& module);

  /// How far the workload's volume has come.
  using Marked = std::function<void(const delivery::VolumeMark&)>;
  void when_marked(Marked marked) { marked_ = std::move(marked); }

  /// More of what came from the keep. The error says what is wrong with it, and nothing that comes
  /// later is believed.
  [[nodiscard]] core::Result<void, std::string> hear(core::ByteView bytes, Listener& listener);

  /// Whether there can be input.
  [[nodiscard]] bool speaks() const noexcept { return sealer_.has_value(); }
  /// What carries input to the keep; any size. Only if it speaks.
  [[nodiscard]] std::vector<std::uint8_t> input(core::ByteView bytes);
  [[nodiscard]] std::vector<std::uint8_t> input_end();

  /// Whether the keep has said that it took the delivery.
  [[nodiscard]] bool is_taken() const noexcept { return taken_; }
  /// How the workload ended, by the keep's own word; nothing: it has not.
  [[nodiscard]] const std::optional<std::uint32_t>& status() const noexcept { return status_; }

 private:
  [[nodiscard]] core::Result<void, std::string> hear(const delivery::Record& record,
                                                     Listener& listener);

  std::optional<delivery::RecordSealer> sealer_;
  delivery::RecordOpener opener_;
  crypto::Sha256Digest module_;
  Marked marked_;
  bool taken_ = false;
  std::optional<std::uint32_t> status_;
};

}  // namespace merlon::cli_deploy
