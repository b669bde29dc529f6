// merlon deploy: a workload for a keep that has proved itself, and for no other.

#include <array>
#include <chrono>

#include "merlon/base/text.h"
#include "merlon/cli_deploy/at_a_door.h"
#include "merlon/cli_deploy/commands.h"
#include "merlon/cli_deploy/distant_relay.h"
#include "merlon/cli_deploy/input_sender.h"
#include "merlon/cli_deploy/judge.h"
#include "merlon/cli_deploy/kept_talk.h"
#include "merlon/cli_deploy/last_keep.h"
#include "merlon/cli_deploy/new_keep.h"
#include "merlon/cli_deploy/prepared.h"
#include "merlon/cli_deploy/relay.h"
#include "merlon/cli_deploy/restarts.h"
#include "merlon/cli_deploy/tenant_key.h"
#include "merlon/cli_deploy/volume_memory.h"
#include "merlon/cli_evidence/moment.h"
#include "merlon/delivery/sealed.h"
#include "merlon/host/keep.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/clock.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"

namespace merlon::cli_deploy {

using base::concat;
using cli::Arguments;
using cli::Terminal;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;
using launch::ExitStatus;

namespace {

/// Where the time goes, for --stats.
class Stopwatch {
 public:
  void lap(std::string_view what) {
    const auto now = os::now(os::Clock::Monotonic).value_or(0);
    if (last_ != 0) text_ += concat(text_.empty() ? "" : ", ", what, " ", tenths(now - last_));
    last_ = now;
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  static std::string tenths(std::uint64_t nanoseconds) {
    const std::uint64_t tenth = nanoseconds / 100'000;
    return concat(tenth / 10, ".", tenth % 10, " ms");
  }
  std::uint64_t last_ = 0;
  std::string text_;
};

/// The keep's own word on how the workload ended; its host's counts for nothing. A machine's limit
/// of time is kept by its host, by cutting the talk: `over` is whether that was due.
Result<int> status_of(const Talk& talk, const core::Result<void, std::string>& talked, bool over,
                      const Terminal& terminal) {
  if (!talked) return Failure{talked.error(), Status::Unusable};
  if (talk.status()) return static_cast<int>(*talk.status());
  if (talk.is_taken() && over) {
    return cli::fail(terminal, "the time limit is over, and the talk with the keep was cut",
                     launch::number(ExitStatus::TimeLimit));
  }
  return Failure{talk.is_taken()
                     ? "the talk with the keep was cut: how the workload ended is not known"
                     : "the keep did not take the delivery",
                 Status::Unusable};
}

/// Who delivers, what he judges by, and what he remembers of the workload's volume.
struct Tenant {
  delivery::Challenge challenge;
  codec::UnixTime challenged;
  const Judge& judge;
  std::optional<VolumeMemory> volume{};
  std::uint64_t volume_epoch = 0;
};

/// What the keep tells of the volume is noted as it comes.
void remember_volume(Talk& talk, const std::shared_ptr<Tenant>& tenant) {
  if (!tenant->volume) return;
  talk.when_marked([tenant](const delivery::VolumeMark& mark) {
    tenant->volume->note(mark, tenant->volume_epoch);
  });
}

/// Judges the keep, and only then seals the workload to it.
Result<delivery::Sealed> seal_for(const Tenant& tenant, const launch::Proof& proof,
                                  const delivery::Workload& workload, Stopwatch& watch) {
  const delivery::Challenge& challenge = tenant.challenge;
  const auto key = TRY(tenant.judge.judge(proof, challenge.nonce()));
  watch.lap("judged");
  auto sealed = delivery::seal(challenge, proof.evidence, key, workload);
  if (!sealed) return Failure{std::string(sealed.error().message()), Status::Unusable};
  watch.lap("sealed");
  return *std::move(sealed);
}

void say_times(const Arguments& arguments, const Terminal& terminal, const Stopwatch& watch) {
  if (arguments.has("--stats")) cli_evidence::remark(terminal, watch.text());
}

Result<int> deploy_here(const Arguments& arguments, const Terminal& terminal,
                        const Prepared& prepared, const std::shared_ptr<Tenant>& tenant,
                        Stopwatch& watch, Attempt& attempt) {
  const os::SignalRelay relay;
  auto keep = TRY(start_here(arguments, terminal, relay, prepared.offer));
  const auto proof = keep.proof(relay, start_limit);
  if (!proof) return of_host(proof.error());
  watch.lap("keep and proof");
  const auto sealed = TRY(seal_for(*tenant, *proof, prepared.workload, watch));
  const std::uint64_t started = os::now(os::Clock::Monotonic).value_or(0);
  auto channel = keep.deliver(sealed.bytes);
  if (!channel) return of_host(channel.error());
  attempt.delivered = true;
  watch.lap("delivered");
  say_times(arguments, terminal, watch);
  Talk talk(sealed.exporter, delivery::module_digest(prepared.workload));
  remember_volume(talk, tenant);
  const auto talked = [&] {
    const os::SignalWindow window(relay);
    return carry(talk, *channel, terminal);
  }();
  channel->close();
  static_cast<void>(keep.wait(relay, start_limit));
  const std::uint64_t limit = prepared.workload.message.timeout_nanoseconds;
  const bool over = limit != 0 && os::now(os::Clock::Monotonic).value_or(0) >= started + limit;
  return status_of(talk, talked, over, terminal);
}

/// An answer that is lost is no refusal: a keep whose talk is kept can be asked later.
Failure not_taken(const Arguments& arguments, const std::string& id, Failure failure) {
  if (arguments.has("--detach")) {
    failure.text += concat("; if the keep has it even so, merlon keeps attach ", id, " hears it");
  }
  return failure;
}

Result<int> deploy_there(const Arguments& arguments, const Terminal& terminal,
                         const GatehouseAddress& address, const Prepared& prepared,
                         const std::shared_ptr<Tenant>& tenant, LastKeep& last, Stopwatch& watch,
                         Attempt& attempt) {
  const auto client = TRY(GatehouseClient::create(address));
  if (TRY(last.end(client)) == LastKeep::Way::StoppedBefore) {
    attempt.stopped = true;
    return Failure{"the keep was stopped", Status::Unusable};
  }
  door::KeepRequest request{TRY(wanted_backend(arguments, terminal)), prepared.offer};
  request.offer.verbose = false;
  const auto keep = TRY(client.start(request));
  watch.lap("keep and proof");
  auto sealed = seal_for(*tenant, keep.proof, prepared.workload, watch);
  if (!sealed) {
    // Nobody will ever deliver to it.
    static_cast<void>(client.stop(keep.id));
    return sealed.error();
  }
  const auto module = delivery::module_digest(prepared.workload);
  if (arguments.has("--detach")) {
    // First: a workload whose talk is lost could be neither heard nor followed.
    const core::ByteView secret = sealed->exporter.reveal();
    const auto kept = keep_talk(
        terminal, {keep.id, address, module, crypto::SecretBytes({secret.begin(), secret.end()}),
                   binding_of(keep.proof, tenant->challenge.nonce()), tenant->challenged});
    if (!kept) {
      static_cast<void>(client.stop(keep.id));
      return kept.error();
    }
  }
  last.note(keep.id);
  if (const auto delivered = client.deliver(keep.id, sealed->bytes); !delivered) {
    return not_taken(arguments, keep.id, delivered.error());
  }
  attempt.delivered = true;
  watch.lap("delivered");
  say_times(arguments, terminal, watch);
  Talk talk(sealed->exporter, module);
  remember_volume(talk, tenant);
  if (arguments.has("--detach")) {
    // It may be over already.
    static_cast<void>(send_once(client, keep.id, talk.input_end()));
    return cli::print(terminal, concat(keep.id, "\n"));
  }
  // Whoever wants a workload to go on does not deliver it a second time because of a moment.
  const bool patient = arguments.value("--restart", "never") != "never";
  const std::chrono::seconds patience{patient ? 30 : 0};
  const auto carried = carry(talk, client, keep.id, terminal, Part::Both, patience);
  auto status = carried ? status_of(talk, {}, false, terminal) : Result<int>(carried.error());
  if (status) {
    last.has_ended();
    forget_soon(client, keep.id);
  } else {
    attempt.stopped = client.was_stopped(keep.id);
  }
  return status;
}

/// A keep that a container waits to become. The stream carries all there is.
Result<int> deploy_at_door(const Arguments& arguments, const Terminal& terminal,
                           const std::string& url, const Prepared& prepared,
                           const std::shared_ptr<Tenant>& tenant, Stopwatch& watch,
                           Attempt& attempt) {
  door::KeepRequest request{TRY(wanted_backend(arguments, terminal)), prepared.offer};
  request.offer.verbose = false;
  const auto opening = TRY(opening_of(arguments, tenant->challenge, std::move(request)));
  const auto keep = TRY(knock(url, opening));
  watch.lap("keep and proof");
  const auto sealed = TRY(seal_for(*tenant, keep.proof, prepared.workload, watch));
  if (const auto sent = os::write_all(keep.stream, sealed.bytes); !sent) {
    return Failure{concat("the container takes no delivery: ", os::describe(sent.error())),
                   Status::Unusable};
  }
  attempt.delivered = true;
  watch.lap("delivered");
  say_times(arguments, terminal, watch);
  Talk talk(sealed.exporter, delivery::module_digest(prepared.workload));
  remember_volume(talk, tenant);
  static_cast<void>(os::set_nonblock(keep.stream, true));
  const auto talked =
      carry(talk, keep.stream, terminal, opening.leaves ? Until::Taken : Until::Ended);
  if (talked && opening.leaves && talk.is_taken() && !talk.status()) return 0;
  return status_of(talk, talked, false, terminal);
}

/// What the tenant says of the volume, and what he knows of it.
Result<void> recall_volume(const Arguments& arguments, const Terminal& terminal,
                           const std::string& url, Tenant& tenant, launch::Message& message) {
  if (!message.volume) return {};
  TRY(apply_volume_options(arguments, *message.volume));
  tenant.volume = TRY(VolumeMemory::open(
      terminal, url, delivery::name_of(tenant.challenge.tenant()), message.volume->name));
  if (arguments.has("--volume-any-state")) {
    tenant.volume->forget_on_note();
  } else {
    TRY(tenant.volume->demand(*message.volume));
  }
  tenant.volume_epoch = message.volume->epoch;
  return {};
}

/// A state that could not be noted would let an old copy of the volume pass next time.
Result<int> with_volume_noted(Result<int> status, const Tenant& tenant, const Terminal& terminal) {
  if (!tenant.volume || tenant.volume->trouble().empty()) return status;
  const Failure trouble{
      concat("the volume's state could not be noted, so that an old copy of it would be taken next "
             "time: ",
             tenant.volume->trouble()),
      Status::Unusable};
  if (status && *status == 0) return trouble;
  cli_evidence::remark(terminal, trouble.text);
  return status;
}

/// What all attempts have in common.
struct Delivery {
  GatehouseAddress address;
  Prepared prepared;
  std::optional<launch::Volume> volume;  ///< as the package asks for it
  Judge judge;
  LastKeep last{};
};

/// A new challenge, a new keep.
Result<int> deliver_once(const Arguments& arguments, const Terminal& terminal, Delivery& common,
                         Stopwatch& watch, Attempt& attempt) {
  Prepared& prepared = common.prepared;
  prepared.workload.message.volume = common.volume;
  auto key = TRY(tenant_key(arguments));
  auto challenge = delivery::Challenge::make(std::move(key));
  if (!challenge) return Failure{std::string(challenge.error().message()), Status::Unusable};
  std::ranges::copy(challenge->nonce().view(), prepared.offer.nonce.begin());
  const auto now = TRY(cli_evidence::read_time(""));
  const auto tenant = std::make_shared<Tenant>(Tenant{*std::move(challenge), now, common.judge});
  TRY(recall_volume(arguments, terminal, common.address.url, *tenant, prepared.workload.message));
  watch.lap("package");
  auto status = [&] {
    const std::string& url = common.address.url;
    if (url.empty()) return deploy_here(arguments, terminal, prepared, tenant, watch, attempt);
    if (is_door(url)) {
      return deploy_at_door(arguments, terminal, url, prepared, tenant, watch, attempt);
    }
    return deploy_there(arguments, terminal, common.address, prepared, tenant, common.last, watch,
                        attempt);
  }();
  return with_volume_noted(std::move(status), *tenant, terminal);
}

std::chrono::seconds since(std::uint64_t start) {
  const std::uint64_t now = os::now(os::Clock::Monotonic).value_or(0);
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::nanoseconds(now - start));
}

/// Until there is no next time, by --restart.
Result<int> deliver(const Arguments& arguments, const Terminal& terminal, Delivery& common,
                    Restarts restarts, Stopwatch& watch) {
  for (;;) {
    Attempt attempt;
    const std::uint64_t start = os::now(os::Clock::Monotonic).value_or(0);
    auto status = deliver_once(arguments, terminal, common, watch, attempt);
    attempt.lasted = since(start);
    attempt.refused = !status && (status.error().status == Status::Refused ||
                                  status.error().status == Status::Usage);
    if (status) attempt.status = *status;
    const auto pause = restarts.after(attempt);
    if (!pause) return status;
    const std::string how =
        status ? concat("the workload ended with status ", *status) : status.error().text;
    cli_evidence::remark(terminal, concat(how, "; delivered again, to a new keep, in ",
                                          pause->count(), " s (", restarts.in_row(), " in a row)"));
    static_cast<void>(os::poll({}, *pause));
    watch = Stopwatch();
    watch.lap("");
  }
}

Result<Restarts> restarts_of(const Arguments& arguments) {
  const std::string name = arguments.value("--restart", "never");
  const auto policy = find_restart_policy(name);
  if (!policy) return Failure{concat("--restart: there is no ", base::quoted(name)), Status::Usage};
  constexpr std::size_t usual = 10;
  constexpr std::size_t most = 1'000'000;
  std::size_t limit = usual;
  if (arguments.has("--restarts")) {
    const auto number = base::parse_decimal(arguments.value("--restarts"));
    if (!number || *number > most) {
      return Failure{concat("--restarts: must be a number up to ", most), Status::Usage};
    }
    limit = static_cast<std::size_t>(*number);
  }
  if (*policy != RestartPolicy::Never && arguments.has("--detach")) {
    return Failure{
        "--restart: not with --detach: only this command can judge a new keep and release the "
        "workload to it, so it must stay",
        Status::Usage};
  }
  return Restarts(*policy, limit);
}

Result<int> deploy_somewhere(const Arguments& arguments, const Terminal& terminal) {
  Stopwatch watch;
  watch.lap("");
  const Restarts restarts = TRY(restarts_of(arguments));
  GatehouseAddress address = TRY(gatehouse_address(arguments, terminal));
  if (address.url.empty() && arguments.has("--detach")) {
    return Failure{"--detach: only at a gatehouse (--to); a keep ends with who started it",
                   Status::Usage};
  }
  Prepared prepared =
      TRY(prepare(arguments, terminal, address.files, arguments.has("--keep-fetches")));
  for (const std::string& note : prepared.notes) {
    cli_evidence::remark(terminal, concat("note: ", note));
  }
  Judge judge = TRY(Judge::prepare(arguments, terminal));
  const auto volume = prepared.workload.message.volume;
  Delivery common{std::move(address), std::move(prepared), volume, std::move(judge)};
  return deliver(arguments, terminal, common, restarts, watch);
}

}  // namespace

int deploy(const Arguments& arguments, const Terminal& terminal) {
  os::ignore_broken_pipes();
  const auto status = deploy_somewhere(arguments, terminal);
  if (status) return *status;
  return cli::fail(terminal, status.error().text, cli_evidence::number(status.error().status));
}

}  // namespace merlon::cli_deploy
