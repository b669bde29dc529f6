#pragma once

// The directory /keep of a workload in an attested keep (docs/keep-interface.md): what the keep is,
// and its evidence.

#include <memory>

#include "merlon/keep/own_credential.h"
#include "merlon/keep/renewal.h"
#include "merlon/keep/self.h"
#include "merlon/keep/source.h"
#include "merlon/launch/message.h"
#include "merlon/wasi/served.h"
#include "merlon/wasm/exec/engine.h"

namespace merlon::keep {

inline constexpr std::string_view own_directory_name = "/keep";

/// Whether a directory that a launch gives would hide /keep from the workload, or lie in it.
[[nodiscard]] bool hides_own_directory(std::string_view guest_name) noexcept;

class OwnDirectory final : public wasi::ServedDirectory {
 public:
  /// `self` outlives it. `shown` is what the keep shows to those it speaks TLS with; null: it
  /// speaks none. `connections` as connections.h has it; null: there are none; so too `credential`.
  /// What is slow is made when a file is first opened.
  OwnDirectory(Self& self, launch::Message message, const Source& source,
               std::shared_ptr<const wasm::CompiledModule> module,
               std::shared_ptr<const Shown> shown,
               std::shared_ptr<wasi::ServedDirectory> connections = nullptr,
               std::shared_ptr<OwnCredential> credential = nullptr)
      : self_(self),
        message_(std::move(message)),
        source_(source),
        module_(std::move(module)),
        shown_(std::move(shown)),
        connections_(std::move(connections)),
        credential_(std::move(credential)) {}

  [[nodiscard]] std::span<const wasi::ServedName> names() override;
  [[nodiscard]] wasi::Result<std::unique_ptr<wasi::ServedFile>> open(std::size_t index) override;
  [[nodiscard]] wasi::Result<std::shared_ptr<wasi::ServedDirectory>> enter(
      std::size_t index) override;

  /// The text of launch.json. Errors as Self::keys().
  [[nodiscard]] core::Result<std::string_view> facts();
  /// Evidence that holds them and `said`.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> evidence_of(core::ByteView said);

 private:
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> content_of(std::size_t index);
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> own_certificate() const;

  /// Made once: a workload may open a file a thousand times.
  [[nodiscard]] core::Result<std::shared_ptr<const std::vector<std::uint8_t>>> kept(
      std::size_t index);

  Self& self_;
  launch::Message message_;
  Source source_;
  std::shared_ptr<const wasm::CompiledModule> module_;
  std::shared_ptr<const Shown> shown_;
  std::shared_ptr<wasi::ServedDirectory> connections_;
  std::shared_ptr<OwnCredential> credential_;
  std::string facts_;
  std::vector<std::shared_ptr<const std::vector<std::uint8_t>>> kept_;  ///< by index
};

}  // namespace merlon::keep
