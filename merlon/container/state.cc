#include "merlon/container/state.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/codec/json_writer.h"
#include "merlon/container/config.h"
#include "merlon/container/config_reader.h"
#include "merlon/os/clock.h"
#include "merlon/os/container.h"
#include "merlon/os/directory.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"

namespace merlon::container {

using base::concat;

namespace {

constexpr std::size_t longest_id = 1024;
constexpr std::size_t longest_path = 4096;
constexpr std::size_t most_annotations = 4096;
constexpr std::size_t longest_annotation = 262144;
constexpr std::size_t most_groups = 64;

void write_texts(codec::JsonWriter& json, const std::map<std::string, std::string>& texts) {
  json.open_object();
  for (const auto& [name, text] : texts) {
    json.key(name);
    json.text(text);
  }
  json.close_object();
}

void member(codec::JsonWriter& json, std::string_view name, std::string_view text) {
  json.key(name);
  json.text(text);
}

/// With all that is missing above it. Whatever the umask is, nobody else writes there.
os::Result<void> make_root(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::string here(path);
  auto made = os::make_private_directory(here);
  const std::size_t slash = path.rfind('/');
  if (!made && made.error() == os::Errno::Noent && slash != std::string_view::npos && slash > 0) {
    TRY(make_root(path.substr(0, slash)));
    made = os::make_private_directory(here);
  }
  return !made && made.error() == os::Errno::Exist ? os::Result<void>() : made;
}

Checked<void> check_guarded(const std::string& path) {
  const auto guarded = os::is_guarded_directory(path);
  if (guarded && *guarded) return {};
  return Refusal{concat(base::printable(path), ": ",
                        guarded ? "is no directory of this user's, or others may write there; "
                                  "what is noted there says which processes are ended"
                                : os::describe(guarded.error()))};
}

/// The folder itself, and the root directory, to which a link may lead.
Checked<void> check_place(const std::string& folder) {
  TRY(check_guarded(concat(folder.substr(0, folder.rfind('/')), "/.")));
  return check_guarded(folder);
}

std::uint64_t process_number(const State& state) {
  return state.process > 0 ? static_cast<std::uint64_t>(state.process) : 0;
}

}  // namespace

std::string_view name_of(Phase phase) noexcept {
  switch (phase) {
    case Phase::Creating: return "creating";
    case Phase::Created: return "created";
    case Phase::Running: return "running";
    case Phase::Stopped: break;
  }
  return "stopped";
}

std::string encode(const State& state) {
  codec::JsonWriter json;
  json.open_object();
  member(json, "id", state.id);
  member(json, "bundle", state.bundle);
  member(json, "root", state.root);
  json.key("process");
  json.number(process_number(state));
  json.key("started");
  json.number(state.started);
  member(json, "created", state.created);
  json.key("groups");
  json.open_array();
  for (const std::string& group : state.groups) json.text(group);
  json.close_array();
  json.key("annotations");
  write_texts(json, state.annotations);
  json.close_object();
  return json.result();
}

Checked<State> decode(std::string_view text) {
  const auto document = codec::JsonDocument::parse(text);
  if (!document) return Refusal{"merlon.json: is no JSON"};
  const Member root(&document->root(), "merlon.json");
  State state;
  state.id = TRY(root["id"].text(longest_id));
  TRY(check_id(state.id));
  state.bundle = TRY(root["bundle"].text(longest_path));
  state.root = TRY(root["root"].text(longest_path));
  constexpr std::uint64_t largest_process = 0x7FFF'FFFF;
  const auto process = TRY(root["process"].number(largest_process));
  state.process = static_cast<std::int64_t>(process.value_or(0));
  const auto started = TRY(root["started"].number(~std::uint64_t{0}));
  state.started = started.value_or(0);
  state.created = TRY(root["created"].text(64));
  state.groups = TRY(root["groups"].texts(most_groups, longest_path));
  state.annotations = TRY(root["annotations"].text_map(most_annotations, longest_annotation));
  return state;
}

std::string told_state(const State& state, Phase phase) {
  codec::JsonWriter json;
  json.open_object();
  member(json, "ociVersion", oci_version);
  member(json, "id", state.id);
  member(json, "status", name_of(phase));
  json.key("pid");
  json.number(phase == Phase::Stopped ? std::uint64_t{0} : process_number(state));
  member(json, "bundle", state.bundle);
  member(json, "rootfs", state.root);
  member(json, "created", state.created);
  json.key("annotations");
  write_texts(json, state.annotations);
  json.close_object();
  return json.result();
}

Checked<void> check_id(std::string_view id) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '.';
  };
  if (id.empty() || id.size() > longest_id || id[0] == '.' || id[0] == '-' ||
      !std::ranges::all_of(id, is_letter)) {
    return Refusal{concat("container id ", base::quoted(id),
                          ": must be letters, digits, _, +, - and ., and begin with no . or -"),
                   Status::Usage};
  }
  return {};
}

Checked<Folder> Folder::make(const std::string& root, const std::string& id) {
  TRY(check_id(id));
  const auto made_root = make_root(root);
  if (!made_root) {
    return Refusal{
        concat(base::printable(root), ": cannot be made: ", os::describe(made_root.error()))};
  }
  TRY(check_guarded(concat(root, "/.")));
  Folder folder(concat(root, "/", id));
  const auto made = os::make_private_directory(folder.path_);
  if (made) return folder;
  if (made.error() == os::Errno::Exist) {
    return Refusal{concat("container with id exists already: ", id)};
  }
  return Refusal{
      concat(base::printable(folder.path_), ": cannot be made: ", os::describe(made.error()))};
}

std::optional<Folder> Folder::find(const std::string& root, const std::string& id) {
  if (!check_id(id)) return std::nullopt;
  Folder folder(concat(root, "/", id));
  std::error_code error;
  if (!std::filesystem::is_directory(folder.path_, error)) return std::nullopt;
  if (os::exists(folder.path(state_file))) return folder;
  // runc and crun note their containers so; one of ours that was just made has nothing yet.
  for (const char* file : {"state.json", "status"}) {
    if (os::exists(folder.path(file))) return std::nullopt;
  }
  return folder;
}

std::string Folder::path(std::string_view name) const { return concat(path_, "/", name); }

Checked<os::Fd> Folder::lock() const {
  TRY(check_place(path_));
  constexpr std::chrono::milliseconds pause{5};
  constexpr int patience = 2000;
  for (int i = 0; i < patience; ++i) {
    auto file = os::open_record(path("lock"));
    if (!file) {
      return Refusal{
          concat(base::printable(path_), ": cannot be locked: ", os::describe(file.error()))};
    }
    const bool is_held = os::try_lock(*file).has_value();
    // Whoever had it may have taken the folder away, and somebody may have made another one.
    const auto found = os::status(*file);
    if (is_held && found && found->links != 0) return *std::move(file);
    static_cast<void>(os::poll({}, pause));
  }
  return Refusal{concat(base::printable(path_), ": another command of this runtime works on it")};
}

Checked<void> Folder::write(const State& state) const {
  const std::string text = encode(state);
  // Nobody could end or delete a container whose state cannot be read again: a byte of an
  // annotation may be six here.
  if (text.size() > max_config_size) return Refusal{"config.json: annotations: are too large"};
  TRY(decode(text));
  const auto written = os::write_setting(path("state.new"), core::as_bytes(text));
  std::error_code error;
  if (written) std::filesystem::rename(path("state.new"), path(state_file), error);
  if (written && !error) return {};
  return Refusal{concat(base::printable(path(state_file)), ": cannot be written: ",
                        written ? error.message() : std::string(os::describe(written.error())))};
}

Checked<std::string> Folder::text_of(const char* name, std::size_t most) const {
  const auto file = os::open_file(path(name));
  const auto bytes =
      file ? os::read_all(*file, most) : os::Result<std::vector<std::uint8_t>>(file.error());
  if (bytes) return std::string(core::as_text(*bytes));
  return Refusal{
      concat(base::printable(path(name)), ": cannot be read: ", os::describe(bytes.error()))};
}

Checked<State> Folder::read() const {
  TRY(check_place(path_));
  const std::string text = TRY(text_of(state_file, max_config_size));
  return decode(text);
}

Phase Folder::phase_of(const State& state) const {
  if (state.process == 0) {
    // Whoever makes it holds the lock; one that was killed has left it.
    const auto file = os::open_record(path("lock"));
    return file && !os::try_lock(*file) ? Phase::Creating : Phase::Stopped;
  }
  if (!lives(state)) return Phase::Stopped;
  return os::exists(path(door)) ? Phase::Created : Phase::Running;
}

void Folder::remove() const {
  std::error_code error;
  // Last of all what names it, so that whoever is killed here leaves what can be deleted again.
  const std::vector<std::string> names = os::names_in(path_).value_or(std::vector<std::string>());
  for (const std::string& name : names) {
    if (name != state_file) std::filesystem::remove(path(name), error);
  }
  std::filesystem::remove_all(path_, error);
}

bool lives(const State& state) {
  const auto status = os::process_status(state.process);
  return status && status->started == state.started && status->state != 'Z' && status->state != 'X';
}

os::Result<void> signal_init(const State& state, int number) {
  return os::signal_process(state.process, number, [&] { return lives(state); });
}

}  // namespace merlon::container
