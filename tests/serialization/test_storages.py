"""Storages as objects: of a size, of values, of a file; slices share, files are mapped."""

import pytest

import adjoint as torch


def test_made_of_a_size_or_of_values():
    assert torch.UntypedStorage(5).nbytes() == 5
    s = torch.UntypedStorage([1, 2, 3])
    assert s.tolist() == [1, 2, 3] and s[1] == 2
    s[1:] = 9
    assert s.fill_(4).tolist() == [4, 4, 4] and s.copy_(torch.UntypedStorage([7, 8, 9])).tolist() == [7, 8, 9]


def test_slices_share_the_memory():
    x = torch.arange(6, dtype=torch.uint8)
    part = x.untyped_storage()[2:4]
    assert part.nbytes() == 2 and part.tolist() == [2, 3]
    torch.asarray(part, dtype=torch.uint8)[0] = 77
    assert x.tolist() == [0, 1, 77, 3, 4, 5]


def test_typed_ones_count_elements():
    s = torch.tensor([1.0, 2.0]).storage()
    s[0] = 5.0
    assert s.tolist() == [5.0, 2.0] and len(s) == 2


def test_files(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(bytes(range(8)))
    private = torch.UntypedStorage.from_file(path)
    private[0] = 200
    assert path.read_bytes()[0] == 0 and private.tolist()[:2] == [200, 1] and private.filename == str(path)
    shared = torch.UntypedStorage.from_file(str(path), shared=True, nbytes=12)
    shared[11] = 3
    del shared
    assert path.read_bytes() == bytes(range(8)) + bytes([0, 0, 0, 3])
    with pytest.raises(RuntimeError, match="has 12 bytes, fewer than the 99"):
        torch.UntypedStorage.from_file(path, nbytes=99)
    with pytest.raises(FileNotFoundError):
        torch.UntypedStorage.from_file(tmp_path / "none")
