#pragma once

// A tree of files as a sealed volume keeps it, and back.

#include "merlon/files/tree.h"
#include "merlon/sealed/volume.h"

namespace merlon::keep {

/// Holds the files' bytes as long as it lives; the tree must not change meanwhile.
[[nodiscard]] sealed::Contents contents_of(const files::Tree& tree);

/// For a new tree, whose files borrow their bytes. Errors: Nospc (the budget) · Io (entries that no
/// tree has).
[[nodiscard]] os::Result<void> fill_tree(files::Tree& tree,
                                         const std::vector<sealed::Entry>& entries,
                                         const std::vector<sealed::FileBytes>& bytes);

}  // namespace merlon::keep
