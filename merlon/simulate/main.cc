// merlon-simulator: a simulated security processor for one guest. NOT confidential computing: its
// keys are files of this machine. It finds its channel on descriptor 3 (merlon/launch/firmware.h).
//
//   merlon-simulator --platform DIRECTORY [--for guest|enclave|aesmd] [--sources COUNT] [--hostile
//   SEED]
//
// With --sources descriptors 4, 5 … are that many files, at most 8, of which the launcher names
// parts instead of sending them. With --hostile it says "busy" to guests at random. Exit status: 0
// the other end has closed the channel, 1 the platform cannot be used, 125 it failed.

#include <array>
#include <charconv>
#include <chrono>
#include <memory>
#include <new>
#include <optional>
#include <string>

#include "merlon/base/printable.h"
#include "merlon/base/text.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/exit_status.h"
#include "merlon/launch/firmware.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"
#include "merlon/os/process.h"
#include "merlon/os/surrender.h"
#include "merlon/simulate/aesm_server.h"
#include "merlon/simulate/confinement.h"
#include "merlon/simulate/enclave_server.h"
#include "merlon/simulate/server.h"
#include "merlon/simulate/sgx_store.h"

namespace {

using namespace merlon;
using base::concat;

int failed(std::string_view text, launch::ExitStatus status) {
  const base::Printable line = base::Printable::line(concat("merlon: ", text));
  static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(concat(line.text(), "\n"))));
  return launch::number(status);
}

constexpr int most_sources = 8;
constexpr int first_source = launch::keep_descriptor + 1;

/// A file that both ends have.
class SourceFile final : public simulate::PageFile {
 public:
  explicit SourceFile(os::Fd file) noexcept : file_(std::move(file)) {}

  core::Result<void> read(std::uint64_t offset, core::ByteSpan into) override {
    while (!into.empty()) {
      const std::array<::iovec, 1> part{{{into.data(), into.size()}}};
      const auto size = os::read_at(file_, part, offset);
      if (!size) return os::to_error(size.error(), "a file of the launch cannot be read");
      if (*size == 0) {
        return core::error(core::ErrorCode::NotFound, "a file of the launch has become shorter");
      }
      into = into.subspan(*size);
      offset += *size;
    }
    return {};
  }

 private:
  os::Fd file_;
};

/// What the other end of the channel has.
enum class Role : std::uint8_t {
  Guest,    ///< of SEV-SNP
  Enclave,  ///< of SGX: this is its processor
  Aesmd,    ///< of SGX: this is its quoting enclave, behind aesmd's protocol
};

std::optional<Role> role_of(std::string_view name) {
  if (name == "guest") return Role::Guest;
  if (name == "enclave") return Role::Enclave;
  if (name == "aesmd") return Role::Aesmd;
  return std::nullopt;
}

struct Options {
  std::string platform;
  Role role = Role::Guest;
  int sources = 0;
  std::optional<simulate::Throttle> throttle;
};

template <typename T>
bool is_number(std::string_view text, T& number) {
  const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
  return error == std::errc() && end == text.end();
}

std::optional<Options> options_of(int count, char** words) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view word = words[i];
    const std::string_view value = words[i + 1];
    if (word == "--platform") {
      options.platform = value;
    } else if (word == "--for") {
      const auto role = role_of(value);
      if (!role) return std::nullopt;
      options.role = *role;
    } else if (word == "--hostile") {
      std::uint64_t seed = 0;
      if (!is_number(value, seed)) return std::nullopt;
      options.throttle.emplace(seed);
    } else if (word == "--sources") {
      if (!is_number(value, options.sources)) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  if (options.sources < 0 || options.sources > most_sources) return std::nullopt;
  if (count % 2 == 0 || options.platform.empty()) return std::nullopt;
  return options;
}

std::string in_words(const core::Error& error) {
  if (error.detail == 0) return error.what;
  return concat(error.what, ": ", os::describe(static_cast<os::Errno>(error.detail)));
}

/// Whether there is nobody at the other end any more.
bool is_closed(os::BorrowedFd channel) {
  std::array items{os::PollItem{channel.number(), 0, 0}};
  return !os::poll(items, std::chrono::nanoseconds(0)) || (items[0].revents & POLLHUP) != 0;
}

/// Tells whoever wants to launch that there is no platform: he tells it to his user.
int refuse(os::BorrowedFd channel, const std::string& why) {
  if (launch::receive_firmware_request(channel)) {
    const core::ByteView text = core::as_bytes(why);
    static_cast<void>(launch::send(
        channel, {launch::FirmwareStatus::InvalidPlatformState, {text.begin(), text.end()}}));
  }
  return launch::number(launch::ExitStatus::Unusable);
}

simulate::PageFiles sources_of(const Options& options) {
  simulate::PageFiles sources;
  for (int i = 0; i < options.sources; ++i) {
    sources.push_back(std::make_unique<SourceFile>(os::Fd::adopt(first_source + i)));
  }
  return sources;
}

/// Gives up all that is not needed, and serves until the other end has gone.
template <typename Server>
int serve_with(Server& server, const Options& options, os::BorrowedFd channel) {
  if (const auto confined = simulate::confine(channel, options.sources); !confined) {
    return failed(concat("the simulator cannot confine itself: ", in_words(confined.error())),
                  launch::ExitStatus::KeepFailed);
  }
  const auto served = server.serve(channel);
  if (!served) {
    // Who was killed in the middle of a sentence is no news of ours.
    if (is_closed(channel)) return launch::number(launch::ExitStatus::KeepFailed);
    return failed(concat("the simulator: ", in_words(served.error())),
                  launch::ExitStatus::KeepFailed);
  }
  return 0;
}

int serve_enclave(const Options& options, os::BorrowedFd channel) {
  auto processor = simulate::load_enclave_processor(options.platform);
  if (!processor) {
    return refuse(channel,
                  concat(base::printable(options.platform),
                         ": no machine with SGX to simulate: ", in_words(processor.error()),
                         "; merlon platform simulate init --kind sgx makes one"));
  }
  simulate::EnclaveServer server(*std::move(processor), sources_of(options));
  return serve_with(server, options, channel);
}

/// Who asks it where there is no platform finds nobody there, and reads why on standard error.
int serve_as_aesmd(const Options& options, os::BorrowedFd channel) {
  auto platform = simulate::LateSgxPlatform::read(options.platform);
  if (!platform) {
    // Whoever simulates the enclave's processor tells why.
    return launch::number(launch::ExitStatus::Unusable);
  }
  simulate::AesmServer server(*std::move(platform));
  return serve_with(server, options, channel);
}

int serve_guest(const Options& options, os::BorrowedFd channel) {
  auto platform = simulate::LatePlatform::read(options.platform);
  if (!platform) {
    return refuse(channel, concat(base::printable(options.platform),
                                  ": no platform to simulate: ", in_words(platform.error()),
                                  "; merlon platform simulate init makes one"));
  }
  auto server =
      simulate::Server::create(*std::move(platform), options.throttle, sources_of(options));
  if (!server) return failed(in_words(server.error()), launch::ExitStatus::KeepFailed);
  return serve_with(*server, options, channel);
}

int serve(const Options& options, os::BorrowedFd channel) {
  switch (options.role) {
    case Role::Guest: return serve_guest(options, channel);
    case Role::Enclave: return serve_enclave(options, channel);
    case Role::Aesmd: return serve_as_aesmd(options, channel);
  }
  return launch::number(launch::ExitStatus::Usage);
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
