import COpenBLAS

/// Matrix products over OpenBLAS, on the calling thread alone: parallel work is done above, one product a thread.
package enum BLAS {
    private static let singleThreaded: Void = openblas_set_num_threads(1)

    /// The processor whose kernels OpenBLAS works with, such as "SkylakeX"; `CKernels/blas_core.c` sees to it that they
    /// suit this one.
    package static var coreName: String { String(cString: openblas_get_corename()) }

    /// C = alpha · op(A) · op(B) + beta · C, row-major.
    ///
    /// - Parameters:
    ///   - a: op(A) is `[m, k]`; A itself is `[k, m]` if `transposeA`.
    ///   - b: op(B) is `[k, n]`; B itself is `[n, k]` if `transposeB`.
    ///   - c: `[m, n]`.
    ///   - strideA: the distance between rows of A as stored; its number of columns if nil. Likewise for B and C.
    /// - Precondition: the views hold the matrices.
    package static func multiply(
        _ a: FloatView, _ b: FloatView, into c: MutableFloatView, m: Int, n: Int, k: Int,
        transposeA: Bool = false, transposeB: Bool = false, alpha: Float = 1, beta: Float = 0,
        strideA: Int? = nil, strideB: Int? = nil, strideC: Int? = nil
    ) {
        _ = singleThreaded
        if m == 0 || n == 0 { return }
        let lda = strideA ?? (transposeA ? m : k)
        let ldb = strideB ?? (transposeB ? k : n)
        let ldc = strideC ?? n
        precondition(extent(rows: transposeA ? k : m, columns: transposeA ? m : k, stride: lda) <= a.count)
        precondition(extent(rows: transposeB ? n : k, columns: transposeB ? k : n, stride: ldb) <= b.count)
        precondition(extent(rows: m, columns: n, stride: ldc) <= c.count)
        cblas_sgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
            Int32(m), Int32(n), Int32(k), alpha, a.pointer, Int32(lda), b.pointer, Int32(ldb), beta, c.pointer,
            Int32(ldc))
    }

    private static func extent(rows: Int, columns: Int, stride: Int) -> Int {
        precondition(stride >= columns)
        return rows == 0 ? 0 : (rows - 1) * stride + columns
    }
}
