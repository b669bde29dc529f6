#include "merlon/pool/service.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include <poll.h>

#include "merlon/base/text.h"
#include "merlon/os/clock.h"
#include "merlon/os/file.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/open.h"
#include "merlon/os/snapshot_file.h"
#include "merlon/os/socket.h"

namespace merlon::pool {

using base::concat;
using core::Result;
using host::Backend;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
/// The host's clock and a keep's, which it was told when it was made, drift apart.
constexpr std::uint64_t oldest = 600 * second;
/// More are made when nobody has come for so long: who has just taken a keep shall have the
/// processor.
constexpr std::uint64_t quiet = second / 50;
/// And where none is left.
constexpr std::uint64_t short_quiet = second / 400;
/// Connections beyond those that have a keep.
constexpr std::size_t spare_customers = 64;
/// A larger module is not worth being read for each launch.
constexpr std::size_t max_module = 256UL << 20U;

std::uint64_t now_monotonic() { return os::now(os::Clock::Monotonic).value_or(0); }

/// Those of a keep that nothing attests, and that its launch brings a module for, are all alike.
bool can_be_prepared(Backend backend) noexcept { return !host::is_attested(backend); }

/// A file's bytes, wherever whoever has it open stands in it. Nothing of what is no regular file,
/// or too large.
std::optional<std::vector<std::uint8_t>> content_of(os::BorrowedFd file) {
  const auto status = os::status(file);
  if (!status || status->type != os::FileType::Regular) return std::nullopt;
  const auto again = os::reopen_for_reading(file);
  if (!again) return std::nullopt;
  auto bytes = os::read_all(*again, max_module);
  return bytes ? std::optional(*std::move(bytes)) : std::nullopt;
}

bool is_ready(std::span<const os::PollItem> items, os::BorrowedFd file) {
  return std::ranges::any_of(items, [&](const os::PollItem& item) {
    return item.fd == file.number() && item.revents != 0;
  });
}

}  // namespace

Service::Service(PoolSettings settings, os::Fd listener, std::function<void(std::string_view)> tell)
    : settings_(std::move(settings)), listener_(std::move(listener)), tell_(std::move(tell)) {
  for (const Backend backend : settings_.backends) {
    ShelfSettings blank{settings_.ready, {}, Snapshots::Never, oldest};
    blank.machine.simulator =
        backend == Backend::SgxSim ? settings_.simulator_sgx : settings_.simulator;
    shelves_.push_back(std::make_unique<Shelf>(Kind{backend, std::nullopt, false, false},
                                               std::string(host::name_of(backend)), os::Fd(),
                                               std::move(blank)));
  }
}

/// The one whose keeps may have all that a launch of `kind` reaches.
Shelf* Service::find(const Kind& kind) {
  const auto found = std::ranges::find_if(shelves_, [&](const auto& shelf) {
    const Kind& each = shelf->kind();
    return each.backend == kind.backend && each.module == kind.module &&
           (!kind.module ||
            ((each.network || !kind.network) && (each.directories || !kind.directories)));
  });
  return found == shelves_.end() ? nullptr : found->get();
}

void Service::make_room() {
  const auto is_learnt = [](const auto& shelf) { return shelf->kind().module.has_value(); };
  if (std::cmp_less(std::ranges::count_if(shelves_, is_learnt), settings_.modules)) return;
  auto oldest_one = shelves_.end();
  for (auto each = shelves_.begin(); each != shelves_.end(); ++each) {
    if (!is_learnt(*each)) continue;
    if (oldest_one == shelves_.end() || (*each)->used_at < (*oldest_one)->used_at) {
      oldest_one = each;
    }
  }
  if (oldest_one != shelves_.end()) shelves_.erase(oldest_one);
}

Shelf* Service::learn(Backend backend, const Module& module, std::string name, bool network,
                      bool directories, std::uint64_t now) {
  if (!can_be_prepared(backend) || settings_.modules == 0) return nullptr;
  auto file = os::memory_file("merlon-module", module.bytes);
  if (!file) return nullptr;
  make_room();
  tell_(concat("prepares keeps of ", host::name_of(backend), " with ", name,
               ", sha256:", base::hex(module.digest.view())));
  shelves_.push_back(std::make_unique<Shelf>(
      Kind{backend, module.digest, network, directories}, std::move(name), *std::move(file),
      ShelfSettings{settings_.ready, {}, settings_.snapshots, oldest}));
  shelves_.back()->used_at = now;
  return shelves_.back().get();
}

Result<void, std::string> Service::learn(os::BorrowedFd module, std::string name, bool network,
                                         bool directories) {
  auto bytes = content_of(module);
  if (!bytes) return concat(name, ": is no file that can be read, or too large");
  const crypto::Sha256Digest digest = crypto::sha256({*bytes});
  const Module read{digest, *std::move(bytes)};
  for (const Backend backend : settings_.backends) {
    static_cast<void>(learn(backend, read, name, network, directories, now_monotonic()));
  }
  return {};
}

bool Service::give(Customer& customer, Shelf& shelf, std::uint64_t now) {
  shelf.used_at = now;
  auto keep = shelf.take();
  if (!keep) return false;
  auto process = os::duplicate(keep->process());
  if (!process) return false;
  const std::optional<launch::TakenKeep> taken(std::in_place, shelf.kind().module.has_value(),
                                               keep->give_channel(), *std::move(process));
  customer.keep = std::move(keep);
  if (!launch::send_pool_answer(customer.connection, taken)) customer.over = true;
  return true;
}

void Service::answer(Customer& customer, std::uint64_t now) {
  auto question = launch::receive_pool_question(customer.connection);
  customer.over = true;
  if (!question) return;
  const auto backend = static_cast<Backend>(question->backend);
  const bool ours = std::ranges::find(settings_.backends, backend) != settings_.backends.end();
  const auto running =
      std::ranges::count_if(customers_, [](const auto& each) { return each->keep.has_value(); });
  if (!ours || ending_ || std::cmp_greater_equal(running, settings_.keeps)) {
    static_cast<void>(launch::send_pool_answer(customer.connection, std::nullopt));
    return;
  }
  customer.over = false;
  Shelf* const shelf = shelf_for(*question, now);
  if (shelf != nullptr && give(customer, *shelf, now)) return;
  if (shelf != nullptr && settings_.waits) {
    customer.waits_for = shelf->kind();
  } else {
    give_blank(customer, backend, now);
  }
}

/// That of keeps which are prepared with the question's module; a new one, if there was none. Null
/// if there can be none.
Shelf* Service::shelf_for(const launch::PoolQuestion& question, std::uint64_t now) {
  const auto backend = static_cast<Backend>(question.backend);
  if (!can_be_prepared(backend) || settings_.modules == 0) return nullptr;
  auto bytes = content_of(question.module);
  if (!bytes) return nullptr;
  const crypto::Sha256Digest digest = crypto::sha256({*bytes});
  const Module module{digest, *std::move(bytes)};
  Shelf* const shelf = find({backend, digest, question.network, question.directories});
  if (shelf != nullptr) return shelf;
  return learn(backend, module, "a module that was asked for", question.network,
               question.directories, now);
}

void Service::give_blank(Customer& customer, Backend backend, std::uint64_t now) {
  Shelf* const blank = find({backend, std::nullopt, false, false});
  if (blank != nullptr && give(customer, *blank, now)) return;
  customer.over = true;
  static_cast<void>(launch::send_pool_answer(customer.connection, std::nullopt));
}

/// Whoever waits gets the next keep that is ready; or a blank one, if none will ever be.
void Service::serve_waiting(std::uint64_t now) {
  for (const auto& customer : customers_) {
    if (!customer->waits_for) continue;
    Shelf* const shelf = find(*customer->waits_for);
    if (shelf != nullptr && give(*customer, *shelf, now)) {
      customer->waits_for.reset();
    } else if (shelf == nullptr || shelf->rests(now)) {
      const Backend backend = customer->waits_for->backend;
      customer->waits_for.reset();
      give_blank(*customer, backend, now);
    }
  }
  std::erase_if(customers_, [](const auto& customer) { return customer->over; });
}

std::vector<os::PollItem> Service::items(const os::SignalFile& signals) const {
  std::vector<os::PollItem> items{{signals.fd().number(), POLLIN, 0}};
  // Whoever comes when there are too many waits at the door.
  const bool full = customers_.size() >= settings_.keeps + spare_customers;
  if (listener_.is_open() && !full) items.push_back({listener_.number(), POLLIN, 0});
  for (const auto& shelf : shelves_) {
    for (const int file : shelf->files()) items.push_back({file, POLLIN, 0});
  }
  for (const auto& customer : customers_) {
    items.push_back({customer->connection.number(), POLLIN, 0});
    if (customer->keep) items.push_back({customer->keep->process().number(), POLLIN, 0});
  }
  return items;
}

void Service::take_customer(std::uint64_t now) {
  auto connection = os::accept(listener_);
  if (!connection || !os::is_of_this_user(*connection)) return;
  // One who says nothing, or half a question, is not waited for.
  constexpr std::chrono::seconds patience(1);
  if (!os::set_nonblock(*connection, false) || !os::limit_waiting(*connection, patience)) return;
  customers_.push_back(std::make_unique<Customer>(*std::move(connection)));
  last_asked_ = now;
}

void Service::hear_customers(std::span<const os::PollItem> ready, std::uint64_t now) {
  for (const auto& customer : customers_) {
    if (customer->keep && is_ready(ready, customer->keep->process())) {
      if (const auto status = customer->keep->wait()) {
        launch::send_process_end(customer->connection, *status);
      }
      customer->over = true;
    } else if (is_ready(ready, customer->connection)) {
      // Who says anything more, or is gone, has given his keep up.
      if (customer->keep || customer->waits_for) {
        customer->over = true;
      } else {
        answer(*customer, now);
      }
    }
  }
  std::erase_if(customers_, [](const auto& customer) { return customer->over; });
}

void Service::hear_shelves(std::span<const os::PollItem> ready, std::uint64_t now) {
  for (const auto& shelf : shelves_) {
    for (const int file : shelf->files()) {
      if (!is_ready(ready, os::BorrowedFd(file))) continue;
      const auto heard = shelf->hear(file, now);
      if (!heard) tell_(concat(shelf->name(), ": ", heard.error()));
    }
  }
}

std::uint64_t Service::makes_from(const Shelf& shelf) const noexcept {
  if (last_asked_ == 0 || settings_.waits) return 0;
  return last_asked_ + (shelf.ready() == 0 ? short_quiet : quiet);
}

void Service::make_more(std::uint64_t now) {
  if (ending_) return;
  for (const auto& shelf : shelves_) {
    shelf->put_away_old(now);
    if (!shelf->wants(now) || now < makes_from(*shelf)) continue;
    const auto begun = shelf->make(now);
    if (!begun) tell_(concat(shelf->name(), ": ", begun.error()));
    return;  // one at a time
  }
}

bool Service::take_signal(const os::SignalFile& signals) {
  if (!signals.take()) return true;
  if (ending_) return false;
  ending_ = true;
  listener_.close();
  shelves_.clear();
  return true;
}

/// How long there is nothing to do if nobody comes.
std::chrono::nanoseconds Service::patience(std::uint64_t now) const noexcept {
  constexpr std::chrono::milliseconds soon(2);
  std::chrono::nanoseconds left = std::chrono::seconds(10);
  if (now < last_asked_ + quiet) left = soon;
  for (const auto& shelf : shelves_) {
    if (shelf->rests(now)) left = std::min(left, std::chrono::nanoseconds(shelf->rest_left(now)));
  }
  return left;
}

void Service::serve(const os::SignalFile& signals) {
  for (;;) {
    make_more(now_monotonic());
    auto polled = items(signals);
    static_cast<void>(os::poll(polled, patience(now_monotonic())));
    const std::uint64_t now = now_monotonic();
    if (is_ready(polled, signals.fd()) && !take_signal(signals)) return;
    hear_customers(polled, now);
    hear_shelves(polled, now);
    serve_waiting(now);
    if (listener_.is_open() && is_ready(polled, listener_)) take_customer(now);
    if (ending_ && customers_.empty()) return;
  }
}

}  // namespace merlon::pool
