#include "merlon/cli_evidence/moment.h"

#include "merlon/base/text.h"
#include "merlon/cli_evidence/memory_file.h"

namespace merlon::cli_evidence {

using base::concat;

void remark(const cli::Terminal& terminal, std::string_view text) { cli::fail(terminal, text, 0); }

Result<verify::Moment> moment_of(const cli::Arguments& arguments, const std::string& memory_file) {
  const std::string at = arguments.value("--at");
  const codec::UnixTime now = TRY(read_time(at));
  if (!at.empty()) return verify::Moment::asked_for(now);
  if (memory_file.empty()) return verify::Moment::by_clock(now, {});
  return verify::Moment::by_clock(now, TRY(read_memory(memory_file)));
}

void remember(const cli::Terminal& terminal, const std::string& file, const verify::Memory& seen) {
  auto memory = read_memory(file);
  if (!memory) return remark(terminal, memory.error().text);
  const verify::Memory before = *memory;
  memory->merge(seen);
  if (*memory == before) return;
  if (const auto kept = write_memory(file, *memory); !kept) {
    remark(terminal, concat("what was seen cannot be kept: ", kept.error().text));
  }
}

std::string memory_file_of(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  if (arguments.has("--no-memory") || !arguments.value("--at").empty()) return "";
  std::string path = memory_path(terminal);
  if (path.empty()) {
    remark(terminal,
           "what was seen cannot be kept: neither HOME nor XDG_STATE_HOME is set (--no-memory)");
  }
  return path;
}

}  // namespace merlon::cli_evidence
