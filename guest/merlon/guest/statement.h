#ifndef MERLON_GUEST_STATEMENT_H_
#define MERLON_GUEST_STATEMENT_H_

/* For workloads in C: claims about committed numbers, by the keep's file /keep/statement. What they
 * say and what they do not: docs/statements.md. C99; needs open, read, write and close, nothing
 * from the heap, and 10 KiB of stack. From C++: statement.hpp.
 *
 *     int file = merlon_statement_open();
 *     merlon_opening balance;
 *     merlon_commitment commitment;
 *     if (merlon_commit(file, 5000, &balance, &commitment) != MERLON_DONE) ...
 *
 * An opening is a secret: overwrite it (merlon_forget) when it is no longer needed.
 * One file serves any number of requests, one at a time. */

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define MERLON_COMMITMENT_SIZE 33
#define MERLON_BLINDING_SIZE 32
#define MERLON_MAX_CONTEXT_SIZE 1024
#define MERLON_MAX_BITS 63
#define MERLON_MAX_PARTS 32
/* Of "at least" with so many bits, and of "equal" and "sum". */
#define MERLON_AT_LEAST_PROOF_SIZE(bits) (32 + 129 * (size_t)(bits))
#define MERLON_EQUAL_PROOF_SIZE 64
#define MERLON_SUM_PROOF_SIZE 64
#define MERLON_MAX_PROOF_SIZE MERLON_AT_LEAST_PROOF_SIZE(MERLON_MAX_BITS)

typedef enum {
  MERLON_DONE = 0,
  MERLON_FORM = 1,   /* not possible: bits, counts, a context too long, a point that is none */
  MERLON_KIND = 2,   /* the keep does not know this kind of request */
  MERLON_FALSE = 3,  /* what is to be proven is not so */
  MERLON_PROOF = 4,  /* the proof does not hold */
  MERLON_RANDOM = 5, /* the keep has no random numbers */
  MERLON_FILE = -1,  /* the file cannot be written or read; errno says why */
  MERLON_ANSWER = -2 /* what was read is no answer */
} merlon_status;

/* What opens a commitment. */
typedef struct {
  uint64_t number;
  uint8_t blinding[MERLON_BLINDING_SIZE]; /* most significant byte first; not zero */
} merlon_opening;

typedef struct {
  uint8_t bytes[MERLON_COMMITMENT_SIZE];
} merlon_commitment;

/* Who asks, for what, and a number that he has not used before. */
typedef struct {
  const void* bytes;
  size_t size;
} merlon_context;

/* Parts of a sum; times is not 0. */
typedef struct {
  int64_t times;
  merlon_opening opening;
} merlon_own_part;
typedef struct {
  int64_t times;
  merlon_commitment commitment;
} merlon_part;

/* "statement.proof": as docs/errors.md has it. */
static inline const char* merlon_status_name(merlon_status status) {
  switch (status) {
    case MERLON_DONE: return "done";
    case MERLON_FORM: return "statement.form";
    case MERLON_KIND: return "statement.kind";
    case MERLON_FALSE: return "statement.false";
    case MERLON_PROOF: return "statement.proof";
    case MERLON_RANDOM: return "statement.random";
    case MERLON_FILE: return "statement.file";
    case MERLON_ANSWER: return "statement.answer";
  }
  return "statement.answer";
}

/* Overwrites a secret in a way that no compiler leaves out. */
static inline void merlon_forget(void* secret, size_t size) {
  volatile uint8_t* at = (volatile uint8_t*)secret;
  while (size-- > 0) *at++ = 0;
}

/* A descriptor, for close(); -1: errno says why. ENOENT: this keep has no such file. */
static inline int merlon_statement_open(void) { return open("/keep/statement", O_RDWR); }

/* The rest is how. ------------------------------------------------------------------------------
 */

#define MERLON_STATEMENT_ROOM_ (4 + MERLON_MAX_CONTEXT_SIZE + 42 + MERLON_MAX_PROOF_SIZE)

typedef struct {
  size_t size;
  int is_possible;
  uint8_t bytes[MERLON_STATEMENT_ROOM_];
} merlon_message_;

static inline void merlon_put_(merlon_message_* message, const void* bytes, size_t size) {
  if (size > sizeof message->bytes - message->size) {
    message->is_possible = 0;
    return;
  }
  if (size > 0) memcpy(message->bytes + message->size, bytes, size);
  message->size += size;
}

static inline void merlon_put_number_(merlon_message_* message, uint64_t number, size_t size) {
  uint8_t bytes[8];
  size_t i;
  for (i = 0; i < size; ++i) bytes[i] = (uint8_t)(number >> (8 * i));
  merlon_put_(message, bytes, size);
  merlon_forget(bytes, sizeof bytes);
}

static inline void merlon_begin_(merlon_message_* message, uint8_t kind, merlon_context context) {
  message->size = 0;
  message->is_possible = context.size <= MERLON_MAX_CONTEXT_SIZE;
  merlon_put_number_(message, 1, 1);
  merlon_put_number_(message, kind, 1);
  merlon_put_number_(message, context.size, 2);
  merlon_put_(message, context.bytes, context.size);
}

static inline void merlon_put_opening_(merlon_message_* message, const merlon_opening* opening) {
  merlon_put_number_(message, opening->number, 8);
  merlon_put_(message, opening->blinding, sizeof opening->blinding);
}

static inline void merlon_put_commitment_(merlon_message_* message,
                                          const merlon_commitment* commitment) {
  merlon_put_(message, commitment->bytes, sizeof commitment->bytes);
}

/* Asks, and takes an answer whose content has this size. */
static inline merlon_status merlon_ask_(int file, merlon_message_* message, void* content,
                                        size_t content_size) {
  merlon_status status = MERLON_FORM;
  size_t got = 0;
  ssize_t now = 0;
  if (message->is_possible) {
    now = write(file, message->bytes, message->size);
    status = now == (ssize_t)message->size ? MERLON_DONE : MERLON_FILE;
  }
  while (status == MERLON_DONE && got < sizeof message->bytes) {
    now = read(file, message->bytes + got, sizeof message->bytes - got);
    if (now < 0) status = MERLON_FILE;
    if (now <= 0) break;
    got += (size_t)now;
  }
  if (status == MERLON_DONE) {
    status = MERLON_ANSWER;
    if (got >= 2 && message->bytes[0] == 1) {
      if (message->bytes[1] == 0 && got == 2 + content_size) {
        if (content_size > 0) memcpy(content, message->bytes + 2, content_size);
        status = MERLON_DONE;
      } else if (message->bytes[1] >= MERLON_FORM && message->bytes[1] <= MERLON_RANDOM &&
                 got == 2) {
        status = (merlon_status)message->bytes[1];
      }
    }
  }
  merlon_forget(message->bytes, sizeof message->bytes);
  return status;
}

static inline merlon_status merlon_commit_(int file, merlon_message_* message, uint8_t* blinding,
                                           merlon_commitment* commitment) {
  uint8_t both[MERLON_COMMITMENT_SIZE + MERLON_BLINDING_SIZE];
  const merlon_status status = merlon_ask_(file, message, both, sizeof both);
  if (status == MERLON_DONE) {
    memcpy(commitment->bytes, both, MERLON_COMMITMENT_SIZE);
    if (blinding != NULL) memcpy(blinding, both + MERLON_COMMITMENT_SIZE, MERLON_BLINDING_SIZE);
  }
  merlon_forget(both, sizeof both);
  return status;
}

static inline void merlon_put_threshold_(merlon_message_* message, uint64_t least, unsigned bits) {
  if (bits < 1 || bits > MERLON_MAX_BITS) message->is_possible = 0;
  merlon_put_number_(message, least, 8);
  merlon_put_number_(message, bits, 1);
}

static inline void merlon_put_count_(merlon_message_* message, size_t count) {
  if (count < 1 || count > MERLON_MAX_PARTS) message->is_possible = 0;
  merlon_put_number_(message, count, 1);
}

/* Commitments. ----------------------------------------------------------------------------------
 */

/* With a fresh blinding; `opening` is what opens it. */
static inline merlon_status merlon_commit(int file, uint64_t number, merlon_opening* opening,
                                          merlon_commitment* commitment) {
  const merlon_context none = {NULL, 0};
  merlon_message_ message;
  merlon_begin_(&message, 1, none);
  merlon_put_number_(&message, number, 8);
  opening->number = number;
  return merlon_commit_(file, &message, opening->blinding, commitment);
}

/* The one that `opening` opens. */
static inline merlon_status merlon_commitment_of(int file, const merlon_opening* opening,
                                                 merlon_commitment* commitment) {
  const merlon_context none = {NULL, 0};
  merlon_message_ message;
  merlon_begin_(&message, 2, none);
  merlon_put_opening_(&message, opening);
  return merlon_commit_(file, &message, NULL, commitment);
}

/* Proofs, into as many bytes as they have. -------------------------------------------------------
 */

/* That the number is not less than `least`, but less than that and 2^bits.
 * `proof`: MERLON_AT_LEAST_PROOF_SIZE(bits). */
static inline merlon_status merlon_prove_at_least(int file, const merlon_opening* opening,
                                                  uint64_t least, unsigned bits,
                                                  merlon_context context, uint8_t* proof) {
  merlon_message_ message;
  merlon_begin_(&message, 3, context);
  merlon_put_threshold_(&message, least, bits);
  merlon_put_opening_(&message, opening);
  return merlon_ask_(file, &message, proof, MERLON_AT_LEAST_PROOF_SIZE(bits));
}

static inline merlon_status merlon_prove_equal(int file, const merlon_opening* one,
                                               const merlon_opening* other, merlon_context context,
                                               uint8_t proof[MERLON_EQUAL_PROOF_SIZE]) {
  merlon_message_ message;
  merlon_begin_(&message, 4, context);
  merlon_put_opening_(&message, one);
  merlon_put_opening_(&message, other);
  return merlon_ask_(file, &message, proof, MERLON_EQUAL_PROOF_SIZE);
}

/* That times * number, added up over all parts, is `total`. */
static inline merlon_status merlon_prove_sum(int file, const merlon_own_part* parts, size_t count,
                                             int64_t total, merlon_context context,
                                             uint8_t proof[MERLON_SUM_PROOF_SIZE]) {
  merlon_message_ message;
  size_t i;
  merlon_begin_(&message, 5, context);
  merlon_put_count_(&message, count);
  for (i = 0; i < count && message.is_possible; ++i) {
    merlon_put_number_(&message, (uint64_t)parts[i].times, 8);
    merlon_put_opening_(&message, &parts[i].opening);
  }
  merlon_put_number_(&message, (uint64_t)total, 8);
  return merlon_ask_(file, &message, proof, MERLON_SUM_PROOF_SIZE);
}

/* What others have proven: MERLON_DONE if it holds. Any bytes may be given. */

static inline merlon_status merlon_verify_at_least(int file, const merlon_commitment* commitment,
                                                   uint64_t least, unsigned bits,
                                                   merlon_context context, const void* proof,
                                                   size_t proof_size) {
  merlon_message_ message;
  if (bits >= 1 && bits <= MERLON_MAX_BITS && proof_size != MERLON_AT_LEAST_PROOF_SIZE(bits)) {
    return MERLON_PROOF;
  }
  merlon_begin_(&message, 6, context);
  merlon_put_threshold_(&message, least, bits);
  merlon_put_commitment_(&message, commitment);
  merlon_put_(&message, proof, proof_size);
  return merlon_ask_(file, &message, NULL, 0);
}

static inline merlon_status merlon_verify_equal(int file, const merlon_commitment* one,
                                                const merlon_commitment* other,
                                                merlon_context context, const void* proof,
                                                size_t proof_size) {
  merlon_message_ message;
  if (proof_size != MERLON_EQUAL_PROOF_SIZE) return MERLON_PROOF;
  merlon_begin_(&message, 7, context);
  merlon_put_commitment_(&message, one);
  merlon_put_commitment_(&message, other);
  merlon_put_(&message, proof, proof_size);
  return merlon_ask_(file, &message, NULL, 0);
}

static inline merlon_status merlon_verify_sum(int file, const merlon_part* parts, size_t count,
                                              int64_t total, merlon_context context,
                                              const void* proof, size_t proof_size) {
  merlon_message_ message;
  size_t i;
  if (proof_size != MERLON_SUM_PROOF_SIZE) return MERLON_PROOF;
  merlon_begin_(&message, 8, context);
  merlon_put_count_(&message, count);
  for (i = 0; i < count && message.is_possible; ++i) {
    merlon_put_number_(&message, (uint64_t)parts[i].times, 8);
    merlon_put_commitment_(&message, &parts[i].commitment);
  }
  merlon_put_number_(&message, (uint64_t)total, 8);
  merlon_put_(&message, proof, proof_size);
  return merlon_ask_(file, &message, NULL, 0);
}

#endif /* MERLON_GUEST_STATEMENT_H_ */
