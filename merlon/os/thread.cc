#include "merlon/os/thread.h"

#include <csignal>
#include <memory>
#include <utility>

#include <sched.h>

namespace merlon::os {

namespace {

struct Start {
  Thread::Run run;
  void* argument;
};

void* begin(void* given) {
  const std::unique_ptr<Start> start(static_cast<Start*>(given));
  start->run(start->argument);
  return nullptr;
}

}  // namespace

Result<Thread> Thread::start(Run run, void* argument) {
  auto start = std::make_unique<Start>(Start{run, argument});
  ::sigset_t all{};
  ::sigset_t before{};
  ::sigfillset(&all);
  // What a thread does wrong itself comes to it all the same.
  for (const int own : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGABRT}) ::sigdelset(&all, own);
  // The new thread has the mask of the one that makes it.
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  ::pthread_t thread{};
  const int failed = ::pthread_create(&thread, nullptr, &begin, start.get());
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failed != 0) return static_cast<Errno>(failed);
  static_cast<void>(start.release());
  return Thread(thread);
}

Thread::Thread(Thread&& other) noexcept
    : thread_(other.thread_), running_(std::exchange(other.running_, false)) {}

Thread::~Thread() {
  if (running_) ::pthread_join(thread_, nullptr);
}

Processors Processors::usable() noexcept {
  Processors found;
  if (::sched_getaffinity(0, sizeof(found.set_), &found.set_) != 0) CPU_ZERO(&found.set_);
  return found;
}

int Processors::current() noexcept { return ::sched_getcpu(); }

void Processors::run_here_but_for(int number) const noexcept {
  if (number < 0 || number >= CPU_SETSIZE) return;
  ::cpu_set_t others = set_;
  CPU_CLR(static_cast<unsigned>(number), &others);
  if (CPU_COUNT(&others) == 0) return;
  // It is a wish: whoever may not have it runs where it did.
  static_cast<void>(::sched_setaffinity(0, sizeof(others), &others));
}

}  // namespace merlon::os
