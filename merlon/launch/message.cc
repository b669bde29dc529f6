#include "merlon/launch/message.h"

#include <algorithm>
#include <array>

#include "merlon/base/byte_writer.h"
#include "merlon/base/text.h"
#include "merlon/core/reader.h"
#include "merlon/os/path.h"

namespace merlon::launch {

using core::ByteView;
using core::ErrorCode;
using core::Reader;
using core::Result;

namespace {

constexpr std::string_view magic = "MRLNLNCH";

bool holds_nul(std::string_view text) noexcept { return text.find('\0') != std::string_view::npos; }

/// The rules on one entry that bytes alone do not show; for both directions.
Result<void> check(const FileEntry& entry) {
  if (entry.access == FileAccess::ReadOnly && entry.kind != FileKind::Directory) {
    return core::error(ErrorCode::Malformed, "only directories can be read-only");
  }
  if (entry.tls) {
    const bool listens = entry.kind == FileKind::Listen;
    if (!listens && entry.kind != FileKind::Connect) {
      return core::error(ErrorCode::Malformed, "only connections can speak TLS");
    }
    if (listens ? !entry.tls->server_name.empty() : entry.tls->client != ClientCertificate::None) {
      return core::error(ErrorCode::Malformed, "TLS settings of the other side");
    }
  }
  if (entry.kind == FileKind::Closed && !entry.name.empty()) {
    return core::error(ErrorCode::Malformed, "a closed file has no name");
  }
  return {};
}

Result<void> write_text(base::ByteWriter& out, std::string_view text) {
  if (holds_nul(text)) return core::error(ErrorCode::Malformed, "text holds a NUL character");
  if (text.size() > max_message_size) {
    return core::error(ErrorCode::Exhausted, "launch message is too long");
  }
  out.u32(static_cast<std::uint32_t>(text.size()));
  out.text(text);
  return {};
}

Result<void> write_texts(base::ByteWriter& out, const std::vector<std::string>& texts) {
  if (texts.size() > max_message_size) {
    return core::error(ErrorCode::Exhausted, "launch message is too long");
  }
  out.u32(static_cast<std::uint32_t>(texts.size()));
  for (const std::string& text : texts) TRY(write_text(out, text));
  return {};
}

Result<void> write_trust(base::ByteWriter& out, const Trust& trust) {
  if (trust.anchors.size() > max_anchors) {
    return core::error(ErrorCode::Exhausted, "too many certificates are trusted");
  }
  out.u8(static_cast<std::uint8_t>((trust.web ? 1U : 0U) | (trust.steward ? 2U : 0U)));
  out.u32(static_cast<std::uint32_t>(trust.anchors.size()));
  for (const auto& anchor : trust.anchors) {
    if (anchor.size() > max_message_size) {
      return core::error(ErrorCode::Exhausted, "launch message is too long");
    }
    out.u32(static_cast<std::uint32_t>(anchor.size()));
    out.bytes(anchor);
  }
  return {};
}

Result<void> write_tls(base::ByteWriter& out, const std::optional<TlsSettings>& tls) {
  out.u8(tls ? 1 : 0);
  if (!tls) return {};
  if (tls->alpn.size() > max_protocols) {
    return core::error(ErrorCode::Exhausted, "too many protocols");
  }
  out.u8(static_cast<std::uint8_t>(tls->client));
  TRY(write_trust(out, tls->trust));
  TRY(write_texts(out, tls->alpn));
  return write_text(out, tls->server_name);
}

/// It vouches for this keep and not for itself.
Result<void> check(const Steward& steward) {
  if (!steward.trust.steward) return {};
  return core::error(ErrorCode::Malformed, "a Steward that vouches for itself");
}

Result<void> write_steward(base::ByteWriter& out, const std::optional<Steward>& steward) {
  out.u8(steward ? 1 : 0);
  if (!steward) return {};
  TRY(check(*steward));
  TRY(write_text(out, steward->host));
  out.u16(steward->port);
  TRY(write_text(out, steward->path));
  return write_trust(out, steward->trust);
}

Result<void> write_files(base::ByteWriter& out, const std::vector<FileEntry>& files) {
  if (files.size() > max_files) return core::error(ErrorCode::Exhausted, "too many files");
  out.u32(static_cast<std::uint32_t>(files.size()));
  for (const FileEntry& entry : files) {
    TRY(check(entry));
    out.u8(static_cast<std::uint8_t>(entry.kind));
    out.u8(static_cast<std::uint8_t>(entry.access));
    TRY(write_text(out, entry.name));
    TRY(write_tls(out, entry.tls));
  }
  return {};
}

Result<void> check(const Allowed& allowed) {
  if (allowed.name.empty() || allowed.port == 0) {
    return core::error(ErrorCode::Malformed, "a destination without a name or a port");
  }
  if (!allowed.tls) return {};
  if (allowed.tls->client != ClientCertificate::None || allowed.tls->server_name.empty()) {
    return core::error(ErrorCode::Malformed, "TLS settings that are not of a client");
  }
  return {};
}

Result<void> write_allowed(base::ByteWriter& out, const std::vector<Allowed>& list) {
  if (list.size() > max_allowed) return core::error(ErrorCode::Exhausted, "too much is allowed");
  out.u32(static_cast<std::uint32_t>(list.size()));
  for (const Allowed& each : list) {
    TRY(check(each));
    TRY(write_text(out, each.name));
    out.u16(each.port);
    TRY(write_tls(out, each.tls));
  }
  return {};
}

/// The rules on one mount that bytes alone do not show.
Result<void> check(const Mount& mount) {
  const bool of_archive = mount.source == Mount::Source::Archive;
  if (!os::is_canonical_path(mount.path)) {
    return core::error(ErrorCode::Malformed, "a mount at no path of its own");
  }
  if (!of_archive && (mount.access == FileAccess::ReadOnly || !mount.from.empty())) {
    return core::error(ErrorCode::Malformed, "a mount that says more than its source has");
  }
  return {};
}

/// The rules on all of them together.
Result<void> check_mounts(const Message& message) {
  std::size_t of_volume = 0;
  for (auto mount = message.mounts.begin(); mount != message.mounts.end(); ++mount) {
    if (mount->source == Mount::Source::Volume) ++of_volume;
    const auto same_path = [&](const Mount& other) { return other.path == mount->path; };
    if (std::any_of(message.mounts.begin(), mount, same_path)) {
      return core::error(ErrorCode::Malformed, "two mounts at one path");
    }
  }
  const bool offers = message.purpose == Purpose::Receive;
  if (of_volume > 1 || (!offers && (of_volume == 1) != message.volume.has_value())) {
    return core::error(ErrorCode::Malformed, "a volume without its one mount");
  }
  const bool zero =
      std::ranges::all_of(message.archive, [](std::uint8_t byte) { return byte == 0; });
  if (!zero && !message.needs_archive()) {
    return core::error(ErrorCode::Malformed, "an archive that no mount is filled from");
  }
  return {};
}

Result<void> check(const Volume& volume) {
  if (base::is_label(volume.name)) return {};
  return core::error(ErrorCode::Malformed, "a volume without a name that it can have");
}

Result<void> write_mounts(base::ByteWriter& out, const Message& message) {
  if (message.mounts.size() > max_mounts) {
    return core::error(ErrorCode::Exhausted, "too many mounts");
  }
  out.u32(static_cast<std::uint32_t>(message.mounts.size()));
  for (const Mount& mount : message.mounts) {
    TRY(check(mount));
    out.u8(static_cast<std::uint8_t>(mount.source));
    out.u8(static_cast<std::uint8_t>(mount.access));
    TRY(write_text(out, mount.path));
    TRY(write_text(out, mount.from));
  }
  if (message.needs_archive()) out.bytes(message.archive);
  return {};
}

Result<void> write_volume(base::ByteWriter& out, const std::optional<Volume>& volume) {
  out.u8(volume ? 1 : 0);
  if (!volume) return {};
  TRY(check(*volume));
  TRY(write_text(out, volume->name));
  out.u8(static_cast<std::uint8_t>(volume->bound_to));
  out.u64(volume->epoch);
  out.u64(volume->generation);
  out.bytes(volume->head);
  out.bytes(volume->id);
  out.u32(volume->oldest_svn);
  out.bytes(volume->oldest_tcb);
  out.u8(volume->key ? 1 : 0);
  if (volume->key) out.bytes(*volume->key);
  return {};
}

/// No Steward has vouched for this keep yet when it asks there.
Result<void> check(const RemotePackage& package) {
  if (!package.trust.steward) return {};
  return core::error(ErrorCode::Malformed, "a registry that the keep's Steward vouches for");
}

Result<void> write_package(base::ByteWriter& out, const std::optional<RemotePackage>& package) {
  out.u8(package ? 1 : 0);
  if (!package) return {};
  TRY(check(*package));
  TRY(write_text(out, package->host));
  out.u16(package->port);
  TRY(write_text(out, package->path));
  TRY(write_trust(out, package->trust));
  out.bytes(package->tree);
  out.bytes(package->module);
  out.u8(package->key ? 1 : 0);
  if (package->key) out.bytes(*package->key);
  return {};
}

Result<Confinement> read_confinement(Reader& in) {
  const std::uint8_t value = TRY(in.u8());
  if (value > static_cast<std::uint8_t>(Confinement::Machine)) {
    return core::error(ErrorCode::Malformed, "unknown confinement", value);
  }
  return static_cast<Confinement>(value);
}

Result<bool> read_flag(Reader& in) {
  const std::uint8_t value = TRY(in.u8());
  if (value > 1) return core::error(ErrorCode::Malformed, "flag is neither 0 nor 1", value);
  return value == 1;
}

/// A host that has no say in what runs says nothing about it: what it could say would not count,
/// and would look as if it did.
Result<void> check_offer(const Message& message) {
  if (message.purpose != Purpose::Receive) return {};
  const bool only_sockets = std::ranges::all_of(message.files, [](const FileEntry& file) {
    return (file.kind == FileKind::Listen || file.kind == FileKind::Connect) && !file.tls &&
           file.name.empty();
  });
  const bool only_places = std::ranges::none_of(
      message.allowed, [](const Allowed& each) { return each.tls.has_value(); });
  const bool silent =
      message.program.empty() && message.invoke.empty() && message.arguments.empty() &&
      message.environment.empty() && message.mounts.empty() &&
      (!message.volume || *message.volume == Volume{message.volume->name}) &&
      (!message.package ||
       *message.package == RemotePackage{message.package->host, message.package->port});
  if (only_sockets && only_places && silent) return {};
  return core::error(ErrorCode::Malformed, "a host that says what a delivery is to say");
}

/// A nonce that nobody asks for would be a second encoding of the same message.
Result<void> check(Purpose purpose, ByteView nonce) {
  const bool zero = std::ranges::all_of(nonce, [](std::uint8_t byte) { return byte == 0; });
  const bool proves = purpose != Purpose::Run && purpose != Purpose::RunPrepared;
  if (!proves && !zero) {
    return core::error(ErrorCode::Malformed, "a nonce without a proof");
  }
  return {};
}

Result<void> read_purpose(Reader& in, Message& message) {
  const std::uint8_t value = TRY(in.u8());
  if (value > static_cast<std::uint8_t>(Purpose::RunPrepared)) {
    return core::error(ErrorCode::Malformed, "unknown purpose", value);
  }
  message.purpose = static_cast<Purpose>(value);
  const ByteView nonce = TRY(in.bytes(nonce_size));
  std::ranges::copy(nonce, message.nonce.begin());
  return check(message.purpose, nonce);
}

Result<std::string> read_text(Reader& in) {
  const std::uint32_t size = TRY(in.u32());
  const std::string_view text = core::as_text(TRY(in.bytes(size)));
  if (holds_nul(text)) {
    return core::error(ErrorCode::Malformed, "text holds a NUL character", in.offset());
  }
  return std::string(text);
}

Result<std::vector<std::string>> read_texts(Reader& in) {
  const std::uint32_t count = TRY(in.u32());
  // Each text takes four bytes at least: a larger count is a lie that must not reserve memory.
  if (count > in.remaining() / 4) {
    return core::error(ErrorCode::Malformed, "list is longer than the message", in.offset());
  }
  std::vector<std::string> texts;
  texts.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) texts.push_back(TRY(read_text(in)));
  return texts;
}

Result<Trust> read_trust(Reader& in) {
  const std::uint8_t flags = TRY(in.u8());
  if (flags > 3) return core::error(ErrorCode::Malformed, "unknown trust", flags);
  Trust trust;
  trust.web = (flags & 1U) != 0;
  trust.steward = (flags & 2U) != 0;
  const std::uint32_t count = TRY(in.u32());
  if (count > max_anchors) {
    return core::error(ErrorCode::Exhausted, "too many certificates are trusted", count);
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t size = TRY(in.u32());
    const ByteView anchor = TRY(in.bytes(size));
    trust.anchors.emplace_back(anchor.begin(), anchor.end());
  }
  return trust;
}

Result<std::optional<TlsSettings>> read_tls(Reader& in) {
  if (!TRY(read_flag(in))) return std::optional<TlsSettings>();
  TlsSettings tls;
  const std::uint8_t client = TRY(in.u8());
  if (client > static_cast<std::uint8_t>(ClientCertificate::Require)) {
    return core::error(ErrorCode::Malformed, "unknown wish of a client's certificate", client);
  }
  tls.client = static_cast<ClientCertificate>(client);
  tls.trust = TRY(read_trust(in));
  tls.alpn = TRY(read_texts(in));
  if (tls.alpn.size() > max_protocols) {
    return core::error(ErrorCode::Exhausted, "too many protocols", tls.alpn.size());
  }
  tls.server_name = TRY(read_text(in));
  return std::optional<TlsSettings>(std::move(tls));
}

Result<std::optional<Steward>> read_steward(Reader& in) {
  if (!TRY(read_flag(in))) return std::optional<Steward>();
  Steward steward;
  steward.host = TRY(read_text(in));
  steward.port = TRY(in.u16());
  steward.path = TRY(read_text(in));
  steward.trust = TRY(read_trust(in));
  TRY(check(steward));
  return std::optional<Steward>(std::move(steward));
}

Result<std::vector<Allowed>> read_allowed(Reader& in) {
  const std::uint32_t count = TRY(in.u32());
  if (count > max_allowed) return core::error(ErrorCode::Exhausted, "too much is allowed", count);
  std::vector<Allowed> list;
  for (std::uint32_t i = 0; i < count; ++i) {
    Allowed allowed;
    allowed.name = TRY(read_text(in));
    allowed.port = TRY(in.u16());
    allowed.tls = TRY(read_tls(in));
    TRY(check(allowed));
    list.push_back(std::move(allowed));
  }
  return list;
}

Result<void> read_into(Reader& in, core::ByteSpan into) {
  std::ranges::copy(TRY(in.bytes(into.size())), into.begin());
  return {};
}

Result<FileAccess> read_access(Reader& in) {
  const std::uint8_t access = TRY(in.u8());
  if (access > static_cast<std::uint8_t>(FileAccess::ReadOnly)) {
    return core::error(ErrorCode::Malformed, "unknown access to a file", access);
  }
  return static_cast<FileAccess>(access);
}

Result<void> read_mounts(Reader& in, Message& message) {
  const std::uint32_t count = TRY(in.u32());
  if (count > max_mounts) return core::error(ErrorCode::Exhausted, "too many mounts", count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint8_t source = TRY(in.u8());
    if (source > static_cast<std::uint8_t>(Mount::Source::Volume)) {
      return core::error(ErrorCode::Malformed, "unknown source of a mount", source);
    }
    Mount mount;
    mount.source = static_cast<Mount::Source>(source);
    mount.access = TRY(read_access(in));
    mount.path = TRY(read_text(in));
    mount.from = TRY(read_text(in));
    TRY(check(mount));
    message.mounts.push_back(std::move(mount));
  }
  if (message.needs_archive()) {
    TRY(read_into(in, message.archive));
  }
  return {};
}

Result<std::optional<Volume>> read_volume(Reader& in) {
  if (!TRY(read_flag(in))) return std::optional<Volume>();
  Volume volume;
  volume.name = TRY(read_text(in));
  const std::uint8_t bound_to = TRY(in.u8());
  if (bound_to > static_cast<std::uint8_t>(Volume::Binding::Workload)) {
    return core::error(ErrorCode::Malformed, "unknown binding of a volume", bound_to);
  }
  volume.bound_to = static_cast<Volume::Binding>(bound_to);
  volume.epoch = TRY(in.u64());
  volume.generation = TRY(in.u64());
  TRY(read_into(in, volume.head));
  TRY(read_into(in, volume.id));
  volume.oldest_svn = TRY(in.u32());
  TRY(read_into(in, volume.oldest_tcb));
  if (TRY(read_flag(in))) {
    TRY(read_into(in, volume.key.emplace()));
  }
  TRY(check(volume));
  return std::optional(std::move(volume));
}

Result<std::optional<RemotePackage>> read_package(Reader& in) {
  if (!TRY(read_flag(in))) return std::optional<RemotePackage>();
  RemotePackage package;
  package.host = TRY(read_text(in));
  package.port = TRY(in.u16());
  package.path = TRY(read_text(in));
  package.trust = TRY(read_trust(in));
  TRY(read_into(in, package.tree));
  TRY(read_into(in, package.module));
  if (TRY(read_flag(in))) {
    TRY(read_into(in, package.key.emplace()));
  }
  TRY(check(package));
  return std::optional(std::move(package));
}

Result<FileEntry> read_file(Reader& in) {
  const std::uint8_t kind = TRY(in.u8());
  if (kind > static_cast<std::uint8_t>(FileKind::Directory)) {
    return core::error(ErrorCode::Malformed, "unknown kind of file", kind);
  }
  const FileAccess access = TRY(read_access(in));
  FileEntry entry;
  entry.kind = static_cast<FileKind>(kind);
  entry.access = access;
  entry.name = TRY(read_text(in));
  entry.tls = TRY(read_tls(in));
  TRY(check(entry));
  return entry;
}

Result<std::vector<FileEntry>> read_files(Reader& in) {
  const std::uint32_t count = TRY(in.u32());
  if (count > max_files) return core::error(ErrorCode::Exhausted, "too many files", count);
  std::vector<FileEntry> files;
  for (std::uint32_t i = 0; i < count; ++i) files.push_back(TRY(read_file(in)));
  return files;
}

}  // namespace

bool carries_descriptor(FileKind kind) noexcept {
  return kind == FileKind::Listen || kind == FileKind::Connect || kind == FileKind::Directory;
}

bool has_module(Purpose purpose) noexcept {
  switch (purpose) {
    case Purpose::Run:
    case Purpose::ProveAndRun: return true;
    case Purpose::Prove:
    case Purpose::Receive:
    case Purpose::RunPrepared: break;
  }
  return false;
}

std::size_t Message::descriptor_count() const noexcept {
  const auto carrying = std::count_if(files.begin(), files.end(), [](const FileEntry& entry) {
    return carries_descriptor(entry.kind);
  });
  return (has_module(purpose) ? 1U : 0U) + (needs_archive() ? 1U : 0U) + (volume ? 1U : 0U) +
         (package ? 1U : 0U) + (steward ? 1U : 0U) + (allowed.empty() ? 0U : 1U) +
         static_cast<std::size_t>(carrying);
}

bool Message::needs_archive() const noexcept {
  return std::ranges::any_of(
      mounts, [](const Mount& mount) { return mount.source == Mount::Source::Archive; });
}

bool Message::speaks_tls() const noexcept {
  const auto speaks = [](const auto& each) { return each.tls.has_value(); };
  return std::ranges::any_of(files, speaks) || std::ranges::any_of(allowed, speaks);
}

Result<std::vector<std::uint8_t>> encode(const Message& message) {
  base::ByteWriter body;
  body.u64(message.max_memory_bytes);
  body.u64(message.timeout_nanoseconds);
  body.u8(static_cast<std::uint8_t>(message.confinement));
  body.u8(message.verbose ? 1 : 0);
  TRY(check(message.purpose, message.nonce));
  TRY(check_offer(message));
  TRY(check_mounts(message));
  body.u8(static_cast<std::uint8_t>(message.purpose));
  body.bytes(message.nonce);
  TRY(write_text(body, message.program));
  TRY(write_text(body, message.invoke));
  TRY(write_texts(body, message.arguments));
  TRY(write_texts(body, message.environment));
  TRY(write_files(body, message.files));
  TRY(write_steward(body, message.steward));
  TRY(write_allowed(body, message.allowed));
  TRY(write_mounts(body, message));
  TRY(write_volume(body, message.volume));
  TRY(write_package(body, message.package));
  if (body.size() > max_message_size) {
    return core::error(ErrorCode::Exhausted, "launch message is too long", body.size());
  }
  base::ByteWriter out;
  out.text(magic);
  out.u32(message_version);
  out.u32(static_cast<std::uint32_t>(body.size()));
  out.bytes(body.take());
  return out.take();
}

Result<std::size_t> body_size(ByteView header) {
  if (header.size() != header_size) {
    return core::error(ErrorCode::Malformed, "launch header has a wrong size", header.size());
  }
  Reader in(header);
  if (core::as_text(TRY(in.bytes(magic.size()))) != magic) {
    return core::error(ErrorCode::Malformed, "not a launch message");
  }
  const std::uint32_t version = TRY(in.u32());
  if (version != message_version) {
    return core::error(ErrorCode::Unsupported, "launch message of another version", version);
  }
  const std::uint32_t size = TRY(in.u32());
  if (size > max_message_size) {
    return core::error(ErrorCode::Exhausted, "launch message is too long", size);
  }
  return std::size_t{size};
}

Result<Message> decode_body(ByteView body) {
  Reader in(body);
  Message message;
  message.max_memory_bytes = TRY(in.u64());
  message.timeout_nanoseconds = TRY(in.u64());
  message.confinement = TRY(read_confinement(in));
  message.verbose = TRY(read_flag(in));
  TRY(read_purpose(in, message));
  message.program = TRY(read_text(in));
  message.invoke = TRY(read_text(in));
  message.arguments = TRY(read_texts(in));
  message.environment = TRY(read_texts(in));
  message.files = TRY(read_files(in));
  message.steward = TRY(read_steward(in));
  message.allowed = TRY(read_allowed(in));
  TRY(read_mounts(in, message));
  message.volume = TRY(read_volume(in));
  message.package = TRY(read_package(in));
  if (!in.at_end()) {
    return core::error(ErrorCode::Malformed, "bytes behind the launch message", in.offset());
  }
  TRY(check_offer(message));
  TRY(check_mounts(message));
  return message;
}

}  // namespace merlon::launch
