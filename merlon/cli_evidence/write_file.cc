// Files that a command writes for whoever asked for them.

#include "merlon/cli/output_file.h"
#include "merlon/cli_evidence/files.h"

namespace merlon::cli_evidence {

Result<void> write_file(const std::string& path, const base::Printable& text) {
  const auto written = cli::write_output(path, core::as_bytes(text.text()));
  if (!written) return Failure{written.error(), Status::Unusable};
  return {};
}

}  // namespace merlon::cli_evidence
