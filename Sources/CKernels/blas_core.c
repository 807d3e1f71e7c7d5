/* OpenBLAS chooses its kernels by the model of the processor when the library is loaded. Where it is older than the
   processor (that of Debian 12 is of 2022) it does not know the model, and silently takes the kernels of a Pentium 4,
   "Prescott": four times slower, and with another rounding. An environment variable tells it what to take, but only
   one that is there before the library is loaded. So the program starts itself once more, before anything has begun,
   and leaves the variables behind it as they were. A variable that the user has set stands. */

#if defined(__linux__) && defined(__x86_64__)

#include <cblas.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static const char *const core_variable = "OPENBLAS_CORETYPE";
/* Says that the variable above is this program's own. */
static const char *const mark = "DRUSE_BLAS_CORE";

/* Whether kernels are for processors without AVX2. */
static int is_old(const char *core) {
  static const char *const old[] = {"Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Sandybridge"};
  for (size_t i = 0; i < sizeof old / sizeof *old; i++)
    if (strcmp(core, old[i]) == 0) return 1;
  return 0;
}

static const char *suitable_core(void) {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return NULL;
  const int is_wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  return is_wide ? "SkylakeX" : "Haswell";
}

static void forget(void) {
  unsetenv(core_variable);
  unsetenv(mark);
}

__attribute__((constructor)) static void choose_blas_core(int argc, char **argv) {
  (void)argc;
  if (getenv(mark)) {
    forget();
    return;
  }
  if (getenv(core_variable) || !is_old(openblas_get_corename())) return;
  /* Started by name of the loader (ld.so PROGRAM ...), this is the loader's process. */
  if (getauxval(AT_BASE) == 0) return;
  const char *core = suitable_core();
  const char *program = (const char *)getauxval(AT_EXECFN);
  if (!core || !program) return;
  if (setenv(core_variable, core, 1) == 0 && setenv(mark, core, 1) == 0) execv(program, argv);
  /* It goes on as it is: slowly, and right. */
  forget();
}

#else

typedef int ck_no_choice_of_cores;

#endif
