#include "merlon/host/backend.h"

#include "merlon/base/text.h"

namespace merlon::host {

std::string why_no_kvm(os::Errno number) {
  std::string_view advice;
  if (number == os::Errno::Noent) advice = ": this machine has none";
  if (number == os::Errno::Acces) advice = ": add yourself to the group that owns it";
  return base::concat("cannot open /dev/kvm: ", os::describe(number), advice);
}

}  // namespace merlon::host
