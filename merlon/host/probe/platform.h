#pragma once

// What this machine offers for each backend, datum by datum [ENARX 0.7.1 src/backend]. Looks and
// never changes; needs no privilege, but tells what it was not allowed to see.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/host/probe/machine.h"

namespace merlon::host::probe {

/// What a datum that fails means.
enum class Need : std::uint8_t {
  Required,     ///< the backend cannot run
  Attestation,  ///< it runs, but cannot prove itself to others
  Optional,     ///< it runs, with a layer less
  Note,         ///< nothing; it is told for people
};

/// One thing that was looked at.
struct Datum {
  std::string name;
  Need need = Need::Required;
  bool pass = false;
  std::string info;    ///< what was found; may be empty
  std::string remedy;  ///< what to do if it fails
  unsigned depth = 0;  ///< it is a part of the datum above with a lower depth
};

/// A backend's name as --backend has it, and what was found.
struct Backend {
  std::string_view name;
  std::vector<Datum> data;

  /// Nothing that is required fails.
  [[nodiscard]] bool is_ready() const;
};

/// One for each backend, the strongest last. Takes as long as opening a few devices.
[[nodiscard]] std::vector<Backend> probe(const Machine& machine);

/// The backends alone; probe() calls each.
[[nodiscard]] Backend probe_nil(const Machine& machine);
[[nodiscard]] Backend probe_kvm(const Machine& machine);
[[nodiscard]] Backend probe_sgx(const Machine& machine);
[[nodiscard]] Backend probe_snp(const Machine& machine);

}  // namespace merlon::host::probe
