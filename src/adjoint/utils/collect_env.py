"""torch.utils.collect_env: what runs here, for a report of a problem; what `adjoint info` prints."""

from __future__ import annotations

__all__ = ["get_pretty_env_info", "main"]


def get_pretty_env_info() -> str:
    """The lines of `adjoint info`."""
    from ..cli.info import rows

    return "\n".join(f"{name:12}{text}" for name, text in rows())


def main() -> None:
    """Prints them."""
    print(get_pretty_env_info())


if __name__ == "__main__":
    main()
