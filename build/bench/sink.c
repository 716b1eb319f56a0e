/* Counts the lines that arrive at 127.0.0.1:PORT by TCP. The counters are in a file that is mapped, so
 * that reading them costs neither side anything.   sink PORT FILE
 * FILE: lines, bytes, reads, connections, nanoseconds since the epoch of the first line; 64 bits each. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct counters {
  uint64_t lines, bytes, reads, connections, first;
};

static char buffer[1 << 20];

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void watch(int poll, int descriptor) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
  epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event);
}

int main(int count, char **words) {
  if (count != 3) return fprintf(stderr, "sink PORT FILE\n"), 2;
  int file = open(words[2], O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || ftruncate(file, sizeof(struct counters))) return perror(words[2]), 1;
  volatile struct counters *counters =
      mmap(0, sizeof *counters, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int door = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(door, (void *)&address, sizeof address) || listen(door, 64)) return perror("bind"), 1;
  int poll = epoll_create1(0);
  watch(poll, door);
  puts("ready");
  fflush(stdout);
  for (;;) {
    struct epoll_event events[64];
    int ready = epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < ready; i++) {
      int from = events[i].data.fd;
      if (from == door) {
        int peer = accept4(door, 0, 0, SOCK_NONBLOCK);
        if (peer < 0) continue;
        counters->connections++;
        watch(poll, peer);
        continue;
      }
      ssize_t got = recv(from, buffer, sizeof buffer, 0);
      if (got <= 0) {
        close(from);
        continue;
      }
      uint64_t lines = 0;
      for (char *at = buffer, *end = buffer + got; (at = memchr(at, '\n', end - at)); at++) lines++;
      if (counters->lines == 0 && lines > 0) counters->first = now();
      counters->lines += lines;
      counters->bytes += got;
      counters->reads++;
    }
  }
}
