// Counts a process's calls of fsync and fdatasync, so that "durable" is measured and not believed.
// Built and put in LD_PRELOAD by run.py for the row that counts.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>

static atomic_long count;

long rhizo_bench_syncs(void) { return atomic_load(&count); }

int fsync(int file) {
  atomic_fetch_add(&count, 1);
  return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file);
}

int fdatasync(int file) {
  atomic_fetch_add(&count, 1);
  return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(file);
}
