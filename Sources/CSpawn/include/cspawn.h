#ifndef CSPAWN_H
#define CSPAWN_H

#include <sys/types.h>

/// Rules for a child: it is killed when the thread that started it ends, however that comes about, and has no signal
/// ignored.
#define CSPAWN_DIES_WITH_THREAD 1
/// SIGUSR1 is held back until the child asks for it; else no signal is.
#define CSPAWN_HOLDS_USR1 2

/// Starts a program as a child that owns nothing of its parent's but what it is given: three descriptors as its
/// standard ones (which may be the parent's own), its arguments and its environment. It leads a process group of its
/// own.
///
/// `arguments` and `environment` end with NULL; `niceness` is added to the parent's (nice(2)). Returns the child's id, or the negative `errno` of what failed.
pid_t cspawn_start(
    const char *path, char *const *arguments, char *const *environment, int input, int output, int messages,
    int rules, int niceness);

#endif
