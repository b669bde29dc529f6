// Ends in the way that its argument names: one kind of trap each, or `exit N`, or `return`.
// Operands are volatile so that the compiler cannot see the fault coming and fold it away.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

[[gnu::noinline]] int divide(int numerator, int denominator) { return numerator / denominator; }

[[gnu::noinline]] int read_word(std::uintptr_t address) {
  return *reinterpret_cast<volatile int*>(address);
}

[[gnu::noinline]] void write_word(std::uintptr_t address) {
  *reinterpret_cast<volatile int*>(address) = 1;
}

[[gnu::noinline]] int convert(float value) { return __builtin_wasm_trunc_s_i32_f32(value); }

int (*volatile descend_again)(int);

// Through a pointer, since a compiler may turn direct self-recursion into a loop.
[[gnu::noinline]] int descend(int depth) { return descend_again(depth + 1) + 1; }

int one_argument(int value) { return value + 1; }

int divide_by_zero() {
  volatile int zero = 0;
  return divide(1, zero);
}

int divide_overflow() {
  volatile int lowest = INT32_MIN;
  volatile int minus_one = -1;
  return divide(lowest, minus_one);
}

int convert_not_a_number() {
  volatile float value = __builtin_nanf("");
  return convert(value);
}

int convert_too_large() {
  volatile float value = 1e20F;
  return convert(value);
}

int read_out_of_bounds() { return read_word(0xfffffff0U); }

int write_out_of_bounds() {
  write_word(0xfffffff0U);
  return 0;
}

int overflow_stack() {
  descend_again = descend;
  return descend(0);
}

int call_wrong_type() {
  volatile auto function = reinterpret_cast<std::uintptr_t>(&one_argument);
  return reinterpret_cast<int (*)(int, int)>(function)(1, 2);
}

int call_null() {
  volatile std::uintptr_t function = 0;
  return reinterpret_cast<int (*)()>(function)();
}

int call_outside_table() {
  volatile std::uintptr_t function = 1'000'000;
  return reinterpret_cast<int (*)()>(function)();
}

int reach_unreachable() { __builtin_trap(); }

struct Ending {
  const char* name;
  int (*run)();
};

constexpr Ending endings[] = {
    {"unreachable", reach_unreachable},         {"memory-read", read_out_of_bounds},
    {"memory-write", write_out_of_bounds},      {"divide-by-zero", divide_by_zero},
    {"divide-overflow", divide_overflow},       {"convert-nan", convert_not_a_number},
    {"convert-range", convert_too_large},       {"stack-overflow", overflow_stack},
    {"call-wrong-type", call_wrong_type},       {"call-null", call_null},
    {"call-outside-table", call_outside_table},
};

int usage() {
  std::fprintf(stderr, "usage: trap return | exit N | abort");
  for (const Ending& ending : endings) std::fprintf(stderr, " | %s", ending.name);
  std::fprintf(stderr, "\n");
  return 2;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 2) return usage();
  const char* wanted = arguments[1];
  std::printf("about to end by: %s\n", wanted);
  std::fflush(stdout);
  if (std::strcmp(wanted, "return") == 0) return 0;
  if (std::strcmp(wanted, "abort") == 0) std::abort();
  if (std::strcmp(wanted, "exit") == 0 && argument_count == 3) std::exit(std::atoi(arguments[2]));
  for (const Ending& ending : endings) {
    if (std::strcmp(wanted, ending.name) == 0) {
      std::printf("survived with %d\n", ending.run());
      return 0;
    }
  }
  return usage();
}
