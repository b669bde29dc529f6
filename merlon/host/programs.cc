#include "merlon/host/programs.h"

#include <algorithm>
#include <utility>

#include "merlon/base/text.h"
#include "merlon/os/open.h"

namespace merlon::host {

using base::concat;

namespace {

template <typename T>
using Result = core::Result<T, HostError>;

constexpr std::string_view remedy = "; build or install all of Merlon's programs together";

Result<ProgramFile> read_program(std::string path) {
  const auto refusal = [&](os::Errno number) {
    return HostError{os::to_error(number, "").code,
                     concat("cannot read ", path, ": ", os::describe(number), remedy)};
  };
  const auto file = os::open_file(path);
  if (!file) return refusal(file.error());
  auto bytes = os::read_all(*file, max_program_size);
  if (!bytes) return refusal(bytes.error());
  return ProgramFile{std::move(path), *std::move(bytes)};
}

}  // namespace

Result<std::array<std::string, 2>> program_paths(std::string_view program) {
  const auto own = os::own_program();
  if (!own) {
    return HostError{core::ErrorCode::Internal,
                     concat("cannot find this program: ", os::describe(own.error()))};
  }
  const std::string folder = own->substr(0, own->rfind('/'));
  return std::array<std::string, 2>{concat(folder, "/", program),
                                    concat(folder, "/../libexec/merlon/", program)};
}

Result<std::string> find_program(std::string_view program) {
  std::array<std::string, 2> paths = TRY(program_paths(program));
  auto* const found = std::ranges::find_if(paths, &os::exists);
  if (found == paths.end()) {
    return HostError{core::ErrorCode::NotFound, concat("cannot find ", program, "; looked for ",
                                                       paths[0], " and ", paths[1], remedy)};
  }
  return std::move(*found);
}

namespace {

Result<MachinePrograms> programs_beside(std::string_view launcher, std::string_view shim) {
  const std::string found = TRY(find_program(launcher));
  const std::string folder = found.substr(0, found.rfind('/') + 1);
  return MachinePrograms{TRY(read_program(concat(folder, shim))),
                         TRY(read_program(folder + "merlon-keep"))};
}

}  // namespace

Result<MachinePrograms> machine_programs() {
  return programs_beside("merlon-vmm", "merlon-shim-kvm");
}
Result<MachinePrograms> enclave_programs() {
  return programs_beside("merlon-vmm-sgx", "merlon-shim-sgx");
}

}  // namespace merlon::host
