#include "merlon/cli_deploy/at_a_door.h"

#include "merlon/base/text.h"
#include "merlon/cli_deploy/new_keep.h"
#include "merlon/door/place.h"
#include "merlon/host/wish.h"
#include "merlon/os/file.h"
#include "merlon/os/socket.h"

namespace merlon::cli_deploy {

using base::concat;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

constexpr std::string_view scheme = "keep://";
constexpr std::size_t largest_policy = std::size_t{1} << 20U;

}  // namespace

bool is_door(std::string_view url) noexcept { return url.starts_with(scheme); }

Result<door::Opening> opening_of(const cli::Arguments& arguments,
                                 const delivery::Challenge& challenge, door::KeepRequest request) {
  door::Opening opening;
  opening.request = std::move(request);
  opening.leaves = arguments.has("--detach");
  if (arguments.has("--key")) {
    opening.tenant = door::NamedTenant{challenge.tenant(), challenge.salt()};
  }
  if (arguments.has("--policy")) {
    const auto text = TRY(cli_evidence::read_bytes(arguments.value("--policy"), largest_policy));
    opening.policy = crypto::sha256({text});
  }
  return opening;
}

Result<KeepAtDoor> knock(const std::string& url, const door::Opening& opening) {
  const auto place = door::parse_place(std::string_view(url).substr(scheme.size()));
  if (!place || place->host == "*" || place->port == 0) {
    return Failure{concat("--to ", base::quoted(url), ": must be keep://HOST:PORT"), Status::Usage};
  }
  auto stream = host::fulfil({host::Wish::Kind::Connect, place->host, place->port});
  if (!stream) return of_host(stream.error());
  static_cast<void>(os::set_nonblock(*stream, false));
  static_cast<void>(os::limit_waiting(*stream, start_limit));
  const auto gone = [&](std::string_view what) {
    return Failure{concat("the container at ", door::describe(*place), ": ", what),
                   Status::Unusable};
  };
  if (const auto sent = door::send(*stream, opening); !sent) return gone(sent.error().message());
  auto answer = launch::receive_proof(*stream);
  if (!answer) return gone(answer.error().message());
  if (!answer->refusal.empty()) {
    return Failure{concat("the container at ", door::describe(*place),
                          " refuses: ", base::printable(answer->refusal, 1024)),
                   Status::Refused};
  }
  return KeepAtDoor{*std::move(stream), std::move(answer->proof)};
}

}  // namespace merlon::cli_deploy
