#pragma once

// The keep's end of a block: stage → commit → collect. A request is staged in the block, committed
// by the doorbell, and its answer collected: copied once, judged, then used. The phases are types,
// so that no answer is read before its request was committed, and none twice. Freestanding.

#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/sallyport/block.h"
#include "merlon/sallyport/guest/descriptor_set.h"
#include "merlon/sallyport/guest/violation.h"

namespace merlon::sallyport {

/// Tells the host that the request of this number waits; comes back when the host says that it has
/// answered. What the block holds then is the host's word.
struct Doorbell {
  void (*ring)(void* self, std::uint64_t sequence) noexcept = nullptr;
  void* self = nullptr;
};

template <typename T>
using Answer = core::Result<T, Failure>;

class Port;

/// A request that has been committed and not yet collected.
class [[nodiscard]] Committed {
 public:
  Committed(Committed&& other) noexcept = default;
  Committed& operator=(Committed&&) = delete;
  Committed(const Committed&) = delete;
  Committed& operator=(const Committed&) = delete;
  ~Committed() = default;

  /// The result, not negative and as the call's Reply bounds it; the bytes it brings are then in
  /// `into`, which is at least as large as the room that was staged.
  [[nodiscard]] Answer<std::uint64_t> collect(core::ByteSpan into) &&;

 private:
  friend class Staged;
  struct Expectation {
    Reply reply;
    std::uint64_t sequence;  ///< 0: nothing was asked, for want of a number
    std::size_t sent;
    std::size_t room;
    std::size_t items;
    std::uint64_t second;  ///< arguments of the request
    std::uint64_t third;
  };
  /// What an answer says, once it has been judged.
  struct Judged {
    std::uint64_t result;
    std::size_t bytes;
  };
  using Word = core::Untrusted<std::uint64_t>;
  Committed(Port& port, Expectation expectation) noexcept
      : port_(&port), expectation_(expectation) {}
  [[nodiscard]] Answer<Judged> judge(Word result, Word returned) const noexcept;
  [[nodiscard]] Answer<Judged> judge_number(Word result, Word returned) const noexcept;
  [[nodiscard]] Failure judge_error(Word result, Word returned) const noexcept;
  /// Of a result without bytes: whether the request can have it.
  [[nodiscard]] bool is_possible(std::uint64_t result) const noexcept;
  [[nodiscard]] Answer<void> take_delivery(std::uint64_t result,
                                           core::ByteView copied) const noexcept;

  Port* port_;
  Expectation expectation_;
};

/// A request that stands in the block.
class [[nodiscard]] Staged {
 public:
  Staged(Staged&& other) noexcept = default;
  Staged& operator=(Staged&&) = delete;
  Staged(const Staged&) = delete;
  Staged& operator=(const Staged&) = delete;
  ~Staged() = default;

  /// Adds bytes for the host behind those already there. They fit; see Port::capacity().
  Staged&& send(core::ByteView bytes) &&;
  /// Makes room for at most `size` bytes of the answer.
  Staged&& receive(std::size_t size) &&;
  /// How many items were sent, which bounds a Ready.
  Staged&& items(std::size_t count) &&;

  /// Rings the doorbell.
  Committed commit() &&;

 private:
  friend class Port;
  Staged(Port& port, Call call, const Arguments& arguments) noexcept
      : port_(&port), call_(call), second_(arguments[1]), third_(arguments[2]) {}

  Port* port_;
  Call call_;
  std::uint64_t second_;
  std::uint64_t third_;
  std::size_t sent_ = 0;
  std::uint64_t last_word_ = 0;  ///< of what was sent, where it ends within a word
  std::size_t room_ = 0;
  std::size_t items_ = 0;
};

/// No request has a number above this but those that end a keep: Complain and Exit. At a million
/// requests each second it takes half a million years.
inline constexpr std::uint64_t last_sequence = ~std::uint64_t{0} - 4096;

/// One keep thread's door to its host. Not for two threads.
class Port {
 public:
  /// `sequence` is the last request's, of a keep that has asked before.
  Port(Block block, Doorbell bell, std::uint64_t sequence = 0) noexcept
      : block_(block), bell_(bell), sequence_(sequence), committed_(sequence) {}
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  /// Starts a request. One at a time.
  [[nodiscard]] Staged stage(Call call, Arguments arguments);

  /// Bytes that one request can carry in either direction.
  [[nodiscard]] std::size_t capacity() const noexcept { return block_.capacity(); }
  [[nodiscard]] DescriptorSet& descriptors() noexcept { return descriptors_; }
  /// Of the last request; as long as it is the same, the host was asked for nothing else.
  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }
  /// For whoever interrupted a request, at any point, and must make one of their own: has it
  /// answered if it was committed; else it is as if it had never been staged.
  void finish() const noexcept;

 private:
  friend class Staged;
  friend class Committed;

  Block block_;
  Doorbell bell_;
  std::uint64_t sequence_;
  std::uint64_t
      committed_;  ///< of the last request that has been committed, or is just about to be
  DescriptorSet descriptors_;
};

}  // namespace merlon::sallyport
