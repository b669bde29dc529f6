// Gives one TCP client back what it sends, until it sends no more.
#include "membrane.h"

static uint8_t buffer[piece_size];

int main(void) {
  const __wasi_fd_t listener = 3;  // behind the standard streams in Enarx.toml
  __wasi_fd_t client = 0;
  must(__wasi_sock_accept(listener, 0, &client), "sock_accept");
  for (size_t taken; (taken = read_some(client, buffer, sizeof buffer)) > 0;) {
    for (size_t sent = 0; sent < taken;) {
      sent += write_some(client, buffer + sent, taken - sent);
    }
  }
  return 0;
}
