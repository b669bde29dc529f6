#include "merlon/cli_credential/door.h"

#include <algorithm>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/directory.h"
#include "merlon/os/open.h"
#include "merlon/service/listeners.h"

namespace merlon::cli_credential {

using base::concat;
using core::Result;

namespace {

constexpr int usage = launch::number(launch::ExitStatus::Usage);
constexpr int unusable = launch::number(launch::ExitStatus::Unusable);

Result<std::vector<std::string>, Trouble> key_files(std::span<const std::string> paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    const auto names = os::names_in(path);
    if (!names) {
      return Trouble{concat(base::printable(path), ": ", os::describe(names.error())), unusable};
    }
    for (const std::string& name : *names) {
      if (name.ends_with(".key") && name != ".key") files.push_back(concat(path, "/", name));
    }
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

Result<std::vector<std::uint8_t>, Trouble> file_of(const std::string& path, std::size_t most) {
  const auto file = os::open_file(path);
  auto bytes = file ? os::read_all(*file, most)
                    : os::Result<std::vector<std::uint8_t>>(core::Unexpected(file.error()));
  if (bytes) return *std::move(bytes);
  return Trouble{concat(base::printable(path), ": ", os::describe(bytes.error())), unusable};
}

Result<credential::Admission, Trouble> admission_of(const cli::Arguments& arguments) {
  const std::string audience = arguments.value("--audience");
  if (audience.empty()) return Trouble{"--audience is missing: to whom tokens are shown", usage};
  if (!arguments.has("--key")) return Trouble{"--key is missing: whose tokens count", usage};
  credential::Admission admission(audience, arguments.has("--development"));
  for (const std::string& path : TRY(key_files(arguments.values("--key")))) {
    const crypto::SecretBytes file(TRY(file_of(path, credential::IssuingKey::max_file_size)));
    auto key = credential::IssuingKey::parse(file.reveal());
    if (!key) {
      return Trouble{concat(base::printable(path), ": no key of a Steward's: ", key.error().what),
                     unusable};
    }
    admission.add(*std::move(key));
  }
  if (admission.keys() == 0) return Trouble{"there is no key in what --key names", unusable};
  return admission;
}

Result<Door, Trouble> door_of(const cli::Arguments& arguments) {
  Door door{TRY(admission_of(arguments)), nullptr};
  if (arguments.has("--store")) {
    auto shown = Shown::open(arguments.value("--store"));
    if (!shown) return Trouble{shown.error(), unusable};
    door.shown = *std::move(shown);
    door.shown->tidy(door.admission.ends(), service::clock_now());
  }
  return door;
}

Result<credential::Admitted, credential::Refusal> Door::judge(std::string_view token,
                                                              core::ByteView bound_to,
                                                              codec::UnixTime now) const {
  return admission.judge(token, bound_to, now,
                         [this](const credential::KeyId& key, const credential::Tag& tag) {
                           return shown ? shown->remember(key, tag) : std::optional<bool>(true);
                         });
}

}  // namespace merlon::cli_credential
