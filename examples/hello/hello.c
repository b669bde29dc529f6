// The smallest useful workload: bare WASI calls, no C library, about 1 KB of WebAssembly.
// Prints a greeting, then every argument and every environment variable, and exits with 0.
#include <wasi/api.h>

enum { text_capacity = 8192, item_capacity = 128, line_capacity = 16384 };

static char line_buffer[line_capacity];
static __wasi_size_t line_length;

static void flush(void) {
  __wasi_size_t done = 0;
  while (done < line_length) {
    const __wasi_ciovec_t piece = {(const uint8_t *)line_buffer + done, line_length - done};
    __wasi_size_t written = 0;
    if (__wasi_fd_write(1, &piece, 1, &written) != __WASI_ERRNO_SUCCESS || written == 0) {
      __wasi_proc_exit(1);
    }
    done += written;
  }
  line_length = 0;
}

static void put(const char *text) {
  for (; *text != '\0'; ++text) {
    if (line_length == line_capacity) flush();
    line_buffer[line_length++] = *text;
  }
}

typedef __wasi_errno_t (*SizesCall)(__wasi_size_t *, __wasi_size_t *);
typedef __wasi_errno_t (*TextsCall)(uint8_t **, uint8_t *);

static void put_list(const char *title, SizesCall sizes, TextsCall texts) {
  static uint8_t *items[item_capacity];
  static uint8_t text[text_capacity];
  __wasi_size_t count = 0;
  __wasi_size_t text_size = 0;
  const __wasi_errno_t status = sizes(&count, &text_size);
  if (status == __WASI_ERRNO_SUCCESS && count == 0) return;  // some hosts refuse empty buffers
  if (status != __WASI_ERRNO_SUCCESS || count > item_capacity || text_size > text_capacity ||
      texts(items, text) != __WASI_ERRNO_SUCCESS) {
    put("hello: too many arguments or variables for this small program\n");
    flush();
    __wasi_proc_exit(1);
  }
  for (__wasi_size_t i = 0; i < count; ++i) {
    put(title);
    put((const char *)items[i]);
    put("\n");
  }
}

void _start(void) {
  put("Hello from WebAssembly!\n");
  put_list("argument: ", __wasi_args_sizes_get, __wasi_args_get);
  put_list("environment: ", __wasi_environ_sizes_get, __wasi_environ_get);
  flush();
}
