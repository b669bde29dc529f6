#pragma once

// WASI snapshot 0, module "wasi_unstable": what compilers of 2019 wrote. It is preview 1 but for
// sock_accept, which it lacks, and four functions whose values or records lie elsewhere.
//
// Source: [WASI-0] typenames.witx, wasi_unstable.witx. Inputs are as hostile as those of api.h.

#include "merlon/wasi/api.h"

namespace merlon::wasi::snapshot0 {

inline constexpr std::string_view module_name = "wasi_unstable";

/// What is not declared here is as in preview 1: a qualified name finds a function of this
/// namespace first, then one of `api`.
using namespace api;  // NOLINT(google-build-using-namespace): that lookup is the point

/// $whence is cur, end, set.
[[nodiscard]] Result<void> fd_seek(Context& context, GuestMemory memory, FdNumber fd,
                                   std::int64_t offset, std::uint32_t whence,
                                   GuestAddress newoffset);

/// $filestat has 32 bits for links.
[[nodiscard]] Result<void> fd_filestat_get(Context& context, GuestMemory memory, FdNumber fd,
                                           GuestAddress stat);
[[nodiscard]] Result<void> path_filestat_get(Context& context, GuestMemory memory, FdNumber fd,
                                             std::uint32_t flags, GuestAddress path,
                                             GuestSize path_len, GuestAddress stat);

/// $subscription_clock starts with an identifier of its own, which nothing gives back.
[[nodiscard]] Result<void> poll_oneoff(Context& context, GuestMemory memory, GuestAddress in,
                                       GuestAddress out, GuestSize nsubscriptions,
                                       GuestAddress nevents);

}  // namespace merlon::wasi::snapshot0
