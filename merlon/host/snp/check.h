#pragma once

// A launch on SEV-SNP that tells each step, for tools/hardware_check: of a keep that stops where
// its shim rings for the first time, since nobody serves it there.
//
//   [--id-block FILE --id-auth FILE] [--author-key] [--certificates FILE] [--only-launch]
//
// Prints one line for each step, "step NAME COUNT", then facts, "fact NAME VALUE"; at the end
// "launched", "stop KIND REASON DETAIL", or "trouble NAME" with "remedy TEXT".

#include <span>

namespace merlon::host::snp {

/// Exit status 0 if the keep was launched, and 1 if not.
[[nodiscard]] int check(std::span<char*> words);

}  // namespace merlon::host::snp
