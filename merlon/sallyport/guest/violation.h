#pragma once

// How a host can break the rules of the sallyport, and what a call can end with. Freestanding.

#include <cstdint>

namespace merlon::sallyport {

/// A reply that no honest host gives. The keep ends with its name; it never goes on with the value.
enum class Violation : std::uint8_t {
  None,                ///< the host kept the rules
  NotAnswered,         ///< came back without an answer to this request
  UnknownErrno,        ///< an error number outside of 1 … 4095
  ErrorWithBytes,      ///< an error that brings bytes
  Interrupted,         ///< a call was interrupted that is never asked again
  ResultOutOfRange,    ///< a result that the call cannot have
  WrongSize,           ///< not the number of bytes that the result says
  DescriptorInUse,     ///< a descriptor that the keep holds already
  DescriptorTooLarge,  ///< a descriptor number outside of the keep's table
  CameBack,            ///< an answer to a call that has none
  TimeOutOfRange,      ///< a time that no machine has
  TooManyRequests,     ///< none of the host's: the keep has no numbers left for its requests
};

[[nodiscard]] constexpr const char* describe(Violation violation) noexcept {
  switch (violation) {
    case Violation::None: return "kept the rules";
    case Violation::NotAnswered: return "came back without an answer";
    case Violation::UnknownErrno: return "answered with an impossible error number";
    case Violation::ErrorWithBytes: return "sent bytes along with an error";
    case Violation::Interrupted: return "says that a call was interrupted that cannot be";
    case Violation::ResultOutOfRange: return "answered with an impossible result";
    case Violation::WrongSize: return "sent another number of bytes than it says";
    case Violation::DescriptorInUse: return "gave a descriptor that is in use";
    case Violation::DescriptorTooLarge: return "gave a descriptor out of range";
    case Violation::CameBack: return "answered a call that has no answer";
    case Violation::TimeOutOfRange: return "told an impossible time";
    case Violation::TooManyRequests: return "was asked more often than can be counted";
  }
  return "broke the rules";
}

/// Why a call gave no answer: the host's error number, or the rule it broke.
struct Failure {
  std::int32_t number = 0;  ///< an errno of Linux; 0 with a violation
  Violation violation = Violation::None;
};

/// The end of a call whose answer breaks `violation`.
[[nodiscard]] constexpr Failure broken(Violation violation) noexcept { return {0, violation}; }

}  // namespace merlon::sallyport
