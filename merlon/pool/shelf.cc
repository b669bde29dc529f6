#include "merlon/pool/shelf.h"

#include <algorithm>
#include <utility>

#include "merlon/base/text.h"
#include "merlon/os/snapshot_file.h"

namespace merlon::pool {

using base::concat;
using core::Result;
using host::SnapshotUse;

namespace {

constexpr std::uint64_t slow = 50'000'000;  // nanoseconds
/// So many come up at a time: more would only take the processor from each other.
constexpr std::size_t coming_at_once = 1;

}  // namespace

Shelf::Shelf(Kind kind, std::string name, os::Fd module, ShelfSettings settings)
    : kind_(kind),
      name_(std::move(name)),
      module_(std::move(module)),
      settings_(std::move(settings)) {}

std::size_t Shelf::ready() const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(keeps_, &MadeKeep::is_ready));
}

std::optional<MadeKeep> Shelf::take() {
  const auto found = std::ranges::find_if(keeps_, &MadeKeep::is_ready);
  if (found == keeps_.end()) return std::nullopt;
  MadeKeep keep = std::move(*found);
  keeps_.erase(found);
  return keep;
}

bool Shelf::makes_snapshots() const noexcept {
  const bool wanted = settings_.snapshots == Snapshots::Always ||
                      (settings_.snapshots == Snapshots::WhereSlow && is_slow_);
  return wanted && !no_snapshots_ && kind_.module.has_value() &&
         kind_.backend == host::Backend::Kvm;
}

bool Shelf::wants(std::uint64_t now) const noexcept {
  if (rests(now) || template_) return false;
  if (makes_snapshots() && !has_snapshot()) return true;
  const std::size_t coming = keeps_.size() - ready();
  if (coming >= coming_at_once) return false;
  // The process of the next copy is made while nothing else is to be.
  return keeps_.size() < settings_.ready || (makes_copies() && !next_copy_);
}

std::optional<launch::Preparation> Shelf::preparation() const {
  launch::Preparation preparation;
  preparation.network = kind_.network;
  preparation.directories = kind_.directories;
  if (!kind_.module) return preparation;
  auto module = os::reopen_for_reading(module_);
  if (!module) return std::nullopt;
  preparation.module = *std::move(module);
  return preparation;
}

Result<void, std::string> Shelf::make(std::uint64_t now) {
  if (makes_snapshots() && !has_snapshot()) return make_snapshot(now);
  if (!makes_copies()) return make_prepared(now);
  return keeps_.size() < settings_.ready ? make_copy(now) : make_next_copy(now);
}

Result<void, std::string> Shelf::make_prepared(std::uint64_t now) {
  auto given = preparation();
  if (!given) return std::string("cannot open the module");
  auto made = MadeKeep::start(kind_.backend, settings_.machine, std::move(given));
  if (!made) {
    rest_.failed(now);
    return made.error().text;
  }
  keeps_.push_back(*std::move(made));
  return {};
}

Result<void, std::string> Shelf::make_copy(std::uint64_t now) {
  // One that has been killed while it waited is replaced at once.
  if (!next_copy_ || !next_copy_->begin(now)) {
    TRY(make_next_copy(now));
    if (!next_copy_->begin(now)) {
      next_copy_.reset();
      rest_.failed(now);
      return std::string("a copy's process ended at once");
    }
  }
  keeps_.push_back(*std::exchange(next_copy_, std::nullopt));
  return {};
}

Result<void, std::string> Shelf::make_next_copy(std::uint64_t now) {
  host::MachineOptions machine = settings_.machine;
  machine.snapshot = SnapshotUse::Restore;
  machine.snapshot_file = snapshot_.number();
  auto made = MadeKeep::start(kind_.backend, machine, std::nullopt);
  if (!made) {
    rest_.failed(now);
    return made.error().text;
  }
  next_copy_ = *std::move(made);
  return {};
}

Result<void, std::string> Shelf::make_snapshot(std::uint64_t now) {
  auto file = os::snapshot_file();
  auto given = preparation();
  if (!file || !given) {
    rest_.failed(now);
    return std::string("cannot make a file for a snapshot");
  }
  host::MachineOptions machine = settings_.machine;
  machine.snapshot = SnapshotUse::Save;
  machine.snapshot_file = file->number();
  auto made = MadeKeep::start(kind_.backend, machine, std::move(given));
  if (!made) {
    rest_.failed(now);
    return made.error().text;
  }
  template_ = *std::move(made);
  new_snapshot_ = *std::move(file);
  return {};
}

/// From here on nobody can change it.
Result<void, std::string> Shelf::finish_snapshot(std::uint64_t now) {
  const auto ended = template_->wait();
  template_.reset();
  os::Fd file = std::move(new_snapshot_);
  const bool saved = ended && ended->kind == os::ExitStatus::Kind::Exited && ended->value == 0;
  if (!saved || !os::seal(file)) {
    // Each is prepared by itself then.
    no_snapshots_ = true;
    return std::string("no snapshot can be made of it; each keep is prepared by itself");
  }
  snapshot_ = std::move(file);
  snapshot_made_ = now;
  return {};
}

void Shelf::put_away_old(std::uint64_t now) {
  const auto is_old = [&](std::uint64_t made) { return now - made > settings_.oldest; };
  std::erase_if(keeps_, [&](const MadeKeep& keep) { return is_old(keep.made_at()); });
  if (snapshot_.is_open() && is_old(snapshot_made_)) {
    snapshot_.close();
    next_copy_.reset();
  }
}

std::vector<int> Shelf::files() const {
  std::vector<int> files;
  for (const MadeKeep& keep : keeps_) files.push_back(keep.channel().number());
  if (next_copy_) files.push_back(next_copy_->process().number());
  if (!template_) return files;
  files.push_back(template_->process().number());
  // What it says is heard until it has ended.
  if (!template_->is_ready()) files.push_back(template_->channel().number());
  return files;
}

Result<void, std::string> Shelf::hear_template(int file, std::uint64_t now) {
  if (file == template_->process().number()) return finish_snapshot(now);
  const auto heard = template_->hear();
  if (heard) return {};
  template_.reset();
  rest_.failed(now);
  return heard.error();
}

Result<void, std::string> Shelf::hear(int file, std::uint64_t now) {
  if (template_ &&
      (file == template_->process().number() || file == template_->channel().number())) {
    return hear_template(file, now);
  }
  if (next_copy_ && file == next_copy_->process().number()) {
    next_copy_.reset();
    rest_.failed(now);
    return std::string("a process that waited to be a keep has ended");
  }
  const auto keep = std::ranges::find_if(
      keeps_, [&](const MadeKeep& each) { return each.channel().number() == file; });
  if (keep == keeps_.end()) return {};
  // One that was ready has ended: somebody has killed it, and the next one will do.
  const bool was_ready = keep->is_ready();
  const auto heard = keep->hear();
  if (heard) {
    if (*heard) rest_.succeeded();
    if (*heard && now - keep->made_at() > slow) is_slow_ = true;
    return {};
  }
  keeps_.erase(keep);
  if (!was_ready) rest_.failed(now);
  return heard.error();
}

}  // namespace merlon::pool
