#pragma once

// The sink of an attested keep's stream of pages: each goes to the security processor and into the
// machine's memory, so that what was measured is what runs.

#include "merlon/host/kvm/simulated_firmware.h"

namespace merlon::host::kvm {

class MeasuredLoader final : public image::PageSink {
 public:
  /// Both must outlive this object. `loader` takes Normal pages and puts them into memory.
  MeasuredLoader(SimulatedFirmware& firmware, image::PageSink& loader) noexcept
      : firmware_(firmware), loader_(loader) {}

  /// Errors: those of both · Denied (the processor refuses the page).
  [[nodiscard]] core::Result<void> put(image::PageKind kind, std::uint64_t address,
                                       core::ByteView bytes) override;

 private:
  SimulatedFirmware& firmware_;
  image::PageSink& loader_;
};

}  // namespace merlon::host::kvm
