/* The smallest init there could be: mounts, brings the network up, starts the agent as process 2. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(int bad, const char *what) {
  if (bad) perror(what);
}

static struct sockaddr internet(const char *text) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(text)};
  struct sockaddr result;
  memcpy(&result, &address, sizeof result);
  return result;
}

static void up(int socket, const char *device, const char *address, const char *mask) {
  struct ifreq request = {0};
  strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  request.ifr_addr = internet(address);
  check(ioctl(socket, SIOCSIFADDR, &request), "address");
  request.ifr_netmask = internet(mask);
  check(ioctl(socket, SIOCSIFNETMASK, &request), "mask");
  request.ifr_flags = IFF_UP;
  check(ioctl(socket, SIOCSIFFLAGS, &request), "up");
}

int main(void) {
  check(mount("proc", "/proc", "proc", 0, NULL), "/proc");
  check(mount("sysfs", "/sys", "sysfs", 0, NULL), "/sys");
  check(mount("devtmpfs", "/dev", "devtmpfs", 0, NULL), "/dev");
  for (int i = 0; i < 16; i++) {
    char path[64];
    snprintf(path, sizeof path, "/drivers/%d.ko", i);
    int fd = open(path, O_RDONLY);
    if (fd < 0) break;
    check((int)syscall(SYS_finit_module, fd, "", 0), path);
    close(fd);
  }
  usleep(300000);
  int any = socket(AF_INET, SOCK_DGRAM, 0);
  up(any, "lo", "127.0.0.1", "255.0.0.0");
  up(any, "eth0", "10.0.2.15", "255.255.255.0");
  struct rtentry route = {.rt_dst = internet("0.0.0.0"), .rt_genmask = internet("0.0.0.0"),
                          .rt_gateway = internet("10.0.2.2"), .rt_flags = RTF_UP | RTF_GATEWAY};
  check(ioctl(any, SIOCADDRT, &route), "route");
  check(sethostname("minivm", 6), "hostname");
  char *words[] = {"/agent", "run", "-f", "-l", "--skip-pidfile", "-c", "/diamond.conf", NULL};
  char *none[] = {NULL};
  pid_t child = fork();
  if (child == 0) {
    execve(words[0], words, none);
    _exit(127);
  }
  int status = 0;
  while (wait(&status) != child) {}
  printf("init: the agent ended with 0x%x\n", status);
  sync();
  reboot(RB_POWER_OFF);
  for (;;) pause();
}
