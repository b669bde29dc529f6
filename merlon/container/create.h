#pragma once

// Making, starting and taking away of containers whose process is a keep.

#include <optional>
#include <string>

#include "merlon/container/log.h"
#include "merlon/container/settings.h"
#include "merlon/container/state.h"
#include "merlon/os/process.h"

namespace merlon::container {

struct CreateOrder {
  std::string root;
  std::string id;
  std::string bundle;
  std::string pid_file;
  std::string console_socket;
  bool systemd = false;
  bool attached = false;        ///< `run` in the foreground: the init process stays in our session
  os::BorrowedFd terminal{-1};  ///< of `run` in the foreground: the line of a terminal made for it
  Settings settings;
};

struct Made {
  Folder folder;
  os::ChildProcess init;
};

/// Whose container the bundle's is; `text` is its config.json. A refusal where it is nobody's.
enum class Side : std::uint8_t { Keep, Native };
[[nodiscard]] Checked<std::string> read_config_text(const std::string& bundle);
[[nodiscard]] Checked<Side> side_of(std::string_view text, const std::string& bundle,
                                    const Settings& settings);

/// Status::Created, or nothing is left.
[[nodiscard]] Checked<Made> create(const CreateOrder& order, const std::string& text,
                                   const Log& log);

[[nodiscard]] Checked<void> start(const Folder& folder, const Log& log);

/// `force`: whatever it does. Tried again, it goes on where it was.
[[nodiscard]] Checked<void> remove(const Folder& folder, bool force, const Log& log);

/// An absolute path without links.
[[nodiscard]] Checked<std::string> absolute_path(const std::string& path);

}  // namespace merlon::container
