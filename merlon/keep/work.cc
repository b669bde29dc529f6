#include "merlon/keep/work.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/crypto/secret_bytes.h"
#include "merlon/delivery/sealed.h"
#include "merlon/launch/exit_status.h"

namespace merlon::keep {

using base::concat;
using core::Result;
using launch::FileEntry;

namespace {

/// The stricter of two limits, of which 0 is none.
std::uint64_t stricter(std::uint64_t one, std::uint64_t other) noexcept {
  if (one == 0 || other == 0) return std::max(one, other);
  return std::min(one, other);
}

std::vector<launch::FileKind> kinds_of(const launch::Message& message) {
  std::vector<launch::FileKind> kinds;
  for (const FileEntry& file : message.files) {
    if (launch::carries_descriptor(file.kind)) kinds.push_back(file.kind);
  }
  return kinds;
}

Result<crypto::Sha256Digest, std::string> digest_of(const launch::Message& message) {
  auto bytes = launch::encode(message);
  if (!bytes) return std::string(bytes.error().message());
  const crypto::Sha256Digest digest = crypto::sha256({*bytes});
  crypto::wipe(*bytes);  // keys of a volume and of a package are in it
  return digest;
}

Result<void, std::string> note_digests(const launch::Message& message, Source& source) {
  source.message = TRY(digest_of(message));
  launch::Message configuration = message;
  if (configuration.volume) {
    const launch::Volume& volume = *message.volume;
    if (configuration.volume->key) crypto::wipe(*configuration.volume->key);
    configuration.volume = launch::Volume{volume.name, volume.bound_to};
  }
  if (configuration.package && configuration.package->key) {
    crypto::wipe(*configuration.package->key);
  }
  configuration.package.reset();
  source.configuration = TRY(digest_of(configuration));
  return {};
}

bool same_registry(const launch::Message& offer, const launch::RemotePackage& wanted) noexcept {
  return offer.package && offer.package->host == wanted.host && offer.package->port == wanted.port;
}

/// What the workload's own description asks for, of what the host offers.
Result<launch::Launch, std::string> granted(launch::Launch offer, launch::Message wanted,
                                            core::ByteView archive) {
  // The certificate names the message, and by it the files.
  if (wanted.needs_archive() && !wanted.package &&
      !std::ranges::equal(crypto::sha256({archive}).view(), wanted.archive)) {
    return std::string("the files are not those that the delivery's message names");
  }
  if (wanted.volume &&
      (!offer.message.volume || offer.message.volume->name != wanted.volume->name)) {
    return std::string("the host does not offer the volume that the workload wants");
  }
  if (!wanted.volume) offer.volume.close();
  if (kinds_of(offer.message) != kinds_of(wanted)) {
    return std::string("the host does not offer the sockets that the workload wants");
  }
  if (wanted.steward && !offer.steward.is_open()) {
    return std::string("the host offers no way to the workload's Steward");
  }
  if (!wanted.steward) offer.steward.close();
  if (wanted.package && !same_registry(offer.message, *wanted.package)) {
    return std::string("the host offers no way to the registry that the workload's package is at");
  }
  if (!wanted.package) offer.registry.close();
  const auto same_place = [](const launch::Allowed& one, const launch::Allowed& other) {
    return one.name == other.name && one.port == other.port;
  };
  if (!std::ranges::equal(wanted.allowed, offer.message.allowed, same_place)) {
    return std::string("the host does not offer the connections that the workload may open");
  }
  wanted.max_memory_bytes = stricter(wanted.max_memory_bytes, offer.message.max_memory_bytes);
  wanted.timeout_nanoseconds =
      stricter(wanted.timeout_nanoseconds, offer.message.timeout_nanoseconds);
  wanted.confinement = offer.message.confinement;
  wanted.verbose = offer.message.verbose;
  offer.message = std::move(wanted);
  return offer;
}

}  // namespace

Result<Work, std::string> work_of_host(const Self& self, launch::Launch launch) {
  if (launch.message.package) {
    return std::string("a host that launches a workload brings its module");
  }
  Work work;
  if (self.is_attested() || launch.message.volume) {
    TRY(note_digests(launch.message, work.source));
  }
  work.source.host_max_memory_bytes = launch.message.max_memory_bytes;
  work.source.host_timeout_nanoseconds = launch.message.timeout_nanoseconds;
  work.launch = std::move(launch);
  work.voice = std::make_shared<HostVoice>();
  return work;
}

Result<Work, std::string> work_of_tenant(Self& self, launch::Launch offer, core::ByteView evidence,
                                         os::Fd channel) {
  const auto refused = [](const core::Error& error) {
    return concat("the delivery is refused: ", error.message());
  };
  const auto keys = self.keys();
  if (!keys) return refused(keys.error());
  auto bytes = delivery::receive(channel);
  if (!bytes) return refused(bytes.error());
  const auto nonce = delivery::Nonce::from(offer.message.nonce).value();
  auto opened = delivery::open((*keys)->hpke(), {evidence, nonce}, *std::move(bytes));
  self.take_no_more_deliveries();
  if (!opened) return refused(opened.error());
  Work work;
  work.source.tenant = delivery::name_of(opened->tenant);
  TRY(note_digests(opened->workload.message, work.source));
  work.source.host_max_memory_bytes = offer.message.max_memory_bytes;
  work.source.host_timeout_nanoseconds = offer.message.timeout_nanoseconds;
  const crypto::Sha256Digest module = delivery::module_digest(opened->workload);
  work.module = std::move(opened->workload.module);
  work.archive = std::move(opened->workload.archive);
  work.talk = PrivateTalk::begin(std::move(channel), opened->exporter, module);
  work.voice = work.talk;
  self.note_delivery({*work.source.tenant, module, work.source.configuration});
  auto launch = granted(std::move(offer), std::move(opened->workload.message), work.archive);
  if (!launch) {
    work.voice->remark(launch.error());
    work.talk->end(launch::number(launch::ExitStatus::Unusable));
    return std::move(launch).error();
  }
  work.launch = *std::move(launch);
  return work;
}

}  // namespace merlon::keep
