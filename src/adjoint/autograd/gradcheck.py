"""gradcheck and gradgradcheck: derivatives against central differences."""

from __future__ import annotations

from .errors import GradcheckError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compares the gradients of `func` with central differences (f(x + eps) - f(x - eps)) / (2 eps).

    Checked is ``|analytical - numerical| <= atol + rtol * |numerical|`` for every output with respect to every input
    that requires gradients; that backward gives the same twice; that it is linear in the cotangent (zero for zero); and
    that it copes with undefined cotangents. Complex inputs and outputs follow the convention of the gradient
    dL/dRe + i dL/dIm; real and imaginary parts of outputs are checked one after the other.

    Args:
        func: takes tensors, returns a tensor or a tuple of tensors.
        inputs: a tensor or tuple; double precision, or the differences drown in rounding.
        nondet_tol: how much two backward passes may differ.
        raise_exception: raise GradcheckError; else return False.
        check_grad_dtypes: gradients must have their inputs' dtypes.
        fast_mode: compare along one random direction in place of all elements.
        masked: accepted for compatibility; concerns sparse tensors.

    Raises:
        GradcheckError: a check failed. ValueError: nothing to check. RuntimeError: overlapping inputs.
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    if check_forward_ad:
        raise RuntimeError(
            "gradcheck: check_forward_ad=True needs forward-mode differentiation, which Adjoint does not have"
        )
    from ._gradcheck import Check

    check = Check(eps, atol, rtol, nondet_tol, check_undefined_grad, check_grad_dtypes, check_batched_grad, fast_mode)
    try:
        return check.run(func, inputs)
    except GradcheckError:
        if raise_exception:
            raise
        return False


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Compares second derivatives with central differences of first ones: `gradcheck` of the backward pass, as a function
    of the inputs and of `grad_outputs` (random if not given; not contiguous if so asked).

    Arguments and errors are those of `gradcheck`.
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    if check_batched_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_batched_grad=True requires check_rev_over_rev to be True")
    from ._gradcheck import backward_as_function

    backward, args = backward_as_function(func, inputs, grad_outputs, gen_non_contig_grad_outputs)
    return gradcheck(
        backward,
        args,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )
