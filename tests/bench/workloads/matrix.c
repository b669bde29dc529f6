// Scalar doubles: two chained matrix products and a triangular solve, as linear algebra has them.
#include "bench.h"

enum { size = 360, rounds = 5 };

static double a[size][size], b[size][size], c[size][size], product[size][size], d[size][size];

static void fill(Random *random, double matrix[size][size]) {
  for (int i = 0; i < size; ++i) {
    for (int j = 0; j < size; ++j) {
      matrix[i][j] = (double)(random_next(random) >> 44) / 1048576.0 - 0.5;
    }
  }
}

static void two_products(double alpha, double beta) {
  for (int i = 0; i < size; ++i) {
    for (int j = 0; j < size; ++j) {
      double sum = 0.0;
      for (int k = 0; k < size; ++k) sum += alpha * a[i][k] * b[k][j];
      product[i][j] = sum;
    }
  }
  for (int i = 0; i < size; ++i) {
    for (int j = 0; j < size; ++j) {
      double sum = d[i][j] * beta;
      for (int k = 0; k < size; ++k) sum += product[i][k] * c[k][j];
      d[i][j] = sum;
    }
  }
}

// Forward substitution for every column of d by the lower triangle of a, with a strong diagonal.
static void solve(void) {
  for (int column = 0; column < size; ++column) {
    for (int i = 0; i < size; ++i) {
      double sum = d[i][column];
      for (int k = 0; k < i; ++k) sum -= a[i][k] * d[k][column] * 0.0078125;
      d[i][column] = sum / (4.0 + a[i][i]);
    }
  }
}

int main(void) {
  Random random = {23};
  fill(&random, a);
  fill(&random, b);
  fill(&random, c);
  fill(&random, d);
  uint64_t checksum = 0;
  for (int round = 0; round < rounds; ++round) {
    two_products(0.015625, 0.75);
    solve();
    for (int i = 0; i < size; ++i) checksum = mix(checksum, bits_of(d[i][(i * 7) % size]));
  }
  return finish("matrix", checksum);
}
