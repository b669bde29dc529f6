#include "merlon/wasm/exec/exceptions.h"

#include <gtest/gtest.h>

#include "merlon/wasm/testing/binary.h"

namespace merlon::wasm {
namespace {

using testing::i32_of;
using testing::Machine;

/// Types 0 [i32] -> [], 1 [i32] -> [i32], 2 [] -> [i32 exnref], 3 [i32] -> [exnref],
/// 4 [exnref] -> [i32], 5 [exnref] -> [], 6 [] -> [exnref exnref], 7 [exnref] -> [exnref].
/// Tags 0 of type 0 and 1 of type 5. A table and a global of exnref. Functions:
///   0 throws tag 0 with its argument     1 "c": the exception with the argument
///   2 "v": the argument of an exception  3 an exception of tag 1 that holds the given one
///   4 the exception that it holds        5 "f"
std::vector<std::uint8_t> exceptions_module(std::initializer_list<std::uint8_t> f) {
  testing::Binary binary;
  binary.types({8,    0x60, 1,    0x7f, 0,    0x60, 1,    0x7f, 1,    0x7f, 0x60, 0,    2,
                0x7f, 0x69, 0x60, 1,    0x7f, 1,    0x69, 0x60, 1,    0x69, 1,    0x7f, 0x60,
                1,    0x69, 0,    0x60, 0,    2,    0x69, 0x69, 0x60, 1,    0x69, 1,    0x69});
  binary.section(3, {6, 0, 3, 4, 7, 7, 1});
  binary.section(4, {1, 0x69, 0, 1});
  binary.section(13, {2, 0, 0, 0, 5});
  binary.section(6, {1, 0x69, 1, 0xd0, 0x69, 0x0b});
  binary.section(7, {3, 1, 'c', 0, 1, 1, 'v', 0, 2, 1, 'f', 0, 5});
  const std::initializer_list<std::uint8_t> bodies[] = {
      {0, 0x20, 0, 0x08, 0, 0x0b},
      {1, 1,    0x69, 0x02, 2,    0x1f, 0x40, 1, 1,    0,    0, 0x20,
       0, 0x10, 0,    0x0b, 0x00, 0x0b, 0x21, 1, 0x1a, 0x20, 1, 0x0b},
      {0, 0x02, 0x7f, 0x1f, 0x40, 1, 0, 0, 0, 0x20, 0, 0x0a, 0x0b, 0x00, 0x0b, 0x0b},
      {0,    0x02, 6,    0x1f, 0x40, 1,    1, 1,    0,    0x20, 0,
       0x08, 1,    0x0b, 0x00, 0x0b, 0x21, 0, 0x1a, 0x20, 0,    0x0b},
      {0, 0x02, 0x69, 0x1f, 0x40, 1, 0, 1, 0, 0x20, 0, 0x0a, 0x0b, 0x00, 0x0b, 0x0b},
      f};
  std::vector<std::uint8_t> code = {6};
  for (const auto& body : bodies) {
    code.push_back(static_cast<std::uint8_t>(body.size()));
    code.insert(code.end(), body);
  }
  std::vector<std::uint8_t> bytes = binary.bytes();
  bytes.push_back(10);
  bytes.push_back(static_cast<std::uint8_t>((code.size() & 0x7fU) | 0x80U));
  bytes.push_back(static_cast<std::uint8_t>(code.size() >> 7U));
  bytes.insert(bytes.end(), code.begin(), code.end());
  return bytes;
}

/// Catches as many exceptions as its argument says, one after the other, and gives that number.
const std::initializer_list<std::uint8_t> catches_many = {
    1, 1,    0x7f, 0x03, 0x40, 0x20, 1,    0x10, 1, 0x1a, 0x20, 1, 0x41,
    1, 0x6a, 0x22, 1,    0x20, 0,    0x49, 0x0d, 0, 0x0b, 0x20, 1, 0x0b};

TEST(Exceptions, ThatNobodyHoldsAreFreed) {
  for (const CompileMode mode : {CompileMode::Eager, CompileMode::Lazy}) {
    StoreLimits limits;
    limits.max_bytes = 0;  // nothing but the records that are free
    Machine machine(exceptions_module(catches_many), {}, mode, limits);
    ASSERT_NE(machine.instance, nullptr);
    EXPECT_EQ(i32_of(machine.call({Value::from_i32(1'000'001)})), 1'000'001U);
  }
}

/// Holds exceptions of 10 in a local, 20 in the global, 30 in the table, 40 on the stack and 50 in
/// another exception, catches as many others as its argument says, and gives the sum of these five.
const std::initializer_list<std::uint8_t> holds_five = {
    1,    2,    0x69, 0x41, 10,   0x10, 1,    0x21, 1,  // a local
    0x41, 20,   0x10, 1,    0x24, 0,                    // the global
    0x41, 0,    0x41, 30,   0x10, 1,    0x26, 0,        // the table
    0x41, 50,   0x10, 1,    0x10, 3,    0x21, 2,        // another one
    0x41, 40,   0x10, 1,                                // the stack
    0x03, 0x40, 0x41, 1,    0x10, 1,    0x1a, 0x20, 0,    0x41, 1, 0x6b, 0x22, 0,    0x0d,
    0,    0x0b, 0x10, 2,    0x20, 1,    0x10, 2,    0x6a, 0x23, 0, 0x10, 2,    0x6a,  //
    0x41, 0,    0x25, 0,    0x10, 2,    0x6a, 0x20, 2,    0x10, 4, 0x10, 2,    0x6a, 0x0b};

TEST(Exceptions, ThatSomethingHoldsStay) {
  for (const CompileMode mode : {CompileMode::Eager, CompileMode::Lazy}) {
    StoreLimits limits;
    limits.exception_step = 0;  // collected at every throw
    Machine machine(exceptions_module(holds_five), {}, mode, limits);
    ASSERT_NE(machine.instance, nullptr);
    EXPECT_EQ(i32_of(machine.call({Value::from_i32(200)})), 150U);
  }
}

TEST(Exceptions, ThatTheEmbedderHasStay) {
  StoreLimits limits;
  limits.exception_step = 0;
  Machine machine(exceptions_module(catches_many), {}, CompileMode::Eager, limits);
  ASSERT_NE(machine.instance, nullptr);
  const Outcome caught = machine.instance->invoke("c", {Value::from_i32(7)});
  ASSERT_TRUE(std::holds_alternative<Values>(caught));
  EXPECT_EQ(i32_of(machine.call({Value::from_i32(200)})), 200U);
  EXPECT_EQ(i32_of(machine.instance->invoke("v", std::get<Values>(caught))), 7U);
}

TEST(Exceptions, ThatAreHeldCountAgainstTheLimit) {
  // Chains them: local 1 = exception of tag 1 that holds local 1, without an end.
  StoreLimits limits;
  limits.max_bytes = 0;
  Machine machine(exceptions_module({1, 1, 0x69, 0x03, 0x40, 0x20, 1, 0x10, 3, 0x21, 1, 0x0c, 0,
                                     0x0b, 0x00, 0x0b}),
                  {}, CompileMode::Eager, limits);
  ASSERT_NE(machine.instance, nullptr);
  const Outcome outcome = machine.call({Value::from_i32(0)});
  ASSERT_NE(testing::trap_of(outcome), nullptr);
  EXPECT_EQ(testing::trap_of(outcome)->kind, TrapKind::OutOfMemory);
}

TEST(Exceptions, AHandlerFindsTheValuesBelowItsTry) {
  // The argument lies below a try and is set to another value in it, behind the call that throws
  // it: what is below must have been put aside before. The argument, and the argument and one.
  const std::initializer_list<std::uint8_t> below = {0, 0x20, 0, 0x06, 0x7f, 0x20, 0,   0x10,
                                                     0, 0x41, 7, 0x21, 0,    0x41, 0,   0x07,
                                                     0, 0x41, 1, 0x6a, 0x0b, 0x6a, 0x0b};
  for (const CompileMode mode : {CompileMode::Eager, CompileMode::Lazy}) {
    Machine machine(exceptions_module(below), {}, mode);
    ASSERT_NE(machine.instance, nullptr);
    EXPECT_EQ(i32_of(machine.call({Value::from_i32(20)})), 41U);
  }
}

TEST(Exceptions, ARethrownOneIsTheSameWithAllItsValues) {
  // try { try { throw argument } catch { keep it; rethrow } } catch { what came + what was kept };
  // and the same by catch_all, where nothing is kept: thrice the argument.
  const std::initializer_list<std::uint8_t> rethrown = {
      1,    1,    0x7f, 0x06, 0x7f, 0x06, 0x40, 0x20, 0,    0x10, 0, 0x07, 0,
      0x21, 1,    0x09, 0,    0x0b, 0x41, 0,    0x07, 0,    0x20, 1, 0x6a, 0x0b,  //
      0x06, 0x7f, 0x06, 0x40, 0x20, 0,    0x10, 0,    0x19, 0x09, 0, 0x0b, 0x41,
      0,    0x07, 0,    0x0b, 0x6a, 0x0b};
  for (const CompileMode mode : {CompileMode::Eager, CompileMode::Lazy}) {
    Machine machine(exceptions_module(rethrown), {}, mode);
    ASSERT_NE(machine.instance, nullptr);
    EXPECT_EQ(i32_of(machine.call({Value::from_i32(20)})), 60U);
  }
}

TEST(Exceptions, OfBothFormsMeetInOneFunction) {
  // A try catches what throw_ref throws again that a try_table has caught: argument + 1. A try
  // delegates to a try_table: the argument.
  const std::initializer_list<std::uint8_t> both = {
      0,    0x06, 0x7f, 0x02, 2,    0x1f, 0x40, 1,   1,    0,    0,    0x20, 0,
      0x10, 0,    0x0b, 0x00, 0x0b, 0x0a, 0x07, 0,   0x41, 1,    0x6a, 0x0b,  //
      0x02, 0x7f, 0x1f, 0x40, 1,    0,    0,    0,   0x06, 0x40, 0x20, 0,    0x10,
      0,    0x18, 0,    0x0b, 0x00, 0x0b, 0x6a, 0x0b};
  for (const CompileMode mode : {CompileMode::Eager, CompileMode::Lazy}) {
    Machine machine(exceptions_module(both), {}, mode);
    ASSERT_NE(machine.instance, nullptr);
    EXPECT_EQ(i32_of(machine.call({Value::from_i32(20)})), 41U);
  }
}

}  // namespace
}  // namespace merlon::wasm
