// Sorting: quicksort of integers, heapsort of 16-byte records, and merging of sorted runs.
#include <stdbool.h>
#include <stdlib.h>

#include "bench.h"

enum { count = 1500000, small = 24 };

typedef struct {
  uint64_t key;
  uint32_t index;
  uint32_t tag;
} Record;

static int32_t numbers[count], merged[count];
static Record records[count / 2];

static void insertion_sort(int32_t *first, int32_t *last) {
  for (int32_t *at = first + 1; at < last; ++at) {
    const int32_t value = *at;
    int32_t *hole = at;
    for (; hole > first && hole[-1] > value; --hole) *hole = hole[-1];
    *hole = value;
  }
}

static int32_t median(int32_t a, int32_t b, int32_t c) {
  if (a > b) return b > c ? b : a > c ? c : a;
  return a > c ? a : b > c ? c : b;
}

static void quick_sort(int32_t *first, int32_t *last) {
  while (last - first > small) {
    const int32_t pivot = median(*first, first[(last - first) / 2], last[-1]);
    int32_t *low = first;
    int32_t *high = last - 1;
    for (;;) {
      while (*low < pivot) ++low;
      while (*high > pivot) --high;
      if (low >= high) break;
      const int32_t swapped = *low;
      *low++ = *high;
      *high-- = swapped;
    }
    // The smaller part by recursion, the larger by the loop: the depth stays logarithmic.
    int32_t *middle = high + 1;
    if (middle - first < last - middle) {
      quick_sort(first, middle);
      first = middle;
    } else {
      quick_sort(middle, last);
      last = middle;
    }
  }
  insertion_sort(first, last);
}

static bool before(const Record *a, const Record *b) {
  return a->key != b->key ? a->key < b->key : a->index < b->index;
}

static void sift_down(Record *heap, size_t root, size_t size) {
  const Record moved = heap[root];
  for (;;) {
    size_t child = 2 * root + 1;
    if (child >= size) break;
    if (child + 1 < size && before(&heap[child], &heap[child + 1])) ++child;
    if (!before(&moved, &heap[child])) break;
    heap[root] = heap[child];
    root = child;
  }
  heap[root] = moved;
}

static void heap_sort(Record *heap, size_t size) {
  for (size_t root = size / 2; root-- > 0;) sift_down(heap, root, size);
  for (size_t last = size; last-- > 1;) {
    const Record top = heap[0];
    heap[0] = heap[last];
    heap[last] = top;
    sift_down(heap, 0, last);
  }
}

static void merge_runs(const int32_t *from, int32_t *to, size_t run) {
  for (size_t start = 0; start < count; start += 2 * run) {
    const size_t middle = start + run < count ? start + run : count;
    const size_t end = start + 2 * run < count ? start + 2 * run : count;
    size_t left = start;
    size_t right = middle;
    for (size_t at = start; at < end; ++at) {
      const bool take_left = right >= end || (left < middle && from[left] <= from[right]);
      to[at] = take_left ? from[left++] : from[right++];
    }
  }
}

static void fill(Random *random) {
  for (size_t i = 0; i < count; ++i) numbers[i] = (int32_t)(random_next(random) >> 32);
}

int main(void) {
  Random random = {99};
  uint64_t checksum = 0;
  for (int round = 0; round < 2; ++round) {
    fill(&random);
    quick_sort(numbers, numbers + count);
    for (size_t i = 0; i < count; i += 1000) checksum = mix(checksum, (uint32_t)numbers[i]);
  }
  for (uint32_t i = 0; i < count / 2; ++i) {
    records[i] = (Record){random_next(&random) >> 40, i, (uint32_t)random_next(&random)};
  }
  heap_sort(records, count / 2);
  for (size_t i = 0; i < count / 2; i += 500) checksum = mix(checksum, records[i].tag);
  fill(&random);
  int32_t *from = numbers;
  int32_t *to = merged;
  for (size_t run = 1; run < count; run *= 2) {
    merge_runs(from, to, run);
    int32_t *swapped = from;
    from = to;
    to = swapped;
  }
  for (size_t i = 0; i < count; i += 1000) checksum = mix(checksum, (uint32_t)from[i]);
  return finish("sort", checksum);
}
