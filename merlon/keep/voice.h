#pragma once

// To whom a keep speaks about its workload: to its host by the standard streams, or, where a tenant
// has delivered the workload, to that tenant alone (private_talk.h).

#include <string_view>

#include "merlon/base/printable.h"
#include "merlon/core/bytes.h"
#include "merlon/os/errno.h"

namespace merlon::keep {

class Voice {
 public:
  virtual ~Voice() = default;

  /// What went wrong, and what is good to know; may have more lines.
  virtual void remark(const base::Printable& text) = 0;
  /// The same of one line that has not been made printable.
  void remark(std::string_view line) { remark(base::Printable::line(line)); }
  /// To the workload's standard output.
  [[nodiscard]] virtual os::Result<void> output(core::ByteView bytes) = 0;
};

/// The standard streams of the keep's own process.
class HostVoice final : public Voice {
 public:
  using Voice::remark;
  void remark(const base::Printable& text) override;
  [[nodiscard]] os::Result<void> output(core::ByteView bytes) override;
};

}  // namespace merlon::keep
