// telldir() and seekdir() of the C library, which keeps 32 bits of a cookie.
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

enum { FILES = 60 };

static void make(const char* prefix, int from, int step) {
  for (int i = from; i < FILES; i += step) {
    char name[32];
    snprintf(name, sizeof(name), "work/many/%s%02d", prefix, i);
    FILE* file = fopen(name, "w");
    if (file != NULL) fclose(file);
  }
}

/// Goes back to the place before each entry and reads it again.
static void step_back(DIR* dir, const char* mark) {
  int entries = 0, wrong = 0;
  rewinddir(dir);
  for (;;) {
    const long place = telldir(dir);
    const struct dirent* entry = readdir(dir);
    if (entry == NULL) break;
    char name[64];
    snprintf(name, sizeof(name), "%s", entry->d_name);
    ++entries;
    seekdir(dir, place);
    entry = readdir(dir);
    wrong += entry == NULL || strcmp(name, entry->d_name) != 0;
    if (entries > 10 * FILES) break;
  }
  printf("%s: %d entries, %d wrong\n", mark, entries, wrong);
}

int main(void) {
  static long places[FILES + 2];
  static char names[FILES + 2][64];
  mkdir("work/many", 0777);
  make("first", 0, 1);
  DIR* dir = opendir("work/many");
  if (dir == NULL) return 1;
  step_back(dir, "as made");
  rewinddir(dir);
  int count = 0;
  for (; count < FILES + 2; ++count) {
    places[count] = telldir(dir);
    const struct dirent* entry = readdir(dir);
    if (entry == NULL) break;
    snprintf(names[count], sizeof(names[count]), "%s", entry->d_name);
  }
  for (int i = 0; i < FILES; i += 3) {
    char name[32];
    snprintf(name, sizeof(name), "work/many/first%02d", i);
    unlink(name);
  }
  make("second", 0, 2);
  step_back(dir, "changed");
  int lost = 0, kept = 0;
  for (int i = 0; i < count; ++i) {
    char path[80];
    struct stat status;
    snprintf(path, sizeof(path), "work/many/%s", names[i]);
    if (names[i][0] == '.' || lstat(path, &status) != 0) continue;
    ++kept;
    seekdir(dir, places[i]);
    const struct dirent* entry = NULL;
    do {
      entry = readdir(dir);
    } while (entry != NULL && strcmp(entry->d_name, names[i]) != 0);
    lost += entry == NULL;
  }
  printf("%d places kept, %d lost\n", kept, lost);
  closedir(dir);
  return 0;
}
