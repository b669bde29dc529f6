#pragma once

// A processor and a driver for tests of an enclave's pages: EPCM as a map, and a host that does
// what it is asked for, or lies. One at a time.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "merlon/shim/linux/testing/machine.h"
#include "merlon/shim/sgx/leaves.h"
#include "merlon/shim/sgx/pages.h"

namespace merlon::shim::sgx::testing {

class Machine {
 public:
  /// Of a page that is there; `flags` as SECINFO has them, with what is not accepted yet.
  struct Page {
    std::uint64_t flags = 0;
  };

  Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine();

  [[nodiscard]] linux::testing::Machine& linux() { return linux_; }
  [[nodiscard]] Pages& pages() { return pages_; }
  /// SECINFO's rights of a page that has been accepted; nothing if there is none.
  [[nodiscard]] std::optional<std::uint64_t> rights(std::uint64_t page) const;
  [[nodiscard]] std::size_t count() const { return there_.size(); }

  /// What the processor does; and how often.
  [[nodiscard]] bool accept(std::uint64_t address, std::uint64_t flags);
  void extend(std::uint64_t address, std::uint64_t flags);
  std::size_t accepted = 0;
  /// A page was writable and executable at once.
  bool was_writable_and_executable = false;

  std::map<std::uint64_t, Page> there_;
  /// In the place of a driver that does what it is asked for; true: it has done enough.
  std::function<bool(std::uint64_t address, sallyport::PageChange change)> lies;
  /// What the driver refuses.
  std::optional<sallyport::PageChange> refuses;

 private:
  linux::testing::Reply change(const linux::testing::Asked& asked);
  void note(std::uint64_t flags);

  linux::testing::Machine linux_;
  Pages pages_;
};

}  // namespace merlon::shim::sgx::testing
