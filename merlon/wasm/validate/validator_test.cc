#include "merlon/wasm/validate/validator.h"

#include <set>

#include <gtest/gtest.h>

#include "merlon/wasm/binary/decoder.h"
#include "merlon/wasm/binary/limits.h"
#include "merlon/wasm/testing/binary.h"
#include "merlon/wasm/testing/program.h"

namespace merlon::wasm {
namespace {

using testing::function_module;

core::Result<ValidModule> check(const std::vector<std::uint8_t>& bytes) {
  auto module = decode(bytes);
  if (!module.has_value()) return module.error();
  return validate(std::move(*module));
}

TEST(Validator, ResultsMustHaveTheFunctionsTypes) {
  EXPECT_TRUE(check(function_module({}, {0x7f}, {0, 0x41, 7, 0x0b})).has_value());
  EXPECT_FALSE(check(function_module({}, {0x7f}, {0, 0x42, 7, 0x0b})).has_value());
  EXPECT_FALSE(check(function_module({}, {0x7f}, {0, 0x0b})).has_value());
  EXPECT_FALSE(check(function_module({}, {}, {0, 0x41, 7, 0x0b})).has_value());
}

TEST(Validator, ErrorsNameTheirPlaceInTheFile) {
  const auto bytes = function_module({}, {}, {0, 0x20, 5, 0x1a, 0x0b});
  const auto result = check(bytes);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message(), "unknown local");
  // Right behind local.get 5.
  EXPECT_EQ(result.error().detail, bytes.size() - 2);
}

TEST(Validator, UnreachableCodeIsPolymorphicNotUnchecked) {
  EXPECT_TRUE(check(function_module({}, {0x7f}, {0, 0x00, 0x6a, 0x0b})).has_value());
  EXPECT_FALSE(check(function_module({}, {0x7f}, {0, 0x00, 0x42, 1, 0x6a, 0x0b})).has_value());
}

TEST(Validator, MemoryInstructionsNeedAMemory) {
  EXPECT_FALSE(check(function_module({}, {0x7f}, {0, 0x41, 0, 0x28, 2, 0, 0x0b})).has_value());
  EXPECT_TRUE(check(function_module({}, {0x7f}, {0, 0x41, 0, 0x28, 2, 0, 0x0b}, true)).has_value());
}

TEST(Validator, DeepNestingNeedsNoDeepStack) {
  std::vector<std::uint8_t> body = {0};
  constexpr std::size_t depth = 200'000;
  for (std::size_t i = 0; i < depth; ++i) body.insert(body.end(), {0x02, 0x40});
  body.insert(body.end(), depth + 1, 0x0b);
  std::vector<std::uint8_t> bytes = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0};
  const auto leb = [](std::size_t value) {
    std::vector<std::uint8_t> out;
    for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<std::uint8_t>(value | 0x80U));
    out.push_back(static_cast<std::uint8_t>(value));
    return out;
  };
  const auto size = leb(body.size());
  const auto section = leb(body.size() + size.size() + 1);
  bytes.push_back(10);
  bytes.insert(bytes.end(), section.begin(), section.end());
  bytes.push_back(1);
  bytes.insert(bytes.end(), size.begin(), size.end());
  bytes.insert(bytes.end(), body.begin(), body.end());
  EXPECT_TRUE(check(bytes).has_value());
}

TEST(Validator, AClauseStandsInATryThatHasNoneForAll) {
  const std::initializer_list<std::uint8_t> refused[] = {
      {0, 0x19, 0x0b},                          // catch_all
      {0, 0x02, 0x40, 0x19, 0x0b, 0x0b},        // block catch_all end
      {0, 0x1f, 0x40, 0, 0x19, 0x0b, 0x0b},     // try_table catch_all end
      {0, 0x06, 0x40, 0x19, 0x19, 0x0b, 0x0b},  // try catch_all catch_all end
      {0, 0x06, 0x40, 0x19, 0x18, 0, 0x0b},     // try catch_all delegate 0
      {0, 0x02, 0x40, 0x18, 0, 0x0b},           // block delegate 0
      {0, 0x18, 0},                             // delegate 0
      {0, 0x06, 0x40, 0x05, 0x0b, 0x0b},        // try else end
      {0, 0x06, 0x40, 0x19, 0x02, 0x40, 0x18, 0, 0x0b, 0x0b}};
  for (const auto& body : refused) EXPECT_FALSE(check(function_module({}, {}, body)).has_value());
  const auto module = check(function_module({}, {}, {0, 0x06, 0x40, 0x19, 0x09, 0, 0x0b, 0x0b}));
  ASSERT_TRUE(module.has_value());
  EXPECT_TRUE(module->features().contains(Feature::LegacyExceptions));
}

TEST(Validator, WhatWasCaughtIsThrownAgainInItsClauseOnly) {
  const std::initializer_list<std::uint8_t> refused[] = {
      {0, 0x09, 0, 0x0b},                                            // rethrow 0
      {0, 0x06, 0x40, 0x09, 0, 0x19, 0x0b, 0x0b},                    // try rethrow 0 catch_all end
      {0, 0x06, 0x40, 0x19, 0x09, 1, 0x0b, 0x0b},                    // try catch_all rethrow 1 end
      {0, 0x06, 0x40, 0x19, 0x02, 0x40, 0x09, 0, 0x0b, 0x0b, 0x0b},  // … catch_all block rethrow 0
      {0, 0x06, 0x40, 0x19, 0x09, 2, 0x0b, 0x0b}};                   // of a label that is not there
  for (const auto& body : refused) EXPECT_FALSE(check(function_module({}, {}, body)).has_value());
  EXPECT_TRUE(
      check(function_module({}, {}, {0, 0x06, 0x40, 0x19, 0x02, 0x40, 0x09, 1, 0x0b, 0x0b, 0x0b}))
          .has_value());
}

TEST(Validator, RefAsNonNullGivesATypeWithoutNull) {
  const auto gives_a_function = [](std::initializer_list<std::uint8_t> body) {
    testing::Binary binary;
    binary.types({1, 0x60, 1, 0x70, 1, 0x64, 0x70}).section(3, {1, 0});  // funcref -> (ref func)
    return check(binary.code(body).bytes()).has_value();
  };
  EXPECT_TRUE(gives_a_function({0, 0x20, 0, 0xd4, 0x0b})) << "local.get 0; ref.as_non_null";
  EXPECT_FALSE(gives_a_function({0, 0x20, 0, 0x0b})) << "local.get 0";
}

TEST(Validator, ManyResultsAreAsGoodAsFew) {
  for (const std::size_t count : {1U, 8U, 9U, 100U}) {
    std::vector<std::uint8_t> results(count, 0x7f);
    const auto ends_as = [&](std::initializer_list<std::uint8_t> rest) {
      std::vector<std::uint8_t> body = {0, 0x10, 0};  // call of itself
      body.insert(body.end(), rest);
      return check(function_module({}, results, body)).has_value();
    };
    EXPECT_TRUE(ends_as({0x0b})) << count;
    EXPECT_TRUE(ends_as({0x1a, 0x41, 7, 0x0b})) << count;
    EXPECT_FALSE(ends_as({0x1a, 0x42, 7, 0x0b})) << count;
    EXPECT_FALSE(ends_as({0x1a, 0x0b})) << count;
    EXPECT_FALSE(ends_as({0x41, 7, 0x0b})) << count;
    EXPECT_TRUE(ends_as({0x00, 0x0b})) << count << ": of no type, behind unreachable";
  }
}

TEST(Validator, ASelectWithoutTypeChoosesBetweenNumbersOrVectorsOfOneType) {
  const auto choose = [](std::uint8_t first, std::uint8_t second,
                         std::initializer_list<std::uint8_t> select) {
    std::vector<std::uint8_t> body = {0, 0x20, 0, 0x20, 1, 0x41, 0};
    body.insert(body.end(), select);
    body.insert(body.end(), {0x1a, 0x0b});
    std::vector<std::uint8_t> bytes = {0, 'a', 's', 'm', 1, 0, 0, 0};
    bytes.insert(bytes.end(), {1, 6, 1, 0x60, 2, first, second, 0, 3, 2, 1, 0});
    const auto size = static_cast<std::uint8_t>(body.size());
    bytes.insert(bytes.end(), {10, static_cast<std::uint8_t>(size + 2), 1, size});
    bytes.insert(bytes.end(), body.begin(), body.end());
    return check(bytes).has_value();
  };
  constexpr std::uint8_t reference[] = {0x6f, 0x70, 0x69};
  constexpr std::uint8_t other[] = {0x7f, 0x7e, 0x7d, 0x7c, 0x7b};
  for (const std::uint8_t type : other) {
    EXPECT_TRUE(choose(type, type, {0x1b})) << int{type};
    EXPECT_EQ(choose(type, 0x7f, {0x1b}), type == 0x7f) << int{type};
    EXPECT_FALSE(choose(type, 0x6f, {0x1b})) << int{type};
  }
  for (const std::uint8_t type : reference) {
    EXPECT_FALSE(choose(type, type, {0x1b})) << int{type};
    EXPECT_TRUE(choose(type, type, {0x1c, 1, type})) << int{type};
    EXPECT_FALSE(choose(type, 0x7f, {0x1b})) << int{type};
  }
  // Where the other value is of no type, too: unreachable; local.get 0; i32.const 0; select.
  EXPECT_FALSE(
      check(function_module({0x6f}, {}, {0, 0, 0x20, 0, 0x41, 0, 0x1b, 0x1a, 0x0b})).has_value());
  EXPECT_TRUE(
      check(function_module({0x7f}, {}, {0, 0, 0x20, 0, 0x41, 0, 0x1b, 0x1a, 0x0b})).has_value());
}

TEST(Validator, OnlyATypeThatIsNotFinalHasSubtypes) {
  const auto below = [](std::initializer_list<std::uint8_t> super) {
    // The supertype, then a type that names it as such.
    std::vector<std::uint8_t> bytes = {0, 'a', 's', 'm', 1, 0, 0, 0};
    bytes.insert(bytes.end(), {1, static_cast<std::uint8_t>(super.size() + 7), 2});
    bytes.insert(bytes.end(), super);
    bytes.insert(bytes.end(), {0x4f, 1, 0, 0x60, 0, 0});
    return check(bytes).has_value();
  };
  EXPECT_TRUE(below({0x50, 0, 0x60, 0, 0})) << "sub";
  EXPECT_FALSE(below({0x4f, 0, 0x60, 0, 0})) << "sub final";
  EXPECT_FALSE(below({0x60, 0, 0})) << "a type without more";
  EXPECT_FALSE(below({0x50, 0, 0x60, 1, 0x7f, 0})) << "of other parameters";
}

TEST(Validator, DelegateEndsATryWithItsResultsAndNamesALabel) {
  EXPECT_TRUE(
      check(function_module({}, {0x7f}, {0, 0x06, 0x7f, 0x41, 7, 0x18, 0, 0x0b})).has_value());
  EXPECT_FALSE(
      check(function_module({}, {0x7f}, {0, 0x06, 0x7f, 0x41, 7, 0x18, 1, 0x0b})).has_value());
  EXPECT_FALSE(check(function_module({}, {}, {0, 0x06, 0x7f, 0x41, 7, 0x18, 0, 0x0b})).has_value());
}

TEST(Validator, EachLabelOfABranchTableFitsTheValues) {
  const auto table = [](std::initializer_list<std::uint8_t> inner, std::uint8_t first = 0) {
    // Types: () -> (), () -> (i32 i64), () -> (i32 i32), and the second once more. A block of type
    // 1 around one of `inner`, in it i32.const 0; i64.const 0; i32.const 0; br_table 0 1, or 1 0.
    testing::Binary binary;
    binary.types(
        {4, 0x60, 0, 0, 0x60, 0, 2, 0x7f, 0x7e, 0x60, 0, 2, 0x7f, 0x7f, 0x60, 0, 2, 0x7f, 0x7e});
    binary.section(3, {1, 0});
    const auto second = static_cast<std::uint8_t>(1 - first);
    std::vector<std::uint8_t> body = {0, 0x02, 1, 0x02};
    body.insert(body.end(), inner);
    body.insert(body.end(), {0x41, 0, 0x42, 0, 0x41, 0, 0x0e, 1, first, second, 0x0b, 0, 0x0b, 0x1a,
                             0x1a, 0x0b});
    std::vector<std::uint8_t> bytes = binary.bytes();
    const auto size = static_cast<std::uint8_t>(body.size());
    bytes.insert(bytes.end(), {10, static_cast<std::uint8_t>(size + 2), 1, size});
    bytes.insert(bytes.end(), body.begin(), body.end());
    return check(bytes).has_value();
  };
  EXPECT_TRUE(table({1}));
  EXPECT_TRUE(table({3})) << "of equal types";
  EXPECT_TRUE(table({3}, 1)) << "of equal types";
  EXPECT_FALSE(table({2})) << "of other types";
  EXPECT_FALSE(table({2}, 1)) << "of other types, behind one that fits";
  EXPECT_FALSE(table({0x40})) << "of another number";
  EXPECT_FALSE(table({0x7f})) << "of another number";
}

TEST(Validator, ACatchNamesATagThatIsThere) {
  const auto with_tag = [](std::uint8_t tag) {
    // try_table with the clause catch `tag` 0, where there is one tag.
    testing::Binary binary;
    binary.types({1, 0x60, 0, 0}).section(3, {1, 0}).section(13, {1, 0, 0});
    binary.code({0, 0x1f, 0x40, 1, 0, tag, 0, 0x0b, 0x0b});
    return check(binary.bytes()).has_value();
  };
  EXPECT_TRUE(with_tag(0));
  EXPECT_FALSE(with_tag(1));
  EXPECT_FALSE(with_tag(2));
}

TEST(Validator, ALocalThatHasNoDefaultIsReadOnlyOnceItIsSet) {
  // A local of (ref func); ref.func 0; local.set 0; local.get 0; drop
  EXPECT_TRUE(
      check(function_module({}, {}, {1, 1, 0x64, 0x70, 0xd2, 0, 0x21, 0, 0x20, 0, 0x1a, 0x0b}))
          .has_value());
  EXPECT_FALSE(check(function_module({}, {}, {1, 1, 0x64, 0x70, 0x20, 0, 0x1a, 0x0b})).has_value());
  // Set in a block only; then the second of two.
  EXPECT_FALSE(check(function_module({}, {},
                                     {1, 1, 0x64, 0x70, 0x02, 0x40, 0xd2, 0, 0x21, 0, 0x0b, 0x20, 0,
                                      0x1a, 0x0b}))
                   .has_value());
  EXPECT_FALSE(
      check(function_module({}, {}, {1, 2, 0x64, 0x70, 0xd2, 0, 0x21, 0, 0x20, 1, 0x1a, 0x0b}))
          .has_value());
}

TEST(Validator, SegmentsNameFunctionsTablesAndMemoriesThatAreThere) {
  const auto element = [](std::initializer_list<std::uint8_t> segment) {
    testing::Binary binary;
    binary.types({1, 0x60, 0, 0}).section(3, {1, 0}).section(4, {1, 0x70, 0, 1});
    binary.section(9, segment).code({0, 0x0b});
    return check(binary.bytes()).has_value();
  };
  EXPECT_TRUE(element({1, 0, 0x41, 0, 0x0b, 1, 0}));
  EXPECT_FALSE(element({1, 0, 0x41, 0, 0x0b, 1, 1})) << "function";
  EXPECT_FALSE(element({1, 2, 1, 0x41, 0, 0x0b, 0, 1, 0})) << "table";
  EXPECT_FALSE(element({1, 0, 0x42, 0, 0x0b, 1, 0})) << "an offset of i64";
  const auto data = [](std::initializer_list<std::uint8_t> segment) {
    testing::Binary binary;
    binary.section(5, {1, 0, 1}).section(11, segment);
    return check(binary.bytes()).has_value();
  };
  EXPECT_TRUE(data({1, 0, 0x41, 0, 0x0b, 0}));
  EXPECT_FALSE(data({1, 2, 1, 0x41, 0, 0x0b, 0})) << "memory";
  EXPECT_FALSE(data({1, 0, 0x42, 0, 0x0b, 0})) << "an offset of i64";
}

TEST(Validator, SaysWhichProposalsAModuleNeeds) {
  const auto module =
      check(function_module({0x7b}, {0x7b}, {0, 0x20, 0, 0x20, 0, 0xfd, 0xae, 1, 0x0b}));
  ASSERT_TRUE(module.has_value());
  EXPECT_TRUE(module->features().contains(Feature::Simd));
  EXPECT_FALSE(module->features().contains(Feature::Exceptions));
}

TEST(Validator, AnIfWithoutElseHandsItsParametersOn) {
  const auto with = [](std::uint8_t param, std::uint8_t result) {
    // unreachable; if of type 1; unreachable; end; drop
    testing::Binary binary;
    binary.types({2, 0x60, 0, 0, 0x60, 1, param, 1, result}).section(3, {1, 0});
    binary.code({0, 0x00, 0x04, 1, 0x00, 0x0b, 0x1a, 0x0b});
    return check(binary.bytes()).has_value();
  };
  EXPECT_TRUE(with(0x7f, 0x7f));
  EXPECT_FALSE(with(0x7f, 0x7e));
  EXPECT_FALSE(with(0x70, 0x6f));
}

TEST(Validator, SaysWhenAModuleNeedsMoreThanOneMemoryOrWideOnes) {
  const auto features = [](std::initializer_list<std::uint8_t> memories) {
    testing::Binary binary;
    binary.section(5, memories);
    const auto module = check(binary.bytes());
    EXPECT_TRUE(module.has_value());
    return module->features();
  };
  EXPECT_FALSE(features({1, 0, 1}).contains(Feature::MultiMemory));
  EXPECT_TRUE(features({2, 0, 1, 0, 1}).contains(Feature::MultiMemory));
  EXPECT_FALSE(features({1, 0, 1}).contains(Feature::Memory64));
  EXPECT_TRUE(features({1, 4, 1}).contains(Feature::Memory64));
}

TEST(Validator, AModuleMayHaveSoManyMemoriesAndNoMore) {
  // One is imported, the others are its own.
  const auto with = [](std::uint32_t memories) {
    testing::Bytes own, module;
    own.u32(memories - 1);
    for (std::uint32_t i = 1; i < memories; ++i) own.u32(0).u32(0);
    module.raw(0x0000'0001'6d73'6100, 8);
    module.byte(2).sized(testing::Bytes().raw(0x0000'026e'016d'0101, 8)).byte(5).sized(own);
    return check(module.take()).has_value();
  };
  EXPECT_TRUE(with(limits::memories));
  EXPECT_FALSE(with(limits::memories + 1));
}

TEST(Validator, AFunctionMayHaveSoManyOperandsAtOnceAndNoMore) {
  const auto with = [](std::uint32_t operands) {
    testing::Bytes body;
    body.u32(0);
    for (std::uint32_t i = 0; i < operands; ++i) body.get(0);
    body.op(Opcode::Unreachable).op(Opcode::End);
    testing::Bytes code, module;
    code.u32(1).sized(body);
    module.raw(0x0000'0001'6d73'6100, 8).byte(1).sized(testing::Bytes().raw(0x7f01'6001, 5));
    module.byte(3).sized(testing::Bytes().raw(0x0001, 2)).byte(10).sized(code);
    return check(module.take());
  };
  EXPECT_TRUE(with(limits::operands).has_value());
  const auto refused = with(limits::operands + 1);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, core::ErrorCode::Exhausted);
}

TEST(Validator, NothingStandsBehindAFunctionsEnd) {
  EXPECT_TRUE(check(function_module({}, {}, {0, 0x01, 0x0b})).has_value());
  const auto behind = check(function_module({}, {}, {0, 0x0b, 0x01}));
  ASSERT_FALSE(behind.has_value());
  EXPECT_EQ(behind.error().message(), "instructions after the function's end");
  EXPECT_FALSE(check(function_module({}, {}, {0, 0x0b, 0x0b})).has_value());
}

/// What is copied is counted by 64 bits only where both memories are so wide.
TEST(Validator, ACopyBetweenMemoriesIsAsLongAsTheNarrowerCanSay) {
  constexpr std::uint8_t wide = 4, narrow = 0;
  const auto copies = [](std::uint8_t to, std::uint8_t from, bool by_64_bits) {
    const auto constant = [](bool is_64) { return std::uint8_t(is_64 ? 0x42 : 0x41); };
    testing::Binary binary;
    binary.types({1, 0x60, 0, 0}).section(3, {1, 0}).section(5, {2, to, 1, from, 1});
    binary.code({0, constant(to == wide), 0, constant(from == wide), 0, constant(by_64_bits), 0,
                 0xfc, 10, 0, 1, 0x0b});
    return check(binary.bytes()).has_value();
  };
  for (const std::uint8_t to : {wide, narrow}) {
    for (const std::uint8_t from : {wide, narrow}) {
      const bool both = to == wide && from == wide;
      EXPECT_EQ(copies(to, from, true), both) << int{to} << int{from};
      EXPECT_EQ(copies(to, from, false), !both) << int{to} << int{from};
    }
  }
}

/// So many that they are kept as groups.
TEST(Validator, LocalsOfOneFunctionAreNotThoseOfTheNext) {
  const auto with = [](std::uint8_t first, std::uint8_t second) {
    testing::Binary binary;
    binary.types({2, 0x60, 0, 0, 0x60, 0, 1, 0x7e}).section(3, {2, 0, 1});
    // 100 locals each, of one type; the second function gives its 100th.
    binary.section(10, {2, 4, 1, 100, first, 0x0b, 6, 1, 100, second, 0x20, 99, 0x0b});
    return check(binary.bytes()).has_value();
  };
  EXPECT_TRUE(with(0x7f, 0x7e));
  EXPECT_TRUE(with(0x7e, 0x7e));
  EXPECT_FALSE(with(0x7e, 0x7f));
}

TEST(TypeRegistry, EqualTypesShareAnIdAcrossModules) {
  TypeRegistry registry;
  DefinedType unary;
  unary.function.params = {ValueType::i32};
  DefinedType self;
  self.function.results = {ValueType::reference(HeapType::defined(1), true)};
  self.group_start = 1;
  const auto first = registry.add({unary, self});
  DefinedType shifted = self;
  shifted.function.results = {ValueType::reference(HeapType::defined(0), true)};
  shifted.group_start = 0;
  DefinedType last = unary;
  last.group_start = 1;
  const auto second = registry.add({shifted, last});
  EXPECT_EQ(first[0], second[1]);
  EXPECT_EQ(first[1], second[0]) << "a type that mentions itself is known by its shape";
  EXPECT_NE(first[0], first[1]);
}

TEST(TypeRegistry, ATypeIsAnotherOneBelowAnotherSupertypeOrNone) {
  TypeRegistry registry;
  std::vector<DefinedType> types;
  constexpr TypeIndex bases = 5;
  for (TypeIndex i = 0; i < bases; ++i) {
    DefinedType base;
    base.function.params.assign(i, ValueType::i32);
    base.final = false;
    base.group_start = i;
    types.push_back(base);
  }
  for (TypeIndex i = 0; i <= bases; ++i) {
    DefinedType derived;
    derived.function.results = {ValueType::i64};
    if (i < bases) derived.supertype = i;
    derived.group_start = bases + i;
    types.push_back(derived);
  }
  const auto ids = registry.add(types);
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), ids.size());
  for (TypeIndex i = 0; i < bases; ++i) EXPECT_TRUE(registry.is_subtype(ids[bases + i], ids[i]));
}

TEST(TypeRegistry, OnlyDeclaredAncestorsAreSupertypes) {
  TypeRegistry registry;
  DefinedType base;
  base.final = false;
  DefinedType derived = base;
  derived.supertype = 0;
  derived.group_start = 1;
  const auto ids = registry.add({base, derived});
  EXPECT_TRUE(registry.is_subtype(ids[1], ids[0]));
  EXPECT_FALSE(registry.is_subtype(ids[0], ids[1]));
}

}  // namespace
}  // namespace merlon::wasm
