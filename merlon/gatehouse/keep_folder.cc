#include "merlon/gatehouse/keep_folder.h"

#include <algorithm>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/open.h"

namespace merlon::gatehouse {

using base::concat;
using core::Result;
using os::Errno;

std::string_view name_of(KeepState state) noexcept {
  switch (state) {
    case KeepState::Waiting: return "waiting";
    case KeepState::Running: return "running";
    case KeepState::Ended: return "ended";
    case KeepState::Starting: return "starting";
    case KeepState::Lost: break;
  }
  return "lost";
}

std::string KeepFolder::file(std::string_view name) const { return concat(path_, "/", name); }

std::string KeepFolder::id() const { return path_.substr(path_.rfind('/') + 1); }

Result<void, std::string> KeepFolder::write(std::string_view name, std::string_view text) const {
  const auto written = os::replace_file(file(name), core::as_bytes(text));
  if (!written) return concat(file(name), ": ", os::describe(written.error()));
  return {};
}

void KeepFolder::remove(std::string_view name) const {
  std::error_code error;
  std::filesystem::remove(file(name), error);
}

os::Result<std::vector<std::uint8_t>> KeepFolder::read(std::string_view name,
                                                       std::size_t most) const {
  const os::Fd opened = TRY(os::open_file(file(name)));
  return os::read_all(opened, most);
}

os::Result<KeepRecord> KeepFolder::read_record() const {
  constexpr std::size_t most = 4096;
  const std::vector<std::uint8_t> bytes = TRY(read(record, most));
  const auto document = codec::JsonDocument::parse(core::as_text(bytes));
  if (!document) return Errno::Badmsg;
  const auto text = [&](std::string_view name) -> std::string {
    const auto value = document->root().string_member(name);
    return value ? std::string(*value) : std::string();
  };
  const auto backend = host::find_backend(text("backend"));
  KeepRecord read{text("id"), text("tenant"), text("made")};
  if (!backend || !is_keep_id(read.id)) return Errno::Badmsg;
  read.backend = *backend;
  return read;
}

std::optional<launch::Proof> KeepFolder::read_proof() const {
  constexpr std::size_t head = 12;
  const auto bytes = read(proof, launch::max_proof_size + head);
  if (!bytes || bytes->size() < head) return std::nullopt;
  auto answer = launch::decode_proof(core::ByteView(*bytes).subspan(head));
  if (!answer) return std::nullopt;
  return std::move(answer->proof);
}

os::Result<KeepState> KeepFolder::state() const {
  if (os::exists(file(end))) return KeepState::Ended;
  // A warden that takes no more connections is there: nobody has to wait for it.
  constexpr std::chrono::milliseconds patience{1};
  const auto warden = os::connect_local(file(control), patience);
  if (!warden && warden.error() != Errno::Again) {
    if (warden.error() != Errno::Noent && warden.error() != Errno::Connrefused) {
      return warden.error();
    }
    // It notes the end before it goes.
    return os::exists(file(end)) ? KeepState::Ended : KeepState::Lost;
  }
  return os::exists(file(delivered)) ? KeepState::Running : KeepState::Waiting;
}

os::Result<os::Fd> KeepFolder::warden() const {
  constexpr std::chrono::milliseconds patience{1};
  const os::Fd warden = TRY(os::connect_local(file(control), patience));
  return os::process_at_other_end(warden);
}

std::string KeepFolder::read_end() const {
  constexpr std::size_t most = 64;
  const auto bytes = read(end, most);
  return bytes ? std::string(core::as_text(*bytes)) : std::string();
}

std::string to_json(const KeepRecord& record) {
  codec::JsonWriter json;
  json.open_object();
  const auto member = [&](std::string_view name, std::string_view value) {
    json.key(name);
    json.text(value);
  };
  member("id", record.id);
  member("tenant", record.tenant);
  member("made", record.made);
  member("backend", host::name_of(record.backend));
  json.close_object();
  return json.result();
}

bool is_keep_id(std::string_view text) noexcept {
  constexpr std::size_t digits = 32;
  return text.size() == digits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace merlon::gatehouse
