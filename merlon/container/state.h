#pragma once

// A container as it stands on this machine: a folder with what is known of it, which outlives
// every process of the runtime. The file `merlon.json` is there before anything that would have to
// be taken away again.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/container/refusal.h"
#include "merlon/os/fd.h"

namespace merlon::container {

enum class Phase : std::uint8_t { Creating, Created, Running, Stopped };
[[nodiscard]] std::string_view name_of(Phase phase) noexcept;

struct State {
  std::string id;
  std::string bundle;
  std::string root;                 ///< of its files
  std::int64_t process = 0;         ///< the init process; 0: none yet
  std::uint64_t started = 0;        ///< when the kernel says it started
  std::string created;              ///< RFC 3339
  std::vector<std::string> groups;  ///< directories of control groups that are its own
  std::map<std::string, std::string> annotations;
  friend bool operator==(const State&, const State&) = default;
};

[[nodiscard]] std::string encode(const State& state);
/// Malformed otherwise; the file is this user's alone, and still every byte is looked at.
[[nodiscard]] Checked<State> decode(std::string_view text);

/// What engines and hooks are told [OCI-RUNTIME 1.1 runtime.md §state], with what runc adds.
[[nodiscard]] std::string told_state(const State& state, Phase phase);

/// 1 to 1024 letters, digits, "_", "+", "-" and ".", first none of the last two: one name below
/// the root directory and no option.
[[nodiscard]] Checked<void> check_id(std::string_view id);

class Folder {
 public:
  static constexpr const char* state_file = "merlon.json";
  static constexpr const char* config_file = "config.json";
  static constexpr const char* door = "start";  ///< a FIFO that is there until the start

  /// A new one. A refusal if there is one already, or others could put theirs in its place.
  [[nodiscard]] static Checked<Folder> make(const std::string& root, const std::string& id);
  /// Nothing if there is none, or it is one of another runtime with the same root directory.
  [[nodiscard]] static std::optional<Folder> find(const std::string& root, const std::string& id);

  [[nodiscard]] std::string path(std::string_view name) const;
  [[nodiscard]] const std::string& own_path() const noexcept { return path_; }

  /// Only one command that changes something at a time; held as long as the Fd. It waits for
  /// another one ten seconds at most. A refusal, as of `read`, where others may have written.
  [[nodiscard]] Checked<os::Fd> lock() const;

  /// A refusal where `read` would not give it back.
  [[nodiscard]] Checked<void> write(const State& state) const;
  [[nodiscard]] Checked<State> read() const;
  [[nodiscard]] Checked<std::string> text_of(const char* name, std::size_t most) const;
  [[nodiscard]] Phase phase_of(const State& state) const;

  /// All of it.
  void remove() const;

 private:
  explicit Folder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// Whether the process that is noted still is that one and has not ended.
[[nodiscard]] bool lives(const State& state);
/// Sends it a signal, and none to a later process of the same number. Errors: Srch (it has ended) ·
/// Perm · …
[[nodiscard]] os::Result<void> signal_init(const State& state, int number);

}  // namespace merlon::container
