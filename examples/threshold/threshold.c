// threshold QUESTIONS: a bank's ledger in a keep. It says of a balance whether it reaches a
// threshold, proves it, and tells nothing else. Reads commands from standard input, one a line:
//
//     balance NUMBER [BLINDING]    the balance; BLINDING (64 hexadecimal digits) if the commitment is
//                                  to be the same each time, as one that was published
//     ask LEAST BITS CONTEXT       whether it is at least LEAST, and less than that and 2^BITS;
//                                  CONTEXT in hexadecimal digits
//
// and answers by lines: "commitment", "launch", "evidence" and "proof" with hexadecimal digits behind
// them, then "end"; or "refused CODE". Answers QUESTIONS of them at most: who could ask for ever would
// find the balance by halving.

#include <stdio.h>
#include <stdlib.h>

#include <merlon/guest/statement.h>

enum { line_size = 4096, evidence_size = 16384 };

static void show(const char *what, const uint8_t *bytes, size_t size) {
  printf("%s ", what);
  for (size_t i = 0; i < size; ++i) printf("%02x", bytes[i]);
  putchar('\n');
}

/* How many bytes, or -1. */
static long from_hex(const char *digits, uint8_t *bytes, size_t room) {
  size_t size = 0;
  for (; digits[0] != 0 && digits[1] != 0; digits += 2) {
    char pair[3] = {digits[0], digits[1], 0};
    char *end;
    const unsigned long byte = strtoul(pair, &end, 16);
    if (*end != 0 || size == room) return -1;
    bytes[size++] = (uint8_t)byte;
  }
  return digits[0] == 0 ? (long)size : -1;
}

/* Has the keep's processor say that this program, launched as it is, has committed to the balance. */
static int vouch(const merlon_commitment *commitment, const char *context) {
  static uint8_t bytes[evidence_size];
  char said[line_size];
  int size = snprintf(said, sizeof said, "the balance is committed to in ");
  for (size_t i = 0; i < sizeof commitment->bytes; ++i) {
    size += snprintf(said + size, 3, "%02x", commitment->bytes[i]);
  }
  size += snprintf(said + size, sizeof said - (size_t)size, " for %s", context);
  if ((size_t)size >= sizeof said) return 0;
  const char *names[] = {"launch", "/keep/launch.json", "evidence", "/keep/fresh"};
  for (size_t i = 0; i < 4; i += 2) {
    const int is_fresh = i == 2;
    const int file = open(names[i + 1], is_fresh ? O_RDWR : O_RDONLY);
    if (file < 0 || (is_fresh && write(file, said, (size_t)size) != size)) return 0;
    size_t got = 0;
    ssize_t now;
    while ((now = read(file, bytes + got, sizeof bytes - got)) > 0) got += (size_t)now;
    close(file);
    if (now < 0) return 0;
    show(names[i], bytes, got);
  }
  return 1;
}

static merlon_status answer(int file, const merlon_opening *balance, uint64_t least, unsigned bits,
                            const char *context_digits) {
  uint8_t bytes[MERLON_MAX_CONTEXT_SIZE];
  const long context_size = from_hex(context_digits, bytes, sizeof bytes);
  if (context_size <= 0 || bits > MERLON_MAX_BITS) return MERLON_FORM;
  const merlon_context context = {bytes, (size_t)context_size};
  // A commitment of its own for each asker, unless one was published: nobody can put two together.
  merlon_opening opening = *balance;
  merlon_commitment commitment;
  static const uint8_t none[MERLON_BLINDING_SIZE];
  const int is_fresh = memcmp(balance->blinding, none, sizeof none) == 0;
  merlon_status status = is_fresh ? merlon_commit(file, balance->number, &opening, &commitment)
                                  : merlon_commitment_of(file, &opening, &commitment);
  static uint8_t proof[MERLON_MAX_PROOF_SIZE];
  if (status == MERLON_DONE) {
    status = merlon_prove_at_least(file, &opening, least, bits, context, proof);
  }
  merlon_forget(&opening, sizeof opening);
  if (status != MERLON_DONE) return status;
  show("commitment", commitment.bytes, sizeof commitment.bytes);
  if (!vouch(&commitment, context_digits)) return MERLON_FILE;
  show("proof", proof, MERLON_AT_LEAST_PROOF_SIZE(bits));
  puts("end");
  return MERLON_DONE;
}

int main(int count, char **words) {
  const int file = merlon_statement_open();
  if (count != 2 || file < 0) {
    perror(count == 2 ? "/keep/statement" : "usage: threshold QUESTIONS");
    return 2;
  }
  long questions = strtol(words[1], NULL, 10);
  merlon_opening balance = {0, {0}};
  static char line[line_size];
  static char last[line_size];
  while (fgets(line, sizeof line, stdin) != NULL) {
    unsigned long long least;
    unsigned bits;
    if (sscanf(line, "balance %llu %4095s", &least, last) == 2) {
      balance.number = least;
      if (from_hex(last, balance.blinding, sizeof balance.blinding) != MERLON_BLINDING_SIZE) return 2;
    } else if (sscanf(line, "balance %llu", &least) == 1) {
      merlon_forget(&balance, sizeof balance);
      balance.number = least;
    } else if (sscanf(line, "ask %llu %u %4095s", &least, &bits, last) == 3) {
      if (questions == 0) {
        puts("refused asked-too-often");
      } else {
        --questions;
        const merlon_status status = answer(file, &balance, least, bits, last);
        if (status != MERLON_DONE) printf("refused %s\n", merlon_status_name(status));
      }
    } else {
      puts("refused not-a-command");
    }
    fflush(stdout);
    merlon_forget(line, sizeof line);
    merlon_forget(last, sizeof last);
  }
  return 0;
}
