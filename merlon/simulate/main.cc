// merlon-simulator: a simulated security processor for one guest. NOT confidential computing: its
// keys are files of this machine. It finds its channel on descriptor 3 (merlon/launch/firmware.h).
//
//   merlon-simulator --platform DIRECTORY [--hostile SEED]
//
// With --hostile it says "busy" to guests at random. Exit status: 0 the other end has closed the
// channel, 1 the platform cannot be used, 125 it failed.

#include <charconv>
#include <new>
#include <optional>
#include <string>

#include "merlon/base/printable.h"
#include "merlon/base/text.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/surrender.h"
#include "merlon/simulate/confinement.h"
#include "merlon/simulate/server.h"

namespace {

using namespace merlon;
using base::concat;

int failed(std::string_view text, launch::ExitStatus status) {
  const base::Printable line = base::Printable::line(concat("merlon: ", text));
  static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(concat(line.text(), "\n"))));
  return launch::number(status);
}

struct Options {
  std::string platform;
  std::optional<simulate::Throttle> throttle;
};

std::optional<Options> options_of(int count, char** words) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view word = words[i];
    const std::string_view value = words[i + 1];
    if (word == "--platform") {
      options.platform = value;
    } else if (word == "--hostile") {
      std::uint64_t seed = 0;
      const auto [end, error] = std::from_chars(value.begin(), value.end(), seed);
      if (error != std::errc() || end != value.end()) return std::nullopt;
      options.throttle.emplace(seed);
    } else {
      return std::nullopt;
    }
  }
  if (count % 2 == 0 || options.platform.empty()) return std::nullopt;
  return options;
}

std::string in_words(const core::Error& error) {
  if (error.detail == 0) return error.what;
  return concat(error.what, ": ", os::describe(static_cast<os::Errno>(error.detail)));
}

int serve(const Options& options, os::BorrowedFd channel) {
  const auto platform = simulate::load_platform(options.platform);
  if (!platform) {
    return failed(concat(base::printable(options.platform), ": no platform to simulate: ",
                         in_words(platform.error()), "; merlon platform simulate init makes one"),
                  launch::ExitStatus::Unusable);
  }
  auto server = simulate::Server::create(*platform, options.throttle);
  if (!server) return failed(in_words(server.error()), launch::ExitStatus::KeepFailed);
  if (const auto confined = simulate::confine(channel); !confined) {
    return failed(concat("the simulator cannot confine itself: ", in_words(confined.error())),
                  launch::ExitStatus::KeepFailed);
  }
  const auto served = server->serve(channel);
  if (!served) {
    return failed(concat("the simulator: ", in_words(served.error())),
                  launch::ExitStatus::KeepFailed);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const os::BorrowedFd channel(launch::keep_descriptor);
  os::end_with_maker_of(channel);
  os::ignore_broken_pipes();
  const auto options = options_of(argc, argv);
  if (!options) {
    return failed("merlon-simulator is started by merlon", launch::ExitStatus::Usage);
  }
  try {
    return serve(*options, channel);
  } catch (const std::bad_alloc&) {
    return failed("the simulator is out of memory", launch::ExitStatus::KeepFailed);
  }
}
