/*
 * Debian has musl, but no libstdc++ for it. The one for glibc is linked into a library of its own,
 * with what it wants of glibc and musl has not: good enough to run an executable in a test.
 */
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

extern ssize_t getrandom(void *, size_t, unsigned);

void *__dso_handle = &__dso_handle;
char __libc_single_threaded = 0;

/* Unwinding then takes the slow way, which musl has. */
int _dl_find_object(void *address, void *result) {
  (void)address;
  (void)result;
  return -1;
}

/* Destructors of a thread's variables are left out: the process ends soon. */
int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *handle) {
  (void)destroy;
  (void)object;
  (void)handle;
  return 0;
}

unsigned arc4random(void) {
  unsigned value = 0;
  (void)getrandom(&value, sizeof value, 0);
  return value;
}

size_t __strftime_l(char *text, size_t size, const char *format, const struct tm *time, void *locale) {
  (void)locale;
  return strftime(text, size, format, time);
}
