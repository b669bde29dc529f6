#pragma once

// Threads for work that takes a processor, beside the one that carries bytes.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "merlon/os/thread.h"

namespace merlon::http {

class WorkerPool {
 public:
  using Task = std::function<void()>;

  /// At least one thread. Errors: Again (no more threads).
  [[nodiscard]] static os::Result<std::unique_ptr<WorkerPool>> start(std::size_t threads);

  /// Does all that was given, then ends the threads.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False if `most` tasks wait already. `task` must not throw. Any thread.
  [[nodiscard]] bool give(Task task, std::size_t most);

  [[nodiscard]] std::size_t waiting() const;

 private:
  WorkerPool() = default;
  void work() noexcept;
  void end();

  mutable std::mutex mutex_;
  std::condition_variable there_is_work_;
  std::deque<Task> tasks_;
  bool ending_ = false;
  std::vector<os::Thread> threads_;
};

}  // namespace merlon::http
