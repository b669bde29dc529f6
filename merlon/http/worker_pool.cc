#include "merlon/http/worker_pool.h"

#include <algorithm>

namespace merlon::http {

os::Result<std::unique_ptr<WorkerPool>> WorkerPool::start(std::size_t threads) {
  std::unique_ptr<WorkerPool> pool(new WorkerPool);
  const auto run = [](void* self) noexcept { static_cast<WorkerPool*>(self)->work(); };
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
    pool->threads_.push_back(TRY(os::Thread::start(run, pool.get())));
  }
  return pool;
}

WorkerPool::~WorkerPool() { end(); }

void WorkerPool::end() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  there_is_work_.notify_all();
  threads_.clear();  // joins
}

bool WorkerPool::give(Task task, std::size_t most) {
  {
    const std::scoped_lock lock(mutex_);
    if (tasks_.size() >= most) return false;
    tasks_.push_back(std::move(task));
  }
  there_is_work_.notify_one();
  return true;
}

std::size_t WorkerPool::waiting() const {
  const std::scoped_lock lock(mutex_);
  return tasks_.size();
}

void WorkerPool::work() noexcept {
  while (true) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      there_is_work_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace merlon::http
