#ifndef CSPAWN_H
#define CSPAWN_H

#include <sys/types.h>

/// Starts a program as a child that owns nothing of its parent's but what it is given: three descriptors as its
/// standard ones, its arguments and its environment. It leads a process group of its own, has no signal blocked or
/// ignored, and is killed when the thread that called this ends, however that comes about.
///
/// `arguments` and `environment` end with NULL. Returns the child's id, or the negative `errno` of what failed.
pid_t cspawn_start(
    const char *path, char *const *arguments, char *const *environment, int input, int output, int messages);

#endif
