#include "merlon/workload/config.h"

#include "merlon/base/text.h"

namespace merlon::workload {

const std::string& name_of(const File& file) noexcept {
  return std::visit([](const auto& entry) -> const std::string& { return entry.name; }, file);
}

std::string ConfigError::text() const {
  std::string out = file;
  if (line > 0) out += base::concat(":", line);
  if (!key.empty()) out += base::concat(": ", key);
  return out + base::concat(": ", what);
}

Config Config::standard() {
  Config config;
  config.files_ = {StreamFile{Stream::Stdin, "stdin"}, StreamFile{Stream::Stdout, "stdout"},
                   StreamFile{Stream::Stderr, "stderr"}};
  return config;
}

namespace {

constexpr std::string_view every_key =
    R"(# What the workload in main.wasm may touch. Everything not named here does not exist for it.

# Arguments after the program's name, which is always "main.wasm".
# args = ["--verbose", "input.txt"]

# The Steward that certifies the keep; must be https.
# steward = "https://steward.example"
# steward_trust = ["web"] # who vouches for that address: "web", and files of certificates (PEM) that
#                         # lie beside Enarx.toml; the default is ["web"], the roots that Mozilla lists

# Environment variables. FD_COUNT and FD_NAMES are added: the number of files below, and their
# names joined by ':'.
# [env]
# LANG = "C"

# The first [[files]] entry is file descriptor 0, the next one 1, and so on. `name` may be left out
# where a default is told; it must not contain ':'.

[[files]]
kind = "stdin" # name: "stdin"

[[files]]
kind = "stdout" # name: "stdout"

[[files]]
kind = "stderr" # name: "stderr"

# Reads nothing and swallows what is written.
# [[files]]
# kind = "null" # name: "null"

# A listening socket; the workload accepts connections from it.
# [[files]]
# kind = "listen"
# name = "ingest"
# prot = "tls" # the default; or "tcp"
# addr = "::"  # every address; the default
# port = 8443  # 443 for tls and 80 for tcp by default
# client = "require" # ask clients for certificates: "none", the default, "request" or "require"
# trust = ["steward", "clients.pem"] # and whose: "steward", "web", files beside Enarx.toml
# alpn = ["http/1.1"] # protocols, the preferred one first

# A connection, made before the workload starts.
# [[files]]
# kind = "connect"
# host = "database.example"
# prot = "tls" # the default; or "tcp"
# port = 5432  # 443 for tls and 80 for tcp by default
# name = "database" # the host by default
# trust = ["web"] # whose certificates the other side may have; the default
# server_name = "database.example" # and for which name; the host by default
# alpn = ["http/1.1"] # protocols, the preferred one first

# Where the workload may open connections to while it runs; nowhere else. See docs/tls.md.
# [[allow]]
# name = "api.example.com" # in lower case, or an address
# port = 443   # 443 for tls and 80 for tcp by default
# prot = "tls" # the default; or "tcp"
# trust = ["web"] # whose certificates the other side may have; the default
# server_name = "api.example.com" # and for which name; the one above by default
# alpn = ["http/1.1"] # protocols, the preferred one first

# Directories that the workload finds. See docs/files.md.
# [[mounts]]
# path = "/usr/lib/app" # where the workload finds it
# source = "lib" # a directory of the package, or "memory": an empty one in the keep's memory
# write = true   # may it be written? What is written stays in the keep's memory. The default is true
#                # for "memory", and false for a directory of the package

# A directory whose files outlive the keep, which seals them; the host keeps them.
# [[mounts]]
# path = "/sealed"
# source = "sealed"
# volume = "data"     # its name, which the host sees; the default
# bound_to = "tenant" # who opens it again: any workload of the same "tenant", the default, or only
#                     # this "workload" with this configuration
)";

}  // namespace

std::string_view config_template() noexcept { return every_key; }

}  // namespace merlon::workload
