"""What ran, how long, and what it allocated: PyTorch's profiler interface over Adjoint's recorder.

>>> with torch.profiler.profile(profile_memory=True) as prof:
...     loss = (x @ w).sum()
...     loss.backward()
>>> print(prof.key_averages().table(sort_by="cpu_time_total"))
"""

from .events import EventList, FunctionEvent, FunctionEventAvg
from .profile import ProfilerAction, ProfilerActivity, profile, record_function, schedule

__all__ = [
    "EventList",
    "FunctionEvent",
    "FunctionEventAvg",
    "ProfilerAction",
    "ProfilerActivity",
    "profile",
    "record_function",
    "schedule",
]
