#include "merlon/container/asked.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/base/units.h"
#include "merlon/codec/hex.h"
#include "merlon/container/found_workload.h"
#include "merlon/workload/url.h"

namespace merlon::container {

using base::concat;

namespace {

constexpr std::string_view ours = "org.merlon.";

constexpr auto all_names = std::array{
    annotation::backend,  annotation::package,   annotation::runtime, annotation::workload,
    annotation::door,     annotation::tenant,    annotation::policy,  annotation::steward,
    annotation::registry, annotation::listen,    annotation::connect, annotation::invoke,
    annotation::timeout,  annotation::max_memory};
constexpr auto of_sealed =
    std::array{annotation::door, annotation::tenant, annotation::policy, annotation::registry};
constexpr auto of_image = std::array{annotation::package, annotation::invoke};

Refusal refused(std::string_view name, std::string_view what) {
  return {concat("annotation ", name, ": ", what)};
}

/// Whoever writes the annotations may be another one than who reads their refusals.
std::string shown(std::string_view text) { return base::quoted(text, 120); }

class Reader {
 public:
  Reader(const Config& config, const Settings& settings) : config_(config), settings_(settings) {}

  Checked<Asked> read() {
    for (const auto& [name, value] : config_.annotations) {
      if (name.starts_with(ours) && std::ranges::find(all_names, name) == all_names.end()) {
        return refused(base::printable(name, 120), "there is no such one");
      }
    }
    TRY(read_backend());
    TRY(read_workload());
    TRY(read_network());
    asked_.invoke = text(annotation::invoke);
    TRY(read_limits());
    if (asked_.sealed) {
      TRY(read_terms());
      TRY(leave_to_tenant());
    }
    return std::move(asked_);
  }

 private:
  [[nodiscard]] std::string text(std::string_view name) const {
    const auto found = config_.annotations.find(std::string(name));
    return found == config_.annotations.end() ? "" : found->second;
  }
  [[nodiscard]] bool has(std::string_view name) const {
    return config_.annotations.contains(std::string(name));
  }

  Checked<void> read_backend() {
    asked_.backend = settings_.backend;
    if (!has(annotation::backend)) return {};
    const std::string named = text(annotation::backend);
    asked_.backend = host::find_backend(named);
    if (asked_.backend) return {};
    return refused(annotation::backend, concat("there is no ", shown(named)));
  }

  Checked<void> read_workload() {
    const std::string kind = text(annotation::workload);
    const bool attested = asked_.backend && host::is_attested(*asked_.backend);
    asked_.sealed = kind == "sealed";
    if (!kind.empty() && kind != "sealed" && kind != "image") {
      return refused(annotation::workload, concat(shown(kind), " is neither sealed nor image"));
    }
    if (asked_.sealed && !attested) {
      return refused(annotation::workload,
                     "sealed: nothing attests a keep of this backend, so no tenant could judge it");
    }
    if (attested && kind.empty()) {
      return Refusal{concat("backend ", host::name_of(*asked_.backend),
                            ": an attested keep gets its workload from "
                            "its tenant: annotation ",
                            annotation::workload,
                            "=sealed; =image runs the image's, which "
                            "evidence then says")};
    }
    for (const std::string_view each : of_sealed) {
      if (!asked_.sealed && has(each)) return refused(each, "only where the workload is sealed");
    }
    for (const std::string_view each : of_image) {
      if (asked_.sealed && has(each)) return refused(each, "the tenant's to say, who seals it");
    }
    return {};
  }

  /// "tls://HOST:PORT tcp://HOST:PORT HOST:PORT".
  Checked<std::optional<std::vector<Socket>>> sockets(std::string_view name) const {
    std::optional<std::vector<Socket>> all;
    if (!has(name)) return all;
    constexpr std::string_view between = " ,";
    constexpr std::size_t most = 64;
    const std::string given = text(name);
    std::string_view rest = given;
    all.emplace();
    for (;;) {
      rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(between)));
      if (rest.empty()) return all;
      std::string_view word = rest.substr(0, rest.find_first_of(between));
      rest.remove_prefix(word.size());
      const std::string whole(word);
      const bool tls = word.starts_with("tls://");
      if (tls || word.starts_with("tcp://")) word.remove_prefix(6);
      auto place = door::parse_place(word);
      if (!place) return refused(name, concat(shown(whole), " is no [tcp://|tls://]HOST:PORT"));
      if (all->size() == most) return refused(name, concat("names more than ", most));
      all->push_back({*std::move(place), tls});
    }
  }

  Checked<void> read_network() {
    asked_.listen = TRY(sockets(annotation::listen));
    asked_.connect = TRY(sockets(annotation::connect));
    if (!has(annotation::steward)) return {};
    const std::string url = text(annotation::steward);
    // The text becomes a part of an Enarx.toml.
    if (!workload::parse_https_url(url) || url.find('\'') != std::string::npos) {
      return refused(annotation::steward, concat(shown(url), " is no https://HOST[:PORT][/PATH]"));
    }
    asked_.steward = url;
    return {};
  }

  Checked<void> read_limits() {
    if (has(annotation::timeout)) {
      const auto time = base::parse_duration(text(annotation::timeout));
      if (!time) return refused(annotation::timeout, time.error().message());
      asked_.timeout = *time;
    }
    if (has(annotation::max_memory)) {
      const auto size = base::parse_size(text(annotation::max_memory));
      if (!size) return refused(annotation::max_memory, size.error().message());
      if (*size == 0) return refused(annotation::max_memory, "must be more than nothing");
      asked_.max_memory_bytes = *size;
    }
    return {};
  }

  Checked<std::optional<crypto::Sha256Digest>> digest(std::string_view name) const {
    std::optional<crypto::Sha256Digest> read;
    if (!has(name)) return read;
    std::string digits = text(name);
    constexpr std::string_view kind = "sha256:";
    if (digits.starts_with(kind)) digits.erase(0, kind.size());
    const auto bytes = codec::decode_hex(digits);
    const auto made = bytes ? crypto::Sha256Digest::from(*bytes) : bytes.error();
    if (!made) return refused(name, concat(shown(text(name)), " is no [sha256:]64 digits"));
    read = *made;
    return read;
  }

  Checked<void> read_terms() {
    door::Terms& terms = asked_.terms;
    terms.backend = *asked_.backend;
    const auto door = door::parse_place(text(annotation::door));
    if (!door || door->port == 0 || door->host == "*") {
      return refused(annotation::door,
                     "a sealed workload wants ADDRESS:PORT, where its tenant finds it");
    }
    asked_.door = *door;
    terms.tenant = TRY(digest(annotation::tenant));
    terms.policy = TRY(digest(annotation::policy));
    if (asked_.steward) {
      const auto url = workload::parse_https_url(*asked_.steward);
      terms.steward = door::Place{url->host, url->port};
    }
    if (has(annotation::registry)) {
      terms.registry = door::parse_place(text(annotation::registry));
      if (!terms.registry) return refused(annotation::registry, "must be HOST:PORT");
    }
    for (const auto& [from, into] :
         {std::pair(&asked_.listen, &terms.listen), std::pair(&asked_.connect, &terms.connect)}) {
      if (!*from) continue;
      for (const Socket& each : **from) into->push_back(each.place);
    }
    terms.volumes = !settings_.volumes.empty();
    return {};
  }

  /// What a bundle says of its program is the host's word, and none of a sealed workload's.
  [[nodiscard]] Checked<void> leave_to_tenant() const {
    constexpr std::string_view why = "the workload is sealed: its tenant says that, and no bundle";
    if (config_.process.arguments.size() > 1) {
      return Refusal{concat("config.json: process.args: ", why)};
    }
    if (config_.process.terminal) return Refusal{concat("config.json: process.terminal: ", why)};
    if (config_.mounts.empty()) return {};
    return Refusal{concat("config.json: mounts: at ",
                          base::quoted(config_.mounts.front().destination, 120), ": ", why)};
  }

  const Config& config_;
  const Settings& settings_;
  Asked asked_;
};

/// A file or permission of an Enarx.toml. The texts have been read as places, and need no escapes.
Checked<std::string> table_of(std::string_view head, std::string_view host_key,
                              std::string_view which, const Socket& socket) {
  if (socket.place.host == "*" || socket.place.port == 0) {
    return refused(which, "* is no place for a module without an Enarx.toml");
  }
  std::string host = socket.place.host;
  std::ranges::transform(host, host.begin(), &base::lower);
  return concat(head, host_key, " = '", host, "'\nport = ", socket.place.port, "\nprot = '",
                socket.tls ? "tls" : "tcp", "'\n");
}

bool is_named(const std::optional<std::vector<Socket>>& sockets, std::string_view host,
              std::uint16_t port) {
  return !sockets || std::ranges::any_of(*sockets, [&](const Socket& each) {
    return door::is_among({each.place}, host, port);
  });
}

Refusal beyond(std::string_view which, std::string_view host, std::uint16_t port) {
  return refused(
      which, concat("Enarx.toml wants ", door::describe({std::string(host), port}), " as well"));
}

}  // namespace

Checked<Asked> read_asked(const Config& config, const Settings& settings) {
  return Reader(config, settings).read();
}

Checked<workload::Config> config_of(const Asked& asked) {
  if (!asked.steward && !asked.listen && !asked.connect) return workload::Config::standard();
  std::string text;
  if (asked.steward) text += concat("steward = '", *asked.steward, "'\n");
  for (const char* each : {"stdin", "stdout", "stderr"}) {
    text += concat("[[files]]\nkind = '", each, "'\n");
  }
  const std::vector<Socket> none;
  std::size_t count = 0;
  for (const Socket& each : asked.listen ? *asked.listen : none) {
    const std::string head = concat("[[files]]\nkind = 'listen'\nname = 'listen-", count++, "'\n");
    text += TRY(table_of(head, "addr", annotation::listen, each));
  }
  for (const Socket& each : asked.connect ? *asked.connect : none) {
    text += TRY(table_of("[[allow]]\n", "name", annotation::connect, each));
  }
  auto config = workload::Config::parse(text, "annotations");
  if (config) return *std::move(config);
  return Refusal{config.error().text()};
}

Checked<void> check_bounds(const Asked& asked, const workload::Config& config) {
  if (asked.steward && config.steward() != asked.steward) {
    return refused(
        annotation::steward,
        concat("Enarx.toml names ", config.steward() ? shown(*config.steward()) : "none"));
  }
  for (const workload::File& file : config.files()) {
    const auto* const listen = std::get_if<workload::ListenFile>(&file);
    if (listen != nullptr && !is_named(asked.listen, listen->address, listen->port)) {
      return beyond(annotation::listen, listen->address, listen->port);
    }
    const auto* const connect = std::get_if<workload::ConnectFile>(&file);
    if (connect != nullptr && !is_named(asked.connect, connect->host, connect->port)) {
      return beyond(annotation::connect, connect->host, connect->port);
    }
  }
  for (const workload::Allow& each : config.allowed()) {
    if (!is_named(asked.connect, each.name, each.port)) {
      return beyond(annotation::connect, each.name, each.port);
    }
  }
  return {};
}

}  // namespace merlon::container
