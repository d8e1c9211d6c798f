"""SciPy and scikit-learn on tensors, through the array API standard: what they give for NumPy's arrays, as tensors.

SciPy reads its switch when it is imported, so each library runs in a process of its own.
"""

import os
import subprocess
import sys
import textwrap

import pytest

FRAME = """
import warnings
import numpy as np
import adjoint as torch

warnings.simplefilter("ignore")  # of libraries, about their own experiments
rng = np.random.default_rng(0)

def tensor(a):
    return torch.from_numpy(np.array(a))

def check(name, call, arrays):
    expected = call(*arrays)
    got = call(*map(tensor, arrays))
    if isinstance(expected, np.ndarray):
        assert isinstance(got, torch.Tensor), (name, type(got))
        got = got.numpy()
    np.testing.assert_allclose(got, expected, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)
"""
SCIPY = """
TOLERANCE = 1e-9
import scipy.cluster.vq, scipy.differentiate, scipy.fft, scipy.integrate, scipy.ndimage, scipy.signal
import scipy.special, scipy.stats
x = rng.normal(size=(20, 4))
for name in "logsumexp softmax log_softmax erf expit gammaln".split():
    check(name, getattr(scipy.special, name), [x])
for name in "zscore skew kurtosis variation sem differential_entropy".split():
    check(name, getattr(scipy.stats, name), [x])
for name in "gmean hmean entropy".split():
    check(name, getattr(scipy.stats, name), [abs(x)])
check("ttest_ind", lambda x: scipy.stats.ttest_ind(x[:10], x[10:]).pvalue, [x])
check("pearsonr", lambda x: scipy.stats.pearsonr(x[:, 0], x[:, 1]).pvalue, [x])
check("rankdata", lambda x: scipy.stats.rankdata(x, axis=0), [x])
check("iqr", lambda x: scipy.stats.iqr(x, axis=0), [x])
check("betainc", lambda x: scipy.special.betainc(x + 1, x + 2, x / 10), [abs(x)])
check("hilbert", lambda x: scipy.signal.hilbert(x, axis=0), [x])
check("fftconvolve", lambda x: scipy.signal.fftconvolve(x, x, axes=0), [x])
check("dct", lambda x: scipy.fft.dct(x, axis=0), [x])
check("trapezoid", lambda x: scipy.integrate.trapezoid(x, axis=0), [x])
check("whiten", scipy.cluster.vq.whiten, [x])
check("gaussian_filter", lambda x: scipy.ndimage.gaussian_filter(x, 1.0), [x])
check("derivative", lambda x: scipy.differentiate.derivative(lambda z: z * z, x).df, [x])
"""
SKLEARN = """
TOLERANCE = 1e-3
import sklearn
from sklearn import metrics
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import MinMaxScaler, Normalizer, PolynomialFeatures, StandardScaler

X = rng.normal(size=(60, 5)).astype(np.float32)
y = (X[:, 0] + 0.1 * rng.normal(size=60) > 0).astype(np.int64)
r = (X @ np.arange(5) + 0.1).astype(np.float32)
with sklearn.config_context(array_api_dispatch=True):
    for kind in (StandardScaler, MinMaxScaler, Normalizer, PolynomialFeatures):
        check(kind.__name__, lambda X: kind().fit_transform(X), [X])
    check("PCA", lambda X: abs(PCA(2, svd_solver="full").fit_transform(X)), [X])
    check("PCA by eigh", lambda X: abs(PCA(2, svd_solver="covariance_eigh").fit_transform(X)), [X])
    check("Ridge", lambda X, r: Ridge(solver="svd").fit(X, r).coef_, [X, r])
    check("LinearDiscriminantAnalysis", lambda X, y: LinearDiscriminantAnalysis().fit(X, y).predict(X), [X, y])
    check("LogisticRegression", lambda X, y: LogisticRegression().fit(X, y).coef_, [X, y])
    check("GaussianNB", lambda X, y: GaussianNB().fit(X, y).predict_proba(X), [X, y])
    mixture = lambda X: GaussianMixture(2, init_params="random", random_state=0).fit(X).means_
    check("GaussianMixture", mixture, [X])
    check("r2_score", lambda r: metrics.r2_score(r, r * 0.9), [r])
    check("f1_score", lambda y: metrics.f1_score(y, y), [y])
    check("euclidean_distances", lambda X: metrics.pairwise.euclidean_distances(X, X + 1), [X])
"""


@pytest.mark.parametrize("library, program", [("scipy", SCIPY), ("sklearn", SKLEARN)])
def test_dispatch(library, program):
    pytest.importorskip(library)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FRAME + program)],
        env=os.environ | {"SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
