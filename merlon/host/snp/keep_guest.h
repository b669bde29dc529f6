#pragma once

// Backend snp: a keep that is a guest of SEV-SNP. The launcher has the security processor measure
// and encrypt it, starts its processor, and serves the sallyport; of the keep it sees the block and
// nothing else. Not yet run on hardware.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "merlon/host/attested_process.h"
#include "merlon/host/host_error.h"
#include "merlon/host/snp/launcher.h"
#include "merlon/image/elf.h"
#include "merlon/sallyport/block.h"

namespace merlon::host::snp {

/// What a keep is made of, and what its owner and its host say of it.
struct Contents {
  const image::Program& shim;
  const image::Program& keep;
  LaunchOptions launch;
  /// The certificate table for the keep's reports, at most Machine::max_certificates; may be empty.
  std::vector<std::uint8_t> certificates;
};

class KeepGuest final : public AttestedKeep {
 public:
  /// Launches a keep, which has not run yet. `device` outlives it.
  ///
  /// Errors: Unavailable (this machine, or its security processor, does not do it; the text has the
  /// step, the reason, and what to do).
  [[nodiscard]] static core::Result<std::unique_ptr<KeepGuest>, HostError> create(
      Device& device, const image::HostProcessor& host, Contents contents);

  /// As AttestedKeep::run(). Internal: the machine stopped without having asked to.
  [[nodiscard]] core::Result<int, HostError> run() override;
  [[nodiscard]] std::string statistics_text() const override;

  [[nodiscard]] std::optional<sallyport::MemoryRange> grow(std::uint64_t bytes) override;
  /// Never: no host can clear what it cannot read.
  [[nodiscard]] bool release(sallyport::MemoryRange range) override;
  /// Certificates alone: messages go by the shim's own exits.
  [[nodiscard]] sallyport::Outcome attest(const sallyport::Request& request) override;

 private:
  KeepGuest() noexcept = default;

  [[nodiscard]] Result<void> launch(Device& device, const image::HostProcessor& host,
                                    Contents contents);
  [[nodiscard]] core::Result<void, HostError> answer();

  Journal journal_;
  std::optional<snp::Machine> machine_;
  std::vector<std::uint8_t> certificates_;
  std::optional<sallyport::Block> block_;
  std::uint64_t sequence_ = 0;
  std::uint64_t next_base_ = image::grown_base;
};

}  // namespace merlon::host::snp
