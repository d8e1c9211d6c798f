"""Switches of PyTorch's backends, for programs that set them; none of those libraries is used here."""


class _Switches:
    enabled = deterministic = True
    benchmark = allow_tf32 = False

    @staticmethod
    def is_available():
        return False

    is_built = is_available


class _Matmul:
    allow_tf32 = False


cuda, cudnn, mps, mkldnn, mkl, openmp = (_Switches() for _ in range(6))
cuda.matmul = _Matmul()
