/*
 * A disk that fails on demand, put under the real program by the dynamic linker: the folder that PENSTOCK_FAULTS names holds a file
 * `sync-<part>` while fdatasync and fsync of files whose path has <part> in it are to answer EIO, and `space` while writing below
 * the folder PENSTOCK_FAULTY_DATA is to answer ENOSPC. What it does not refuse goes on to the C library.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int path_of(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return 1;
}

static int sync_fails(int fd) {
  const char *folder = getenv("PENSTOCK_FAULTS");
  char path[4096];
  int fails = 0;
  if (folder == NULL || !path_of(fd, path, sizeof path)) return 0;
  DIR *entries = opendir(folder);
  if (entries == NULL) return 0;
  for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    if (strncmp(entry->d_name, "sync-", 5) == 0 && strstr(path, entry->d_name + 5) != NULL) fails = 1;
  }
  closedir(entries);
  return fails;
}

static int no_space(int fd) {
  const char *folder = getenv("PENSTOCK_FAULTS");
  const char *data = getenv("PENSTOCK_FAULTY_DATA");
  char switch_path[4096], path[4096];
  if (folder == NULL || data == NULL) return 0;
  snprintf(switch_path, sizeof switch_path, "%s/space", folder);
  if (access(switch_path, F_OK) != 0) return 0;
  return path_of(fd, path, sizeof path) && strncmp(path, data, strlen(data)) == 0;
}

#define NEXT(name) __typeof__(&name) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define REFUSE(code) do { errno = code; return -1; } while (0)

int fdatasync(int fd) {
  NEXT(fdatasync);
  if (sync_fails(fd)) REFUSE(EIO);
  return next(fd);
}

int fsync(int fd) {
  NEXT(fsync);
  if (sync_fails(fd)) REFUSE(EIO);
  return next(fd);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  NEXT(write);
  if (no_space(fd)) REFUSE(ENOSPC);
  return next(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  NEXT(pwrite);
  if (no_space(fd)) REFUSE(ENOSPC);
  return next(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  NEXT(pwrite64);
  if (no_space(fd)) REFUSE(ENOSPC);
  return next(fd, bytes, count, offset);
}

ssize_t writev(int fd, const struct iovec *buffers, int count) {
  NEXT(writev);
  if (no_space(fd)) REFUSE(ENOSPC);
  return next(fd, buffers, count);
}

ssize_t pwritev(int fd, const struct iovec *buffers, int count, off_t offset) {
  NEXT(pwritev);
  if (no_space(fd)) REFUSE(ENOSPC);
  return next(fd, buffers, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *buffers, int count, off64_t offset) {
  NEXT(pwritev64);
  if (no_space(fd)) REFUSE(ENOSPC);
  return next(fd, buffers, count, offset);
}
