#pragma once

// Answers to a keep's requests: those that a host gives, and those that no host should.

#include <array>
#include <cstdint>
#include <random>
#include <string_view>

#include "merlon/sallyport/host/request.h"

namespace merlon::tests {

/// How a host lies. Each is one place of what the keep believes, or would like to.
enum class Lie : std::uint8_t {
  Result,    ///< another number: of the enclave's addresses, across its end, around what was asked
             ///< for
  Returned,  ///< more or fewer bytes than there are
  Answered,  ///< an answer to another request
  Silence,   ///< back without an answer
  Errno,     ///< an error: any, or none that there is
  Contents,  ///< as it should be, with any bytes
  Records,   ///< descriptors and sizes in what is delivered
  Request,   ///< what was asked for is another thing afterwards
  Prophecy,  ///< the next answer is there before it is asked for
  Everything,  ///< anything anywhere
  Pages,       ///< said to be done, and it is not; or done, and said that it is not
  OtherPages,  ///< pages that nobody has named
};
inline constexpr std::array<std::string_view, 12> lie_names{
    "results", "sizes",    "sequences", "silence",    "errors", "contents",
    "records", "requests", "ahead",     "everything", "pages",  "other pages"};

class Replies {
 public:
  Replies(sallyport::Block block, core::ByteSpan memory, std::uint64_t seed)
      : block_(block), memory_(memory), chance_(seed) {}

  /// What a host says to whom nothing happened.
  void answer_honestly(const sallyport::Request& request, sallyport::Outcome outcome);
  /// An answer of that kind; `request` may be one that its own block no longer has.
  void lie(Lie kind, const sallyport::Request& request, sallyport::Outcome honest);
  /// What an honest host answers without a file, a socket or a clock.
  [[nodiscard]] sallyport::Outcome outcome_of(const sallyport::Request& request);
  /// While the keep looks: a word of the block is another one.
  void change_a_word();

  [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return chance_() % limit; }
  [[nodiscard]] std::uint64_t number(const sallyport::Request& request);

 private:
  void put(sallyport::Header field, std::uint64_t value) { block_.store(field, value); }
  void fill(std::size_t size);
  void put_records(const sallyport::Request& request);

  sallyport::Block block_;
  core::ByteSpan memory_;
  std::mt19937_64 chance_;
  std::uint64_t time_ = 1'000'000'000;
};

}  // namespace merlon::tests
