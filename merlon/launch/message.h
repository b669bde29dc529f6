#pragma once

// What a host tells the program in a keep when it starts it. Written by `host`, read by `keep`;
// neither side trusts the other to follow the format.
//
// Integers are little-endian. A text is u32 size, then that many bytes, none of them NUL; a list is
// u32 count, then its elements.
//
//   offset  size
//        0     8  magic "MRLNLNCH"
//        8     4  version, 8
//       12     4  size of all that follows, at most max_message_size
//       16     8  max_memory_bytes
//       24     8  timeout_nanoseconds
//       32     1  confinement
//       33     1  verbose, 0 or 1
//       34     1  purpose
//       35    32  nonce; zeros unless the keep is to prove itself
//       67        text  program       names the module in messages
//                 text  invoke        the export to call; empty: `_start`, else ""
//                 list  arguments     texts; argv, the program's own name first
//                 list  environment   texts KEY=VALUE
//                 list  files         entry i is file descriptor i of the workload:
//                                       u8 kind · u8 access · text name · u8 tls, 0 or 1
//                                       and if that is 1: u8 client · trust ·
//                                       list alpn, texts · text server_name
//                 u8    steward       0 or 1; and if that is 1:
//                                       text host · u16 port · text path · trust
//                 list  allowed       where the workload may connect to:
//                                       text name · u16 port · u8 tls as of a file
//                 list  mounts        directories within the keep:
//                                       u8 source · u8 access · text path · text from
//                       32 bytes, SHA-256 of the archive, if a mount is filled from it
//                 u8    volume        0 or 1; and if that is 1:
//                                       text name · u8 bound to · u64 epoch ·
//                                       u64 generation · 32 bytes head · 16 bytes id ·
//                                       u32 oldest svn · 16 bytes oldest TCB ·
//                                       u8 has key, 0 or 1; then 32 bytes
//                 u8    package       0 or 1; and if that is 1:
//                                       text host · u16 port · text path · trust ·
//                                       32 bytes, SHA-256 of the tree ·
//                                       32 bytes, SHA-256 of the module ·
//                                       u8 has key, 0 or 1; then 32 bytes
//   trust: u8 flags (bit 0 web, bit 1 steward) · list of bytes, each u32 size, then that many
//
// Beside the bytes travel open files: first the module, if there is to run one, then the archive of
// files (files/archive.h), if a module travels and a mount is filled from it, then the channel by
// which the Steward is reached (dial.h), if there is one, then the one to the package's registry
// (dial.h), if the keep gets its package by itself, then the one for what is allowed
// (dial_allowed.h), if anything is, then the one to who keeps the volume, if there is one, then one
// for each entry of kind Listen, Connect or Directory, in their order; so no numbers of descriptors
// stand in the message.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/launch/mount.h"
#include "merlon/launch/remote_package.h"
#include "merlon/launch/tls_settings.h"

namespace merlon::launch {

inline constexpr std::uint32_t message_version = 8;
inline constexpr std::size_t header_size = 16;
inline constexpr std::size_t max_message_size = 8UL * 1024 * 1024;
/// Entries of `files`; leaves room for the module, the archive and four channels among the
/// descriptors of one delivery.
inline constexpr std::size_t max_files = 247;

enum class FileKind : std::uint8_t {
  Closed = 0,     ///< this number is no descriptor; no name
  Null = 1,       ///< reads nothing, swallows what is written
  Stdin = 2,      ///< the keep's own descriptor 0
  Stdout = 3,     ///< the keep's own descriptor 1
  Stderr = 4,     ///< the keep's own descriptor 2
  Listen = 5,     ///< a listening TCP socket
  Connect = 6,    ///< a connected TCP socket
  Directory = 7,  ///< a preopened directory; its name is the guest's path of it
};

struct FileEntry {
  FileKind kind = FileKind::Closed;
  FileAccess access = FileAccess::ReadWrite;  ///< ReadOnly only with Directory
  std::string name;
  std::optional<TlsSettings> tls{};  ///< only with Listen and Connect
  bool operator==(const FileEntry&) const = default;
};

/// Whether an open file travels beside the message for this kind.
[[nodiscard]] bool carries_descriptor(FileKind kind) noexcept;

/// What stands between the workload and the host's machine, beside the engine.
enum class Confinement : std::uint8_t {
  Process = 0,  ///< a process of its own: the keep takes each layer that the kernel offers
  Machine = 1,  ///< a machine of its own, under a shim: the keep asks it for no layer
};

/// What the keep is started for.
enum class Purpose : std::uint8_t {
  Run = 0,          ///< a workload
  ProveAndRun = 1,  ///< to prove itself first, then a workload
  Prove = 2,        ///< only to prove itself
  /// To prove itself, then to take one workload that a tenant has sealed to it (delivery/sealed.h),
  /// on the channel that brought this message, and to run it. The message names what the host
  /// offers, and no program: its limits, listening and connected sockets in the order in which the
  /// workload will name them, the name of a volume, and whether a Steward and the registry of a
  /// package can be reached.
  Receive = 3,
  /// The workload whose module the keep has been prepared with (preparation.h); none travels.
  RunPrepared = 4,
};
/// Whether a module travels beside the message.
[[nodiscard]] bool has_module(Purpose purpose) noexcept;
inline constexpr std::size_t nonce_size = 32;

struct Message {
  std::uint64_t max_memory_bytes =
      0;  ///< of all that the program makes grow; 0: no limit asked for
  std::uint64_t timeout_nanoseconds = 0;  ///< of the whole run; 0: none
  Confinement confinement = Confinement::Process;
  bool verbose = false;  ///< the keep tells how it is confined
  Purpose purpose = Purpose::Run;
  /// What the proof is to hold, so that it cannot be an old one; see launch/proof.h.
  std::array<std::uint8_t, nonce_size> nonce{};
  std::string program;
  std::string invoke;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::vector<FileEntry> files;
  std::optional<Steward> steward;
  std::vector<Allowed> allowed;  ///< of each name and port one
  std::vector<Mount> mounts;     ///< each path once
  /// SHA-256 of the archive that mounts are filled from. Zeros if none is, or if a host brings the
  /// archive, which is then what it is.
  std::array<std::uint8_t, digest_size> archive{};
  std::optional<Volume> volume;  ///< there if a mount is of it, or a host offers one
  /// Only of a delivery, and of a host that offers the way there.
  std::optional<RemotePackage> package;
  bool operator==(const Message&) const = default;

  /// How many open files travel beside it, module and channels among them.
  [[nodiscard]] std::size_t descriptor_count() const noexcept;
  /// Whether a mount is filled from an archive.
  [[nodiscard]] bool needs_archive() const noexcept;
  /// Whether connections are handed over while the workload runs.
  [[nodiscard]] bool dials() const noexcept { return steward || package || !allowed.empty(); }
  /// Whether any connection of the workload speaks TLS.
  [[nodiscard]] bool speaks_tls() const noexcept;
};

/// The bytes of `message`, header included.
///
/// Errors: Malformed (a text holds a NUL, ReadOnly where it may not be, a Closed entry with a name,
///         a nonce without a proof)
///         · Exhausted (more than max_files or max_message_size).
[[nodiscard]] core::Result<std::vector<std::uint8_t>> encode(const Message& message);

/// How many bytes follow a header of `header_size` bytes. Attacker-controlled.
///
/// Errors: Malformed (size, magic) · Unsupported (version) · Exhausted (more than
/// max_message_size).
[[nodiscard]] core::Result<std::size_t> body_size(core::ByteView header);

/// Reads what encode() wrote; there is one encoding of each message. Attacker-controlled; work and
/// memory are bounded by the size of `body`.
///
/// Errors: Malformed · Exhausted (more than max_files).
[[nodiscard]] core::Result<Message> decode_body(core::ByteView body);

}  // namespace merlon::launch
