"""Batches in this process: order, collating, options. The expected orders are PyTorch's for the same seed."""

import collections

import pytest
from support import joined, raised, torch

data = torch.utils.data


def rows(n=10):
    return data.TensorDataset(torch.arange(2.0 * n).view(n, 2), torch.arange(n))


def order(loader):
    return [batch[1].tolist() for batch in loader]


def test_shuffled_order_is_pytorchs():
    torch.manual_seed(0)
    loader = data.DataLoader(rows(), batch_size=4, shuffle=True)
    assert order(loader) == [[6, 7, 1, 4], [2, 0, 9, 8], [3, 5]]
    assert order(loader) == [[2, 4, 7, 0], [8, 9, 5, 3], [6, 1]]
    generator = torch.Generator().manual_seed(3)
    assert order(data.DataLoader(rows(), batch_size=5, shuffle=True, generator=generator)) == [
        [7, 4, 2, 9, 1],
        [5, 0, 8, 6, 3],
    ]


def test_samplers_and_splits_are_pytorchs():
    torch.manual_seed(0)
    assert list(data.WeightedRandomSampler([1.0, 2.0, 3.0], 5)) == [2, 2, 1, 2, 2]
    assert list(data.RandomSampler(range(5), replacement=True, num_samples=6)) == [2, 1, 4, 3, 2, 4]
    assert list(data.SubsetRandomSampler([5, 6, 7])) == [5, 7, 6]
    a, b = data.random_split(range(7), [0.6, 0.4])
    assert list(a.indices) == [2, 3, 1, 0, 6] and list(b.indices) == [4, 5]


def test_a_batch_gathered_at_once_is_what_collating_gives():
    dataset = rows()
    part = data.Subset(data.Subset(dataset, range(9, -1, -1)), [0, 3, 5])
    for source in (dataset, part):
        whole = list(data.DataLoader(source, batch_size=2))
        each = list(data.DataLoader(source, batch_size=2, collate_fn=lambda items: data.default_collate(items)))
        for a, b in zip(whole, each, strict=True):
            assert type(a) is type(b) is list
            assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    whole[0][0].zero_()
    assert dataset[9][0].tolist() == [18.0, 19.0]


def test_changes_of_a_batch_do_not_reach_the_dataset():
    dataset = rows()
    for x, _ in data.DataLoader(dataset, batch_size=4):
        x.zero_()
    assert dataset.tensors[0].sum().item() == 190


Point = collections.namedtuple("Point", "a b")


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ([1, 2], "tensor([1, 2])"),
        ([1.5, 2.0], "tensor([1.5000, 2.0000], dtype=torch.float64)"),
        ([True, False], "tensor([ True, False])"),
        (["a", "b"], "['a', 'b']"),
        ([b"a"], "[b'a']"),
        (
            [{"x": 1, "y": [1, 2]}, {"x": 3, "y": [4, 5]}],
            "{'x': tensor([1, 3]), 'y': [tensor([1, 4]), tensor([2, 5])]}",
        ),
        ([Point(1, 2), Point(3, 4)], "Point(a=tensor([1, 3]), b=tensor([2, 4]))"),
        ([(1, "a"), (2, "b")], "[tensor([1, 2]), ('a', 'b')]"),
    ],
)
def test_collating(batch, expected):
    assert repr(data.default_collate(batch)) == expected


def test_collating_numpy():
    np = pytest.importorskip("numpy")
    assert data.default_collate([np.ones(2), np.zeros(2)]).dtype == torch.float64
    assert data.default_collate([np.float32(1), np.float32(2)]).dtype == torch.float32
    assert repr(data.default_convert([np.ones(1), {"a": np.int64(3)}, "s"])) == (
        "[tensor([1.], dtype=torch.float64), {'a': tensor(3)}, 's']"
    )
    assert "found <U1" in str(raised(lambda: data.default_collate([np.array(["a"])])))


def test_what_cannot_be_collated():
    assert isinstance(raised(lambda: data.default_collate([None])), TypeError)
    assert "equal size" in str(raised(lambda: data.default_collate([[1], [1, 2]])))


class Counted(data.IterableDataset):
    def __init__(self, n, told=None):
        self.n, self.told = n, told

    def __iter__(self):
        return iter(range(self.n))

    def __len__(self):
        return self.n if self.told is None else self.told


def test_iterable_datasets():
    assert [b.tolist() for b in data.DataLoader(Counted(5), batch_size=2)] == [[0, 1], [2, 3], [4]]
    assert [b.tolist() for b in data.DataLoader(Counted(5), batch_size=2, drop_last=True)] == [[0, 1], [2, 3]]
    assert list(data.DataLoader(Counted(3), batch_size=None)) == [0, 1, 2]
    assert list(Counted(2) + Counted(1)) == [0, 1, 0]
    loader = data.DataLoader(Counted(5, told=2), batch_size=2)
    assert len(loader) == 1
    with pytest.warns(UserWarning, match="was reported to be 2"):
        list(loader)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("own", [False, True])
def test_resuming_in_the_middle_of_a_pass(shuffle, own):
    def loader():
        return data.DataLoader(
            rows(), batch_size=2, shuffle=shuffle, generator=torch.Generator().manual_seed(5) if own else None
        )

    torch.manual_seed(1)
    first = loader()
    whole = order(first)
    going, seen = iter(first), []
    for _ in range(2):
        seen.append(next(going)[1].tolist())
    state = first.state_dict()
    torch.rand(3)
    second = loader()
    second.load_state_dict(state)
    before = torch.get_rng_state()
    rest = order(second)
    assert seen + rest == seen + [b[1].tolist() for b in going]
    assert sorted(joined(seen + rest)) == list(range(10)) == sorted(joined(whole))
    assert own or torch.equal(before, torch.get_rng_state())
    assert len(order(second)) == 5


def test_resuming_an_iterable_dataset():
    loader = data.DataLoader(Counted(7), batch_size=2)
    going = iter(loader)
    next(going), next(going)
    other = data.DataLoader(Counted(7), batch_size=2)
    other.load_state_dict(loader.state_dict())
    assert [b.tolist() for b in other] == [[4, 5], [6]]


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: data.DataLoader(rows(), sampler=[1], shuffle=True), ValueError, "mutually exclusive with shuffle"),
        (lambda: data.DataLoader(rows(), num_workers=-1), ValueError, "should be non-negative"),
        (lambda: data.DataLoader(rows(), batch_size=0), ValueError, "positive integer"),
        (lambda: data.DataLoader(rows(), prefetch_factor=2), ValueError, "prefetch_factor"),
        (lambda: data.DataLoader(rows(), batch_size=None, drop_last=True), ValueError, "disables auto-batching"),
        (lambda: data.DataLoader(Counted(3), shuffle=True), ValueError, "expected unspecified shuffle"),
        (lambda: data.DataLoader([], shuffle=True), ValueError, "num_samples=0"),
        (lambda: setattr(data.DataLoader(rows()), "batch_size", 3), ValueError, "should not be set after"),
        (lambda: data.DataLoader(rows(), multiprocessing_context="fork"), ValueError, "multi-process loading"),
        (lambda: data.random_split(range(3), [1, 1]), ValueError, "Sum of input lengths"),
        (lambda: data.ConcatDataset([]), AssertionError, "empty iterable"),
        (lambda: data.StackDataset(), ValueError, "At least one"),
        (lambda: data.StackDataset(range(2), range(3)), ValueError, "Size mismatch"),
        (lambda: data.TensorDataset(torch.ones(2), torch.ones(3)), AssertionError, "Size mismatch"),
    ],
)
def test_options_that_are_refused(make, kind, words):
    error = raised(make)
    assert type(error) is kind and words in str(error)


def test_datasets_of_datasets():
    both = data.ConcatDataset([rows(3), data.Subset(rows(), [7, 8])])
    assert len(both) == 5 and both[-1][1].item() == 8 and both[3][1].item() == 7
    stacked = data.StackDataset(image=rows(3), label=range(3))
    batch = next(iter(data.DataLoader(stacked, batch_size=2)))
    assert batch["label"].tolist() == [0, 1] and batch["image"][1].tolist() == [0, 1]
    assert len(rows(2) + rows(3)) == 5


def test_a_subset_that_changes_items_must_change_many():
    class Half(data.Subset):
        def __getitem__(self, i):
            return 0

    assert isinstance(raised(lambda: Half(rows(), [1])), NotImplementedError)
