// Reads Enarx.toml through toml++.

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>

#include "merlon/base/text.h"
#include "merlon/codec/toml.h"
#include "merlon/os/path.h"
#include "merlon/workload/config.h"
#include "merlon/workload/url.h"

namespace merlon::workload {

using base::concat;

namespace {

std::string_view kind_of(toml::node_type type) noexcept {
  switch (type) {
    case toml::node_type::none: return "nothing";
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a floating-point number";
    case toml::node_type::boolean: return "a boolean";
    case toml::node_type::date: return "a date";
    case toml::node_type::time: return "a time";
    case toml::node_type::date_time: return "a date and time";
  }
  return "something else";
}

/// A key as a message shows it: bare if TOML would let it stand bare.
std::string shown(std::string_view key) {
  const bool bare = !key.empty() && key.size() <= 64 &&
                    key.find_first_not_of(
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789_-") == std::string_view::npos;
  return bare ? std::string(key) : base::quoted(key, 64);
}

}  // namespace

/// One parse: carries the file's name, so that every refusal names file, line and key.
class ConfigParser {
 public:
  explicit ConfigParser(std::string_view file) : file_(file) {}

  core::Result<Config, ConfigError> parse(std::string_view text) {
    if (text.size() > max_config_size) {
      return refuse(0, "", concat("is longer than ", max_config_size, " bytes"));
    }
    const auto parsed = codec::parse_toml(text, file_);
    if (!parsed) {
      return refuse(parsed.error().line, "", concat("not valid TOML: ", parsed.error().what));
    }
    const toml::table& root = *parsed;
    Config config;
    TRY(read_steward(root, config));
    TRY(read_arguments(root, config));
    TRY(read_environment(root, config));
    TRY(read_files(root, config));
    TRY(read_allowed(root, config));
    TRY(read_mounts(root, config));
    note_unknown_keys(root, config);
    note_missing_streams(config);
    return config;
  }

 private:
  template <typename T>
  using Result = core::Result<T, ConfigError>;

  /// A table of the file and the path that leads to it, e.g. "files[3]".
  struct Place {
    const toml::table& table;
    std::string path;

    [[nodiscard]] std::string key(std::string_view name) const {
      return path.empty() ? shown(name) : concat(path, ".", shown(name));
    }
  };

  [[nodiscard]] ConfigError refuse(std::uint32_t line, std::string key, std::string what) const {
    return ConfigError{std::string(file_), line, std::move(key), std::move(what)};
  }

  [[nodiscard]] ConfigError refuse(const toml::node& node, std::string key,
                                   std::string what) const {
    return refuse(node.source().begin.line, std::move(key), std::move(what));
  }

  Result<std::string> text(const toml::node& node, const std::string& key) const {
    const auto* string = node.as_string();
    if (string == nullptr) {
      return refuse(node, key, concat("must be a string, not ", kind_of(node.type())));
    }
    if (string->get().find('\0') != std::string::npos) {
      return refuse(node, key, "must not contain a NUL character");
    }
    return string->get();
  }

  Result<std::optional<std::string>> optional_text(const Place& place,
                                                   std::string_view name) const {
    const toml::node* node = place.table.get(name);
    if (node == nullptr) return std::optional<std::string>{};
    return std::optional<std::string>(TRY(text(*node, place.key(name))));
  }

  Result<std::string> required_text(const Place& place, std::string_view name) const {
    auto value = TRY(optional_text(place, name));
    if (!value) return refuse(place.table, place.key(name), "is missing");
    return *std::move(value);
  }

  Result<void> read_steward(const toml::table& root, Config& config) const {
    config.steward_ = TRY(optional_text({root, ""}, "steward"));
    if (config.steward_ && !is_absolute_url(*config.steward_)) {
      return refuse(*root.get("steward"), "steward",
                    concat("must be a URL such as https://steward.example, not ",
                           base::quoted(*config.steward_)));
    }
    const auto trust = TRY(read_trust({root, ""}, "steward_trust"));
    if (!trust) return {};
    if (trust->steward) {
      return refuse(*root.get("steward_trust"), "steward_trust",
                    "a Steward cannot vouch for its own address; name web or a file");
    }
    config.steward_trust_ = *trust;
    return {};
  }

  /// Texts of an array, if it is there.
  Result<std::optional<std::vector<std::string>>> optional_texts(const Place& place,
                                                                 std::string_view name,
                                                                 std::size_t most) const {
    const toml::node* node = place.table.get(name);
    if (node == nullptr) return std::optional<std::vector<std::string>>();
    const toml::array* array = node->as_array();
    if (array == nullptr || array->empty() || array->size() > most) {
      return refuse(*node, place.key(name), concat("must be an array of 1 to ", most, " strings"));
    }
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < array->size(); ++i) {
      texts.push_back(TRY(text(*array->get(i), concat(place.key(name), "[", i, "]"))));
    }
    return std::optional(std::move(texts));
  }

  Result<std::optional<Trust>> read_trust(const Place& place, std::string_view name) const {
    constexpr std::size_t most = 16;
    const auto names = TRY(optional_texts(place, name, most));
    if (!names) return std::optional<Trust>();
    Trust trust;
    for (const std::string& each : *names) {
      if (each == "web") {
        trust.web = true;
      } else if (each == "steward") {
        trust.steward = true;
      } else if (is_plain_name(each)) {
        trust.files.push_back(each);
      } else {
        return refuse(*place.table.get(name), place.key(name),
                      concat("must name web, steward or a file beside Enarx.toml, not ",
                             base::quoted(each, 64)));
      }
    }
    return std::optional(std::move(trust));
  }

  /// Of a file in the package's own directory.
  static bool is_plain_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
           name.find('/') == std::string_view::npos;
  }

  Result<std::vector<std::string>> read_protocols(const Place& place) const {
    constexpr std::size_t most = 16;
    const auto names = TRY(optional_texts(place, "alpn", most));
    if (!names) return std::vector<std::string>();
    for (const std::string& each : *names) {
      if (!each.empty() && each.size() <= 255) continue;
      return refuse(*place.table.get("alpn"), place.key("alpn"),
                    "must name protocols of 1 to 255 bytes, such as \"http/1.1\"");
    }
    return *names;
  }

  Result<ClientCertificate> read_client(const Place& place) const {
    const auto word = TRY(optional_text(place, "client"));
    if (!word || *word == "none") return ClientCertificate::None;
    if (*word == "request") return ClientCertificate::Request;
    if (*word == "require") return ClientCertificate::Require;
    return refuse(*place.table.get("client"), place.key("client"),
                  concat("must be none, request or require, not ", base::quoted(*word, 64)));
  }

  /// Nothing of TLS stands where none is spoken: who wrote it there believes otherwise.
  Result<void> refuse_tls_keys(const Place& place, Protocol protocol) const {
    if (protocol == Protocol::Tls) return {};
    for (const std::string_view name : {"client", "trust", "alpn", "server_name"}) {
      const toml::node* node = place.table.get(name);
      if (node != nullptr) return refuse(*node, place.key(name), "needs prot = \"tls\"");
    }
    return {};
  }

  Result<TlsOptions> read_listening_tls(const Place& place) const {
    TlsOptions tls;
    tls.client = TRY(read_client(place));
    tls.alpn = TRY(read_protocols(place));
    const auto trust = TRY(read_trust(place, "trust"));
    const bool asks = tls.client != ClientCertificate::None;
    if (asks && !trust) {
      return refuse(*place.table.get("client"), place.key("client"),
                    "needs trust, which says whose certificates clients may show");
    }
    if (!asks && trust) {
      return refuse(*place.table.get("trust"), place.key("trust"),
                    "needs client = \"request\" or \"require\"");
    }
    if (trust) tls.trust = *trust;
    return tls;
  }

  Result<TlsOptions> read_connecting_tls(const Place& place) const {
    TlsOptions tls;
    tls.alpn = TRY(read_protocols(place));
    tls.trust = TRY(read_trust(place, "trust")).value_or(Trust{.web = true});
    if (const auto name = TRY(optional_text(place, "server_name"))) {
      if (name->empty()) {
        return refuse(*place.table.get("server_name"), place.key("server_name"),
                      "must be a name or an address");
      }
      tls.server_name = *name;
    }
    return tls;
  }

  Result<void> read_arguments(const toml::table& root, Config& config) const {
    const toml::node* node = root.get("args");
    if (node == nullptr) return {};
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      return refuse(*node, "args",
                    concat("must be an array of strings, not ", kind_of(node->type())));
    }
    for (std::size_t i = 0; i < array->size(); ++i) {
      config.arguments_.push_back(TRY(text(*array->get(i), concat("args[", i, "]"))));
    }
    return {};
  }

  Result<void> read_environment(const toml::table& root, Config& config) const {
    const toml::node* node = root.get("env");
    if (node == nullptr) return {};
    const toml::table* table = node->as_table();
    if (table == nullptr) {
      return refuse(*node, "env", concat("must be a table, not ", kind_of(node->type())));
    }
    const Place place{*table, "env"};
    for (const auto& [key, value] : *table) {
      if (key.str().find('\0') != std::string_view::npos) {
        return refuse(value, place.key(key.str()), "its name must not contain a NUL character");
      }
      config.environment_.emplace_back(std::string(key.str()),
                                       TRY(text(value, place.key(key.str()))));
    }
    return {};
  }

  Result<void> read_files(const toml::table& root, Config& config) const {
    const toml::node* node = root.get("files");
    if (node == nullptr) return {};
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      return refuse(*node, "files",
                    concat("must be an array of tables, not ", kind_of(node->type())));
    }
    for (std::size_t i = 0; i < array->size(); ++i) {
      const std::string path = concat("files[", i, "]");
      const toml::node& entry = *array->get(i);
      if (!entry.is_table()) {
        return refuse(entry, path, concat("must be a table, not ", kind_of(entry.type())));
      }
      config.files_.push_back(TRY(read_file({*entry.as_table(), path})));
    }
    return {};
  }

  Result<File> read_file(const Place& place) const {
    const std::string kind = TRY(required_text(place, "kind"));
    if (kind == "null") {
      TRY(allow_only(place, {"kind", "name"}));
      return File{NullFile{TRY(file_name(place)).value_or(kind)}};
    }
    for (const Stream stream : {Stream::Stdin, Stream::Stdout, Stream::Stderr}) {
      constexpr std::array<std::string_view, 3> names{"stdin", "stdout", "stderr"};
      if (kind != names[static_cast<std::size_t>(stream)]) continue;
      TRY(allow_only(place, {"kind", "name"}));
      return File{StreamFile{stream, TRY(file_name(place)).value_or(kind)}};
    }
    if (kind == "listen") return read_listen(place);
    if (kind == "connect") return read_connect(place);
    return refuse(*place.table.get("kind"), place.key("kind"),
                  concat("must be null, stdin, stdout, stderr, listen or connect, not ",
                         base::quoted(kind, 64)));
  }

  Result<File> read_listen(const Place& place) const {
    TRY(allow_only(place, {"kind", "name", "prot", "addr", "port", "client", "trust", "alpn"}));
    ListenFile file;
    file.protocol = TRY(protocol(place));
    TRY(refuse_tls_keys(place, file.protocol));
    if (file.protocol == Protocol::Tls) file.tls = TRY(read_listening_tls(place));
    auto name = TRY(file_name(place));
    if (!name) return refuse(place.table, place.key("name"), "is missing");
    file.name = *std::move(name);
    file.address = TRY(optional_text(place, "addr")).value_or("::");
    file.port = TRY(port(place, file.protocol));
    return File{std::move(file)};
  }

  Result<File> read_connect(const Place& place) const {
    TRY(allow_only(place,
                   {"kind", "name", "prot", "host", "port", "trust", "alpn", "server_name"}));
    ConnectFile file;
    file.protocol = TRY(protocol(place));
    TRY(refuse_tls_keys(place, file.protocol));
    if (file.protocol == Protocol::Tls) file.tls = TRY(read_connecting_tls(place));
    file.host = TRY(required_text(place, "host"));
    file.name = TRY(file_name(place)).value_or(file.host);
    file.port = TRY(port(place, file.protocol));
    return File{std::move(file)};
  }

  Result<void> read_allowed(const toml::table& root, Config& config) const {
    for (const Place& place : TRY(tables(root, "allow", Config::max_allowed))) {
      Allow allow = TRY(read_allow(place));
      for (const Allow& other : config.allowed_) {
        if (other.name == allow.name && other.port == allow.port) {
          return refuse(place.table, place.path, "is there twice");
        }
      }
      config.allowed_.push_back(std::move(allow));
    }
    return {};
  }

  /// The tables of an array; none if it is not there.
  Result<std::vector<Place>> tables(const toml::table& root, std::string_view name,
                                    std::size_t most) const {
    std::vector<Place> places;
    const toml::node* node = root.get(name);
    if (node == nullptr) return places;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      return refuse(*node, std::string(name),
                    concat("must be an array of tables, not ", kind_of(node->type())));
    }
    if (array->size() > most) {
      return refuse(*node, std::string(name), concat("has more than ", most, " entries"));
    }
    for (std::size_t i = 0; i < array->size(); ++i) {
      std::string path = concat(name, "[", i, "]");
      const toml::node& entry = *array->get(i);
      if (!entry.is_table()) {
        return refuse(entry, std::move(path),
                      concat("must be a table, not ", kind_of(entry.type())));
      }
      places.push_back({*entry.as_table(), std::move(path)});
    }
    return places;
  }

  Result<void> read_mounts(const toml::table& root, Config& config) const {
    bool sealed = false;
    for (const Place& place : TRY(tables(root, "mounts", Config::max_mounts))) {
      Mount mount = TRY(read_mount(place));
      for (const Mount& other : config.mounts_) {
        if (other.path == mount.path) {
          return refuse(place.table, place.key("path"), "is there twice");
        }
      }
      const bool is_sealed = mount.source == Mount::Source::Sealed;
      if (is_sealed && sealed) {
        return refuse(place.table, place.key("source"), "is sealed twice; there is one volume");
      }
      sealed = sealed || is_sealed;
      config.mounts_.push_back(std::move(mount));
    }
    return {};
  }

  Result<Mount> read_mount(const Place& place) const {
    Mount mount;
    mount.path = TRY(required_text(place, "path"));
    if (!os::is_canonical_path(mount.path)) {
      return refuse(
          *place.table.get("path"), place.key("path"),
          concat("must be a path from / on, without . and .. and a slash at its end, not ",
                 base::quoted(mount.path, 64)));
    }
    const std::string source = TRY(required_text(place, "source"));
    if (source == "sealed") return read_sealed(place, std::move(mount));
    TRY(allow_only(place, {"path", "source", "write"}, "this kind of mount"));
    if (source == "memory") {
      if (!TRY(writable(place, true))) {
        return refuse(*place.table.get("write"), place.key("write"),
                      "must not be false: an empty directory that nobody fills is of no use");
      }
      return mount;
    }
    mount.source = Mount::Source::Package;
    const auto directory = package_path(source);
    if (!directory) {
      return refuse(*place.table.get("source"), place.key("source"),
                    concat("must be memory, sealed or a directory of the package, not ",
                           base::quoted(source, 64)));
    }
    mount.directory = *directory;
    mount.writable = TRY(writable(place, false));
    return mount;
  }

  Result<Mount> read_sealed(const Place& place, Mount mount) const {
    TRY(allow_only(place, {"path", "source", "write", "volume", "bound_to"}, "this kind of mount"));
    mount.source = Mount::Source::Sealed;
    if (!TRY(writable(place, true))) {
      return refuse(*place.table.get("write"), place.key("write"),
                    "must not be false for what is sealed");
    }
    mount.volume = TRY(optional_text(place, "volume")).value_or("data");
    if (!base::is_label(mount.volume)) {
      return refuse(*place.table.get("volume"), place.key("volume"),
                    "must be 1 to 64 of a-z, 0-9, - and _, and first a letter");
    }
    const std::string bound_to = TRY(optional_text(place, "bound_to")).value_or("tenant");
    if (bound_to == "workload") mount.bound_to = Mount::Binding::Workload;
    if (bound_to == "workload" || bound_to == "tenant") return mount;
    return refuse(*place.table.get("bound_to"), place.key("bound_to"),
                  concat("must be tenant or workload, not ", base::quoted(bound_to, 64)));
  }

  Result<bool> writable(const Place& place, bool otherwise) const {
    const toml::node* node = place.table.get("write");
    if (node == nullptr) return otherwise;
    const auto* value = node->as_boolean();
    if (value != nullptr) return value->get();
    return refuse(*node, place.key("write"),
                  concat("must be true or false, not ", kind_of(node->type())));
  }

  /// "./lib" and "lib" are the same, and "." is the package itself, which is "".
  static std::optional<std::string> package_path(std::string_view source) {
    if (source == ".") return "";
    if (source.starts_with("./")) source.remove_prefix(2);
    const std::string absolute = concat("/", source);
    if (absolute == "/" || !os::is_canonical_path(absolute)) return std::nullopt;
    return std::string(source);
  }

  Result<Allow> read_allow(const Place& place) const {
    TRY(allow_only(place, {"name", "port", "prot", "trust", "alpn", "server_name"},
                   "a destination"));
    Allow allow;
    allow.protocol = TRY(protocol(place));
    TRY(refuse_tls_keys(place, allow.protocol));
    if (allow.protocol == Protocol::Tls) allow.tls = TRY(read_connecting_tls(place));
    allow.name = TRY(required_text(place, "name"));
    constexpr std::size_t longest = 253;  // of a name in the domain name system
    const bool usual = std::ranges::all_of(allow.name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
             c == ':';
    });
    if (allow.name.empty() || allow.name.size() > longest || !usual) {
      return refuse(*place.table.get("name"), place.key("name"),
                    "must be the name of a host in lower case, or an address");
    }
    allow.port = TRY(port(place, allow.protocol));
    if (allow.port != 0) return allow;
    return refuse(*place.table.get("port"), place.key("port"), "must not be 0");
  }

  Result<void> allow_only(const Place& place, std::initializer_list<std::string_view> names,
                          std::string_view of = "this kind of file") const {
    for (const auto& [key, value] : place.table) {
      bool known = false;
      for (const std::string_view name : names) known = known || key.str() == name;
      if (known) continue;
      std::string list;
      for (const std::string_view name : names) list += concat(list.empty() ? "" : ", ", name);
      return refuse(value, place.key(key.str()),
                    concat("is no key of ", of, "; there are: ", list));
    }
    return {};
  }

  /// Upstream takes no notice of them; who misspelt a key would search long.
  void note_unknown_keys(const toml::table& root, Config& config) const {
    constexpr std::array<std::string_view, 7> known{"steward", "steward_trust", "args",  "env",
                                                    "files",   "allow",         "mounts"};
    std::size_t unknown = 0;
    for (const auto& [key, value] : root) {
      if (std::ranges::find(known, key.str()) != known.end()) continue;
      if (++unknown > Config::max_notes) continue;
      config.notes_.push_back(concat(base::printable(file_), ":", key.source().begin.line, ": ",
                                     shown(key.str()),
                                     " is no key of Enarx.toml and is passed over"));
    }
    if (unknown <= Config::max_notes) return;
    config.notes_.back() = concat(base::printable(file_), ": ", unknown - Config::max_notes + 1,
                                  " more keys are no keys of Enarx.toml and are passed over");
  }

  void note_missing_streams(Config& config) const {
    const auto is_stream = [](const File& file) {
      return std::holds_alternative<StreamFile>(file);
    };
    if (std::ranges::any_of(config.files_, is_stream)) return;
    config.notes_.push_back(
        concat(base::printable(file_),
               ": [[files]] names no standard stream: nothing that the workload prints is seen"));
  }

  /// Names are joined by ':' in FD_NAMES.
  Result<std::optional<std::string>> file_name(const Place& place) const {
    auto name = TRY(optional_text(place, "name"));
    if (name && name->find(':') != std::string::npos) {
      return refuse(*place.table.get("name"), place.key("name"), "must not contain ':'");
    }
    return name;
  }

  /// Enarx's documents have TLS as the default; its code wants a word, and takes the same ones.
  Result<Protocol> protocol(const Place& place) const {
    const std::string name = TRY(optional_text(place, "prot")).value_or("tls");
    if (name == "tcp") return Protocol::Tcp;
    if (name == "tls") return Protocol::Tls;
    return refuse(*place.table.get("prot"), place.key("prot"),
                  concat("must be tcp or tls, not ", base::quoted(name, 64)));
  }

  Result<std::uint16_t> port(const Place& place, Protocol protocol) const {
    const toml::node* node = place.table.get("port");
    if (node == nullptr) return static_cast<std::uint16_t>(protocol == Protocol::Tls ? 443 : 80);
    const auto* number = node->as_integer();
    if (number == nullptr || number->get() < 0 ||
        number->get() > std::numeric_limits<std::uint16_t>::max()) {
      return refuse(*node, place.key("port"), "must be an integer from 0 to 65535");
    }
    return static_cast<std::uint16_t>(number->get());
  }

  std::string_view file_;
};

core::Result<Config, ConfigError> Config::parse(std::string_view text, std::string_view file) {
  return ConfigParser(file).parse(text);
}

}  // namespace merlon::workload
