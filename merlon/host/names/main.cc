// merlon-resolve HOST: writes the addresses of a host to descriptor 3, a line each, and ends with
// 0; or a sentence that says why there are none, and ends with 1. Started by merlon, which is a
// static program so that its start is cheap, and which a name service could not be loaded into.

#include <new>
#include <string>

#include "merlon/base/text.h"
#include "merlon/core/bytes.h"
#include "merlon/host/names/name_service.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

int main(int argc, char** argv) {
  using namespace merlon;
  constexpr os::BorrowedFd answer{3};
  os::end_with_parent();
  os::ignore_broken_pipes();
  try {
    if (argc != 2) return 2;
    const auto addresses = host::names::addresses_of(argv[1]);
    std::string text;
    if (!addresses) text = addresses.error();
    if (addresses) {
      for (const std::string& each : *addresses) text += base::concat(each, "\n");
    }
    return os::write_all(answer, core::as_bytes(text)) && addresses ? 0 : 1;
  } catch (const std::bad_alloc&) {
    return 2;
  }
}
