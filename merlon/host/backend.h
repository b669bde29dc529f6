#pragma once

// The kinds of keep that this host can launch.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "merlon/os/errno.h"

namespace merlon::host {

enum class Backend {
  Nil,  ///< a process that confines itself
  Kvm,  ///< a micro-VM without an operating system
  /// As Kvm, with a simulated security processor of SEV-SNP: measured and attested, and protected
  /// from nobody. Never taken unless it is named.
  SnpSim,
  /// An enclave of SGX. Not yet run on hardware. Never taken unless it is named.
  Sgx,
  /// An enclave of SGX on a simulated processor: measured and attested, and protected from nobody.
  /// Never taken unless it is named.
  SgxSim,
  /// A guest of SEV-SNP. Not yet run on hardware. Never taken unless it is named. (The last, since
  /// pools know a backend by its number.)
  Snp,
};

struct BackendName {
  Backend backend;
  std::string_view name;
};
inline constexpr auto backend_names =
    std::array{BackendName{Backend::Nil, "nil"}, BackendName{Backend::Kvm, "kvm"},
               BackendName{Backend::Snp, "snp"}, BackendName{Backend::SnpSim, "snp-sim"},
               BackendName{Backend::Sgx, "sgx"}, BackendName{Backend::SgxSim, "sgx-sim"}};
/// What Enarx calls Snp.
inline constexpr std::string_view enarx_snp = "sev";

/// What a command line may say.
inline constexpr auto accepted_backends = [] {
  std::array<std::string_view, backend_names.size() + 1> names{};
  for (std::size_t i = 0; i < backend_names.size(); ++i) names[i] = backend_names[i].name;
  names.back() = enarx_snp;
  return names;
}();
/// The same without other systems' names.
inline constexpr std::span<const std::string_view> offered_backends =
    std::span(accepted_backends).first<backend_names.size()>();

/// As on a command line.
[[nodiscard]] constexpr std::string_view name_of(Backend backend) noexcept {
  for (const BackendName& each : backend_names) {
    if (each.backend == backend) return each.name;
  }
  return {};
}

/// Whether a security processor, or what stands for one, vouches for its keeps.
[[nodiscard]] constexpr bool is_attested(Backend backend) noexcept {
  switch (backend) {
    case Backend::Nil:
    case Backend::Kvm: return false;
    case Backend::SnpSim:
    case Backend::Sgx:
    case Backend::SgxSim:
    case Backend::Snp: return true;
  }
  return false;
}

/// Whether it is a simulation, which needs a platform's directory.
[[nodiscard]] constexpr bool is_simulated(Backend backend) noexcept {
  return backend == Backend::SnpSim || backend == Backend::SgxSim;
}

/// Whether its keeps are enclaves of SGX, and not machines or processes.
[[nodiscard]] constexpr bool has_enclaves(Backend backend) noexcept {
  return backend == Backend::Sgx || backend == Backend::SgxSim;
}

/// The backend called `name`; nothing when there is none.
[[nodiscard]] constexpr std::optional<Backend> find_backend(std::string_view name) noexcept {
  if (name == enarx_snp) return Backend::Snp;
  for (const BackendName& each : backend_names) {
    if (each.name == name) return each.backend;
  }
  return std::nullopt;
}

/// What is tried first where no backend was named.
inline constexpr Backend strongest_backend = Backend::Kvm;

/// Why /dev/kvm could not be opened, and what to do about it.
[[nodiscard]] std::string why_no_kvm(os::Errno number);

/// What a machine does with the file of a snapshot, which is its descriptor 4.
enum class SnapshotUse {
  None,     ///< there is no file
  Save,     ///< writes itself there when the keep has been prepared, and ends
  Restore,  ///< begins as what was written there
};

/// For a keep that is a machine.
struct MachineOptions {
  std::string world;        ///< of sallyport/boot.h, in lower case; empty: what the host has
  bool statistics = false;  ///< tell what the keep asked its host for
  bool only_try = false;    ///< tell whether it could run a keep, and end
  bool proves = false;      ///< its launch will ask for a proof: who makes it is told at once
  std::string simulator;    ///< of SnpSim and SgxSim: the directory of its platform
  std::string signatures;   ///< of these: the file of what its owner signed; empty: nothing
  SnapshotUse snapshot = SnapshotUse::None;
  int snapshot_file = -1;  ///< somebody else's descriptor, until the keep has been started
};

}  // namespace merlon::host
