#pragma once

// Enarx.toml: what a workload asks for [ENARX 0.7.1 crates/enarx-config]. The text is
// attacker-controlled; a Config that exists follows every rule below. Pure; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "merlon/core/result.h"

namespace merlon::workload {

/// Longest Enarx.toml in bytes [ENARX 0.7.1 crates/exec-wasmtime/src/workload.rs].
inline constexpr std::size_t max_config_size = 1'000'000;

enum class Protocol : std::uint8_t { Tcp, Tls };
enum class Stream : std::uint8_t { Stdin, Stdout, Stderr };

/// What a listener wants of those who connect. An addition of ours.
enum class ClientCertificate : std::uint8_t { None, Request, Require };

/// Whose certificates are believed. An addition of ours.
struct Trust {
  bool web = false;                  ///< "web": of those whom Mozilla lists
  bool steward = false;              ///< "steward": of the Steward that vouched for the keep
  std::vector<std::string> files{};  ///< of certificates in PEM, beside Enarx.toml
  bool operator==(const Trust&) const = default;
};

/// How a connection of Protocol::Tls speaks it. Additions of ours.
struct TlsOptions {
  ClientCertificate client = ClientCertificate::None;  ///< of a listener
  Trust trust{};  ///< of a connection: the web unless something is named
  std::vector<std::string> alpn{};
  std::string server_name{};  ///< of a connection: who the other side must be; its host if empty
  bool operator==(const TlsOptions&) const = default;
};

/// Reads nothing, swallows everything written.
struct NullFile {
  std::string name;
  bool operator==(const NullFile&) const = default;
};
/// One of the host's three standard streams.
struct StreamFile {
  Stream stream = Stream::Stdin;
  std::string name;
  bool operator==(const StreamFile&) const = default;
};
/// A socket that accepts connections on an address of this machine.
struct ListenFile {
  std::string name;
  Protocol protocol = Protocol::Tls;
  std::string address;  ///< an IP address or a host name; "::" is every address
  std::uint16_t port = 0;
  TlsOptions tls{};
  bool operator==(const ListenFile&) const = default;
};
/// A connection that is made before the workload starts.
struct ConnectFile {
  std::string name;
  Protocol protocol = Protocol::Tls;
  std::string host;
  std::uint16_t port = 0;
  TlsOptions tls{};
  bool operator==(const ConnectFile&) const = default;
};

/// Entry i of `files` is file descriptor i of the workload.
using File = std::variant<NullFile, StreamFile, ListenFile, ConnectFile>;

/// Where the workload may connect to while it runs. An addition of ours.
struct Allow {
  std::string name;  ///< of a host, or its address
  std::uint16_t port = 0;
  Protocol protocol = Protocol::Tls;
  TlsOptions tls{};
  bool operator==(const Allow&) const = default;
};

/// A directory that the workload finds within its keep. An addition of ours.
struct Mount {
  enum class Source : std::uint8_t {
    Package,  ///< what lies in a directory of the package
    Memory,   ///< nothing at first
    Sealed,   ///< files that outlive the keep, which seals them
  };
  enum class Binding : std::uint8_t { Tenant, Workload };
  std::string path;  ///< the workload's
  Source source = Source::Memory;
  std::string directory{};  ///< of Package: its path in the package, "" for the package itself
  bool writable = true;     ///< Package: what is written stays in the keep's memory
  std::string volume{};     ///< of Sealed: its name, which the host sees
  Binding bound_to = Binding::Tenant;  ///< of Sealed: which workloads can open it
  bool operator==(const Mount&) const = default;
};

/// The file's name as FD_NAMES tells it.
[[nodiscard]] const std::string& name_of(const File& file) noexcept;

/// Why an Enarx.toml is refused.
struct ConfigError {
  std::string file;        ///< as the caller named it
  std::uint32_t line = 0;  ///< 1 is the first; 0 if no line is meant
  std::string key;         ///< e.g. "files[3].port"; empty if the text is no TOML at all
  std::string what;        ///< what is wrong and what is wanted

  /// One line: `Enarx.toml:12: files[3].port: must be …`.
  [[nodiscard]] std::string text() const;
};

/// The content of a well-formed Enarx.toml.
///
/// Guarantees: no text holds a NUL; no `name` given in the file holds ':' (one that defaults to a
/// connect entry's host may, as upstream); `steward` is an absolute URL.
class Config {
 public:
  /// What holds where a package has no Enarx.toml: the three standard streams, nothing else.
  [[nodiscard]] static Config standard();

  /// Reads the text of an Enarx.toml; `file` names it in errors. Unknown keys at the top level are
  /// passed over with a note, elsewhere refused, as upstream does. At most max_config_size bytes.
  [[nodiscard]] static core::Result<Config, ConfigError> parse(std::string_view text,
                                                               std::string_view file);

  /// The Steward's URL; not yet known to be https.
  [[nodiscard]] const std::optional<std::string>& steward() const noexcept { return steward_; }
  /// Who may vouch for that URL; the web unless something is named. Never `steward`.
  [[nodiscard]] const Trust& steward_trust() const noexcept { return steward_trust_; }
  /// argv[1] and on; argv[0] is always "main.wasm".
  [[nodiscard]] const std::vector<std::string>& arguments() const noexcept { return arguments_; }
  /// Variables and values in the order of their names.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& environment()
      const noexcept {
    return environment_;
  }
  [[nodiscard]] const std::vector<File>& files() const noexcept { return files_; }
  /// Each name with each port once.
  [[nodiscard]] const std::vector<Allow>& allowed() const noexcept { return allowed_; }
  static constexpr std::size_t max_allowed = 1024;
  /// Each path once; one of them at most Sealed.
  [[nodiscard]] const std::vector<Mount>& mounts() const noexcept { return mounts_; }
  static constexpr std::size_t max_mounts = 64;
  /// What its author may not have meant, a printable line each, at most max_notes + 1: keys that
  /// were passed over; no standard streams.
  [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }
  static constexpr std::size_t max_notes = 8;

 private:
  friend class ConfigParser;
  Config() = default;

  std::optional<std::string> steward_;
  Trust steward_trust_{.web = true};
  std::vector<std::string> arguments_;
  std::vector<std::pair<std::string, std::string>> environment_;
  std::vector<File> files_;
  std::vector<Allow> allowed_;
  std::vector<Mount> mounts_;
  std::vector<std::string> notes_;
};

/// The Enarx.toml that `merlon config init` writes: every key explained, the defaults in force.
[[nodiscard]] std::string_view config_template() noexcept;

}  // namespace merlon::workload
