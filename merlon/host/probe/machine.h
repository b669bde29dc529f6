#pragma once

// The machine as a probe sees it: processor, files and devices. Reads only; tests put another
// machine in its place.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "merlon/base/cpuid.h"
#include "merlon/os/fd.h"

namespace merlon::host::probe {

using Registers = base::CpuidRegisters;

/// The processor, by CPUID [INTEL SDM 2A CPUID, AMD APM 3 appendix E]. A leaf that it does not
/// have answers zeros.
class Processor {
 public:
  using Cpuid = std::function<Registers(std::uint32_t leaf, std::uint32_t subleaf)>;
  explicit Processor(Cpuid cpuid) : cpuid_(std::move(cpuid)) {}

  [[nodiscard]] Registers leaf(std::uint32_t number, std::uint32_t subleaf = 0) const;
  [[nodiscard]] std::string vendor() const;
  /// The name that it is sold by; the vendor's if it has none.
  [[nodiscard]] std::string brand() const;

 private:
  Cpuid cpuid_;
};

/// Everything that a probe may ask.
struct Machine {
  Processor processor;
  /// Stands before every path; empty for the real machine.
  std::string root;
  /// ioctl(2) on /dev/kvm with a number as argument.
  std::function<os::Result<int>(os::BorrowedFd kvm, unsigned long request, unsigned long argument)>
      ask_kvm;
  /// Whether a machine of backend kvm runs compiled code, and how or why not; slow: it makes one.
  struct Trial {
    bool works = false;
    std::string text;
  };
  std::function<Trial()> try_kvm;
  /// As os::lacking_instructions.
  std::function<std::string()> lacking_instructions;
  std::function<os::Result<int>()> landlock_version;
  /// How many bytes a process of this user may lock.
  std::function<os::Result<std::uint64_t>()> lockable_bytes;
  /// What the file with AMD's certificate of this processor is called; nothing of a processor that
  /// cannot be asked who it is.
  std::function<std::optional<std::string>()> own_vcek;

  /// Opens a device for reading and writing.
  [[nodiscard]] os::Result<os::Fd> open_device(std::string_view path) const;
  [[nodiscard]] bool has(std::string_view path) const;
  /// Whether somebody takes connections at this socket.
  [[nodiscard]] bool listens(std::string_view path) const;
  /// A small text file without the white space at its end; nothing if it cannot be read.
  [[nodiscard]] std::optional<std::string> read(std::string_view path) const;
};

[[nodiscard]] Machine this_machine();

}  // namespace merlon::host::probe
