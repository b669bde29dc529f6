// Floating point: bodies of a planetary system drawn by each other, by a symplectic integrator.
#include <math.h>

#include "bench.h"

enum { body_count = 6, step_count = 3500000 };

typedef struct {
  double position[3];
  double velocity[3];
  double mass;
} Body;

static Body bodies[body_count];

static void place_bodies(void) {
  Random random = {42};
  for (int i = 0; i < body_count; ++i) {
    Body *body = &bodies[i];
    for (int axis = 0; axis < 3; ++axis) {
      const double unit = (double)(random_next(&random) >> 11) / 9007199254740992.0;
      body->position[axis] = (unit - 0.5) * 4.0 * (double)i;
      body->velocity[axis] = i == 0 ? 0.0 : (unit - 0.4) * 0.7;
    }
    body->mass = i == 0 ? 39.0 : 0.001 * (double)i;
  }
}

static void advance(double step) {
  for (int i = 0; i < body_count; ++i) {
    Body *a = &bodies[i];
    for (int j = i + 1; j < body_count; ++j) {
      Body *b = &bodies[j];
      const double dx = a->position[0] - b->position[0];
      const double dy = a->position[1] - b->position[1];
      const double dz = a->position[2] - b->position[2];
      const double squared = dx * dx + dy * dy + dz * dz + 0.01;
      const double pull = step / (squared * sqrt(squared));
      a->velocity[0] -= dx * b->mass * pull;
      a->velocity[1] -= dy * b->mass * pull;
      a->velocity[2] -= dz * b->mass * pull;
      b->velocity[0] += dx * a->mass * pull;
      b->velocity[1] += dy * a->mass * pull;
      b->velocity[2] += dz * a->mass * pull;
    }
  }
  for (int i = 0; i < body_count; ++i) {
    for (int axis = 0; axis < 3; ++axis) {
      bodies[i].position[axis] += step * bodies[i].velocity[axis];
    }
  }
}

int main(void) {
  place_bodies();
  for (int step = 0; step < step_count; ++step) advance(0.0005);
  uint64_t checksum = 0;
  for (int i = 0; i < body_count; ++i) {
    for (int axis = 0; axis < 3; ++axis) checksum = mix(checksum, bits_of(bodies[i].position[axis]));
  }
  return finish("nbody", checksum);
}
