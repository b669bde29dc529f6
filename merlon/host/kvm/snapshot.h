#pragma once

// A machine that was stopped while its keep waits for a launch, in a file that many machines begin
// from. The file is written by one process of ours, which served a keep that had seen a module, and
// read by others before they serve theirs: it is checked as anybody's.
//
//   a head: u64 magic "MRLNSNAP" · u32 version, 1 · u32 size of the head's rest · the rest
//   pages, from the next multiple of 4096 on: those of each run, one after the other
//
// Never of a keep that is attested. The file has no name and lives no longer than the processes
// that have it open; what is in it, such as the layout of the kernel's own structures, is this
// machine's.

#include <vector>

#include "merlon/host/kvm/device.h"
#include "merlon/host/kvm/memory.h"
#include "merlon/image/processor.h"
#include "merlon/launch/preparation.h"
#include "merlon/sallyport/boot.h"

namespace merlon::host::kvm {

/// Memory of the machine: physical, whole pages.
struct Extent {
  std::uint64_t base = 0;
  std::uint64_t size = 0;
  bool operator==(const Extent&) const = default;
};

/// What the processor's counter showed at a time of the host.
struct CounterReading {
  std::uint64_t khz = 0;  ///< 0: nobody knows how fast it goes
  std::uint64_t ticks = 0;
  std::uint64_t monotonic = 0;  ///< nanoseconds
};

struct Snapshot {
  sallyport::World world = sallyport::World::Ring0;
  bool network = false;      ///< of launch::Preparation
  bool directories = false;  ///< likewise
  bool faults_are_dear = false;
  std::uint64_t sequence = 0;   ///< of the request before the one that waits
  std::uint64_t next_base = 0;  ///< where memory grows
  std::uint64_t free = 0;       ///< where free memory starts
  CounterReading counter;
  image::KeepProcessor seen;
  ProcessorState processor;
  std::vector<Extent> parts;  ///< of the machine's memory
  std::vector<Extent> runs;   ///< what of it is not zero; in the order of the file
};

inline constexpr std::size_t snapshot_page = 4096;
inline constexpr std::size_t max_snapshot_parts = 500;
inline constexpr std::size_t max_snapshot_runs = 8192;
inline constexpr std::size_t max_snapshot_head = std::size_t{1} << 20U;

/// The head, up to where pages begin.
[[nodiscard]] std::vector<std::uint8_t> encode_head(const Snapshot& snapshot);
/// Attacker-controlled. Guarantees: parts and runs are whole pages, in order, apart from each
/// other, and each run lies in one part; `file_size` is what head and runs need.
///
/// Errors: Malformed · Unsupported (another version) · Exhausted.
[[nodiscard]] core::Result<Snapshot> decode_head(core::ByteView head, std::uint64_t file_size);

/// Which pages of `memory` are not zero, by `pagemap` (/proc/self/pagemap): short gaps are taken
/// with them. Errors: those of reading.
[[nodiscard]] os::Result<std::vector<Extent>> used_runs(const MachineMemory& memory,
                                                        os::BorrowedFd pagemap);

/// Writes the whole file. Errors: those of writing.
[[nodiscard]] os::Result<void> write_snapshot(os::BorrowedFd file, const Snapshot& snapshot,
                                              const MachineMemory& memory);

/// Reads the head. Errors: as decode_head() · Unavailable (it cannot be read).
[[nodiscard]] core::Result<Snapshot> read_snapshot(os::BorrowedFd file);

/// Memory of such parts, in which the runs' pages are the file's until they are written to.
[[nodiscard]] os::Result<MachineMemory> map_snapshot(os::BorrowedFd file, const Snapshot& snapshot);

}  // namespace merlon::host::kvm
