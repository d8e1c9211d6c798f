"""Switches of PyTorch's backends, for programs that set them; none of those libraries is used here."""

from adjoint import _core


class _Switches:
    enabled = deterministic = True
    benchmark = allow_tf32 = False

    @staticmethod
    def is_available() -> bool:
        return False

    is_built = is_available


class _Cpu:
    @staticmethod
    def get_cpu_capability() -> str:
        """The instruction set that the kernels use: "AVX512", "AVX2" or "DEFAULT"."""
        return _core._cpu_capability()


class _Matmul:
    allow_tf32 = False


class _Cuda(_Switches):
    matmul = _Matmul()


cudnn, mps, mkldnn, mkl, openmp = (_Switches() for _ in range(5))
cpu, cuda = _Cpu(), _Cuda()
