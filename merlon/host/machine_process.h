#pragma once

// What the processes around keeps, merlon-vmm, merlon-vmm-sgx and merlon-vmm-snp, have in common:
// the programs that lie beside them, their word to the launcher and to the user, and the keep's
// first descriptors.

#include <span>
#include <string>
#include <string_view>

#include "merlon/host/calls.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/fd.h"
#include "merlon/os/file_mapping.h"

namespace merlon::host {

/// Says on standard error why the keep ends here; the exit status that goes with it.
[[nodiscard]] int end_failed(std::string_view text, launch::ExitStatus status);

/// The same of a launch that could not be taken. A host that changed its mind has told its user
/// already.
[[nodiscard]] int end_not_taken(const core::Error& error);

/// A program that lies beside this one.
struct Neighbour {
  os::Fd file;
  os::FileMapping mapping;
};

/// Errors: those of opening and mapping it; a program has at most 64 MiB.
[[nodiscard]] os::Result<Neighbour> open_neighbour(std::string_view name);

/// The keep's first descriptors: our streams, and the channel that brings its workload, which stays
/// ours as well if its end is to be told there. False if they cannot be copied.
[[nodiscard]] bool give_descriptors(DescriptorTable& table, bool tells_end);

/// Tells the launcher; false if nobody listens any more.
[[nodiscard]] bool tell_readiness(bool ready, std::string_view text);

/// What the keep asked for, in words; `counts` has a number for each call of
/// sallyport::call_table.
[[nodiscard]] std::string described_calls(std::span<const std::uint64_t> counts);

}  // namespace merlon::host
