#include "merlon/keep/voice.h"

#include "merlon/keep/report.h"
#include "merlon/os/open.h"

namespace merlon::keep {

void HostVoice::remark(const base::Printable& text) { report(text); }

os::Result<void> HostVoice::output(core::ByteView bytes) {
  return os::write_all(os::BorrowedFd(1), bytes);
}

}  // namespace merlon::keep
