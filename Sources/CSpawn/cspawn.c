#define _GNU_SOURCE
#include "cspawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

/// Lets no descriptor after the standard ones through to the program; they stay open until it is there.
static void close_on_exec(void) {
#ifdef CLOSE_RANGE_CLOEXEC
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
#endif
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    int end = limit.rlim_cur > 1 << 20 ? 1 << 20 : (int)limit.rlim_cur;
    for (int descriptor = 3; descriptor < end; descriptor++) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

/// What the child does: only calls that are safe between fork and exec.
static void become(
    pid_t parent, const char *path, char *const *arguments, char *const *environment, const int streams[3],
    int report, int rules, int niceness) {
    setpgid(0, 0);
    // One that cannot give way works all the same.
    if (niceness != 0) (void)!nice(niceness);
    if (rules & CSPAWN_DIES_WITH_THREAD) {
#ifdef __linux__
        prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
        // The parent may have ended before that took effect.
        if (getppid() != parent) _exit(127);
        for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    }
    sigset_t held;
    sigemptyset(&held);
    if (rules & CSPAWN_HOLDS_USR1) sigaddset(&held, SIGUSR1);
    sigprocmask(SIG_SETMASK, &held, NULL);
    int stream = 0;
    while (stream < 3 && dup2(streams[stream], stream) >= 0) stream++;
    if (stream == 3) {
        close_on_exec();
        execve(path, arguments, environment);
    }
    int code = errno;
    ssize_t written = write(report, &code, sizeof code);
    (void)written;
    _exit(127);
}

pid_t cspawn_start(
    const char *path, char *const *arguments, char *const *environment, int input, int output, int messages,
    int rules, int niceness) {
    const int streams[3] = {input, output, messages};
    int report[2];
#ifdef __linux__
    if (pipe2(report, O_CLOEXEC) != 0) return -errno;
#else
    if (pipe(report) != 0) return -errno;
    for (int end = 0; end < 2; end++) fcntl(report[end], F_SETFD, FD_CLOEXEC);
#endif
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) become(parent, path, arguments, environment, streams, report[1], rules, niceness);
    int failure = child < 0 ? errno : 0;
    close(report[1]);
    if (child > 0) {
        // Nothing comes once the program has taken the child's place.
        int code = 0;
        ssize_t count;
        do count = read(report[0], &code, sizeof code);
        while (count < 0 && errno == EINTR);
        if (count == (ssize_t)sizeof code) {
            failure = code;
            waitpid(child, NULL, 0);
        }
    }
    close(report[0]);
    return failure != 0 ? -failure : child;
}
