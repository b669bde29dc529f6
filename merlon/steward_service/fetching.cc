#include "merlon/steward_service/fetching.h"

#include <array>
#include <csignal>
#include <cstdio>

#include <poll.h>

#include "merlon/base/text.h"
#include "merlon/os/channel.h"
#include "merlon/os/clock.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"
#include "merlon/os/process.h"

namespace merlon::steward_service {

using base::concat;

namespace {

using Words = std::array<std::string, 9>;

/// What the program says until it ends or `limit` is over; then it is ended.
std::string heard(const os::ChildProcess& child, os::BorrowedFd from,
                  std::chrono::milliseconds limit, const std::function<bool()>& ending) {
  constexpr std::uint64_t slice = 200'000'000;  // to look whether all of this ends
  constexpr std::size_t most = 64U << 10U;
  const auto now = [] { return os::now(os::Clock::Monotonic).value_or(0); };
  const std::uint64_t deadline =
      now() + static_cast<std::uint64_t>(std::chrono::nanoseconds(limit).count());
  std::string text;
  std::array<std::uint8_t, 4096> part{};
  while (now() < deadline && !ending()) {
    std::array items{os::PollItem{from.number(), POLLIN, 0}};
    if (os::poll(items, std::chrono::nanoseconds(slice)).value_or(0) == 0) continue;
    const auto got = os::receive_with_descriptors(from, part);
    if (!got || got->size == 0) return text;
    if (text.size() < most) text += core::as_text(core::ByteView(part).first(got->size));
  }
  static_cast<void>(child.signal(SIGKILL));
  return text;
}

/// The lines that say what is missing, the first of them.
std::string first_trouble(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    constexpr std::string_view missing = "✘ ";
    if (line.starts_with(missing)) return base::printable(line.substr(missing.size()), 300);
    if (line.starts_with("merlon: ")) return base::printable(line, 300);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return "it was not answered in time";
}

FetchOutcome run(const FetchSettings& settings, const Words& words,
                 std::chrono::milliseconds limit) {
  const std::string& program = settings.program;
  auto channel = os::open_channel();
  if (!channel) return {Fetched::Unavailable, std::string(os::describe(channel.error()))};
  const auto child = os::ChildProcess::spawn(program, words, channel->there);
  if (!child) {
    return {Fetched::Unavailable,
            concat(base::printable(program), ": cannot be started: ", os::describe(child.error()))};
  }
  channel->there = os::Fd();
  const std::string text = heard(*child, channel->here, limit, settings.ending);
  const auto status = child->wait();
  if (status && status->kind == os::ExitStatus::Kind::Exited && status->value == 0) {
    return {Fetched::All, ""};
  }
  std::string trouble = first_trouble(text);
  const bool answered = trouble.find("HTTP status 4") != std::string::npos &&
                        trouble.find("HTTP status 429") == std::string::npos;
  return {answered ? Fetched::NoSuch : Fetched::Unavailable, std::move(trouble)};
}

}  // namespace

FetchOutcome fetch_platform(const FetchSettings& settings, const std::string& platform) {
  return run(settings,
             {"merlon-fetch", "", settings.directory, settings.intel_url, settings.intel_root_url,
              settings.amd_url, "", platform, "all"},
             std::chrono::minutes(5));
}

FetchOutcome fetch_vcek(const FetchSettings& settings, const snp::Report& report,
                        const std::string& product, std::chrono::milliseconds limit) {
  // One at a time is asked for, so one name will do; one with a dot is no endorsement.
  const std::string path = concat(settings.directory, "/.report");
  if (const auto put = os::replace_file(path, report.bytes()); !put) {
    return {Fetched::Unavailable,
            concat(base::printable(path), ": cannot be written: ", os::describe(put.error()))};
  }
  FetchOutcome outcome = run(settings,
                             {"merlon-fetch", path, settings.directory, settings.intel_url,
                              settings.intel_root_url, settings.amd_url, product, "", "vcek"},
                             limit);
  std::remove(path.c_str());
  return outcome;
}

}  // namespace merlon::steward_service
