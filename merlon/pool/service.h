#pragma once

// The pool itself: who asks at its socket gets a keep that was made ahead, or learns that there is
// none. One thread.

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "merlon/launch/pool.h"
#include "merlon/os/poll.h"
#include "merlon/os/signals.h"
#include "merlon/pool/shelf.h"

namespace merlon::pool {

struct PoolSettings {
  std::vector<host::Backend> backends;
  std::size_t ready = 2;     ///< keeps that wait, of each kind
  std::size_t modules = 8;   ///< that keeps are prepared with; who was not asked for longest goes
  std::size_t keeps = 1024;  ///< that run at a time
  /// Whoever brings a module that no keep is prepared with waits for one, and gets no blank one.
  bool waits = false;
  Snapshots snapshots = Snapshots::WhereSlow;
  std::string simulator;      ///< platform of backend snp-sim
  std::string simulator_sgx;  ///< and of sgx-sim
};

class Service {
 public:
  /// `tell` gets each line for whoever runs the pool.
  Service(PoolSettings settings, os::Fd listener, std::function<void(std::string_view)> tell);

  /// Has keeps prepared with a module before anybody asks. The error is one line.
  [[nodiscard]] core::Result<void, std::string> learn(os::BorrowedFd module, std::string name,
                                                      bool network, bool directories);

  /// Serves until a signal to end comes; then gives no more, and ends when the last keep that was
  /// taken has. A second signal ends them all.
  void serve(const os::SignalFile& signals);

 private:
  /// Who has asked, and what he has got.
  struct Customer {
    os::Fd connection;
    std::optional<MadeKeep> keep{};
    std::optional<Kind> waits_for{};
    bool over = false;
  };
  struct Module {
    crypto::Sha256Digest digest;
    std::vector<std::uint8_t> bytes;
  };

  [[nodiscard]] std::vector<os::PollItem> items(const os::SignalFile& signals) const;
  [[nodiscard]] bool take_signal(const os::SignalFile& signals);
  void take_customer(std::uint64_t now);
  void hear_shelves(std::span<const os::PollItem> ready, std::uint64_t now);
  void hear_customers(std::span<const os::PollItem> ready, std::uint64_t now);
  void answer(Customer& customer, std::uint64_t now);
  [[nodiscard]] Shelf* shelf_for(const launch::PoolQuestion& question, std::uint64_t now);
  void give_blank(Customer& customer, host::Backend backend, std::uint64_t now);
  void serve_waiting(std::uint64_t now);
  [[nodiscard]] bool give(Customer& customer, Shelf& shelf, std::uint64_t now);
  [[nodiscard]] Shelf* find(const Kind& kind);
  [[nodiscard]] Shelf* learn(host::Backend backend, const Module& module, std::string name,
                             bool network, bool directories, std::uint64_t now);
  void make_room();
  [[nodiscard]] std::uint64_t makes_from(const Shelf& shelf) const noexcept;
  void make_more(std::uint64_t now);
  [[nodiscard]] std::chrono::nanoseconds patience(std::uint64_t now) const noexcept;

  PoolSettings settings_;
  os::Fd listener_;
  std::function<void(std::string_view)> tell_;
  std::vector<std::unique_ptr<Shelf>> shelves_;
  std::vector<std::unique_ptr<Customer>> customers_;
  std::uint64_t last_asked_ = 0;  ///< when somebody came; 0: nobody yet
  bool ending_ = false;
};

}  // namespace merlon::pool
