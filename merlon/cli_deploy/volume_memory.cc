#include "merlon/cli_deploy/volume_memory.h"

#include <charconv>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/cli_deploy/gatehouse_client.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"
#include "merlon/command/state_path.h"
#include "merlon/crypto/secret_bytes.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::cli_deploy {

using base::concat;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

constexpr std::size_t max_memory_size = 4096;

std::optional<std::uint64_t> number_of(std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Exactly `into.size()` bytes.
bool read_hex(std::string_view digits, core::ByteSpan into) {
  const auto bytes = codec::decode_hex(digits);
  if (!bytes || bytes->size() != into.size()) return false;
  std::ranges::copy(*bytes, into.begin());
  return true;
}

Result<void> read_key(const std::string& path, launch::Volume& volume) {
  auto bytes = TRY(cli_evidence::read_bytes(path, max_memory_size));
  const crypto::SecretBytes text(std::move(bytes));
  std::string_view digits = core::as_text(text.reveal());
  while (digits.ends_with('\n') || digits.ends_with('\r')) digits.remove_suffix(1);
  auto decoded = codec::decode_hex(digits);
  if (!decoded || decoded->size() != volume.key.emplace().size()) {
    volume.key.reset();
    return Failure{concat(base::printable(path),
                          ": a volume's key is 64 hexadecimal digits (openssl rand -hex 32)"),
                   Status::Unusable};
  }
  const crypto::SecretBytes key(*std::move(decoded));
  std::ranges::copy(key.reveal(), volume.key->begin());
  return {};
}

}  // namespace

Result<void> apply_volume_options(const cli::Arguments& arguments, launch::Volume& volume) {
  if (!arguments.has("--key")) {
    return Failure{
        "a sealed mount needs --key: who names no key of his own could not open it again",
        Status::Usage};
  }
  if (arguments.has("--volume-key")) TRY(read_key(arguments.value("--volume-key"), volume));
  if (arguments.has("--volume-epoch")) {
    const auto epoch = number_of(arguments.value("--volume-epoch"), 10);
    if (!epoch) return Failure{"--volume-epoch: must be a number", Status::Usage};
    volume.epoch = *epoch;
  }
  if (arguments.has("--volume-oldest-svn")) {
    const auto svn = number_of(arguments.value("--volume-oldest-svn"), 10);
    if (!svn || *svn > UINT32_MAX) {
      return Failure{"--volume-oldest-svn: must be a keep's SVN, a number of 32 bits",
                     Status::Usage};
    }
    volume.oldest_svn = static_cast<std::uint32_t>(*svn);
  }
  if (arguments.has("--volume-oldest-tcb")) {
    const std::string given = arguments.value("--volume-oldest-tcb");
    std::string_view digits = given;
    // CPUSVN as it is printed: bytes, of which none is more than another.
    if (read_hex(digits, volume.oldest_tcb)) return {};
    if (digits.starts_with("0x")) digits.remove_prefix(2);
    const auto tcb = number_of(digits, 16);
    if (!tcb) {
      return Failure{
          "--volume-oldest-tcb: must be a TCB version as a number of 64 bits, 0x…, or a CPUSVN of "
          "32 hexadecimal digits",
          Status::Usage};
    }
    for (std::size_t i = 0; i < sizeof(*tcb); ++i) {
      volume.oldest_tcb[i] = static_cast<std::uint8_t>(*tcb >> (8 * i));
    }
  }
  return {};
}

Result<VolumeMemory> VolumeMemory::open(const cli::Terminal& terminal, const std::string& url,
                                        const crypto::Sha256Digest& tenant,
                                        const std::string& volume) {
  const std::string folder = command::state_path(terminal, "volume-memory");
  if (folder.empty()) {
    return Failure{"neither XDG_STATE_HOME nor HOME says where volumes are remembered",
                   Status::Unusable};
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (error) {
    return Failure{concat(base::printable(folder), ": ", error.message()), Status::Unusable};
  }
  const std::string nul(1, '\0');
  const auto path_for = [&](std::string_view at) {
    const auto name = crypto::sha256(
        {core::as_bytes(at), core::as_bytes(nul), tenant.view(), core::as_bytes(volume)});
    return concat(folder, "/", base::hex(name.view()));
  };
  std::string path = path_for(normalised(url).value_or(url));
  // Files of the first format are named by the text as it was typed.
  const std::string as_typed = path_for(url);
  if (as_typed != path && !os::exists(path) && os::exists(as_typed)) {
    std::filesystem::rename(as_typed, path, error);
    if (error)
      return Failure{concat(base::printable(path), ": ", error.message()), Status::Unusable};
  }
  return VolumeMemory(std::move(path));
}

struct VolumeMemory::State {
  std::uint64_t generation = 0;
  std::uint64_t epoch = 0;
  decltype(launch::Volume::head) head{};
  std::optional<decltype(launch::Volume::id)> id{};  ///< none in files of the first format
};

Result<VolumeMemory::State> VolumeMemory::read() const {
  const auto text = TRY(cli_evidence::read_bytes(path_, max_memory_size));
  const Failure nothing{concat(base::printable(path_), ": does not say how far a volume has come"),
                        Status::Unusable};
  const auto json = codec::JsonDocument::parse(core::as_text(text));
  if (!json) return nothing;
  const auto generation = json->root().number_member("generation", UINT64_MAX);
  const auto epoch = json->root().number_member("epoch", UINT64_MAX);
  const auto head = json->root().string_member("head");
  if (!generation || !epoch || !head) return nothing;
  State state{*generation, *epoch};
  if (!read_hex(*head, state.head)) return nothing;
  if (json->root().find("id") != nullptr) {
    const auto id = json->root().string_member("id");
    state.id.emplace();
    if (!id || !read_hex(*id, *state.id)) return nothing;
  }
  return state;
}

Result<void> VolumeMemory::demand(launch::Volume& volume) const {
  if (!os::exists(path_)) return {};
  const State state = TRY(read());
  volume.head = state.head;
  if (state.id) volume.id = *state.id;
  volume.generation = state.generation;
  volume.epoch = std::max(volume.epoch, state.epoch);
  return {};
}

bool VolumeMemory::is_behind(const delivery::VolumeMark& mark, std::uint64_t epoch) const {
  if (!os::exists(path_)) return false;
  const auto known = read();
  if (!known || !known->id || !std::ranges::equal(*known->id, mark.id.view())) return false;
  return mark.generation < known->generation || epoch < known->epoch;
}

void VolumeMemory::note(const delivery::VolumeMark& mark, std::uint64_t epoch) {
  // One at a time: another deploy may have a keep of the same volume.
  auto turn = os::open_record(path_ + ".lock");
  if (turn) static_cast<void>(os::lock(*turn));
  if (!std::exchange(forgets_, false) && is_behind(mark, epoch)) return;
  codec::JsonWriter json;
  json.open_object();
  json.key("generation");
  json.number(mark.generation);
  json.key("head");
  json.text(base::hex(mark.head.view()));
  json.key("id");
  json.text(base::hex(mark.id.view()));
  json.key("epoch");
  json.number(epoch);
  json.close_object();
  const std::string text = json.result() + "\n";
  const auto written = os::replace_file(path_, core::as_bytes(text));
  if (!written) trouble_ = concat(base::printable(path_), ": ", os::describe(written.error()));
}

}  // namespace merlon::cli_deploy
