/// The environment of a foreign engine: what programs need to run, and nothing that is somebody's secret.
package enum EngineEnvironment {
    private static let names: Set = [
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM", "VIRTUAL_ENV",
        "LD_LIBRARY_PATH", "LIBRARY_PATH", "GOMP_CPU_AFFINITY", "GPU_DEVICE_ORDINAL",
    ]
    private static let prefixes = [
        "LC_", "XDG_", "PYTHON", "PYENV_", "CONDA_", "OMP_", "KMP_", "MKL_", "OPENBLAS_", "BLIS_", "NUMEXPR_", "CUDA_",
        "NVIDIA_", "NCCL_", "ROCR_", "HIP_", "HSA_", "ZE_", "ONEAPI_", "TORCH", "PYTORCH_", "TRITON_", "JAX_", "XLA_",
        "TF_", "HF_", "ASE_", "MALLOC_",
    ]
    private static let secrets = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "KEY"]

    /// The variables that are passed on.
    ///
    /// - Parameters:
    ///   - more: names that somebody asked for, whatever they are.
    ///   - threads: how many engines run side by side; each is told to use one thread of OpenMP if there are several
    ///     and nothing else is said.
    package static func passedOn(
        of own: [String: String], more: [String] = [], sideBySide threads: Int = 1
    ) -> [String: String] {
        var result = own.filter { name, _ in
            if more.contains(name) { return true }
            let isKnown = names.contains(name) || prefixes.contains { name.hasPrefix($0) }
            return isKnown && !secrets.contains { name.uppercased().contains($0) }
        }
        if threads > 1, result["OMP_NUM_THREADS"] == nil { result["OMP_NUM_THREADS"] = "1" }
        return result
    }
}
