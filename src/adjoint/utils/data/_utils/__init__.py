"""Parts of the loader, under the names that programs import them by."""

from . import collate as collate
