// Strings and a hash table: words are made, counted, looked up, deleted and printed to text.
#include <stdbool.h>
#include <stdlib.h>

#include "bench.h"

enum { slot_count = 1 << 19, word_count = 250000, lookups = 3200000, word_capacity = 24 };

typedef struct {
  char *word;  // NULL: never used; empty string: deleted
  uint32_t hash;
  uint32_t count;
} Slot;

static Slot slots[slot_count];
static char deleted[] = "";

static uint32_t hash_word(const char *word) {
  uint32_t hash = 0x811c9dc5U;
  for (; *word != '\0'; ++word) hash = (hash ^ (uint8_t)*word) * 0x01000193U;
  return hash ^ hash >> 15;
}

static Slot *find(const char *word, uint32_t hash, bool insert) {
  Slot *reusable = NULL;
  for (uint32_t at = hash;; ++at) {
    Slot *slot = &slots[at % slot_count];
    if (slot->word == NULL) {
      if (!insert) return NULL;
      return reusable != NULL ? reusable : slot;
    }
    if (slot->word == deleted) {
      if (reusable == NULL) reusable = slot;
    } else if (slot->hash == hash && strcmp(slot->word, word) == 0) {
      return slot;
    }
  }
}

static void make_word(char word[word_capacity], uint32_t number) {
  static const char *const syllables[16] = {"ba", "ke", "lo", "mi",  "nu", "re", "sa",  "ti",
                                            "vo", "wex", "yr", "zan", "qua", "dru", "fle", "gorm"};
  size_t length = 0;
  for (uint32_t rest = number * 2654435761U | 0x10000000U; rest != 0 && length + 5 < word_capacity;
       rest >>= 5) {
    const char *syllable = syllables[rest & 15];
    const size_t size = strlen(syllable);
    memcpy(word + length, syllable, size);
    length += size;
  }
  word[length] = '\0';
}

static bool count_word(const char *word) {
  const uint32_t hash = hash_word(word);
  Slot *slot = find(word, hash, true);
  if (slot->word == NULL || slot->word == deleted) {
    const size_t size = strlen(word) + 1;
    char *copy = malloc(size);
    if (copy == NULL) return false;
    memcpy(copy, word, size);
    *slot = (Slot){copy, hash, 0};
  }
  ++slot->count;
  return true;
}

static void remove_word(const char *word) {
  Slot *slot = find(word, hash_word(word), false);
  if (slot == NULL) return;
  free(slot->word);
  slot->word = deleted;
  slot->count = 0;
}

int main(void) {
  char word[word_capacity];
  Random random = {31};
  for (int i = 0; i < lookups; ++i) {
    const uint64_t r = random_next(&random);
    make_word(word, (uint32_t)(r >> 33) % word_count);
    if (r % 8 == 0) {
      remove_word(word);
    } else if (!count_word(word)) {
      return finish("hash_table-out-of-memory", 0);
    }
  }
  uint64_t checksum = 0;
  for (int i = 0; i < slot_count; ++i) {
    if (slots[i].word == NULL || slots[i].count == 0) continue;
    char line[64];
    const int length = snprintf(line, sizeof line, "%s=%u", slots[i].word, slots[i].count);
    checksum = mix(checksum, hash_word(line) + (uint64_t)length);
  }
  return finish("hash_table", checksum);
}
