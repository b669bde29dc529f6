// Trees of files as bytes, and every kind of step below one: nothing leads out, and what is written
// again is what was read.

#include <cstdlib>

#include "merlon/base/testing/limited_budget.h"
#include "merlon/files/tree.h"

namespace {

using merlon::core::ByteView;

constexpr std::uint64_t room = std::uint64_t{16} << 20U;

/// The bytes behind the archive's own are paths, two for each step.
void step(merlon::files::Tree& tree, std::uint8_t what, const merlon::os::Path& one,
          const merlon::os::Path& other) {
  using merlon::os::Follow;
  merlon::files::Directory& root = *tree.root();
  switch (what % 7) {
    case 0:
      (void)tree.open(root, one,
                      {.access = merlon::os::Access::Write, .follow = Follow::Yes, .create = true});
      break;
    case 1: (void)tree.create_directory(root, one); break;
    case 2: (void)tree.rename(root, one, root, other); break;
    case 3: (void)tree.symlink(one.text(), root, other); break;
    case 4: (void)tree.link(root, one, root, other); break;
    case 5: (void)tree.unlink(root, one); break;
    default: (void)tree.remove_directory(root, one); break;
  }
  (void)tree.find(root, other, Follow::Yes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input(data, size);
  const std::size_t archive_size =
      input.empty() ? 0 : std::min<std::size_t>(input.size() - 1, std::size_t{16} * input[0]);
  const ByteView first = input.empty() ? input : input.subspan(1, archive_size);
  const auto bytes = std::make_shared<const std::vector<std::uint8_t>>(first.begin(), first.end());
  merlon::base::testing::LimitedBudget budget(room);
  merlon::files::Tree tree(budget, [] { return 1U; }, merlon::files::Tree::Access::ReadWrite, 1);
  if (const auto archive = merlon::files::Archive::read(bytes)) {
    merlon::files::ArchiveWriter writer;
    for (const auto& entry : archive->entries()) {
      if (!writer.add(entry)) std::abort();
    }
    if (writer.take() != *bytes) std::abort();
    if (!tree.fill(*archive, "")) return 0;
  }
  ByteView rest = input.empty() ? input : input.subspan(1 + archive_size);
  while (rest.size() > 2) {
    const std::uint8_t what = rest[0];
    const std::size_t split = std::min<std::size_t>(rest[1] % 16, rest.size() - 2);
    const ByteView one = rest.subspan(2, split);
    rest = rest.subspan(2 + split);
    const ByteView other = rest.first(std::min<std::size_t>(rest.size(), 8));
    rest = rest.subspan(other.size());
    const auto first_path = merlon::os::Path::from(merlon::core::as_text(one));
    const auto second_path = merlon::os::Path::from(merlon::core::as_text(other));
    if (first_path && second_path) step(tree, what, *first_path, *second_path);
  }
  return 0;
}
