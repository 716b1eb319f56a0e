/* The floor: reads the kernel's files through descriptors that stay open, parses nothing, and sends a
 * text that was made before. No agent that does its work can cost less.   floor PORT SECONDS TEXTFILE */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static const char *const PATHS[] = {
    "/proc/stat",         "/proc/meminfo",      "/proc/loadavg",   "/proc/mounts",
    "/proc/diskstats",    "/proc/net/dev",      "/proc/vmstat",    "/proc/net/sockstat",
    "/proc/net/sockstat6", "/proc/net/snmp",    "/proc/net/netstat", "/proc/interrupts",
    "/proc/softirqs",     "/proc/sys/fs/file-nr",
};
enum { FILES = sizeof PATHS / sizeof *PATHS };

static char buffer[1 << 18], text[1 << 20];

int main(int count, char **words) {
  if (count != 4) return fprintf(stderr, "floor PORT SECONDS TEXTFILE\n"), 2;
  int file = open(words[3], O_RDONLY);
  ssize_t size = read(file, text, sizeof text);
  if (size <= 0) return perror(words[3]), 1;
  close(file);
  int files[FILES];
  for (int i = 0; i < FILES; i++) files[i] = open(PATHS[i], O_RDONLY | O_CLOEXEC);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int peer = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(peer, (void *)&address, sizeof address)) return perror("connect"), 1;
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (;;) {
    struct statvfs space;
    for (int i = 0; i < FILES; i++) {
      off_t at = 0;
      for (ssize_t got; (got = pread(files[i], buffer, sizeof buffer, at)) > 0;) at += got;
    }
    statvfs("/", &space);
    for (ssize_t sent = 0; sent < size;) {
      ssize_t took = send(peer, text + sent, size - sent, MSG_NOSIGNAL);
      if (took <= 0) return 1;
      sent += took;
    }
    next.tv_sec += atoi(words[2]);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, 0);
  }
}
