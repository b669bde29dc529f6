#include "merlon/database/libpq.h"

#include <dlfcn.h>

#include "merlon/base/text.h"

namespace merlon::database {

namespace {

template <typename Function>
bool find(void* library, const char* name, Function*& into) noexcept {
  // SAFETY: POSIX has dlsym give functions as addresses of objects; its type is that of libpq's
  // documented interface, which has been the same since version 9.3.
  into = reinterpret_cast<Function*>(::dlsym(library, name));
  return into != nullptr;
}

}  // namespace

Result<std::shared_ptr<const Libpq>> Libpq::load(const char* file) {
  void* const library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    return Failure{Failure::Kind::Unavailable,
                   base::concat("PostgreSQL: ", file,
                                " is not on this machine; Debian's package libpq5 has it")};
  }
  const auto calls = std::make_shared<Libpq>();
  bool all = true;
#define MERLON_LIBPQ_FIND(name, result, parameters) all = find(library, #name, calls->name) && all;
  MERLON_LIBPQ_CALLS(MERLON_LIBPQ_FIND)
#undef MERLON_LIBPQ_FIND
  if (!all) {
    return Failure{Failure::Kind::Unavailable,
                   base::concat("PostgreSQL: ", file, " is too old; Debian 12's libpq5 does")};
  }
  return std::shared_ptr<const Libpq>(calls);
}

}  // namespace merlon::database
