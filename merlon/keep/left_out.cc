// What the libraries in merlon-keep ask of the C library although a keep never does it: load a
// shared object, look up a name by files and servers of the host, read text by a pattern, take an
// exception's name apart to print it. Without these, one part in twenty of a keep is neither loaded
// nor measured, and an attacker who is inside does not find them there.
//
// The program is linked with --wrap for each (CMakeLists.txt): whoever calls one comes here.

#include <cstdlib>
#include <cstring>
#include <ctime>

#include <netdb.h>
#include <unistd.h>

namespace {

[[noreturn]] void end_with(const char* line) {
  static_cast<void>(!::write(STDERR_FILENO, line, std::strlen(line)));
  static_cast<void>(!::write(STDERR_FILENO, "\n", 1));
  std::abort();
}

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names
extern "C" {

// Of OpenSSL, whose engines, providers and stores could come from files. It takes a null pointer
// for what it is: there is none.
void* __wrap_dlopen(const char* /*file*/, int /*mode*/) { return nullptr; }
void* __wrap_dlsym(void* /*handle*/, const char* /*name*/) { return nullptr; }
int __wrap_dladdr(const void* /*address*/, void* /*found*/) { return 0; }
int __wrap_dlclose(void* /*handle*/) { return -1; }
const char* __wrap_dlerror() { return "a keep loads nothing"; }

// Of OpenSSL's own sockets, of which a keep has none: names are looked up by its host, and what
// comes is proved by TLS.
int __wrap_getaddrinfo(const char* /*name*/, const char* /*service*/, const addrinfo* /*hints*/,
                       addrinfo** /*found*/) {
  return EAI_FAIL;
}
void __wrap_freeaddrinfo(addrinfo* /*found*/) {}
const char* __wrap_gai_strerror(int /*error*/) { return "a keep looks up no names"; }
int __wrap_getnameinfo(const void* /*address*/, unsigned /*address_size*/, char* /*host*/,
                       unsigned /*host_size*/, char* /*service*/, unsigned /*service_size*/,
                       int /*flags*/) {
  return EAI_FAIL;
}
hostent* __wrap_gethostbyname(const char* /*name*/) { return nullptr; }

// Of OpenSSL, for addresses and ports that are text (a2i_IPADDRESS and its like): nothing fits.
// Later C libraries have it under the second name.
int __wrap___isoc99_sscanf(const char* /*text*/, const char* /*pattern*/, ...) { return 0; }
int __wrap___isoc23_sscanf(const char* /*text*/, const char* /*pattern*/, ...) { return 0; }

// Of the C and the C++ library, for words in the host's language.
char* __wrap_gettext(char* words) { return words; }
char* __wrap___dcgettext(const char* /*domain*/, char* words, int /*category*/) { return words; }

/// Of OpenSSL, whose own calendar crypto/keep_calendar.cc replaces: it would read the time zone.
std::tm* __wrap_gmtime_r(const std::time_t* /*time*/, std::tm* /*result*/) { return nullptr; }

/// The C library's would translate the words around it first.
[[noreturn]] void __wrap___assert_fail(const char* expression, const char* /*file*/,
                                       unsigned /*line*/, const char* /*function*/) {
  end_with(expression);
}

// __gnu_cxx::__verbose_terminate_handler(). Nothing of ours throws; the C++ library does where
// there is no memory.
[[noreturn]] void __wrap__ZN9__gnu_cxx27__verbose_terminate_handlerEv() {
  end_with("merlon: the keep ends itself: its memory is used up");
}
}
// NOLINTEND(bugprone-reserved-identifier)
