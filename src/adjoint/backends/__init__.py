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

    def __init__(self) -> None:
        self._sdp = dict.fromkeys(("flash", "mem_efficient", "math", "cudnn"), True)

    def enable_flash_sdp(self, enabled: bool) -> None:
        self._sdp["flash"] = enabled

    def enable_mem_efficient_sdp(self, enabled: bool) -> None:
        self._sdp["mem_efficient"] = enabled

    def enable_math_sdp(self, enabled: bool) -> None:
        self._sdp["math"] = enabled

    def enable_cudnn_sdp(self, enabled: bool) -> None:
        self._sdp["cudnn"] = enabled

    def flash_sdp_enabled(self) -> bool:
        return self._sdp["flash"]

    def mem_efficient_sdp_enabled(self) -> bool:
        return self._sdp["mem_efficient"]

    def math_sdp_enabled(self) -> bool:
        return self._sdp["math"]

    def cudnn_sdp_enabled(self) -> bool:
        return self._sdp["cudnn"]


class _Mha:
    """Of MultiheadAttention and TransformerEncoder, which have one path."""

    def __init__(self) -> None:
        self._fastpath = True

    def get_fastpath_enabled(self) -> bool:
        return self._fastpath

    def set_fastpath_enabled(self, value: bool) -> None:
        self._fastpath = value


cudnn, mps, mkldnn, mkl, openmp = (_Switches() for _ in range(5))
cpu, cuda, mha = _Cpu(), _Cuda(), _Mha()
