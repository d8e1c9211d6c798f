"""SummaryWriter: scalars, histograms, pictures, sounds, text and hyperparameters into TensorBoard's event files."""

from __future__ import annotations

import io
import os
import socket
import struct
import time
import wave
import zlib
from datetime import datetime
from typing import Any

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from ... import Tensor

_summary: Any = summary_pb2  # whose classes are made at import
_event: Any = event_pb2
_tensor: Any = tensor_pb2
_shape: Any = tensor_shape_pb2

__all__ = ["SummaryWriter"]

# Borders of the default bins: a tenth apart in logarithm, on both sides of 0.
_POSITIVE = 1e-12 * 1.1 ** np.arange(774)
_BORDERS = np.concatenate([-_POSITIVE[::-1], [0.0], _POSITIVE])


def _array(value: Any) -> Any:
    """NumPy's array of a tensor, a number or what else becomes one."""
    if isinstance(value, Tensor):
        t = value.detach().cpu()
        return (t.float() if str(t.dtype) == "torch.bfloat16" else t).numpy()
    return np.asarray(value)


def _number(value: Any) -> float:
    found = _array(value)
    if found.size != 1:
        raise ValueError(f"a scalar has one element, got an array of shape {found.shape}")
    return float(found.reshape(()))


class SummaryWriter:
    """Writes event files that TensorBoard shows.

    Args:
        log_dir: the folder; without one ``runs/<date>_<host><comment>``.
        comment: put at the end of the folder's name, where `log_dir` is not given.
        purge_step: TensorBoard hides what was written from this step on, after a crash and a new start.
        max_queue: events that may wait to be written.
        flush_secs: how often they are.
        filename_suffix: put at the end of the file's name.
    """

    def __init__(
        self,
        log_dir: Any = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:
        if not log_dir:
            log_dir = os.path.join("runs", f"{datetime.now():%b%d_%H-%M-%S}_{socket.gethostname()}{comment}")
        self.log_dir = os.fspath(log_dir)
        self._options = (max_queue, flush_secs, filename_suffix)
        self._files: dict[str, EventFileWriter] = {}
        self._file()
        if purge_step is not None:
            self._file().add_event(_event.Event(step=purge_step, wall_time=time.time(), file_version="brain.Event:2"))

    def get_logdir(self) -> str:
        """The folder of the files."""
        return self.log_dir

    def _file(self, folder: str | None = None) -> EventFileWriter:
        where = folder or self.log_dir
        if where not in self._files:
            self._files[where] = EventFileWriter(where, *self._options)
        return self._files[where]

    def _add(self, values: list[Any], step: int | None, walltime: float | None, folder: str | None = None) -> None:
        event = _event.Event(
            wall_time=time.time() if walltime is None else walltime, summary=_summary.Summary(value=values)
        )
        if step is not None:
            event.step = int(step)
        self._file(folder).add_event(event)

    # --- numbers ---

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """A number at a step."""
        self._add([_summary.Summary.Value(tag=tag, simple_value=_number(scalar_value))], global_step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: dict[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Several numbers at a step, shown in one picture: a folder each, as PyTorch writes them."""
        for tag, value in tag_scalar_dict.items():
            folder = os.path.join(self.log_dir, f"{main_tag.replace('/', '_')}_{tag}")
            value = _summary.Summary.Value(tag=main_tag, simple_value=_number(value))
            self._add([value], global_step, walltime, folder)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """How values are distributed; `bins` as for `numpy.histogram`, or "tensorflow"."""
        x = _array(values).astype(np.float64).reshape(-1)
        if x.size == 0:
            raise ValueError("The histogram is empty, please file a bug report.")
        counts, borders = np.histogram(x, bins=_BORDERS if isinstance(bins, str) and bins == "tensorflow" else bins)
        if max_bins is not None and len(counts) > max_bins:
            every = -(-len(counts) // max_bins)
            counts = np.add.reduceat(counts, np.arange(0, len(counts), every))
            borders = np.append(borders[:-1:every], borders[-1])
        used = np.flatnonzero(counts)
        first, last = (max(0, used[0] - 1), used[-1] + 1) if len(used) else (0, len(counts))
        found = _summary.HistogramProto(
            min=x.min(),
            max=x.max(),
            num=x.size,
            sum=x.sum(),
            sum_squares=float(x @ x),
            bucket_limit=borders[1:][first:last].tolist(),
            bucket=counts[first:last].tolist(),
        )
        self._add([_summary.Summary.Value(tag=tag, histo=found)], global_step, walltime)

    # --- pictures, sounds, text ---

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """A picture: floats from 0 to 1, or uint8; the letters say which axis is which."""
        x = _array(img_tensor)
        if len(dataformats) != x.ndim or not set("HW") <= set(dataformats.upper()):
            raise ValueError(f"add_image(): an array of shape {x.shape} has not the axes {dataformats!r}")
        letters = dataformats.upper()
        wanted = [letters.index(c) for c in "NHWC" if c in letters]
        x = np.transpose(x, wanted)
        if "C" not in letters:
            x = x[..., None]
        if "N" in letters:
            x = _grid(x)
        self._picture(tag, x, global_step, walltime)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Several pictures side by side."""
        self.add_image(tag, img_tensor, global_step, walltime, dataformats)

    def add_figure(
        self, tag: str, figure: Any, global_step: int | None = None, close: bool = True, walltime: float | None = None
    ) -> None:
        """A figure of matplotlib, or several."""
        figures = figure if isinstance(figure, (list, tuple)) else [figure]
        drawn = []
        for one in figures:
            one.canvas.draw()
            drawn.append(np.asarray(one.canvas.buffer_rgba())[..., :3])
            if close:
                import matplotlib.pyplot as plt

                plt.close(one)
        self._picture(tag, _grid(np.stack(drawn)), global_step, walltime)

    def _picture(self, tag: str, x: Any, step: int | None, walltime: float | None) -> None:
        if x.dtype != np.uint8:
            x = np.clip(np.nan_to_num(x.astype(np.float64)) * 255, 0, 255).astype(np.uint8)
        if x.shape[-1] not in (1, 3, 4):
            raise ValueError(f"a picture has 1, 3 or 4 channels, got {x.shape[-1]}")
        height, width, channels = x.shape
        image = _summary.Summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=_png(x))
        self._add([_summary.Summary.Value(tag=tag, image=image)], step, walltime)

    def add_audio(
        self,
        tag: str,
        snd_tensor: Any,
        global_step: int | None = None,
        sample_rate: int = 44100,
        walltime: float | None = None,
    ) -> None:
        """A sound: samples from -1 to 1, one channel."""
        x = np.squeeze(_array(snd_tensor))
        if x.ndim != 1:
            raise ValueError(f"add_audio(): one channel of samples is wanted, got the shape {x.shape}")
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(sample_rate)
            file.writeframes((np.clip(x, -1, 1) * 32767).astype("<i2").tobytes())
        sound = _summary.Summary.Audio(
            sample_rate=sample_rate,
            num_channels=1,
            length_frames=len(x),
            encoded_audio_string=out.getvalue(),
            content_type="audio/wav",
        )
        self._add([_summary.Summary.Value(tag=tag, audio=sound)], global_step, walltime)

    def add_text(
        self, tag: str, text_string: str, global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """A text, in Markdown."""
        data = _summary.SummaryMetadata.PluginData(plugin_name="text", content=b"")
        shape = _shape.TensorShapeProto(dim=[_shape.TensorShapeProto.Dim(size=1)])
        tensor = _tensor.TensorProto(dtype="DT_STRING", string_val=[text_string.encode()], tensor_shape=shape)
        value = _summary.Summary.Value(
            tag=tag + "/text_summary", metadata=_summary.SummaryMetadata(plugin_data=data), tensor=tensor
        )
        self._add([value], global_step, walltime)

    def add_hparams(
        self,
        hparam_dict: dict[str, Any],
        metric_dict: dict[str, Any],
        hparam_domain_discrete: Any = None,
        run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """Hyperparameters of a run, and what came of them; a folder of their own, `run_name` or the time."""
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        plain = {k: v if isinstance(v, (bool, str, int, float)) else _number(v) for k, v in hparam_dict.items()}
        folder = os.path.join(self.log_dir, run_name or str(time.time()))
        self._file(folder).add_event(_event.Event(wall_time=time.time(), summary=hparams_pb(plain)))
        for tag, metric in metric_dict.items():
            self._add([_summary.Summary.Value(tag=tag, simple_value=_number(metric))], global_step, None, folder)

    def add_graph(self, model: Any, input_to_model: Any = None, **options: Any) -> None:
        """Nothing is written: `adjoint.graph(output)` draws what a model has done, as a page or a picture."""

    # --- the files ---

    def flush(self) -> None:
        """Writes what waits."""
        for file in self._files.values():
            file.flush()

    def close(self) -> None:
        """Writes what waits and closes the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _grid(images: Any) -> Any:
    """Pictures of one size [n, height, width, channels] in a square."""
    n, height, width, channels = images.shape
    columns = min(n, 8)
    rows = -(-n // columns)
    room = np.zeros((rows * columns, height, width, channels), images.dtype)
    room[:n] = images
    room = room.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    return room.reshape(rows * height, columns * width, channels)


def _png(x: Any) -> bytes:
    """A picture [height, width, 1, 3 or 4 channels] of bytes as PNG."""
    height, width, channels = x.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), x.reshape(height, -1)], axis=1)

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines.tobytes()))
        + chunk(b"IEND", b"")
    )
