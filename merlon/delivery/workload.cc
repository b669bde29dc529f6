#include "merlon/delivery/workload.h"

#include <algorithm>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"

namespace merlon::delivery {

using core::ErrorCode;
using core::Result;

namespace {

/// What only a host can say.
Result<void> check(const launch::Message& message) {
  if (message.purpose != launch::Purpose::Run || message.verbose ||
      message.confinement != launch::Confinement::Process) {
    return core::error(ErrorCode::Malformed, "a delivery that says what is the host's to say");
  }
  const bool reaches_host = std::ranges::any_of(message.files, [](const launch::FileEntry& file) {
    return file.kind == launch::FileKind::Directory;
  });
  if (reaches_host) {
    return core::error(ErrorCode::Malformed, "a delivery gives no directory of the host's");
  }
  return {};
}

Result<void> check_size(const launch::Message& message, std::size_t module_size) {
  if (message.package && module_size != 0) {
    return core::error(ErrorCode::Malformed, "a module beside a package that has one");
  }
  if (module_size <= max_module_size) return {};
  return core::error(ErrorCode::Exhausted, "the module is too large", module_size);
}

Result<void> check_archive(const launch::Message& message, std::size_t size) {
  if (size > files::max_archive_size) {
    return core::error(ErrorCode::Exhausted, "the package's files are too large", size);
  }
  const bool brings_files = message.needs_archive() && !message.package;
  if (brings_files == (size != 0)) return {};
  return core::error(ErrorCode::Malformed,
                     "a delivery without the files that it names, or with more");
}

}  // namespace

crypto::Sha256Digest module_digest(const Workload& workload) {
  if (!workload.message.package) return crypto::sha256({workload.module});
  return crypto::Sha256Digest::from(workload.message.package->module).value();
}

Result<std::vector<std::uint8_t>> encode(const Workload& workload) {
  TRY(check(workload.message));
  TRY(check_size(workload.message, workload.module.size()));
  TRY(check_archive(workload.message, workload.archive.size()));
  const std::vector<std::uint8_t> message = TRY(launch::encode(workload.message));
  base::ByteWriter out;
  out.u32(static_cast<std::uint32_t>(message.size()));
  out.bytes(message);
  out.u32(static_cast<std::uint32_t>(workload.module.size()));
  out.bytes(workload.module);
  out.u32(static_cast<std::uint32_t>(workload.archive.size()));
  out.bytes(workload.archive);
  return out.take();
}

Result<Workload> decode(core::ByteView bytes) {
  core::Reader in(bytes);
  const std::uint32_t message_size = TRY(in.u32());
  if (message_size < launch::header_size) {
    return core::error(ErrorCode::Malformed, "a launch message is too short", message_size);
  }
  const std::size_t body_size = TRY(launch::body_size(TRY(in.bytes(launch::header_size))));
  if (body_size != message_size - launch::header_size) {
    return core::error(ErrorCode::Malformed, "a launch message has two sizes", message_size);
  }
  Workload workload;
  workload.message = TRY(launch::decode_body(TRY(in.bytes(body_size))));
  TRY(check(workload.message));
  const std::uint32_t module_size = TRY(in.u32());
  TRY(check_size(workload.message, module_size));
  const core::ByteView module = TRY(in.bytes(module_size));
  const std::uint32_t archive_size = TRY(in.u32());
  TRY(check_archive(workload.message, archive_size));
  const core::ByteView archive = TRY(in.bytes(archive_size));
  workload.module.assign(module.begin(), module.end());
  workload.archive.assign(archive.begin(), archive.end());
  if (!in.at_end()) return core::error(ErrorCode::Malformed, "bytes behind the workload");
  return workload;
}

}  // namespace merlon::delivery
