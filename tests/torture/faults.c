/* Counts the calls that change files, and makes one of them go wrong.
 *
 * Preloaded into a Python process, which arms it through ctypes. Only what happens
 * while it is armed counts. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTHING, KILL_BEFORE, KILL_AFTER, FAIL, FAIL_ON, SHORT, TORN };
/* Keep in step with faulted.py. */

static int armed, point, mode, error, count;
static char names[65536];

void fault_arm(int at, int how, int with) {
    point = at; mode = how; error = with; count = 0; names[0] = 0; armed = 1;
}
int fault_disarm(void) { armed = 0; return count; }
const char *fault_names(void) { return names; }

static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

/* Whether this call is the one; a call that is to fail has errno set. */
static int hit(const char *name) {
    if (!armed) return 0;
    if (strlen(names) + strlen(name) + 2 < sizeof names) {
        strcat(names, name); strcat(names, " ");
    }
    int here = count++;
    int on = mode == FAIL_ON ? here >= point : here == point;
    if (!on) return 0;
    if (mode == KILL_BEFORE) die();
    if (mode == FAIL || mode == FAIL_ON) { errno = error; return 1; }
    return 2;
}
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define DONE(how, call) do { __typeof__(call) got = (call); \
    if ((how) == 2 && mode == KILL_AFTER) die(); return got; } while (0)

#define OPEN(name) int name(const char *path, int flags, ...) { \
    va_list more; va_start(more, flags); int bits = va_arg(more, int); va_end(more); \
    int how = hit("open"); if (how == 1) return -1; \
    DONE(how, NEXT(name)(path, flags, bits)); }
OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void *data, size_t size) {
    int how = hit("write");
    if (how == 1) return -1;
    if (how == 2 && (mode == SHORT || mode == TORN) && size > 1) {
        ssize_t got = NEXT(write)(fd, data, size / 2);
        if (mode == TORN) die();
        return got;
    }
    DONE(how, NEXT(write)(fd, data, size));
}
ssize_t pread64(int fd, void *data, size_t size, off64_t at) {
    int how = hit("pread"); if (how == 1) return -1;
    DONE(how, NEXT(pread64)(fd, data, size, at));
}
int close(int fd) {
    int how = hit("close");
    if (how == 1) { NEXT(close)(fd); errno = error; return -1; }
    DONE(how, NEXT(close)(fd));
}
#define CALL(name, word, arguments, ...) int name arguments { \
    int how = hit(word); if (how == 1) return -1; \
    DONE(how, NEXT(name)(__VA_ARGS__)); }
CALL(fsync, "fsync", (int fd), fd)
CALL(flock, "flock", (int fd, int how_to), fd, how_to)
CALL(fchmod, "fchmod", (int fd, mode_t bits), fd, bits)
CALL(ftruncate64, "ftruncate", (int fd, off64_t size), fd, size)
CALL(rename, "rename", (const char *from, const char *to), from, to)
CALL(unlink, "unlink", (const char *path), path)
CALL(mkdir, "mkdir", (const char *path, mode_t bits), path, bits)

int posix_fallocate64(int fd, off64_t at, off64_t size) {
    int how = hit("fallocate"); if (how == 1) return error;
    DONE(how, NEXT(posix_fallocate64)(fd, at, size));
}
