#include "merlon/keep/mounts.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/crypto/hash.h"
#include "merlon/os/open.h"
#include "merlon/wasi/preopen.h"

namespace merlon::keep {

using base::concat;

namespace {

template <typename T>
using Result = core::Result<T, std::string>;

Result<std::vector<std::uint8_t>> archive_bytes(Work& work) {
  if (work.talk) return std::move(work.archive);
  // It may change while it lies with the host: it is read once, into memory of our own.
  auto bytes = os::read_all(work.launch.archive, files::max_archive_size);
  work.launch.archive.close();
  if (bytes) return *std::move(bytes);
  return concat("its files cannot be read: ", os::describe(bytes.error()));
}

Result<std::shared_ptr<files::Tree>> tree_of(const launch::Mount& mount,
                                             const std::optional<files::Archive>& archive,
                                             std::uint64_t device, base::Budget& budget,
                                             wasi::Context& context) {
  const bool reads = mount.access == launch::FileAccess::ReadOnly;
  auto tree = std::make_shared<files::Tree>(
      budget, clock_of(context),
      reads ? files::Tree::Access::ReadOnly : files::Tree::Access::ReadWrite, device);
  if (mount.source != launch::Mount::Source::Archive || !archive) return tree;
  const auto filled = tree->fill(*archive, mount.from);
  if (filled) return tree;
  if (filled.error() == os::Errno::Nospc) {
    return concat("mount ", base::quoted(mount.path), ": its files are more than the memory limit");
  }
  return concat("mount ", base::quoted(mount.path), ": ", base::quoted(mount.from), ": ",
                os::describe(filled.error()));
}

}  // namespace

files::Tree::Clock clock_of(wasi::Context& context) {
  return [&context]() -> std::uint64_t {
    const auto now = context.clocks().now(wasi::ClockId::Realtime);
    return now.has_value() ? *now : 0;
  };
}

Result<std::optional<files::Archive>> take_archive(Work& work, base::Budget& budget) {
  if (!work.launch.message.needs_archive()) return std::optional<files::Archive>();
  const auto bytes = std::make_shared<const std::vector<std::uint8_t>>(TRY(archive_bytes(work)));
  if (!budget.take(bytes->size())) {
    return concat("its files take ", bytes->size(), " bytes, which is more than the memory limit");
  }
  auto archive = files::Archive::read(bytes);
  if (!archive) return concat("its files: ", archive.error().message());
  std::ranges::copy(crypto::sha256({*bytes}).view(), work.launch.message.archive.begin());
  return std::optional(*std::move(archive));
}

Result<void> give_mounts(const launch::Message& message,
                         const std::optional<files::Archive>& archive,
                         const std::shared_ptr<files::Tree>& volume, base::Budget& budget,
                         wasi::Context& context) {
  std::uint64_t device = 0;
  for (const launch::Mount& mount : message.mounts) {
    ++device;
    std::shared_ptr<files::Tree> tree = volume;
    if (mount.source != launch::Mount::Source::Volume) {
      tree = TRY(tree_of(mount, archive, device, budget, context));
    }
    if (!tree) return concat("mount ", base::quoted(mount.path), ": there is no volume");
    if (!context.files().insert(wasi::tree(std::move(tree), mount.path))) {
      return std::string("too many files");
    }
  }
  return {};
}

}  // namespace merlon::keep
