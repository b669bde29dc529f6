#pragma once

// Private to the room: whether it can be as early as the clock says.

#include "merlon/verify/collateral.h"
#include "merlon/verify/judge.h"

namespace merlon::verify {

/// Makes the check Clock: nothing that is signed under a trusted root, here or seen before, may
/// have been issued after now. Else a clock that was set back would make an old document the
/// current one though a newer one, which may say Revoked, lies beside it. Of a time that was asked
/// for it only warns. `carried`: certificates of the evidence itself.
void judge_clock(Judge& judge, const Collateral& collateral,
                 std::span<const x509::Certificate> carried,
                 const std::vector<x509::AnchorId>& anchors);

}  // namespace merlon::verify
