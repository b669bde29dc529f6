// An interpreter's loop: a small register machine runs a program of its own (primes by trial, a
// generator, array sums) through one big switch, which becomes a br_table.
#include "bench.h"

enum { cell_count = 4096, register_count = 16, outer_rounds = 100 };

typedef enum {
  Halt, Set, Move, Add, Subtract, Multiply, Divide, Remainder, And, Or, Xor, ShiftLeft, ShiftRight,
  AddConstant, Load, Store, Jump, JumpIfZero, JumpIfNotZero, JumpIfLess, JumpIfNotLess, Call, Return,
  Push, Pop, Mix
} Operation;

typedef struct {
  uint8_t operation;
  uint8_t target;
  uint8_t left;
  uint8_t right;
  int32_t constant;
} Instruction;

// Counts primes below r1 into r0, filling cells with them; then scrambles and sums the cells.
static const Instruction program[] = {
    {Set, 0, 0, 0, 0},              //  0 count = 0
    {Set, 2, 0, 0, 2},              //  1 candidate = 2
    {JumpIfNotLess, 0, 2, 1, 16},   //  2 while candidate < limit
    {Set, 3, 0, 0, 2},              //  3   divisor = 2
    {Multiply, 4, 3, 3, 0},         //  4   square
    {JumpIfLess, 0, 2, 4, 11},      //  5   candidate < square: prime
    {Remainder, 5, 2, 3, 0},        //  6
    {JumpIfZero, 0, 5, 0, 14},      //  7   divisible: next
    {AddConstant, 3, 3, 0, 1},      //  8   ++divisor
    {Jump, 0, 0, 0, 4},             //  9
    {Halt, 0, 0, 0, 0},             // 10
    {Store, 0, 0, 2, 0},            // 11 cells[count] = candidate
    {AddConstant, 0, 0, 0, 1},      // 12 ++count
    {Jump, 0, 0, 0, 14},            // 13
    {AddConstant, 2, 2, 0, 1},      // 14 ++candidate
    {Jump, 0, 0, 0, 2},             // 15
    {Set, 6, 0, 0, 0},              // 16 index = 0
    {Set, 7, 0, 0, 0},              // 17 sum = 0
    {Set, 8, 0, 0, 20000},          // 18 limit
    {JumpIfNotLess, 0, 6, 8, 27},   // 19 while index < limit
    {Load, 9, 6, 0, 0},             // 20   cell
    {Push, 0, 9, 0, 0},             // 21
    {Call, 0, 0, 0, 28},            // 22   scramble
    {Pop, 10, 0, 0, 0},             // 23
    {Add, 7, 7, 10, 0},             // 24   sum += popped
    {AddConstant, 6, 6, 0, 1},      // 25   ++index
    {Jump, 0, 0, 0, 19},            // 26
    {Halt, 0, 0, 0, 0},             // 27
    {Pop, 11, 0, 0, 0},             // 28 return address of the machine's own stack
    {Pop, 12, 0, 0, 0},             // 29 argument
    {ShiftLeft, 13, 12, 0, 5},      // 30
    {Xor, 12, 12, 13, 0},           // 31
    {ShiftRight, 13, 12, 0, 7},     // 32
    {Xor, 12, 12, 13, 0},           // 33
    {Mix, 12, 12, 6, 0},            // 34
    {Or, 14, 6, 12, 0},             // 35
    {And, 14, 14, 8, 0},            // 36
    {Subtract, 12, 12, 14, 0},      // 37
    {Store, 0, 6, 12, 0},           // 38
    {Push, 0, 12, 0, 0},            // 39
    {Push, 0, 11, 0, 0},            // 40
    {Return, 0, 0, 0, 0},           // 41
};

static uint32_t cells[cell_count];

#define L registers[instruction->left]
#define R registers[instruction->right]

static uint64_t run(uint32_t limit, uint64_t *executed) {
  uint32_t registers[register_count] = {0, limit};
  uint32_t stack[256];
  uint32_t depth = 0;
  uint32_t at = 0;
  uint64_t steps = 0;
  for (;; ++steps) {
    const Instruction *instruction = &program[at++];
    uint32_t *target = &registers[instruction->target];
    const uint32_t constant = (uint32_t)instruction->constant;
    switch ((Operation)instruction->operation) {
      case Halt: *executed += steps; return registers[0] + ((uint64_t)registers[7] << 32);
      case Set: *target = constant; break;
      case Move: *target = L; break;
      case Add: *target = L + R; break;
      case Subtract: *target = L - R; break;
      case Multiply: *target = L * R; break;
      case Divide: *target = R == 0 ? 0 : L / R; break;
      case Remainder: *target = R == 0 ? 0 : L % R; break;
      case And: *target = L & R; break;
      case Or: *target = L | R; break;
      case Xor: *target = L ^ R; break;
      case ShiftLeft: *target = L << (constant & 31); break;
      case ShiftRight: *target = L >> (constant & 31); break;
      case AddConstant: *target = L + constant; break;
      case Load: *target = cells[L % cell_count]; break;
      case Store: cells[L % cell_count] = R; break;
      case Jump: at = constant; break;
      case JumpIfZero: if (L == 0) at = constant; break;
      case JumpIfNotZero: if (L != 0) at = constant; break;
      case JumpIfLess: if (L < R) at = constant; break;
      case JumpIfNotLess: if (L >= R) at = constant; break;
      case Call: stack[depth++ & 255] = at; at = constant; break;
      case Return: at = stack[--depth & 255]; break;
      case Push: stack[depth++ & 255] = L; break;
      case Pop: *target = stack[--depth & 255]; break;
      case Mix: *target = (L ^ R * 0x9e3779b9U) * 0x85ebca6bU; break;
    }
  }
}

int main(void) {
  uint64_t checksum = 0;
  uint64_t executed = 0;
  for (int round = 0; round < outer_rounds; ++round) {
    checksum = mix(checksum, run(30000 + (uint32_t)round, &executed));
  }
  return finish("interpreter", mix(checksum, executed));
}
