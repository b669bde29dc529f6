#include "merlon/cli_evidence/memory_file.h"

#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/command/state_path.h"
#include "merlon/os/open.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

Failure unusable(const std::string& path, std::string_view why) {
  return {concat(base::printable(path), ": the record of what was seen before ", why,
                 "; remove the file to start a new one, or say --no-memory"),
          Status::Unusable};
}

}  // namespace

std::string memory_path(const cli::Terminal& terminal) {
  return command::state_path(terminal, "seen.json");
}

Result<verify::Memory> read_memory(const std::string& path) {
  if (!os::exists(path)) return verify::Memory{};
  const auto file = os::open_file(path);
  if (!file) return unusable(path, concat("cannot be read: ", os::describe(file.error())));
  const auto bytes = os::read_all(*file, verify::Memory::max_text_size);
  if (!bytes) return unusable(path, concat("cannot be read: ", os::describe(bytes.error())));
  auto memory = verify::Memory::parse(core::as_text(*bytes));
  if (!memory) return unusable(path, memory.error().what);
  return *std::move(memory);
}

Result<void> write_memory(const std::string& path, const verify::Memory& memory) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  const bool made = std::filesystem::create_directories(folder, error);
  if (made) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
  return write_file(path, base::Printable::lines(memory.to_text()));
}

}  // namespace merlon::cli_evidence
