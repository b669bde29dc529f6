#pragma once

// Carries out what a keep asks through the sallyport: the only place where the host acts for a
// keep. The keep is hostile: it reaches the descriptors it was given and what lies beneath their
// directories, nothing else of this machine.

#include <array>
#include <cstdint>
#include <optional>

#include "merlon/host/letter.h"
#include "merlon/os/fd.h"
#include "merlon/sallyport/host/request.h"
#include "merlon/sallyport/item.h"

namespace merlon::host {

/// A keep's descriptors: its numbers, our files.
class DescriptorTable {
 public:
  /// The lowest free number; nothing when the table is full.
  [[nodiscard]] std::optional<std::uint32_t> insert(os::Fd file, Grant grant = Grant::ReadWrite);
  /// The file of a number that the keep wrote.
  [[nodiscard]] std::optional<os::BorrowedFd> find(std::uint64_t number) const;
  /// Of a number that is there.
  [[nodiscard]] Grant grant_of(std::uint64_t number) const { return grants_[number]; }
  /// False when there is none.
  [[nodiscard]] bool close(std::uint64_t number);
  /// Closes all.
  void clear() noexcept;
  /// How many are there.
  [[nodiscard]] std::size_t count() const noexcept;
  /// Another file by a number that is there.
  void replace(std::uint64_t number, os::Fd file) noexcept { files_[number] = std::move(file); }

 private:
  std::array<os::Fd, sallyport::max_descriptors> files_;
  std::array<Grant, sallyport::max_descriptors> grants_{};
};

/// What only the launcher of the keep's machine can do.
class Machine {
 public:
  virtual ~Machine() = default;
  /// More memory, zero; nothing when there is none.
  [[nodiscard]] virtual std::optional<sallyport::MemoryRange> grow(std::uint64_t bytes) = 0;
  /// Makes memory of the keep zero. False when it is not the keep's.
  [[nodiscard]] virtual bool release(sallyport::MemoryRange range) = 0;
  /// Ends the keep later; zeros: never. Nanoseconds.
  [[nodiscard]] virtual bool set_timer(std::uint64_t first, std::uint64_t interval) = 0;
  /// Changes pages of an enclave, whose machines alone have some.
  [[nodiscard]] virtual sallyport::Outcome change_pages(const sallyport::Arguments& arguments);
  /// Waits for what a keep that was made ahead gets after its first letter; nothing if it gets no
  /// other. An error ends the keep's waiting.
  [[nodiscard]] virtual core::Result<std::optional<Letter>> next_letter();
  /// Carries an Attest to the security processor, whose machines alone have one.
  [[nodiscard]] virtual sallyport::Outcome attest(const sallyport::Request& request);
};

class Calls {
 public:
  explicit Calls(Machine& machine) noexcept : machine_(&machine) {}

  [[nodiscard]] DescriptorTable& descriptors() noexcept { return descriptors_; }
  /// Puts `letter` where the keep's first ReceiveDescriptors finds it, whatever its descriptor;
  /// those after it are about their descriptor.
  void post(Letter letter) { letter_ = std::move(letter); }

  /// Does what `request` asks and says what to answer. Never fails: a wrong request gets its errno.
  [[nodiscard]] sallyport::Outcome carry_out(const sallyport::Request& request);

  /// The exit status, once the keep has asked to end.
  [[nodiscard]] std::optional<int> ended() const noexcept { return ended_; }
  /// How often the keep has asked, for each call of sallyport::call_table.
  using Counts = std::array<std::uint64_t, sallyport::call_table.size()>;
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

 private:
  using Outcome = sallyport::Outcome;
  using Request = sallyport::Request;

  struct Row;
  struct Handlers;
  [[nodiscard]] static const Row& row_of(sallyport::Call call) noexcept;

  [[nodiscard]] Outcome carry_out_once(const Row& row, const Request& request);
  [[nodiscard]] Outcome give(int number, Grant grant = Grant::ReadWrite);
  [[nodiscard]] Outcome hand_over(const Request& request, os::BorrowedFd socket);
  [[nodiscard]] Outcome deliver(const Request& request, core::ByteView bytes,
                                std::vector<Letter::Enclosure> files);
  [[nodiscard]] bool is_forbidden(const Row& row, const Request& request) const;
  [[nodiscard]] Outcome poll(const Request& request);

  Machine* machine_;
  DescriptorTable descriptors_;
  Letter letter_;
  std::size_t letter_read_ = 0;
  std::optional<int> ended_;
  Counts counts_{};
  std::size_t complaints_ = 0;  ///< how many have been printed
};

}  // namespace merlon::host
