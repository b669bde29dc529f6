#include "merlon/host/snp/keep_guest.h"

#include <cerrno>
#include <utility>

#include "merlon/base/text.h"
#include "merlon/core/attest_call.h"
#include "merlon/host/machine_process.h"
#include "merlon/image/layout.h"
#include "merlon/os/system.h"
#include "merlon/sallyport/host/request.h"

namespace merlon::host::snp {

using base::concat;

namespace {

/// The shim asks for whole entries of its page directory.
constexpr std::uint64_t smallest_growth = std::uint64_t{2} << 20U;

HostError told(const Trouble& trouble) {
  const std::string_view remedy = trouble.remedy();
  return {core::ErrorCode::Unavailable, concat(trouble.name(), remedy.empty() ? "" : ": ", remedy)};
}

HostError stopped(const Stop& stop) {
  switch (stop.kind) {
    case StopKind::Terminated:
      return {core::ErrorCode::Internal,
              concat("the keep crashed: its shim ended the machine (GHCB ", stop.detail, ")")};
    case StopKind::MemoryFault:
      return {core::ErrorCode::Internal,
              "the keep crashed: it used memory otherwise than was agreed"};
    case StopKind::Shutdown:
      return {core::ErrorCode::Internal, "the keep crashed: its processor shut down"};
    case StopKind::Doorbell:
    case StopKind::Interrupted:
    case StopKind::Other: break;
  }
  return {core::ErrorCode::Internal,
          concat("the keep crashed: its processor stopped (KVM exit ", stop.reason, ")")};
}

}  // namespace

core::Result<std::unique_ptr<KeepGuest>, HostError> KeepGuest::create(
    Device& device, const image::HostProcessor& host, Contents contents) {
  std::unique_ptr<KeepGuest> made(new KeepGuest);
  const auto launched = made->launch(device, host, std::move(contents));
  if (!launched) return told(launched.error());
  return made;
}

Result<void> KeepGuest::launch(Device& device, const image::HostProcessor& host,
                               Contents contents) {
  machine_ = TRY(snp::Machine::create(device, journal_, host, contents.certificates));
  certificates_ = std::move(contents.certificates);
  TRY(launch_keep(*machine_, contents.launch, contents.shim, contents.keep));
  // It says nothing of the time: where the host's counter stands for a guest no host can see, so
  // the keep asks each time.
  block_.emplace(machine_->shared(image::block_base, image::block_size));
  return {};
}

core::Result<void, HostError> KeepGuest::answer() {
  const auto request = sallyport::take_request(*block_, sequence_ + 1);
  if (!request) {
    return HostError{core::ErrorCode::Malformed,
                     concat("backend snp: ", request.error().message())};
  }
  sequence_ = request->sequence;
  sallyport::answer(*block_, *request, calls().carry_out(*request));
  return {};
}

core::Result<int, HostError> KeepGuest::run() {
  for (;;) {
    const auto stop = machine_->run();
    if (!stop) return told(stop.error());
    if (stop->kind == StopKind::Interrupted) continue;
    if (stop->kind != StopKind::Doorbell) return stopped(*stop);
    TRY(answer());
    if (calls().ended()) return *calls().ended();
  }
}

std::string KeepGuest::statistics_text() const { return described_calls(counts()); }

std::optional<sallyport::MemoryRange> KeepGuest::grow(std::uint64_t bytes) {
  if (bytes < smallest_growth || bytes % smallest_growth != 0) return std::nullopt;
  const std::uint64_t grown = next_base_ - image::grown_base;
  const std::uint64_t most = os::physical_memory();
  if (grown > most || bytes > most - grown) return std::nullopt;
  if (!machine_->add_memory(next_base_, bytes)) return std::nullopt;
  const sallyport::MemoryRange range{next_base_, bytes};
  next_base_ += bytes;
  return range;
}

sallyport::Outcome KeepGuest::attest(const sallyport::Request& request) {
  if (request.arguments[0] != static_cast<std::uint64_t>(core::AttestKind::Certificates)) {
    return host::Machine::attest(request);
  }
  if (certificates_.size() > request.room.size()) return {-ENOSPC, 0};
  request.room.copy_out(certificates_);
  return {static_cast<std::int64_t>(certificates_.size()), certificates_.size()};
}

bool KeepGuest::release(sallyport::MemoryRange /*range*/) { return false; }

}  // namespace merlon::host::snp
