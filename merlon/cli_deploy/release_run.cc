// merlon release run: a keep for what a tenant has left with a broker. Whoever runs this carries
// bytes, and has no secret of the tenant's.

#include <array>

#include "merlon/base/text.h"
#include "merlon/cli/launch_options.h"
#include "merlon/cli_deploy/broker_client.h"
#include "merlon/cli_deploy/commands.h"
#include "merlon/cli_deploy/distant_relay.h"
#include "merlon/cli_deploy/input_sender.h"
#include "merlon/cli_deploy/new_keep.h"
#include "merlon/cli_deploy/relay.h"
#include "merlon/cli_evidence/moment.h"
#include "merlon/door/keep_request.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"
#include "merlon/os/socket.h"
#include "merlon/release/deposit.h"

namespace merlon::cli_deploy {

using base::concat;
using cli::Arguments;
using cli::Terminal;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

/// What the deposit asks of a host, with the broker's challenge.
Result<host::Offer> offer_of(const BrokerClient::Invitation& invitation) {
  auto request = door::parse_keep_request(invitation.offer);
  if (!request) return Failure{concat("the deposit's offer: ", request.error()), Status::Unusable};
  std::ranges::copy(invitation.nonce.view(), request->offer.nonce.begin());
  return std::move(request->offer);
}

/// Somebody else's wishes on this machine's network: what reaches into it is granted or refused.
Result<void> bound(const Arguments& arguments, const Terminal& terminal, host::Offer& offer) {
  const bool granted = arguments.has("--grant-network");
  for (host::Wish& wish : offer.wishes) {
    wish.reaches_local = granted;
    if (wish.kind == host::Wish::Kind::Volume) {
      return Failure{"the deposit asks for a volume, which is kept for no one here",
                     Status::Refused};
    }
    if (wish.kind == host::Wish::Kind::Listen && !granted) {
      return Failure{
          concat("the deposit asks to ", host::describe(wish), "; --grant-network lets it"),
          Status::Refused};
    }
    cli_evidence::remark(terminal, concat("the deposit asks to ", host::describe(wish)));
  }
  return {};
}

/// Reads to the end what is said to nobody; whether there was anything.
bool drain(os::BorrowedFd socket) {
  constexpr std::size_t one_read = std::size_t{32} << 10U;
  bool spoke = false;
  for (;;) {
    std::array<os::PollItem, 1> items{{{socket.number(), POLLIN, 0}}};
    const auto ready = os::poll(items, std::nullopt);
    if (!ready && ready.error() != os::Errno::Intr) return spoke;
    if (!ready || items[0].revents == 0) continue;
    std::array<std::uint8_t, one_read> bytes{};
    const std::array<::iovec, 1> into{{{bytes.data(), bytes.size()}}};
    const auto got = os::receive(socket, into);
    if (!got && (got.error() == os::Errno::Again || got.error() == os::Errno::Intr)) continue;
    if (!got || got->size == 0) return spoke;
    spoke = true;
  }
}

Result<int> unheard(const Terminal& terminal, bool spoke) {
  // Its first word is that it took the delivery.
  if (!spoke) return Failure{"the keep did not take the delivery", Status::Unusable};
  cli_evidence::remark(
      terminal,
      "the keep has ended; what its workload said, and how it ended, its tenant lets nobody here "
      "know");
  return 0;
}

Result<void> bound(const release::Answer& answer) {
  if (release::is_deliverable(answer)) return {};
  return Failure{"the broker's answer is no delivery with its input", Status::Refused};
}

Talk talk_of(const release::Hearing& hearing) {
  return {crypto::AesGcmKey(hearing.key.reveal()), hearing.module};
}

Result<int> status_of(const Talk& talk) {
  if (talk.status()) return static_cast<int>(*talk.status());
  return Failure{talk.is_taken()
                     ? "the talk with the keep was cut: how the workload ended is not known"
                     : "the keep did not take the delivery",
                 Status::Unusable};
}

Result<int> run_here(const Arguments& arguments, const Terminal& terminal,
                     const BrokerClient& broker, const std::string& id) {
  const auto invitation = TRY(broker.challenge(id));
  host::Offer offer = TRY(offer_of(invitation));
  TRY(bound(arguments, terminal, offer));
  const os::SignalRelay relay;
  auto keep = TRY(start_here(arguments, terminal, relay, offer));
  const auto proof = keep.proof(relay, start_limit);
  if (!proof) return of_host(proof.error());
  const auto answer = TRY(broker.release(id, {invitation.token, *proof}));
  TRY(bound(answer));
  auto channel = keep.deliver(answer.delivery);
  if (!channel) return of_host(channel.error());
  static_cast<void>(os::write_all(*channel, answer.words));
  std::optional<Talk> talk;
  if (answer.hearing) talk.emplace(talk_of(*answer.hearing));
  core::Result<void, std::string> talked;
  bool spoke = false;
  {
    const os::SignalWindow window(relay);
    if (talk) {
      talked = carry(*talk, *channel, terminal);
    } else {
      spoke = drain(*channel);
    }
  }
  channel->close();
  static_cast<void>(keep.wait(relay, start_limit));
  if (!talk) return unheard(terminal, spoke);
  if (!talked) return Failure{talked.error(), Status::Unusable};
  return status_of(*talk);
}

/// Whether it said anything.
Result<bool> wait_for_end(const GatehouseClient& client, const std::string& id) {
  constexpr std::chrono::milliseconds longest{15'000};
  for (std::uint64_t position = 0;;) {
    const auto output = TRY(client.output(id, position, longest));
    if (!output.away.empty()) return Failure{output.away, Status::Unusable};
    if (output.is_over) return position > 0;
    position += output.bytes.size();
  }
}

Result<int> run_there(const Arguments& arguments, const Terminal& terminal,
                      const BrokerClient& broker, const GatehouseAddress& address,
                      const std::string& id) {
  const auto client = TRY(GatehouseClient::create(address));
  const auto invitation = TRY(broker.challenge(id));
  const host::Offer offer = TRY(offer_of(invitation));
  const auto keep = TRY(client.start({TRY(wanted_backend(arguments, terminal)), offer}));
  const auto answer = broker.release(id, {invitation.token, keep.proof});
  const auto bounded = answer ? bound(*answer) : Result<void>(answer.error());
  if (!bounded) {
    // Nobody will ever deliver to it.
    static_cast<void>(client.stop(keep.id));
    return bounded.error();
  }
  TRY(client.deliver(keep.id, answer->delivery));
  // A keep that ends at once takes none.
  const auto said = send_once(client, keep.id, answer->words);
  if (arguments.has("--detach")) return cli::print(terminal, concat(keep.id, "\n"));
  if (!answer->hearing) {
    const bool spoke = TRY(wait_for_end(client, keep.id));
    forget_soon(client, keep.id);
    return unheard(terminal, spoke);
  }
  Talk talk = talk_of(*answer->hearing);
  TRY(carry(talk, client, keep.id, terminal, Part::HearOnly));
  if (!talk.status() && !said) return said.error();
  const int status = TRY(status_of(talk));
  forget_soon(client, keep.id);
  return status;
}

/// Before anything is started in vain.
Result<void> check_backend(const Arguments& arguments, const Terminal& terminal) {
  const auto named = cli::choose_backend(arguments, terminal);
  if (!named) return Failure{named.error().text, Status::Usage};
  if (!*named || host::is_attested(**named)) return {};
  return Failure{concat("backend ", host::name_of(**named),
                        ": nothing attests such a keep, and no broker supplies it"),
                 Status::Refused};
}

Result<int> run(const Arguments& arguments, const Terminal& terminal) {
  const std::string id = TRY(deposit_id(arguments.positional(0)));
  TRY(check_backend(arguments, terminal));
  const GatehouseAddress address = TRY(gatehouse_address(arguments, terminal));
  if (address.url.empty() && arguments.has("--detach")) {
    return Failure{"--detach: only at a gatehouse (--to); a keep ends with who started it",
                   Status::Usage};
  }
  const auto broker = TRY(BrokerClient::create(arguments, terminal, TokenSource()));
  if (address.url.empty()) return run_here(arguments, terminal, broker, id);
  return run_there(arguments, terminal, broker, address, id);
}

}  // namespace

int release_run(const Arguments& arguments, const Terminal& terminal) {
  os::ignore_broken_pipes();
  return ended(run(arguments, terminal), terminal);
}

}  // namespace merlon::cli_deploy
