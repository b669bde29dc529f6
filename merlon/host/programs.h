#pragma once

// Where Merlon's other programs lie: beside the one that runs, as built, or in ../libexec/merlon,
// as installed.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/host/plan.h"

namespace merlon::host {

/// Of a file of ours, debugging information and all.
inline constexpr std::size_t max_program_size = std::size_t{256} << 20U;

/// Where the program may lie, best first. There need be nothing.
[[nodiscard]] core::Result<std::array<std::string, 2>, HostError> program_paths(
    std::string_view program);

/// The path of a program that is there.
///
/// Errors: NotFound (the text says where it was looked for and what to do).
[[nodiscard]] core::Result<std::string, HostError> find_program(std::string_view program);

struct ProgramFile {
  std::string path;
  std::vector<std::uint8_t> bytes;
};

/// What a machine of backend kvm is filled with, or an enclave.
struct MachinePrograms {
  ProgramFile shim;
  ProgramFile keep;
};

/// Reads the programs that Keep::start would launch: those beside the merlon-vmm that it finds.
///
/// Errors: NotFound (a program is missing; the text says what to do) · those of the files.
[[nodiscard]] core::Result<MachinePrograms, HostError> machine_programs();
/// The same of an enclave: those beside merlon-vmm-sgx.
[[nodiscard]] core::Result<MachinePrograms, HostError> enclave_programs();

}  // namespace merlon::host
